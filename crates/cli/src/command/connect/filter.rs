//! `--filter`: RQL, or a field and a value.

use pentad_connect::R;

/// A condition from the command line.
#[derive(Clone, Debug)]
pub(super) struct Condition(pub(super) R);

/// Reads `FIELD=VALUE` with the lookups of the library (`size__ge=5`, `status__in=a,b`), and anything else as RQL. A value with
/// `&` in it is one (`name=AT&T (old)`) unless all of the text is RQL (`a=1&b=2`).
pub(super) fn condition(text: &str) -> Result<Condition, String> {
    let field = |name: &str| {
        name.starts_with(|first: char| first.is_ascii_alphabetic())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
    };
    let condition = match text.split_once('=') {
        Some((name, value)) if field(name) && !is_rql(text, value) => lookup(name, value),
        _ => {
            pentad_connect::rql::parse(text).map_err(|error| error.to_string())?;
            R::raw(text)
        }
    };
    condition.to_rql().map_err(|error| error.to_string())?;
    Ok(Condition(condition))
}

fn lookup(name: &str, value: &str) -> R {
    if name.ends_with("__in") || name.ends_with("__out") {
        return R::lookup_list(name, value.split(','));
    }
    R::lookup(name, value)
}

/// `a=gt=5` is RQL, and so is `a=1&b=2`.
fn is_rql(text: &str, value: &str) -> bool {
    let word = value.split_once('=').map_or("", |(word, _)| word);
    let operator = matches!(word, "eq" | "ne" | "gt" | "ge" | "lt" | "le");
    operator || (value.contains('&') && pentad_connect::rql::parse(text).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_with_values_and_rql_are_told_apart() {
        for (text, rql) in [
            ("status=draft", "eq(status,draft)"),
            ("owner.name__ilike=*x, y*", "ilike(owner.name,\"*x, y*\")"),
            ("status__in=a,b", "in(status,(a,b))"),
            ("parent__null=true", "eq(parent,null())"),
            ("size=gt=5", "size=gt=5"),
            ("a=1&b=2", "a=1&b=2"),
            ("a=1&like(b,x*)", "a=1&like(b,x*)"),
            ("name=AT&T (old)", "eq(name,\"AT&T (old)\")"),
            ("name=AT&T", "eq(name,\"AT&T\")"),
            ("or(eq(a,1),not(eq(b,2)))", "or(eq(a,1),not(eq(b,2)))"),
        ] {
            assert_eq!(condition(text).unwrap().0.to_rql().unwrap(), rql);
        }
        assert!(condition("or(eq(a,1)").unwrap_err().contains("byte"));
        assert!(condition("size__null=perhaps").is_err());
    }
}
