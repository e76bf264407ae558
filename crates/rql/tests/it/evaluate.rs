//! What queries answer (reference 14.3).

use pentad_rql::{FieldType, Key, Kind, Number, Plan, Problem, Schema, parse};
use serde_json::{Value as Json, json};

fn open(text: &str, object: &Json) -> bool {
    Plan::new(&parse(text).unwrap(), &Schema::open()).unwrap().matches(object)
}

fn typed() -> Schema {
    Schema::closed()
        .field("name", FieldType::new(Kind::Text).nullable().searchable())
        .field("n", FieldType::new(Kind::Integer).nullable())
        .field("price", FieldType::new(Kind::Decimal { scale: 2 }))
        .field("on", FieldType::new(Kind::Boolean).unsortable())
        .field("day", FieldType::new(Kind::Date))
        .field("at", FieldType::new(Kind::DateTime).nullable())
        .field("status", FieldType::new(Kind::Choice(vec!["draft".into(), "done".into()])))
        .field("rel.id", FieldType::new(Kind::Integer))
        .field("rel.name", FieldType::new(Kind::Text).searchable())
        .field("notes", FieldType::new(Kind::Text).hidden())
}

fn declared(text: &str, object: &Json) -> bool {
    Plan::new(&parse(text).unwrap(), &typed()).unwrap().matches(object)
}

fn problem(text: &str) -> Problem {
    Plan::new(&parse(text).unwrap(), &typed()).unwrap_err().problem()
}

#[test]
fn undeclared_fields_compare_by_what_is_stored() {
    let object =
        json!({"i": 1, "f": 2.5, "s": "1", "b": true, "z": null, "e": "", "d": "2024-01-02T00:00:00"});
    for (text, holds) in [
        ("i=1", true),
        ("i=1.0", true),
        ("i=1e0", true),
        ("i=01", false),
        ("i=\"1\"", true),
        ("i=x", false),
        ("s=1", true),
        ("s=1.0", false),
        ("b=true", true),
        ("b=True", false),
        ("b=1", false),
        ("f=gt=2", true),
        ("f=lt=2.5", false),
        ("s=gt=0", true),
        ("b=gt=false", false),
        ("i=lt=x", false),
        ("d=ge=2024-01-02", true),
        ("d=lt=2024-01-02", false),
        ("z=null()", true),
        ("none=null()", true),
        ("none.deep=null()", true),
        ("i.deep=null()", true),
        ("i=null()", false),
        ("z=ne=1", true),
        ("none=ne=1", true),
        ("out(z,(1,2))", true),
        ("in(i,(x,1))", true),
        ("in(z,(x,null()))", true),
        ("e=empty()", true),
        ("e=\"\"", true),
        ("z=empty()", false),
        ("z=gt=0", false),
        ("not(gt(z,0))", true),
        ("not(le(z,0))", true),
        ("like(s,*)", true),
        ("like(i,*)", false),
        ("like(z,*)", false),
    ] {
        assert_eq!(open(text, &object), holds, "{text}");
    }
}

#[test]
fn numbers_compare_by_exact_value() {
    let big = json!({"a": 9_007_199_254_740_993_i64});
    assert!(open("a=9007199254740993", &big));
    assert!(!open("a=9007199254740992", &big));
    assert!(open("a=gt=9007199254740992.0", &big));
    assert!(open("a=1e2", &json!({"a": 100})));
    assert!(open("a=0", &json!({"a": -0.0})));
    assert!(open("a=lt=1e300", &json!({"a": u64::MAX})));
    let number = |f: f64| Number::from_f64(f).unwrap();
    assert!(
        number(-1.5) < Number::from(-1)
            && Number::from(-2) < number(-1.5)
            && number(f64::MIN) < Number::from(i64::MIN)
    );
    assert!(Number::from_f64(f64::NAN).is_none());
}

#[test]
fn arrays_match_if_an_element_matches() {
    let object = json!({"tags": ["x", "y"], "items": [{"id": 1, "p": {"q": [5]}}, {"id": 2}], "none": [], "deep": [["x"]]});
    for (text, holds) in [
        ("tags=x", true),
        ("tags=z", false),
        ("tags=ne=x", false),
        ("items.id=2", true),
        ("items.id=gt=2", false),
        ("items.p.q=5", true),
        ("items.p=null()", true),
        ("none=null()", false),
        ("none=ne=1", true),
        ("none=1", false),
        ("deep=x", false),
        ("like(tags,Y)", false),
        ("ilike(tags,Y)", true),
        ("out(items.id,(1))", false),
    ] {
        assert_eq!(open(text, &object), holds, "{text}");
    }
}

