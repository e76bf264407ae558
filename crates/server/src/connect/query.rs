//! From the raw query of a request to the plan of a page (Connect reference 14.2, 14.5).

use pentad_rql::{Expr, Operator, Parser, Part, Plan, Property, Schema, Value, split};
use percent_encoding::percent_decode_str;

use super::error::Failure;
use super::quirks::{Quirk, Quirks};

/// The page of a request that names no size.
const PAGE: u64 = 100;
/// The largest page.
const LARGEST_PAGE: u64 = 1000;

/// What a list request asks for.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) plan: Plan,
    /// The size of the page, settled.
    pub(crate) limit: i64,
}

/// Reads the query of a list request.
pub(crate) fn read(raw: Option<&str>, schema: &Schema, quirks: Quirks) -> Result<Asked, Failure> {
    let plan = Plan::new(&expression(raw.unwrap_or_default(), quirks)?, schema)?;
    let limit = plan.limit().unwrap_or(PAGE).min(LARGEST_PAGE);
    Ok(Asked { plan, limit: i64::try_from(limit).unwrap_or(i64::MAX) })
}

/// The query as one expression. `search=…` is taken out first, since it is a plain parameter to one of the clients:
/// its value may hold what the grammar does not take.
fn expression(raw: &str, quirks: Quirks) -> Result<Expr, Failure> {
    let mut terms = Vec::new();
    let mut rest = Vec::new();
    for part in split(raw) {
        match (part.parameter("search"), part) {
            (Some(term), _) => terms.extend(search(term, quirks)?),
            (None, Part::Term(term)) => rest.push(term.to_owned()),
            (None, Part::Parameter { name, value }) => rest.push(format!("{name}={value}")),
        }
    }
    let text = decoded(&rest.join("&"));
    if text.contains('\0') {
        return Err(Failure::invalid("Null characters are not allowed."));
    }
    if !text.is_empty() {
        terms.insert(0, Parser::new().strict(quirks.has(Quirk::StrictGrammar)).parse(&text)?);
    }
    Ok(match terms.len() {
        0 => Expr::Everything,
        1 => terms.remove(0),
        _ => Expr::And(terms),
    })
}

/// A search term; none if it is empty.
fn search(raw: &str, quirks: Quirks) -> Result<Option<Expr>, Failure> {
    let raw = if quirks.has(Quirk::PlusIsPlus) { raw.to_owned() } else { raw.replace('+', "%20") };
    let text = decoded(&raw).replace('\0', "");
    if text == "t" && quirks.has(Quirk::StrictGrammar) {
        // The one word that the service's scanner takes for something else than a value.
        return Ok(Some(Parser::new().strict(true).parse("search=t")?));
    }
    let quoted = ['"', '\''].into_iter().find_map(|quote| {
        text.strip_prefix(quote)?.strip_suffix(quote).filter(|inner| !inner.contains(quote))
    });
    let value = quoted.unwrap_or(&text).to_owned();
    let Ok(property) = Property::new("search") else { return Ok(None) };
    let test = Expr::Test { property, operator: Operator::Eq, value: Value::Text(value.clone()) };
    Ok((!value.is_empty()).then_some(test))
}

/// Decoded once, `+` left alone; a `%` that begins no escape is a percent sign.
fn decoded(raw: &str) -> String {
    percent_decode_str(raw).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Mode;

    fn asked(raw: &str) -> Result<Asked, Failure> {
        read(Some(raw), &Schema::open(), Quirks::of(Mode::Relaxed))
    }

    #[test]
    fn both_spellings_of_a_search_mean_the_same() {
        let plan = |raw| asked(raw).unwrap().plan;
        assert_eq!(plan("limit=1&search=two+words"), plan("limit=1&search=two%20words"));
        assert_eq!(plan("search=%22x%2Cy%22"), plan("search=%22x,y%22"));
        assert_eq!(plan("search="), plan(""));
        assert_eq!(plan("(eq(a,1)&search=x)"), plan("eq(a,1)&search=x"));
        assert!(asked("search=a%26b").is_ok());
        assert!(asked("search=a&b").is_err());
        assert_eq!(plan("eq(n,%22a(b%22)&search=x%26y"), plan("search=x%26y&eq(n,%22a(b%22)"));
        assert_eq!(plan("eq(n,'(')&search=two+words"), plan("eq(n,%22(%22)&search=two%20words"));
        assert_eq!(plan("search=a(b&limit=3").limit(), Some(3));
    }

    #[test]
    fn only_the_strict_grammar_takes_a_search_for_t_for_a_tuple() {
        let strict = |raw| read(Some(raw), &Schema::open(), Quirks::of(Mode::Strict));
        assert!(strict("search=t").is_err() && strict("limit=1&search=%74").is_err());
        for raw in ["search=tt", "search=%22t%22", "search=T"] {
            assert_eq!(strict(raw).unwrap().plan, asked(raw).unwrap().plan, "{raw}");
        }
        assert!(asked("search=t").is_ok());
    }

    #[test]
    fn a_plus_outside_of_a_search_stays() {
        assert!(asked("ordering(+a)").is_ok());
        assert!(asked("ge(created,2024-01-02T03:04:05+00:00)").is_ok());
        assert_eq!(asked("eq(name,50%)&limit=1").unwrap_err(), asked("eq(name,50%25)&limit=1").unwrap_err());
    }

    #[test]
    fn pages_have_a_default_and_a_largest_size() {
        for (raw, limit) in
            [("", 100), ("limit=0", 0), ("limit=5000", 1000), ("limit=-2", 100), ("limit=x", 100)]
        {
            assert_eq!(asked(raw).unwrap().limit, limit, "{raw}");
        }
        assert!(asked("limit=1&limit=2").is_err());
    }
}
