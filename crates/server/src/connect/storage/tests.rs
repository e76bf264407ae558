//! The translator against the evaluator: the same objects, the same queries, on every database at hand.

use std::sync::Arc;

use pentad_rql::{FieldType, Kind, Plan, Schema, parse};
use pentad_store::{Engine, ServiceClock, Store, StoreError, StoreOptions};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde_json::{Map, Value, json};

use super::cells::Hot;
use super::find::Way;
use super::schema::MIGRATIONS;
use super::{collections, list, resources};

#[derive(Debug)]
struct Still;

impl ServiceClock for Still {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::UNIX_EPOCH
    }
}

/// One database of its own, with a runtime to reach it.
struct Ground {
    runtime: tokio::runtime::Runtime,
    store: Store,
    _engine: Engine,
    _dir: Option<tempfile::TempDir>,
}

impl Ground {
    fn memory() -> Self {
        Self::new(StoreOptions::memory(), None)
    }

    fn postgres() -> Option<Self> {
        let Ok(url) = std::env::var("PENTAD_TEST_POSTGRES") else {
            eprintln!("skipped: PENTAD_TEST_POSTGRES is not set");
            return None;
        };
        let dir = tempfile::tempdir().unwrap();
        Some(Self::new(StoreOptions::postgres(&url, dir.path()), Some(dir)))
    }

    fn new(options: StoreOptions, dir: Option<tempfile::TempDir>) -> Self {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let _inside = runtime.enter();
        let engine = Engine::open(options, Arc::new(Still)).unwrap();
        // Under PostgreSQL a schema of its own: its key is made anew by each run.
        let name =
            if dir.is_some() { format!("connect_property_{}", std::process::id()) } else { "connect".into() };
        let store = engine.service(&name, MIGRATIONS).unwrap();
        drop(_inside);
        Self { runtime, store, _engine: engine, _dir: dir }
    }

    /// Stores the objects as the only ones of a fresh collection.
    fn fill(&self, path: &str, objects: &[Value], hot: &Hot) {
        let (path, objects, hot) = (path.to_owned(), objects.to_vec(), hot.clone());
        let filled = self.store.write(move |tx| {
            let row = collections::ensure(tx, &path, &hot)?;
            for (index, object) in objects.iter().enumerate() {
                let object = object.as_object().cloned().unwrap_or_default();
                let Ok(stored) = resources::prepare(row.id, &hot, object) else { panic!("too many cells") };
                resources::insert(tx, &row, &format!("{index}"), &stored)?;
            }
            collections::grow(tx, row.id, objects.len() as i64)
        });
        self.runtime.block_on(filled).unwrap();
    }

    /// Indexes a collection otherwise: just begun, or all of it.
    fn declare(&self, path: &str, hot: &Hot, whole: bool) {
        let (path, hot) = (path.to_owned(), hot.clone());
        let declared = self.store.write(move |tx| {
            let id = collections::find(tx, &path)?.expect("a collection").id;
            let mut last = collections::mark(tx, id, &hot)?.then_some(0);
            while let Some(behind) = last.filter(|_| whole) {
                last = collections::adopt(tx, id, &hot, behind)?;
            }
            Ok::<_, StoreError>(())
        });
        self.runtime.block_on(declared).unwrap();
    }

    fn ask(&self, path: &str, plan: &Plan, way: Way) -> Result<list::Page, String> {
        let (path, plan) = (path.to_owned(), plan.clone());
        let limit = plan.limit().map_or(1000, |limit| limit as i64);
        let asked = self.store.read(move |tx| {
            let row = collections::find(tx, &path)?.expect("a collection");
            list::page_by(tx, &row, &plan, limit, way).map_err(|fault| match fault {
                list::Fault::Store(error) => error,
                list::Fault::TooComplex => {
                    StoreError::new(pentad_store::StoreErrorKind::Config, "too complex")
                }
            })
        });
        self.runtime.block_on(asked).map_err(|error| error.to_string())
    }
}

fn schema() -> Schema {
    Schema::open()
        .field("i", FieldType::new(Kind::Integer).nullable())
        .field("p", FieldType::new(Kind::Decimal { scale: 1 }).nullable())
        .field("f", FieldType::new(Kind::Boolean).nullable())
        .field("day", FieldType::new(Kind::Date).nullable())
        .field("at", FieldType::new(Kind::DateTime).nullable())
        .field("s", FieldType::new(Kind::Text).nullable())
        .field("c", FieldType::new(Kind::Choice(vec!["a".into(), "b".into()])).nullable())
}

