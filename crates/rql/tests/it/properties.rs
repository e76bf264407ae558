//! What holds for all trees and all objects.

use pentad_rql::{Expr, Parser, Part, Plan, R, Schema, parse, split};
use proptest::prelude::*;

use crate::generate::{condition, object, query};

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn reading_what_was_printed_gives_the_same_tree(expr in query()) {
        let text = expr.to_rql().unwrap();
        prop_assert_eq!(parse(&text), Ok(expr), "{}", text);
    }

    #[test]
    fn simplified_queries_are_in_the_form_of_the_service(expr in query()) {
        let text = expr.simplify().to_rql().unwrap();
        let read = Parser::new().strict(true).parse(&text);
        prop_assert!(read.is_ok(), "{}: {:?}", text, read);
        prop_assert_eq!(read.unwrap(), expr.simplify());
    }

    #[test]
    fn simplifying_changes_no_answer(expr in condition(), objects in prop::collection::vec(object(), 1..6)) {
        let plain = Plan::new(&expr, &Schema::open());
        for other in [expr.simplify(), expr.canonical()] {
            let other = Plan::new(&other, &Schema::open());
            prop_assert_eq!(plain.is_ok(), other.is_ok());
            if let (Ok(plain), Ok(other)) = (&plain, &other) {
                for object in &objects {
                    prop_assert_eq!(plain.matches(object), other.matches(object), "{}", object);
                }
            }
        }
    }

    #[test]
    fn simplifying_keeps_page_order_and_selection(expr in query()) {
        let plain = Plan::new(&expr, &Schema::open());
        let simple = Plan::new(&expr.simplify(), &Schema::open());
        prop_assert_eq!(plain.is_ok(), simple.is_ok());
        if let (Ok(plain), Ok(simple)) = (plain, simple) {
            prop_assert_eq!(plain.ordering(), simple.ordering());
            prop_assert_eq!(plain.selection(), simple.selection());
            prop_assert_eq!((plain.limit(), plain.offset()), (simple.limit(), simple.offset()));
        }
    }

    #[test]
    fn simplifying_and_canonical_form_come_to_rest(expr in query()) {
        prop_assert_eq!(expr.simplify().simplify(), expr.simplify());
        prop_assert_eq!(expr.canonical().canonical(), expr.canonical());
        prop_assert_eq!(expr.simplify().canonical(), expr.canonical());
    }

    #[test]
    fn whatever_a_value_holds_it_stays_one_part_of_the_query(
        value in "[a(),&=|;'\"%26 \u{e9}]{0,8}", escaped in 0_usize..3, quote in prop::sample::select(vec!['"', '\'']),
    ) {
        prop_assume!(!value.contains(quote));
        let term = format!("eq(name,{quote}{value}{quote})");
        let escape = |text: &str, all: bool| -> String {
            let escaped = |c: char| all || c == '%' || c.is_ascii_control() || matches!(c, '"' | ' ' | '#');
            let one = |c: char| match escaped(c) {
                true => c.to_string().bytes().map(|byte| format!("%{byte:02X}")).collect(),
                false => c.to_string(),
            };
            text.chars().map(one).collect()
        };
        let term = match escaped {
            0 => escape(&term, false),
            1 => escape(&term, true).replace("%65%71%28", "eq("),
            _ => term.replace('%', "%25"),
        };
        let raw = format!("{term}&limit=5&{term}");
        let page = Part::Parameter { name: "limit", value: "5" };
        prop_assert_eq!(split(&raw), [Part::Term(&term), page, Part::Term(&term)], "{}", raw);
    }

    #[test]
    fn order_of_terms_is_no_part_of_the_meaning(terms in prop::collection::vec(condition(), 2..5)) {
        let mut turned = terms.clone();
        turned.reverse();
        prop_assert_eq!(Expr::And(terms.clone()).canonical(), Expr::And(turned.clone()).canonical());
        prop_assert_eq!(Expr::Or(terms).canonical(), Expr::Or(turned).canonical());
    }

    #[test]
    fn builder_means_what_its_operators_say(left in condition(), right in condition(), object in object()) {
        let holds = |r: &R| {
            let text = r.to_rql().unwrap();
            let read = Parser::new().strict(true).parse(&text).unwrap();
            Plan::new(&read, &Schema::open()).map(|plan| plan.matches(&object))
        };
        let (a, b) = (R::from(left.clone()), R::from(right));
        if let (Ok(is_a), Ok(is_b)) = (holds(&a), holds(&b)) {
            prop_assert_eq!(Plan::new(&left, &Schema::open()).unwrap().matches(&object), is_a);
            prop_assert_eq!(holds(&(a.clone() & b.clone())), Ok(is_a && is_b));
            prop_assert_eq!(holds(&(a.clone() | b.clone())), Ok(is_a || is_b));
            prop_assert_eq!(holds(&!a.clone()), Ok(!is_a));
            prop_assert_eq!(holds(&!(a.clone() & !b)), Ok(!is_a || is_b));
        }
    }
}
