//! The portable subset: what is spelled differently in the two databases.

use std::collections::HashMap;
use std::sync::Arc;

/// Which database a statement is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

/// The words in braces, with what SQLite and PostgreSQL call them.
const WORDS: &[(&str, &str, &str)] = &[
    ("blob", "BLOB", "BYTEA"),
    ("serial", "INTEGER PRIMARY KEY AUTOINCREMENT", "BIGSERIAL PRIMARY KEY"),
    // A number given by who inserts, by which rows are found without an index beside the table.
    ("number", "INTEGER PRIMARY KEY", "BIGINT PRIMARY KEY"),
    // The table is stored in the order of its primary key, where the database can.
    ("clustered", "WITHOUT ROWID", ""),
    ("claim", "", "FOR UPDATE SKIP LOCKED"),
    ("lock", "", "FOR UPDATE"),
    ("greatest", "MAX", "GREATEST"),
    ("least", "MIN", "LEAST"),
];

/// Turns a portable statement into one of `dialect`.
pub(crate) fn translate(sql: &str, dialect: Dialect) -> String {
    rewrite(sql, dialect, false)
}

/// Like [`translate`] for table definitions: text sorts by its bytes in both databases.
pub(crate) fn translate_schema(sql: &str, dialect: Dialect) -> String {
    rewrite(sql, dialect, true)
}

fn rewrite(sql: &str, dialect: Dialect, schema: bool) -> String {
    let mut out = String::with_capacity(sql.len() + 32);
    let mut rest = sql;
    while let Some(at) = rest.find(['\'', '$', '{', 'T']) {
        let (before, tail) = rest.split_at(at);
        out.push_str(before);
        let used = match tail.as_bytes()[0] {
            b'\'' => literal(tail, &mut out),
            b'$' => placeholder(tail, dialect, &mut out),
            b'{' => word(tail, dialect, &mut out),
            _ => text_type(before, tail, dialect, schema, &mut out),
        };
        rest = &tail[used..];
    }
    out.push_str(rest);
    out
}

/// Copies a quoted literal unchanged; a doubled quote simply begins the next literal.
fn literal(tail: &str, out: &mut String) -> usize {
    let end = tail[1..].find('\'').map_or(tail.len(), |n| n + 2);
    out.push_str(&tail[..end]);
    end
}

/// SQLite numbers `$1` by first appearance, `?1` by its number: only the latter means what PostgreSQL means.
fn placeholder(tail: &str, dialect: Dialect, out: &mut String) -> usize {
    out.push(if dialect == Dialect::Sqlite { '?' } else { '$' });
    1 + tail[1..].chars().take_while(char::is_ascii_digit).inspect(|digit| out.push(*digit)).count()
}

fn word(tail: &str, dialect: Dialect, out: &mut String) -> usize {
    for (name, sqlite, postgres) in WORDS {
        let closes = tail[1..].strip_prefix(name).is_some_and(|after| after.starts_with('}'));
        if closes {
            out.push_str(if dialect == Dialect::Sqlite { sqlite } else { postgres });
            return name.len() + 2;
        }
    }
    out.push('{');
    1
}

fn text_type(before: &str, tail: &str, dialect: Dialect, schema: bool, out: &mut String) -> usize {
    let stands_alone = before.ends_with([' ', '\n', '\t'])
        && !before.trim_end().ends_with("AS")
        && tail
            .strip_prefix("TEXT")
            .is_some_and(|after| !after.starts_with(|c: char| c.is_alphanumeric() || c == '_'));
    if schema && dialect == Dialect::Postgres && stands_alone {
        out.push_str("TEXT COLLATE \"C\"");
        return 4;
    }
    out.push('T');
    1
}

/// Statements already translated, per connection.
#[derive(Debug)]
pub(crate) struct Translations {
    dialect: Dialect,
    known: HashMap<Box<str>, Arc<str>>,
}

impl Translations {
    /// Statements put together at run time could fill memory; constant ones stay far below this.
    const MOST: usize = 2048;

    pub(crate) fn new(dialect: Dialect) -> Self {
        Self { dialect, known: HashMap::new() }
    }

    pub(crate) fn get(&mut self, sql: &str) -> Arc<str> {
        if let Some(known) = self.known.get(sql) {
            return Arc::clone(known);
        }
        if self.known.len() >= Self::MOST {
            self.known.clear();
        }
        let translated: Arc<str> = translate(sql, self.dialect).into();
        self.known.insert(sql.into(), Arc::clone(&translated));
        translated
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_keep_their_number_and_literals_their_dollars() {
        let sql = "UPDATE t SET a = $2, b = 'costs $1 {blob} it''s $3' WHERE id = $12";
        let expected = "UPDATE t SET a = ?2, b = 'costs $1 {blob} it''s $3' WHERE id = ?12";
        assert_eq!(translate(sql, Dialect::Sqlite), expected);
        assert_eq!(translate(sql, Dialect::Postgres), sql);
    }

    #[test]
    fn words_in_braces_are_spelled_for_each_database() {
        let sql = "CREATE TABLE t (id {serial}, name TEXT NOT NULL, body {blob}, TEXTURE TEXT)";
        assert_eq!(
            translate_schema(sql, Dialect::Sqlite),
            "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, body BLOB, TEXTURE TEXT)"
        );
        assert_eq!(
            translate_schema(sql, Dialect::Postgres),
            "CREATE TABLE t (id BIGSERIAL PRIMARY KEY, name TEXT COLLATE \"C\" NOT NULL, body BYTEA, TEXTURE TEXT COLLATE \"C\")"
        );
        assert_eq!(
            translate("SELECT {greatest}(1, $1) {lock} {other}", Dialect::Sqlite),
            "SELECT MAX(1, ?1)  {other}"
        );
    }
}