const TEXTS: &[&str] = &[
    "",
    "a",
    "b",
    "A",
    "ab",
    "aB",
    "É",
    "é",
    "1",
    "1.0",
    "true",
    "%",
    "_a",
    "a!b",
    "a_b",
    "*",
    "x*y",
    "2024-01-02",
    "2024-01-02T03:04:05Z",
    "2024-01-02T00:00:00+00:00",
    "İ",
    "ß",
    "\u{1F600}",
];

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => proptest::sample::select(TEXTS).prop_map(str::to_owned),
        1 => "[ab]{97,104}",
    ]
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-2_i64..3).prop_map(Value::from),
        (-8_i32..8).prop_map(|n| json!(f64::from(n) / 4.0)),
        proptest::sample::select(vec![
            json!(1e300),
            json!(-1e300),
            json!(i64::MAX),
            json!(i64::MIN),
            json!(u64::MAX)
        ]),
        text().prop_map(Value::from),
    ]
}

fn name() -> impl Strategy<Value = String> {
    proptest::sample::select(&["i", "p", "f", "day", "at", "s", "c", "a", "b", "o", "x.y"][..])
        .prop_map(str::to_owned)
}

fn value() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((name(), inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

fn object() -> impl Strategy<Value = Value> {
    proptest::collection::vec((name(), value()), 0..6)
        .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>()))
}

fn path() -> impl Strategy<Value = String> {
    let one = proptest::sample::select(&["i", "p", "f", "day", "at", "s", "c", "a", "b", "o"][..]);
    proptest::collection::vec(one, 1..4).prop_map(|steps| steps.join("."))
}

fn literal() -> impl Strategy<Value = String> {
    prop_oneof![
        text().prop_map(|text| format!("\"{text}\"")),
        (-2_i64..3).prop_map(|n| n.to_string()),
        (-8_i32..8).prop_map(|n| (f64::from(n) / 4.0).to_string()),
        Just("null()".to_owned()),
        Just("empty()".to_owned()),
        Just("1e300".to_owned()),
        Just("9223372036854775808".to_owned()),
    ]
}

fn pattern() -> impl Strategy<Value = String> {
    proptest::collection::vec(
        prop_oneof![Just("*".to_owned()), text().prop_map(|text| pentad_rql::escape(&text))],
        1..4,
    )
    .prop_map(|pieces| format!("\"{}\"", pieces.concat()))
}

fn comparison(path: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    (path, proptest::sample::select(&["eq", "ne", "gt", "ge", "lt", "le"][..]), literal())
        .prop_map(|(path, operator, literal)| format!("{operator}({path},{literal})"))
}

fn term() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => comparison(path()),
        2 => (path(), any::<bool>(), pattern()).prop_map(|(path, fold, pattern)| {
            format!("{}like({path},{pattern})", if fold { "i" } else { "" })
        }),
        2 => (path(), any::<bool>(), proptest::collection::vec(literal(), 1..4)).prop_map(|(path, out, values)| {
            format!("{}({path},({}))", if out { "out" } else { "in" }, values.join(","))
        }),
        1 => (path(), any::<bool>(), proptest::collection::vec(comparison(path()), 1..3)).prop_map(
            |(path, ne, tests)| format!("{}({path},t({}))", if ne { "ne" } else { "eq" }, tests.join(","))
        ),
        1 => text().prop_map(|text| format!("search=\"{text}\"")),
    ]
}

fn condition() -> impl Strategy<Value = String> {
    term().prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 2..4)
                .prop_map(|terms| format!("and({})", terms.join(","))),
            proptest::collection::vec(inner.clone(), 2..4)
                .prop_map(|terms| format!("or({})", terms.join(","))),
            inner.prop_map(|term| format!("not({term})")),
        ]
    })
}

fn ordering() -> impl Strategy<Value = String> {
    let field = prop_oneof![4 => path(), 1 => Just("id".to_owned())];
    proptest::collection::vec((any::<bool>(), field), 0..3).prop_map(|fields| {
        let fields: Vec<String> =
            fields.into_iter().map(|(down, path)| format!("{}{path}", if down { "-" } else { "" })).collect();
        format!("ordering({})", fields.join(","))
    })
}

/// Filter, order and page; each may be missing.
fn query() -> impl Strategy<Value = String> {
    let filter = prop_oneof![9 => condition(), 1 => Just(String::new())];
    let page = prop_oneof![
        2 => Just(String::new()),
        1 => (0_u8..4, 0_u8..8).prop_map(|(limit, offset)| format!("limit={limit}&offset={offset}")),
    ];
    (filter, ordering(), page).prop_map(|(filter, ordering, page)| {
        let parts = [filter, ordering, page];
        parts.iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join("&")
    })
}

/// Gives each object an id, as the service does: text or number.
fn with_ids(mut objects: Vec<Value>) -> Vec<Value> {
    for (index, object) in objects.iter_mut().enumerate() {
        // Neither in the order of creation nor all of one type.
        let id = (index * 7) % 12;
        object["id"] = match index % 4 {
            0 => json!(id),
            1 => json!(format!("2024-01-{:02}", id + 1)),
            2 => json!(format!("2024-01-02T03:04:{id:02}Z")),
            _ => json!(format!("X-{id}")),
        };
    }
    objects
}

