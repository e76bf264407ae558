//! The grammar, row by row (reference 14.2), and what its errors say.

use pentad_rql::{Expr, Parser, Query, field, parse, same_meaning};

const TAKEN: &[&str] = &[
    "",
    "eq(a,x y)",
    "eq(a,x )",
    r#"eq(a,"x,y")"#,
    "eq(a,'say \"hi\"')",
    r#"eq(a,"it's")"#,
    r#"eq(a,"")"#,
    "eq(a,user@x.org)",
    "eq(a,2024-01-02T03:04:05+00:00)",
    "eq(a,-1)",
    "eq(a,*x*)",
    "eq(a,é)",
    "eq(a,T)",
    "eq(a,tt)",
    r#"eq(a,"t")"#,
    "not(in(a,(1)))",
    "not(like(a,x))",
    "and(not(eq(a,1)),eq(b,2))",
    "a=1&b=2",
    "a=1,b=2",
    "a=gt=5",
    "(a=1|b=2)&c=3",
    "eq(limit,4)",
    "limit=4&offset=2",
    "(a=1;b=2)",
    "(a=1,b=2)",
    "((a=1))",
    "not((a=1))",
    "ordering()",
    "select(a,-b,+c)",
    "select(a)&eq(b,1)&ordering(-c)",
    "eq(rel,t(name=x,like(id,1*)))",
    "in(a,(null(),empty(),t(b=1)))",
    "and(a=1&b=2,c=3)",
    "and=1",
    "search=two words",
    "eq(eq,x)",
    "a=gt",
    "((a=1|b=2)|c=3)",
    "not(ordering(a))",
    "eq(t,1)",
    "ordering(-t)",
    "t.b=1",
    "not(t=1)",
];

const REFUSED: &[&str] = &[
    "eq(a,)",
    "eq(a, x)",
    "in(a,(x, y))",
    "eq(a,x,y)",
    "eq(a,a/b)",
    "eq(a,100%)",
    "eq(a,a=b)",
    "eq(a,a&b)",
    "eq(a,a;b)",
    "eq(a,it's)",
    "eq(a,[x])",
    "eq(a,x~y)",
    "eq(a,x$)",
    r#"eq(a,"a\"b")"#,
    "eq(a,.5)",
    "eq(a,@x)",
    "eq(a,:x)",
    "eq(a,t)",
    "search=t",
    "in(a,(t,u))",
    "eq(_a,1)",
    "eq(1a,1)",
    "and(eq(a,1))",
    "and()",
    "or(eq(a,1))",
    "in(a,())",
    "not(and(a=1,b=2))",
    "not(or(a=1,b=2))",
    "not(not(a=1))",
    "not(a=1,b=2)",
    "a=1|b=2",
    "eq(a,1);eq(b,2)",
    "a=like=x",
    "a=in=(1,2)",
    "limit(0,10)",
    "count()",
    "search(x)",
    "foo(a,1)",
    "EQ(a,1)",
    "&a=1",
    "a=1&",
    "a=1&&b=2",
    " a=1",
    "(a=1|b=2,c=3)",
    "t=1",
    "t=eq=1",
    "(t=1)",
];

#[test]
fn strict_parser_takes_and_refuses_what_the_service_does() {
    let strict = Parser::new().strict(true);
    for text in TAKEN {
        assert!(strict.parse(text).is_ok(), "{text}: {:?}", strict.parse(text));
    }
    for text in REFUSED {
        assert!(strict.parse(text).is_err(), "{text}");
    }
}

#[test]
fn patient_parser_also_takes_what_the_original_client_writes() {
    for text in [
        "eq(a,)",
        "eq(a,t)",
        "and(eq(a,1))",
        "in(a,())",
        "not(and(a=1,b=2))",
        "not(and(or(a=1,b=2)))",
        "not(and())",
    ] {
        assert!(parse(text).is_ok(), "{text}");
    }
    for text in ["eq(a, x)", "eq(a,x,y)", "a=1|b=2", "foo(a,1)", "eq(_a,1)"] {
        assert!(parse(text).is_err(), "{text}");
    }
}

