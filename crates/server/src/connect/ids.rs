//! Ids in the shapes of the service: `PRD-123-456-789`.

/// The letters that the service gives to its own collections.
const KNOWN: &[(&str, &str)] = &[
    ("products", "PRD"),
    ("accounts", "VA"),
    ("users", "UR"),
    ("agreements", "AGP"),
    ("contracts", "CRD"),
    ("marketplaces", "MP"),
    ("hubs", "HB"),
    ("listings", "LST"),
    ("listing-requests", "LSTR"),
    ("partners", "PA"),
    ("assets", "AS"),
    ("requests", "PR"),
    ("configs", "TC"),
    ("config-requests", "TCR"),
    ("items", "ITM"),
    ("item-groups", "GRP"),
    ("parameters", "PRM"),
    ("templates", "TL"),
    ("media", "MDA"),
    ("versions", "VER"),
    ("configurations", "CFG"),
    ("connections", "CT"),
    ("cases", "CA"),
    ("conversations", "CO"),
    ("messages", "ME"),
    ("services", "SRVC"),
    ("environments", "ENV"),
    ("variables", "VAR"),
    ("events", "EV"),
    ("webhooks", "WH"),
    ("files", "UF"),
    ("records", "UFR"),
    ("chunks", "UFC"),
    ("reports", "REP"),
    ("schedules", "SCH"),
    ("repositories", "RR"),
    ("translations", "TRN"),
    ("contexts", "LCX"),
    ("locales", "LO"),
    ("streams", "STR"),
    ("batches", "BAT"),
    ("offers", "OFR"),
    ("deployments", "DPL"),
    ("subscriptions", "SUB"),
];

/// The letters of a collection: those of the service, else the first consonants of its name.
pub(crate) fn prefix(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    if path == "tier/accounts" {
        return "TA".to_owned();
    }
    if let Some((_, prefix)) = KNOWN.iter().find(|(known, _)| *known == name) {
        return (*prefix).to_owned();
    }
    let letters = name.chars().filter(char::is_ascii_alphabetic).map(|letter| letter.to_ascii_uppercase());
    let mut consonants: String = letters
        .enumerate()
        .filter(|(index, letter)| *index == 0 || !"AEIOU".contains(*letter))
        .map(|(_, letter)| letter)
        .take(3)
        .collect();
    if consonants.is_empty() {
        consonants.push_str("OBJ");
    }
    consonants
}

/// How many ids a collection has.
const NUMBERS: u64 = 1_000_000_000;
/// Shares no factor with [`NUMBERS`], so that every number has an id of its own; large, so that neighbours look unlike.
const STRIDE: u64 = 387_420_489;

/// The id of the `number`th resource of a collection; far from its neighbours, the same at every call.
pub(crate) fn id(prefix: &str, collection: i64, number: i64) -> String {
    let start = collection.unsigned_abs().wrapping_mul(618_033_989) % NUMBERS;
    let digits = (start + number.unsigned_abs() % NUMBERS * STRIDE) % NUMBERS;
    format!("{prefix}-{:03}-{:03}-{:03}", digits / 1_000_000, digits / 1000 % 1000, digits % 1000)
}

/// Plurals that do not end in `s`.
const PLURALS: &[&str] = &[
    "children", "criteria", "data", "indices", "matrices", "media", "men", "people", "schemata", "staff",
    "vertices", "women",
];

/// Words that end in a plain `s` and name one thing.
const SINGULARS: &[&str] = &[
    "alias", "atlas", "aws", "bias", "bus", "canvas", "chaos", "dns", "gas", "gps", "ios", "lens", "mms",
    "saas", "sms", "tls",
];

/// Whether the last word of a path is a plural, and so the name of a collection rather than of an action.
pub(crate) fn is_plural(name: &str) -> bool {
    let word = name.rsplit(['-', '_']).next().unwrap_or(name);
    // A capital may begin a name; an id has more of them, or digits.
    let mut letters = word.chars();
    let begins = letters.next().is_some_and(|c| c.is_ascii_alphabetic());
    let plain = word.len() > 2 && begins && letters.all(|c| c.is_ascii_lowercase());
    let word = word.to_ascii_lowercase();
    let one = ["ss", "us", "is"].iter().any(|end| word.ends_with(end))
        && !matches!(&*word, "menus" | "skus" | "apis");
    let many = word.ends_with('s') && !one && !SINGULARS.contains(&&*word);
    plain && (many || PLURALS.contains(&&*word))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_have_the_shape_of_the_service_and_do_not_repeat() {
        let ids: HashSet<String> = (1..=10_000).map(|number| id("PRD", 7, number)).collect();
        assert_eq!(ids.len(), 10_000);
        for id in ids {
            let groups: Vec<&str> = id.split('-').collect();
            assert_eq!(groups[0], "PRD");
            assert!(
                groups.len() == 4 && groups[1..].iter().all(|g| g.len() == 3 && g.parse::<u16>().is_ok())
            );
        }
    }

    #[test]
    fn letters_are_those_of_the_service_or_of_the_name() {
        assert_eq!(prefix("products"), "PRD");
        assert_eq!(prefix("subscriptions/assets"), "AS");
        assert_eq!(prefix("widgets"), "WDG");
        assert_eq!(prefix("42"), "OBJ");
    }

    #[test]
    fn plurals_name_collections() {
        for name in [
            "items",
            "item-groups",
            "media",
            "config_requests",
            "children",
            "Items",
            "staff",
            "areas",
            "skus",
        ] {
            assert!(is_plural(name), "{name}");
        }
        for name in [
            "activate",
            "process",
            "end-sale",
            "PRD-1",
            "s",
            "does-not-exist",
            "alias",
            "bus",
            "status",
            "send-sms",
            "run-analysis",
            "canvas",
            "IDS",
            "",
        ] {
            assert!(!is_plural(name), "{name}");
        }
    }
}
