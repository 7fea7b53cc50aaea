//! The name that was meant.

/// Longest list of names that a message spells out.
const LIST_LIMIT: usize = 24;

/// The known name that a mistyped one was probably meant to be, or `None` where nothing is close.
///
/// Case and the choice between `-` and `_` never count; a third of the letters may be wrong, or a long start agree
/// (`batch` for `batch_size`); initials count too (`lr` for `learning_rate`). Anything looser suggests nonsense, and a list
/// of the known names serves better.
pub fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let typed = folded(name);
    let mut names = known.iter().copied();
    if let Some(short) = names.find(|known| initials(known).is_some_and(|letters| letters == typed)) {
        return Some(short);
    }
    let ranked = ranked(name, known);
    let distance = |known: &str| strsim::osa_distance(&typed, &folded(known));
    let is_close = |known: &str| {
        let length = typed.chars().count().max(known.chars().count());
        distance(known) * 3 <= length
    };
    let close = ranked.iter().copied().filter(|known| is_close(known));
    let best = *ranked.first()?;
    close
        .min_by_key(|known| distance(known))
        .or_else(|| (similarity(name, best) >= 0.88).then_some(best))
}

/// Advice for a name that is none of `known`: the nearest, else all of them.
///
/// The noun in plural, such as `rewards`, says what the known names are.
pub fn choice_help(name: &str, known: &[&str], noun: &str) -> String {
    match nearest(name, known) {
        Some(best) => format!("did you mean `{best}`?"),
        None if known.is_empty() => format!("there are no {noun}"),
        None if known.len() == 1 => format!("the only one is `{}`", known[0]),
        None => format!("the known {noun} are {}", listed(known)),
    }
}

/// Names by similarity, nearest first; ties keep their order.
pub(crate) fn ranked<'a>(name: &str, known: &[&'a str]) -> Vec<&'a str> {
    let mut names: Vec<(f64, &str)> = known
        .iter()
        .map(|known| (similarity(name, known), *known))
        .collect();
    names.sort_by(|left, right| right.0.total_cmp(&left.0));
    let mut names: Vec<&str> = names.into_iter().map(|(_, name)| name).collect();
    names.dedup();
    names
}

/// "`a`, `b` and `c`", or "`a`, `b` or `c`" by the conjunction.
pub(crate) fn joined(names: &[&str], conjunction: &str) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} {conjunction} {last}", rest.join(", ")),
    }
}

/// A list of names that stays readable when there are many.
pub(crate) fn listed(names: &[&str]) -> String {
    if names.len() <= LIST_LIMIT {
        return joined(names, "and");
    }
    let quoted: Vec<String> = names[..LIST_LIMIT]
        .iter()
        .map(|name| format!("`{name}`"))
        .collect();
    format!("{} and {} more", quoted.join(", "), names.len() - LIST_LIMIT)
}

/// The first letters of a name of several words.
fn initials(name: &str) -> Option<String> {
    let name = folded(name);
    let words = name.split('_').filter_map(|word| word.chars().next());
    Some(words.collect::<String>()).filter(|letters| letters.len() > 1)
}

fn similarity(left: &str, right: &str) -> f64 {
    strsim::jaro_winkler(&folded(left), &folded(right))
}

/// Longer names are no typing mistakes, and the comparison is quadratic in their length.
fn folded(name: &str) -> String {
    name.chars()
        .take(64)
        .map(|letter| {
            if letter == '-' {
                '_'
            } else {
                letter.to_ascii_lowercase()
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_names_are_found_and_distant_ones_are_not() {
        let known = [
            "epsilon",
            "terminal_weight",
            "batch_size",
            "flow-matching",
            "seed",
        ];
        for (typed, meant) in [
            ("epsilom", Some("epsilon")),
            ("batch", Some("batch_size")),
            ("flow_matching", Some("flow-matching")),
            ("FlowMatching", Some("flow-matching")),
            ("sed", Some("seed")),
            ("terminal-wieght", Some("terminal_weight")),
            ("lr", None),
            ("fm", Some("flow-matching")),
            ("bs", Some("batch_size")),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(nearest(typed, &known), meant, "{typed}");
        }
    }

    #[test]
    fn the_list_is_sorted_by_likeness_and_capped() {
        let names: Vec<String> = (0..30).map(|index| format!("name{index}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        assert!(choice_help("zzz", &names, "keys").ends_with("and 6 more"));
        assert_eq!(choice_help("zzz", &[], "keys"), "there are no keys");
        assert_eq!(
            choice_help("zzz", &["a", "b"], "losses"),
            "the known losses are `a` and `b`"
        );
    }
}
