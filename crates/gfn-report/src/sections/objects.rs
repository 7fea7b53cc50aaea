//! What the trained policy makes: structures of molecules, and a table of the best.

use std::collections::HashMap;

use gfn_chem::{Fingerprint, Molecule};
use gfn_record::catalogue::names;
use gfn_record::likelihoods::Likelihood;
use gfn_record::samples::Sample;
use maud::{Markup, html};

use super::{Cell, Column, Context, Table, Tile, tiles};
use crate::group::Group;
use crate::molecule::structure;
use crate::number::{count, figure, per_cent, short_figure};

/// Rows of the table.
const MAX_ROWS: usize = 200;
/// Structures that are drawn.
const MAX_STRUCTURES: usize = 24;
/// Among so many of the best, structures that differ are sought.
const MAX_COMPARED: usize = 1000;
/// So many experiments have a table.
const MAX_GROUPS: usize = 6;

pub(super) fn body(context: &Context<'_>) -> Option<Markup> {
    let groups = context
        .groups
        .iter()
        .filter(|group| group.runs.iter().any(|run| !run.samples.is_empty()));
    let groups: Vec<&Group<'_>> = groups.take(MAX_GROUPS).collect();
    (!groups.is_empty()).then(|| {
        html! {
            @for group in &groups {
                @if context.groups.len() > 1 { h3 { (group.name) } }
                (of_group(group))
            }
        }
    })
}

/// The molecules that [`body`] draws first, with their rewards; none of other objects.
pub(crate) fn best(group: &Group<'_>, most: usize) -> Vec<(f64, String)> {
    if !group.first().has_molecules() {
        return Vec::new();
    }
    let all = distinct(group.runs.iter().flat_map(|run| &run.samples));
    let chosen = unlike(&all, limit(group)).into_iter().take(most);
    chosen
        .map(|drawn| (drawn.sample.reward, drawn.sample.object.clone()))
        .collect()
}

/// The similarity from which on molecules are alike.
fn limit(group: &Group<'_>) -> f64 {
    group
        .first()
        .setting("evaluation", "mode_similarity")
        .and_then(toml::Value::as_float)
        .unwrap_or(0.7)
}

/// An object and how often it was drawn.
struct CountedObject<'a> {
    sample: &'a Sample,
    times: u64,
    log_probability: Option<f64>,
}

fn of_group(group: &Group<'_>) -> Markup {
    let samples = group.runs.iter().flat_map(|run| &run.samples);
    let mut all = distinct(samples);
    match &group.runs[..] {
        [only] => look_up(&mut all, &only.likelihoods),
        // Each run has a probability of its own.
        _ => all.iter_mut().for_each(|drawn| drawn.log_probability = None),
    }
    let total: u64 = all.iter().map(|drawn| drawn.times).sum();
    let has_molecules = group.first().has_molecules();
    html! {
        (tiles(&highlights(group, &all, total)))
        @if has_molecules { (gallery(group, &all)) }
        details open[!has_molecules] {
            summary {
                @if all.len() > MAX_ROWS { "The best " (MAX_ROWS) " of " (count(all.len() as u64)) " distinct objects" }
                @else { "All " (count(all.len() as u64)) " distinct objects" }
            }
            (table(&all, total).draw())
        }
    }
}

/// Each object once, the best first.
fn distinct<'a>(samples: impl Iterator<Item = &'a Sample>) -> Vec<CountedObject<'a>> {
    let mut all: Vec<CountedObject<'a>> = Vec::new();
    let mut known: HashMap<&str, usize> = HashMap::new();
    for sample in samples {
        let index = *known.entry(&sample.object).or_insert(all.len());
        match all.get_mut(index) {
            Some(drawn) => drawn.times += 1,
            None => all.push(CountedObject {
                sample,
                times: 1,
                log_probability: sample.log_probability,
            }),
        }
    }
    let order = |drawn: &CountedObject<'_>| {
        if drawn.sample.reward.is_nan() {
            f64::NEG_INFINITY
        } else {
            drawn.sample.reward
        }
    };
    all.sort_by(|a, b| order(b).total_cmp(&order(a)).then(b.times.cmp(&a.times)));
    all
}