#[test]
fn both_spellings_and_all_quotes_give_one_tree() {
    for (left, right) in [
        ("a=1", "eq(a,\"1\")"),
        ("a=ge=1", "ge(a,'1')"),
        ("(a=1|b=2)", "or(a=1,b=2)"),
        ("(a=1;b=2)", "or(a=1,b=2)"),
        ("a=1&b=2", "and(a=1,b=2)"),
        ("a=1,b=2", "and(a=1,b=2)"),
        ("((a=1))", "a=1"),
    ] {
        assert_eq!(parse(left).unwrap(), parse(right).unwrap());
    }
}

#[test]
fn an_error_tells_where_what_and_what_instead() {
    for (text, position, expected, found) in [
        ("eq(a,x/y)", 6, "`)`", Some('/')),
        ("and(eq(a,1),foo(b,2))", 12, "an operator of the language before `(`", Some('f')),
        ("eq(é,1)", 3, "a property, which starts with a letter a-z or A-Z", Some('é')),
        ("eq(a,\"x)", 8, "the closing quote", None),
        ("a=1&", 4, "a property, an operator or `(`", None),
        ("eq(a,é/)", 7, "`)`", Some('/')),
        ("a=1)", 3, "`&`, `,` or the end", Some(')')),
        ("a", 1, "`=` or `(`", None),
    ] {
        let error = parse(text).unwrap_err();
        assert_eq!(
            (error.position(), error.expected(), error.found()),
            (position, expected, found),
            "{text}"
        );
    }
}

#[test]
fn texts_are_compared_by_meaning() {
    for (left, right) in [
        ("and(eq(a,1),eq(b,2))", "b=2&a=1"),
        ("not(and(or(eq(a,1),eq(b,2))))", "and(ne(b,2),ne(a,1))"),
        ("not(not(eq(a,1)))", "a=1"),
        ("in(a,(x,y))", "in(a,(y,x,y))"),
        ("out(a,(x))", "not(eq(a,x))"),
        ("eq(a,empty())", "eq(a,\"\")"),
        ("and(a=1,and(b=2,c=3))", "a=1&b=2&c=3"),
        ("ordering(+a)&b=1", "b=1&ordering(a)"),
    ] {
        assert!(same_meaning(left, right).unwrap(), "{left} {right}");
    }
    for (left, right) in [
        ("a=1&b=2", "(a=1|b=2)"),
        ("not(gt(a,1))", "le(a,1)"),
        ("ordering(a,b)", "ordering(b,a)"),
        ("a=1", "a=1&limit=1"),
        ("like(a,x)", "ilike(a,x)"),
        ("eq(a,null())", "eq(a,\"null()\")"),
    ] {
        assert!(!same_meaning(left, right).unwrap(), "{left} {right}");
    }
}

#[test]
fn page_query_has_its_parts_in_order() {
    let query =
        Query::new().order_by(["-b", "a"]).select(["x"]).filter(field("a").eq(1)).filter(!field("b").eq(2));
    assert_eq!(query.to_rql().unwrap(), "select(x)&and(eq(a,1),not(eq(b,2)))&ordering(-b,a)");
    assert!(Query::new().is_empty());
    assert_eq!(Query::new().order_by(["a"]).select(["b"]).to_rql().unwrap(), "select(b)&ordering(a)");
}

#[test]
fn walk_reaches_tuples() {
    let mut properties = Vec::new();
    parse("not(in(a,(t(b=1),t(c=2))))&eq(d,t(e=3))").unwrap().walk(&mut |expr| {
        if let Expr::Test { property, .. } | Expr::Member { property, .. } = expr {
            properties.push(property.to_string());
        }
    });
    assert_eq!(properties, ["a", "b", "c", "d", "e"]);
}
