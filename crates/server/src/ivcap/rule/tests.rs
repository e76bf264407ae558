use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// A small world: two artifacts of two jobs, and what is said about them.
fn load(want: &Want) -> Result<Vec<Row>, ()> {
    Ok(shared(world(want)))
}

fn shared(rows: Vec<Vec<Value>>) -> Vec<Row> {
    rows.into_iter().map(|row| row.into_iter().map(Arc::new).collect()).collect()
}

fn world(want: &Want) -> Vec<Vec<Value>> {
    match want.base {
        Base::Artifact => vec![
            vec![json!("a1"), json!("map"), json!("image/tiff")],
            vec![json!("a2"), json!("log"), json!("text/plain")],
        ],
        Base::Job => vec![
            vec![json!("j1"), json!("succeeded"), json!("s1")],
            vec![json!("j2"), json!("failed"), json!("s1")],
        ],
        Base::Service => vec![vec![json!("s1"), json!("fire-risk")]],
        Base::Aspect => vec![
            vec![json!("a1"), json!("urn:label"), json!({"n": 1})],
            vec![json!("a2"), json!("urn:label"), json!({"n": 2})],
        ],
        Base::ProducedBy => vec![vec![json!("a1"), json!("j1")], vec![json!("a2"), json!("j2")]],
    }
}

fn ask(text: &str) -> Value {
    let program = Program::parse(text).unwrap_or_else(|why| panic!("{text}: {why}"));
    json!(answer(&program, load).unwrap().unwrap())
}

#[test]
fn rules_join_compare_and_project() {
    let text = r#"
        # what the service made that is no text
        query(Artifact, Name) :-
          ivcap_service(Service, "fire-risk"),
          ivcap_job(Job, _, Service),
          ivcap_artifact_produced_by(Artifact, Job),
          ivcap_artifact(Artifact, Name, Type), Type != "text/plain".
    "#;
    assert_eq!(ask(text), json!([{"Artifact": "a1", "Name": "map"}]));
}

#[test]
fn rules_use_other_rules_in_any_order_and_unite() {
    let text = r#"
        query(X) :- good(X).
        good(X) :- ivcap_artifact(X, "map", _).
        good(X) :- bad(J), ivcap_artifact_produced_by(X, J).
        bad(J) :- ivcap_job(J, S, _), S = "failed".
    "#;
    assert_eq!(ask(text), json!([{"X": "a1"}, {"X": "a2"}]));
}

#[test]
fn a_bare_question_asks_for_its_variables() {
    assert_eq!(ask("ivcap_job(Job, \"failed\", Service)"), json!([{"Job": "j2", "Service": "s1"}]));
    assert_eq!(ask("?ivcap_artifact(_, N, T), N < \"m\"."), json!([{"N": "log", "T": "text/plain"}]));
    let same = ask("ivcap_aspect(E, \"urn:label\", C), X = E, X >= \"a2\".");
    assert_eq!(same, json!([{"E": "a2", "C": {"n": 2}, "X": "a2"}]));
    assert_eq!(ask("ivcap_artifact(X, X, _)"), json!([]));
}

#[test]
fn every_other_construct_is_refused_by_name() {
    for (text, named) in [
        ("query(X) :- ivcap_artifact(X, _, _), !ivcap_job(X, _, _).", "negation"),
        ("p(X) :- p(X).", "recursion"),
        ("p(X) :- q(X). q(X) :- p(X).", "recursion"),
        (":load_aspect(/x, \"urn:a\", [\".b\"]).", ":load_aspect"),
        ("query(N) :- ivcap_artifact(X, _, _) |> do fn:group_by(), let N = fn:count().", "|>"),
        ("query(X) :- ivcap_artifact(X, Y, _), :string:contains(Y, \"a\").", ":string:contains"),
        ("query(X) :- X = fn:plus(1, 2).", "fn:plus"),
        ("query(X) :- ivcap_artifact(X, /name, _).", "/name"),
        ("query(X) :- ivcap_artifact(X, [1], _).", "lists"),
        ("query(X) :- elsewhere(X).", "elsewhere"),
        ("query(X) :- ivcap_artifact(X, _).", "3 arguments, not 2"),
        ("query(X) :- ivcap_service(Y, _).", "X"),
        ("query(X) :- ivcap_service(X, _), Y < 3.", "Y"),
        ("query(_) :- ivcap_service(X, _).", "_"),
        ("ivcap_artifact(X, Y, Z) :- ivcap_artifact(X, Y, Z).", "cannot be defined"),
        ("Decl p(X).", "Decl"),
        ("p(1).", "facts"),
        ("", "empty"),
        ("query(X) :- ivcap_service(X, \"open", "does not end"),
    ] {
        let why = Program::parse(text).unwrap_err();
        assert!(why.contains(named), "{text}: {why}");
    }
}

#[test]
fn a_program_that_comes_to_too_much_is_given_up() {
    let many = |_: &Want| -> Result<Vec<Row>, ()> {
        Ok(shared((0..3000).map(|number| vec![json!(number), json!("x")]).collect()))
    };
    let program = Program::parse("query(A, B) :- ivcap_service(A, X), ivcap_service(B, X).").unwrap();
    assert!(answer(&program, many).unwrap().is_err());
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,80}") {
        let _ = Program::parse(&text);
    }

    #[test]
    fn no_mixture_of_its_words_makes_it_panic(
        words in proptest::collection::vec(
            prop::sample::select(vec!["query", "ivcap_service", "ivcap_job", "(", ")", ",", ".", ":-", "X", "Y", "_",
                "\"a\"", "1", "-2.5", "=", "<", "!", "#", "fn:a", "/x", "\n"]), 0..30)
    ) {
        if let Ok(program) = Program::parse(&words.join(" ")) {
            let _ = answer(&program, load);
        }
    }
}