/// The probability of objects that are known from elsewhere than the samples: over all of their states.
fn look_up(all: &mut [CountedObject<'_>], likelihoods: &[Likelihood]) {
    let mut known: HashMap<&str, f64> = HashMap::new();
    for row in likelihoods {
        *known.entry(&row.object).or_default() += row.log_probability.exp();
    }
    for drawn in all {
        let found = known
            .get(drawn.sample.object.as_str())
            .map(|probability| probability.ln());
        drawn.log_probability = drawn.log_probability.or(found);
    }
}

fn highlights(group: &Group<'_>, all: &[CountedObject<'_>], total: u64) -> Vec<Tile> {
    let mut found = vec![Tile::new(
        "Distinct objects",
        count(all.len() as u64),
        Some(format!("of {} drawn", count(total))),
    )];
    for (label, size) in [
        ("Best", 1),
        ("Mean of the best 10", 10),
        ("Mean of the best 100", 100),
    ] {
        if let Some(best) = all.get(..size) {
            let mean = best.iter().map(|drawn| drawn.sample.reward).sum::<f64>() / size as f64;
            found.push(Tile::new(label, short_figure(mean), Some("reward".into())));
        }
    }
    let measured = group.first().last_measured();
    let measured = measured.filter(|_| group.runs.len() == 1);
    let of = |name: &str| measured.and_then(|measured| measured.get(name));
    let diversity = |similarity: f64| {
        let note = Some("1 − mean similarity".into());
        Tile::new("Diversity", short_figure(1.0 - similarity), note)
    };
    found.extend(of(names::MEAN_SIMILARITY).map(diversity));
    found.extend(
        of(names::SAMPLE_MODES).map(|modes| Tile::new("Modes among samples", count(modes as u64), None)),
    );
    let invalid = of(names::VALID).filter(|valid| *valid < 1.0);
    found.extend(invalid.map(|valid| Tile::new("Valid", per_cent(valid), None)));
    found
}

/// The best molecules, each unlike those before it.
fn gallery(group: &Group<'_>, all: &[CountedObject<'_>]) -> Markup {
    let limit = limit(group);
    let chosen = unlike(all, limit);
    html! {
        div.gallery { @for drawn in chosen {
            figure title=(drawn.sample.object) {
                @if let Some(structure) = structure(&drawn.sample.object) { (structure) }
                figcaption {
                    span { "reward " strong { (short_figure(drawn.sample.reward)) } }
                    @if let Some(log_probability) = drawn.log_probability {
                        span { "log p " (short_figure(log_probability)) }
                    }
                    span { "log R " (short_figure(drawn.sample.log_reward)) }
                }
            }
        } }
        p.note {
            "The best molecules whose Tanimoto similarity to every better one here is below " (limit)
            ". R is the shaped reward, which the flow is trained on. Stereochemistry is not drawn."
            @if all.iter().any(|drawn| drawn.log_probability.is_some()) {
                " p is the probability with which the policy builds the molecule in the ways that were drawn: exact for each, and \
                 less than all where it can be built otherwise."
            }
        }
    }
}

fn unlike<'a, 'b>(all: &'b [CountedObject<'a>], limit: f64) -> Vec<&'b CountedObject<'a>> {
    let mut chosen: Vec<(&CountedObject<'a>, Fingerprint)> = Vec::new();
    for drawn in all.iter().take(MAX_COMPARED) {
        let molecule = Molecule::parse(&drawn.sample.object);
        let Some(fingerprint) = molecule.and_then(|molecule| molecule.fingerprint()).ok() else {
            continue;
        };
        if chosen
            .iter()
            .all(|(_, other)| fingerprint.tanimoto(other) < limit)
        {
            chosen.push((drawn, fingerprint));
        }
        if chosen.len() == MAX_STRUCTURES {
            break;
        }
    }
    chosen.into_iter().map(|(drawn, _)| drawn).collect()
}

fn table(all: &[CountedObject<'_>], total: u64) -> Table {
    let has_probability = all.iter().any(|drawn| drawn.log_probability.is_some());
    let mut heads = vec![
        ("object", Column::Objects),
        ("reward", Column::Numbers),
        ("log R", Column::Numbers),
        ("steps", Column::Numbers),
        ("drawn", Column::Numbers),
        ("share", Column::Numbers),
    ];
    if has_probability {
        heads.push(("log p", Column::Numbers));
        heads.push(("p", Column::Numbers));
    }
    let row = |drawn: &CountedObject<'_>| {
        let CountedObject {
            sample,
            times,
            log_probability,
        } = drawn;
        let mut cells = vec![
            Cell::text(sample.object.as_str()),
            Cell::of(Some(sample.reward), figure),
            Cell::of(Some(sample.log_reward), figure),
            Cell::of(Some(sample.steps as f64), figure),
            Cell::of(Some(*times as f64), |times| count(times as u64)),
            Cell::of(Some(*times as f64 / total as f64), per_cent),
        ];
        if has_probability {
            cells.push(Cell::of(*log_probability, figure));
            cells.push(Cell::of(log_probability.map(f64::exp), per_cent));
        }
        cells
    };
    Table::new(heads).with(all.iter().take(MAX_ROWS).map(row))
}