/// How often if nothing else is said; `PENTAD_CASES` sets another number.
fn cases(usual: u32) -> u32 {
    std::env::var("PENTAD_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(usual)
}

/// Queries asked of each set of objects.
const QUERIES: usize = 400;

/// What is declared about the fields.
fn schemas() -> impl Strategy<Value = Schema> {
    let searchable = |schema: Schema| {
        schema
            .field("s", FieldType::new(Kind::Text).nullable().searchable())
            .field("a.b", FieldType::new(Kind::Any).nullable().searchable())
    };
    prop_oneof![
        3 => Just(Schema::open()),
        3 => Just(schema()),
        1 => Just(searchable(schema())),
        1 => Just(searchable(
            Schema::closed().field("id", FieldType::new(Kind::Any)).field("i", FieldType::new(Kind::Integer).nullable())
        )),
    ]
}

fn hot() -> impl Strategy<Value = Hot> {
    let only = |paths: &[&str]| Hot::Only(paths.iter().map(|path| (*path).to_owned()).collect());
    prop_oneof![Just(Hot::All), Just(only(&["s", "a.b"])), Just(only(&["s", "i", "o"])), Just(only(&[]))]
}

fn ways() -> impl Strategy<Value = Way> {
    let way = |few, part| Just(Way { few, part });
    prop_oneof![Just(Way::default()), way(0, 1), way(0, 1000), way(2, 3), way(4, 2)]
}

/// `least` of the queries of each set, on average, must be questions.
fn agree(ground: &Ground, cases: u32, least: usize) {
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let queries = proptest::collection::vec(query(), QUERIES);
    let objects = proptest::collection::vec(object(), 1..12).prop_map(with_ids);
    let world = (objects, queries, schemas(), hot(), proptest::option::of(hot()), ways());
    let (number, compared) = (std::cell::Cell::new(0_u32), std::cell::Cell::new(0_usize));
    runner
        .run(&world, |(objects, queries, schema, hot, later, way)| {
            number.set(number.get() + 1);
            let path = format!("c{}", number.get());
            ground.fill(&path, &objects, &hot);
            for (index, query) in queries.iter().enumerate() {
                // What is declared changes while questions are asked.
                if let Some(later) = later.as_ref().filter(|_| index >= QUERIES / 3) {
                    ground.declare(&path, later, index >= QUERIES / 3 * 2);
                }
                let Ok(expr) = parse(query) else { continue };
                let Ok(plan) = Plan::new(&expr, &schema) else { continue };
                compared.set(compared.get() + 1);
                let mut expected: Vec<&Value> =
                    objects.iter().filter(|object| plan.matches(object)).collect();
                expected.sort_by(|left, right| plan.compare(left, right));
                let total = expected.len() as i64;
                let (limit, offset) = (plan.limit().unwrap_or(1000), plan.offset());
                let page = expected.iter().skip(offset as usize).take(limit as usize);
                let expected: Vec<String> = page.map(|object| object.to_string()).collect();
                let page = ground.ask(&path, &plan, way).map_err(TestCaseError::fail)?;
                prop_assert_eq!(page.total, total, "{}", query);
                prop_assert_eq!(page.bodies, expected, "{}", query);
            }
            Ok(())
        })
        .unwrap();
    let (compared, wanted) = (compared.get(), cases as usize * least);
    eprintln!("{compared} answers compared");
    assert!(compared >= wanted, "only {compared} of at least {wanted} queries were questions");
}

#[test]
fn sqlite_finds_and_orders_what_the_evaluator_does() {
    agree(&Ground::memory(), cases(500), 200);
}

#[test]
fn postgres_finds_and_orders_what_the_evaluator_does() {
    if let Some(ground) = Ground::postgres() {
        // Each question is a round trip to another process here; of fewer sets the average is less certain.
        agree(&ground, cases(100), 150);
    }
}

#[test]
fn filters_of_many_terms_stay_within_the_depth_that_databases_take() {
    let ground = Ground::memory();
    ground.fill("c", &[json!({"a": 7}), json!({"a": 499})], &Hot::All);
    let terms: Vec<String> = (0..500).map(|n| format!("eq(a,{n})")).collect();
    let plan = |text: String| Plan::new(&parse(&text).unwrap(), &Schema::open()).unwrap();
    let page = ground.ask("c", &plan(format!("or({})", terms.join(","))), Way::default()).unwrap();
    assert_eq!(page.total, 2);
    let nested = format!("{}eq(a,7){}", "not(".repeat(120), ")".repeat(120));
    assert_eq!(ground.ask("c", &plan(nested), Way::default()).unwrap().total, 1);
    let more = format!("or({},eq(a,1))", terms.join(","));
    assert_eq!(ground.ask("c", &plan(more), Way::default()).unwrap_err(), "too complex");
}
