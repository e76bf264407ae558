//! What is built prints, can be read again, and means the same in its simplest form, also for the service's own grammar.
#![no_main]

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use pentad_rql::{Expr, Parser, Plan, R, Schema, field, parse};
use serde_json::{Value, json};

/// One step of building a condition.
#[derive(Debug, Arbitrary)]
enum Step<'a> {
    Eq(&'a str, &'a str),
    Ne(&'a str, i64),
    Ge(&'a str, f64),
    Like(&'a str, &'a str),
    In(&'a str, Vec<&'a str>),
    Null(&'a str, bool),
    And,
    Or,
    Not,
}

fn build(steps: &[Step<'_>]) -> Vec<R> {
    let mut stack: Vec<R> = Vec::new();
    for step in steps {
        let built = match step {
            Step::Eq(name, text) => field(*name).eq(*text),
            Step::Ne(name, number) => field(*name).ne(*number),
            Step::Ge(name, number) => field(*name).ge(*number),
            Step::Like(name, text) => field(*name).like(*text),
            Step::In(name, texts) => field(*name).in_(texts.iter().copied()),
            Step::Null(name, flag) => field(*name).null(*flag),
            Step::Not => match stack.pop() {
                Some(last) => !last,
                None => continue,
            },
            Step::And | Step::Or => match (stack.pop(), stack.pop()) {
                (Some(right), Some(left)) if matches!(step, Step::And) => left & right,
                (Some(right), Some(left)) => left | right,
                (last, _) => {
                    stack.extend(last);
                    continue;
                }
            },
        };
        stack.push(built);
    }
    stack
}

fn matches(expr: &Expr, object: &Value) -> Option<bool> {
    Plan::new(expr, &Schema::open()).ok().map(|plan| plan.matches(object))
}

fuzz_target!(|steps: Vec<Step<'_>>| {
    if steps.len() > 40 {
        return;
    }
    let object = json!({"a": [1, "x", {"b": null}], "b": 2.5, "c": ""});
    for built in build(&steps) {
        let Ok(text) = built.to_rql() else { continue };
        let read = parse(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let simple = read.simplify();
        assert_eq!(matches(&read, &object), matches(&simple, &object), "{text}");
        if let Ok(text) = simple.to_rql() {
            let strict = Parser::new().strict(true).parse(&text);
            assert!(strict.is_ok() || parse(&text).is_ok(), "{text}");
        }
    }
});
