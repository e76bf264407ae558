//! The input of each vector, in Rust.

use jiff::civil::{DateTime, date};
use jiff::tz::{Offset, TimeZone};
use pentad_rql::{R, Value, field};

pub(crate) fn build(number: u32) -> R {
    match number {
        1..=26 => value(number),
        27..=57 => lookup(number),
        58..=80 => method(number),
        81..=100 => combination(number),
        101..=114 => negation(number),
        _ => filter(number),
    }
}

fn eq(name: &str, value: impl Into<Value>) -> R {
    R::lookup(name, value)
}

fn value(number: u32) -> R {
    let noon: DateTime = date(2024, 1, 2).at(3, 4, 5, 0);
    let a = |value: Value| R::lookup("a", value);
    match number {
        1 => R::new(),
        2 => eq("id", "PRD-001"),
        3 => eq("id", "PRD-001") & eq("status", "draft"),
        4 => a(true.into()),
        5 => a(false.into()),
        6 => a(0.into()),
        7 => a((-15).into()),
        8 => a(10.50.into()),
        9 => a(1e20.into()),
        10 => a(1e-7.into()),
        11 => a(10_i128.pow(20).into()),
        12 => a("1.50".into()),
        13 => a("1E+5".into()),
        14 => a(date(2024, 1, 2).into()),
        15 => a(noon.into()),
        16 => a(date(2024, 1, 2).at(3, 4, 5, 678_000).into()),
        17 => a(TimeZone::UTC.to_timestamp(noon).unwrap().into()),
        18 => {
            let zone = TimeZone::fixed(Offset::from_seconds(-(3 * 60 + 30) * 60).unwrap());
            a((&date(2024, 1, 2).at(3, 4, 0, 0).to_zoned(zone).unwrap()).into())
        }
        19 => a("".into()),
        20 => a("two words".into()),
        21 => a("x,y".into()),
        22 => a("\"x,y\"".into()),
        23 => a("it's".into()),
        24 => a("f(x)".into()),
        25 => a("a&b".into()),
        26 => a("café".into()),
        _ => unreachable!(),
    }
}

fn lookup(number: u32) -> R {
    match number {
        27 => eq("a__b", 1),
        28 => eq("a__b__c", "x"),
        29 => eq("a_b", "x"),
        30 => eq("a_b__c_d__ne", "x"),
        31 => eq("a__eq", "x"),
        32 => eq("a__ne", "x"),
        33 => eq("a__lt", 5),
        34 => eq("a__le", 5),
        35 => eq("a__gt", 5),
        36 => eq("a__ge", 5),
        37 => eq("a__like", "*x*"),
        38 => eq("a__ilike", "x*"),
        39 => eq("a__like", 5),
        40 => R::lookup_list("a__in", ["x", "y"]),
        41 => R::lookup_list("a__in", ["x"]),
        42 => R::lookup_list("a__in", [""; 0]),
        43 => R::lookup_list("a__out", ["x", "y"]),
        44 => R::lookup_list("a__b__in", ["x", "y z"]),
        45 => eq("a__null", true),
        46 => eq("a__null", false),
        47 => eq("a__null", 1),
        48 => eq("a__empty", true),
        49 => eq("a__empty", false),
        50 => eq("a__empty", Value::Null),
        51 => eq("a__gte", 5),
        52 => eq("a__eq__eq", 1),
        53 => eq("in__eq", "x"),
        54 => eq("eq", "x"),
        55 => eq("a.b", 1),
        56 => eq("a.b__ne", 1),
        57 => eq("a__ge", 1) & eq("a__lt", 9),
        _ => unreachable!(),
    }
}

fn method(number: u32) -> R {
    let a = field("a");
    match number {
        58 => a.eq("x"),
        59 => a.n("b").n("c").ne("x"),
        60 => field("a_b").eq("x"),
        61 => field("a__b").eq("x"),
        62 => field("a.b").n("c").eq("x"),
        63 => a.n("b").eq("x"),
        64 => field("in").eq("x"),
        65 => a.lt(5),
        66 => a.le(5),
        67 => a.gt(5),
        68 => a.ge(5),
        69 => a.like("*x"),
        70 => a.ilike("x*"),
        71 => a.in_(["x", "y"]),
        72 => a.oneof(["x", "y"]),
        73 => a.out(["x"]),
        74 => a.in_([""; 0]),
        75 | 77 => a.null(true),
        76 => a.null(false),
        78 => a.empty(true),
        79 => a.empty(false),
        // The original overwrites the operator of a finished expression; here a field has one operator.
        80 => a.ne(2),
        _ => unreachable!(),
    }
}

fn combination(number: u32) -> R {
    let (a, b, c, d) = (eq("a", 1), eq("b", 2), eq("c", 3), eq("d", 4));
    match number {
        81 => a & b,
        82 => a | b,
        83 => !a,
        84 => a & b & c,
        85 => a & (b & c),
        86 => a | b | c,
        87 => a & b | c,
        88 => a | b & c,
        89 => (a | b) & c,
        90 => (a | b) & (c | d),
        91 => (a & b) | (c & d),
        92 => R::all_of([a, b]) & c,
        93 => c | R::all_of([a, b]),
        94 => a.clone() & a,
        95 => a.clone() | b | a,
        96 => (a.clone() & b.clone()) & (b & a),
        97 => (a.clone() & b) | a,
        98 => b & !a,
        99 => !a | b,
        100 => !a & !b,
        _ => unreachable!(),
    }
}

fn negation(number: u32) -> R {
    let (a, b, c) = (eq("a", 1), eq("b", 2), eq("c", 3));
    match number {
        101 | 103 => !(a & b),
        102 => !(a | b),
        104 => c & !(a | b),
        105 => !!a,
        106 => !!(a & b),
        107 => !(!a & !b),
        108 => !R::new(),
        109 => R::new() & a,
        110 => R::new() & !a,
        111 => !a & R::new(),
        112 => !a.clone() & !a,
        113 => R::raw("eq(a,1)") & b,
        114 => (field("a").eq(1) & field("b").in_(["x", "y"])) | !R::lookup("c__null", true),
        _ => unreachable!(),
    }
}

fn filter(number: u32) -> R {
    let (a, b, c) = (eq("a", 1), eq("b", 2), eq("c", 3));
    match number {
        115 => R::all_of([]),
        116 => R::all_of([R::raw("")]),
        117 => R::all_of([R::raw("eq(a,1)"), R::raw("eq(b,2)")]),
        118 => R::all_of([R::raw("eq(a,1)"), b]),
        119 => R::all_of([a | b, c]),
        120 => R::all_of([a.clone(), b, a]),
        121 => R::all_of([R::raw("or(eq(a,1),eq(b,2))"), R::raw("not(eq(c,3))")]),
        122 => R::all_of([!a]),
        123 => R::all_of([!a, b]),
        124 => R::all_of([R::raw("eq(a,1)"), !b]),
        125 => R::all_of([!(a | b)]),
        126 => R::all_of([R::raw("not checked at all ((")]),
        _ => unreachable!(),
    }
}