#[test]
fn patterns_follow_their_stars() {
    for (pattern, text, holds) in [
        ("abc", "abc", true),
        ("abc", "abcd", false),
        ("*", "", true),
        ("a*", "a", true),
        ("*c", "abc", true),
        ("a*c", "abbc", true),
        ("a*b*c", "a-b-c", true),
        ("a*b*c", "a-c-b", false),
        ("*b*", "abc", true),
        ("a*a", "a", false),
        ("\\*a", "*a", true),
        ("\\*a", "xa", false),
        ("a\\\\*", "a\\x", true),
        ("a\\b", "a\\b", true),
        ("A*", "abc", false),
    ] {
        assert_eq!(open(&format!("like(a,{pattern})"), &json!({ "a": text })), holds, "{pattern} {text}");
    }
    assert!(open("ilike(a,ÉC*)", &json!({"a": "école"})));
    let twice = Plan::new(&parse("like(a,x**)").unwrap(), &Schema::open()).unwrap_err();
    assert_eq!(
        (twice.problem(), twice.filter(), twice.lookup(), twice.value()),
        (Problem::Value, "a", "like", Some("x**"))
    );
}

#[test]
fn declared_fields_have_their_types() {
    let object = json!({"name": "a", "n": 5, "price": 1.25, "on": true, "day": "2024-01-02", "at": "2024-01-02T03:00:00+01:00",
        "status": "draft", "rel": {"id": 7, "name": "R"}});
    for (text, holds) in [
        ("n=5", true),
        ("n=+5", true),
        ("n=ge=5", true),
        ("n=ne=6", true),
        ("price=1.25", true),
        ("price=1.259", true),
        ("price=lt=1.2", false),
        ("on=true", true),
        ("on=false", false),
        ("day=2024-01-02", true),
        ("day=lt=2024-02-01", true),
        ("at=2024-01-02T02:00:00Z", true),
        ("at=2024-01-02T02:00", true),
        ("at=gt=2024-01-02", true),
        ("at=le=2024-01-02T02:00:00.000001", true),
        ("status=draft", true),
        ("in(status,(done,draft))", true),
        ("name=empty()", false),
        ("at=null()", false),
        ("rel=t(id=7,like(name,R))", true),
        ("rel=t(id=8)", false),
        ("ne(rel,t(id=8))", true),
        ("in(rel,(t(id=8),t(name=R)))", true),
        ("rel.id=7", true),
    ] {
        assert_eq!(declared(text, &object), holds, "{text}");
    }
}

#[test]
fn lookups_and_values_that_do_not_fit_are_errors_whatever_the_data() {
    for text in [
        "gt(name,a)",
        "lt(on,true)",
        "ge(status,draft)",
        "like(n,1)",
        "day=null()",
        "like(at,*)",
        "gt(n,null())",
        "n=t(a=1)",
        "gt(rel,t(id=1))",
        "ne(search,x)",
        "search=null()",
        "like(name,null())",
    ] {
        assert_eq!(problem(text), Problem::Lookup, "{text}");
    }
    for text in [
        "n=1.0",
        "n=abc",
        "n=\"\"",
        "n=empty()",
        "on=True",
        "on=1",
        "day=2024-01-02T00:00",
        "day=today",
        "at=x",
        "at=2024-13-01",
        "status=gone",
        "in(n,(1,x))",
        "price=x",
        "price=nan",
        "or(n=1,not(n=x))",
        "rel=t(id=x)",
        "in(day,(empty()))",
    ] {
        assert_eq!(problem(text), Problem::Value, "{text}");
    }
}

#[test]
fn unknown_fields_of_a_closed_schema_are_as_if_they_were_not_there() {
    let object = json!({"n": 1});
    for (text, holds) in [
        ("ghost=1", true),
        ("not(ghost=1)", true),
        ("(ghost=1|n=2)", false),
        ("ghost=1&n=1", true),
        ("in(ghost,(1))", true),
        ("out(ghost,(1))", true),
        ("rel=t(ghost=1)", true),
        ("gt(ghost,null())", true),
    ] {
        assert_eq!(declared(text, &object), holds, "{text}");
    }
}

#[test]
fn search_looks_into_what_is_searchable() {
    let object = json!({"name": "Two Words", "rel": {"name": "other"}, "notes": "hidden text"});
    for (text, holds) in [
        ("search=words", true),
        ("search=OTHER", true),
        ("search=two*", true),
        ("search=*words", true),
        ("search=words*two", false),
        ("search=hidden", false),
        ("search=\"\"", true),
        ("search=two&search=other", true),
        ("search=two&search=none", false),
        ("not(search=two)", false),
    ] {
        assert_eq!(declared(text, &object), holds, "{text}");
    }
    assert!(open("search=TEXT", &object));
    assert!(open("search=deep", &json!({"a": [{"b": "so deep!"}]})));
    assert!(!open("search=a", &json!({"a": 1})));
}

