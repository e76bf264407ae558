//! The names that somebody may have meant.

/// Up to three of the candidates that resemble the name, best first.
pub(crate) fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Vec<String> {
    let name = name.to_lowercase().replace('_', "-");
    if name.len() > 200 {
        return Vec::new();
    }
    let mut scored: Vec<(f64, &str)> = candidates
        .filter(|candidate| candidate.len() <= 200)
        .map(|candidate| (score(&name, &candidate.to_lowercase()), candidate))
        .filter(|(score, _)| *score >= 0.8)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    scored.dedup_by(|a, b| a.1 == b.1);
    scored.into_iter().take(3).map(|(_, candidate)| candidate.to_owned()).collect()
}

fn score(name: &str, candidate: &str) -> f64 {
    if candidate.replace('_', "-") == name {
        return 1.0;
    }
    strsim::jaro_winkler(name, candidate).max(strsim::normalized_damerau_levenshtein(name, candidate))
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_of_the_finger_finds_its_name() {
        let names = ["products", "projects", "accounts"];
        assert_eq!(nearest("prodcts", names.into_iter()).first().map(String::as_str), Some("products"));
        assert_eq!(nearest("zzz", names.into_iter()), Vec::<String>::new());
    }

    #[test]
    fn underscore_and_dash_are_one() {
        assert_eq!(nearest("item_groups", ["item-groups"].into_iter()), ["item-groups"]);
    }
}
