//! Unknown and missing keys, as the user sees them.

mod common;

use common::shown;

#[test]
fn unknown_key() {
    assert_eq!(
        shown("[loss]\nkind = \"flow-matching\"\nepsilom = 2.5e-5\n"),
        "\
error: unknown key `loss.epsilom`\n\
\x20--> exp.toml:3:1\n\
\x20 |\n\
3 | epsilom = 2.5e-5\n\
\x20 | ^^^^^^^\n\
\x20 = help: did you mean `epsilon`?\n\
"
    );
}

#[test]
fn unknown_key_with_no_near_name() {
    assert_eq!(
        shown("[loss]\nlr = 0.1\n"),
        "\
error: unknown key `loss.lr`\n\
\x20--> exp.toml:2:1\n\
\x20 |\n\
2 | lr = 0.1\n\
\x20 | ^^\n\
\x20 = help: the known keys are `kind`, `epsilon`, `terminal_weight` and `clip`\n\
"
    );
}

#[test]
fn misspelt_kind() {
    assert_eq!(
        shown("[loss]\nknd = \"flow-matching\"\n"),
        "\
error: unknown key `loss.knd`\n\
\x20--> exp.toml:2:1\n\
\x20 |\n\
2 | knd = \"flow-matching\"\n\
\x20 | ^^^\n\
\x20 = help: did you mean `kind`?\n\
"
    );
}

#[test]
fn unknown_section() {
    assert_eq!(
        shown("[losss]\nepsilon = 1.0\n"),
        "\
error: unknown section `losss`\n\
\x20--> exp.toml:1:2\n\
\x20 |\n\
1 | [losss]\n\
\x20 |  ^^^^^\n\
\x20 = help: did you mean `loss`?\n\
"
    );
}

#[test]
fn unknown_quoted_key() {
    assert_eq!(
        shown("[loss]\n\"learning rate\" = 1\n"),
        "\
error: unknown key `loss.\"learning rate\"`\n\
\x20--> exp.toml:2:1\n\
\x20 |\n\
2 | \"learning rate\" = 1\n\
\x20 | ^^^^^^^^^^^^^^^\n\
\x20 = help: the known keys are `kind`, `epsilon`, `terminal_weight` and `clip`\n\
"
    );
}

#[test]
fn missing_keys() {
    assert_eq!(
        shown("[training]\nbatch_size = 4\n[loss]\n"),
        "\
error: missing key `training.steps`\n\
\x20--> exp.toml:1:1\n\
\x20 |\n\
1 | [training]\n\
\x20 | ^^^^^^^^^^\n\
\x20 = help: it is a whole number of at least 1\n\
"
    );
}

#[test]
fn misspelt_required_key_is_reported_once() {
    assert_eq!(
        shown("[training]\nstep = 10\nbatch_size = 4\n"),
        "\
error: unknown key `training.step`\n\
\x20--> exp.toml:2:1\n\
\x20 |\n\
2 | step = 10\n\
\x20 | ^^^^\n\
\x20 = help: did you mean `steps`?\n\
"
    );
}

#[test]
fn unknown_key_in_inline_table() {
    assert_eq!(
        shown(
            "[training]\nsteps = 1\nbatch_size = 1\nmilestones = [{ step = 1 }, { step = 2, nam = \"x\" }]\n"
        ),
        "\
error: unknown key `training.milestones[1].nam`\n\
\x20--> exp.toml:4:41\n\
\x20 |\n\
4 | milestones = [{ step = 1 }, { step = 2, nam = \"x\" }]\n\
\x20 |                                         ^^^\n\
\x20 = help: did you mean `name`?\n\
"
    );
}

#[test]
fn missing_key_in_array_of_tables() {
    assert_eq!(
        shown(
            "[training]\nsteps = 10\nbatch_size = 4\n[[training.milestones]]\nstep = 5\n[[training.milestones]]\nname = \"late\"\n"
        ),
        "\
error: missing key `training.milestones[1].step`\n\
\x20--> exp.toml:6:1\n\
\x20 |\n\
6 | [[training.milestones]]\n\
\x20 | ^^^^^^^^^^^^^^^^^^^^^^^\n\
\x20 = help: it is a whole number of at least 0\n\
"
    );
}

#[test]
fn missing_tag() {
    assert_eq!(
        shown("[training]\nsteps = 10\nbatch_size = 4\nschedule = { half_life = 2 }\n"),
        "\
error: missing key `training.schedule.kind`\n\
\x20--> exp.toml:4:12\n\
\x20 |\n\
4 | schedule = { half_life = 2 }\n\
\x20 |            ^^^^^^^^^^^^^^^^^\n\
\x20 = help: the choices are `constant` and `exponential`\n\
"
    );
}

#[test]
fn unknown_tag() {
    assert_eq!(
        shown(
            "[training]\nsteps = 10\nbatch_size = 4\n[training.schedule]\nkind = \"exponentail\"\nhalf_life = 2\n"
        ),
        "\
error: `training.schedule.kind`: unknown value `exponentail`\n\
\x20--> exp.toml:5:8\n\
\x20 |\n\
5 | kind = \"exponentail\"\n\
\x20 |        ^^^^^^^^^^^^^\n\
\x20 = help: did you mean `exponential`? the choices are `exponential` and `constant`\n\
"
    );
}

#[test]
fn tag_of_wrong_type() {
    assert_eq!(
        shown("[training]\nsteps = 10\nbatch_size = 4\nschedule = { kind = 3 }\n"),
        "\
error: `training.schedule.kind`: expected a string, found `3`\n\
\x20--> exp.toml:4:21\n\
\x20 |\n\
4 | schedule = { kind = 3 }\n\
\x20 |                     ^\n\
"
    );
}

#[test]
fn unknown_key_of_a_tagged_table() {
    assert_eq!(
        shown(
            "[training]\nsteps = 10\nbatch_size = 4\nschedule = { kind = \"exponential\", half_live = 2 }\n"
        ),
        "\
error: unknown key `training.schedule.half_live`\n\
\x20--> exp.toml:4:36\n\
\x20 |\n\
4 | schedule = { kind = \"exponential\", half_live = 2 }\n\
\x20 |                                    ^^^^^^^^^\n\
\x20 = help: did you mean `half_life`?\n\
"
    );
}

#[test]
fn key_of_another_variant() {
    assert_eq!(
        shown("[training]\nsteps = 10\nbatch_size = 4\nschedule = { kind = \"constant\", half_life = 2 }\n"),
        "\
error: unknown key `training.schedule.half_life`\n\
\x20--> exp.toml:4:33\n\
\x20 |\n\
4 | schedule = { kind = \"constant\", half_life = 2 }\n\
\x20 |                                 ^^^^^^^^^\n\
\x20 = help: the only one is `kind`\n\
"
    );
}