#[test]
fn page_counts_wherever_it_stands_and_only_once() {
    let page = |text: &str| {
        let plan = Plan::new(&parse(text).unwrap(), &Schema::open()).unwrap();
        (plan.limit(), plan.offset(), plan.filter().is_everything())
    };
    assert_eq!(page("limit=10&offset=5"), (Some(10), 5, true));
    assert_eq!(page("and(eq(limit,0),(offset=3|ordering(a)))"), (Some(0), 3, true));
    assert_eq!(page("limit=-2&offset=x"), (None, 0, true));
    for text in ["limit=1&limit=1", "limit=gt=1", "in(limit,(1))", "offset=1&(a=1|offset=2)"] {
        let error = Plan::new(&parse(text).unwrap(), &Schema::open()).unwrap_err();
        assert_eq!(error.to_string(), "Limit and offset are set incorrectly.", "{text}");
    }
}

#[test]
fn ordering_sorts_by_keys_and_puts_null_first() {
    let plan = Plan::new(&parse("ordering(a,-b.c)").unwrap(), &Schema::open()).unwrap();
    let mut objects = vec![
        json!({"a": "x"}),
        json!({"a": 10, "b": {"c": 1}}),
        json!({"a": 10, "b": {"c": 2}}),
        json!({"a": 9}),
        json!({}),
        json!({"a": [true]}),
    ];
    objects.sort_by(|a, b| plan.compare(a, b));
    let expected = [
        json!({}),
        json!({"a": [true]}),
        json!({"a": 9}),
        json!({"a": 10, "b": {"c": 2}}),
        json!({"a": 10, "b": {"c": 1}}),
        json!({"a": "x"}),
    ];
    assert_eq!(objects, expected);
    let at = Plan::new(&parse("ordering(-at)").unwrap(), &typed()).unwrap();
    assert!(
        at.compare(&json!({"at": "2024-01-01T23:30:00-02:00"}), &json!({"at": "2024-01-02T00:00:00Z"}))
            .is_lt()
    );
    assert!(matches!(at.ordering()[0].key(&json!({"at": "2024-01-01"})), Some(Key::Instant(_))));
    for (text, message) in [
        ("ordering(ghost)", "Bad ordering filter: ghost."),
        ("ordering(on)", "Bad ordering filter: on."),
        ("ordering(n)&ordering(n)", "Bad ordering filter: query can contain only one ordering operation."),
        ("ordering(n,n,n,n,n,n)", "Bad ordering filter: max allowed number is 5."),
    ] {
        assert_eq!(Plan::new(&parse(text).unwrap(), &typed()).unwrap_err().to_string(), message);
    }
}

#[test]
fn of_a_hidden_object_only_what_is_named_is_revealed() {
    let any = || FieldType::new(Kind::Any);
    let schema = Schema::closed().field("id", any()).field("rel", any().hidden()).field("rel.id", any());
    let schema = schema.field("rel.name", any()).field("rel.in.a", any()).field("rel.in.b", any());
    let shown = |text: &str| {
        let mut object = json!({"id": 1, "rel": {"id": 2, "name": "c", "in": {"a": 1, "b": 2}}});
        Plan::new(&parse(text).unwrap(), &schema).unwrap().selection().apply(&mut object);
        object.to_string()
    };
    assert_eq!(shown(""), r#"{"id":1}"#);
    assert_eq!(shown("select(rel)"), r#"{"id":1,"rel":{"id":2,"name":"c","in":{"a":1,"b":2}}}"#);
    assert_eq!(shown("select(rel.id)"), r#"{"id":1,"rel":{"id":2}}"#);
    assert_eq!(shown("select(rel.id,rel.in)"), r#"{"id":1,"rel":{"id":2,"in":{"a":1,"b":2}}}"#);
    assert_eq!(shown("select(rel.in.a)"), r#"{"id":1,"rel":{"id":2,"name":"c","in":{"a":1,"b":2}}}"#);
}

#[test]
fn selection_removes_and_reveals() {
    let shown = |text: &str| {
        let mut object = json!({"name": "a", "notes": "b", "rel": {"id": 1, "name": "c"}, "n": [1]});
        Plan::new(&parse(text).unwrap(), &typed()).unwrap().selection().apply(&mut object);
        object.to_string()
    };
    assert_eq!(shown(""), r#"{"name":"a","rel":{"id":1,"name":"c"},"n":[1]}"#);
    assert_eq!(shown("select(notes)"), r#"{"name":"a","notes":"b","rel":{"id":1,"name":"c"},"n":[1]}"#);
    assert_eq!(shown("select(name,-rel.id,-n)"), r#"{"name":"a","rel":{"name":"c"}}"#);
    assert_eq!(shown("select(-rel)"), r#"{"name":"a","n":[1]}"#);
    for (text, message) in [
        ("select(ghost)", "Bad select filter: ghost."),
        ("select(n,-n)", "Bad select filter: incompatible properties."),
        ("select(rel.id,-rel)", "Bad select filter: incompatible properties."),
        ("select(n)&select(n)", "Bad select filter: query can contain only one select operation."),
    ] {
        assert_eq!(Plan::new(&parse(text).unwrap(), &typed()).unwrap_err().to_string(), message);
    }
}
