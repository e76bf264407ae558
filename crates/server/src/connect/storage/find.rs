//! Which resources of a collection a filter finds, as a set of their numbers.
//!
//! A condition on all resources reads the values of its one path in their order, and the sets are put together here: a
//! database would look each resource up by each path. Where an index or the conditions before leave few, those are looked
//! at one by one, by one statement for all that is left of the filter.

use pentad_rql::{Check, Filter, Pattern, Test};
use pentad_store::{Row, StoreError, ToValue, Tx};
use roaring::RoaringTreemap;

use super::cells::{self, Hot, Lead};
use super::code;
use super::filter::{Param, TooComplex, Translator, is_one_text, is_plain, parts_of};
use super::id_list;
use super::list::Fault;

/// Resources by number.
pub(super) type Ids = RoaringTreemap;

/// Resources looked at by one statement.
pub(super) const LIST: usize = 512;

/// When which way is taken.
#[derive(Debug, Clone, Copy)]
pub(super) struct Way {
    /// So many resources are looked at one by one; beyond, the values of all are read.
    pub(super) few: u64,
    /// Rows read by one statement: what some databases hold in memory as a whole.
    pub(super) part: i64,
}

impl Default for Way {
    fn default() -> Self {
        Self { few: 20_000, part: 100_000 }
    }
}

/// One question to one collection.
pub(super) struct Finder<'f, 'tx> {
    pub(super) tx: &'f mut Tx<'tx>,
    pub(super) collection: i64,
    pub(super) way: Way,
    hot: Hot,
    all: Option<Ids>,
}

impl<'f, 'tx> Finder<'f, 'tx> {
    pub(super) fn new(tx: &'f mut Tx<'tx>, collection: i64, hot: Hot, way: Way) -> Self {
        Self { tx, collection, way, hot, all: None }
    }

    /// What the filter finds.
    pub(super) fn find(&mut self, filter: &Filter) -> Result<Ids, Fault> {
        // Refuses what asks for too much before anything is read.
        self.translator().check(filter)?;
        match self.driver(filter)? {
            Some((driver, few)) => {
                let others = parts_of(filter).iter().enumerate().filter(|(index, _)| *index != driver);
                let others = Filter::All(others.map(|(_, part)| part.clone()).collect());
                self.among(&others, Some(&few))
            }
            None => self.among(filter, None),
        }
    }

    /// All resources of the collection.
    pub(super) fn all(&mut self) -> Result<&Ids, Fault> {
        if self.all.is_none() {
            let sql =
                "SELECT r.id FROM resources r WHERE r.collection = $1 AND r.id > $2 ORDER BY r.id LIMIT $3";
            let mut all = Ids::new();
            self.parts(sql, &[Param::Int(self.collection)], &mut |id, _| {
                all.insert(id);
                Ok(())
            })?;
            self.all = Some(all);
        }
        Ok(self.all.get_or_insert_default())
    }

    fn translator(&self) -> Translator<'_> {
        Translator::new(self.collection, &self.hot)
    }

    /// The part of the filter with the fewest hits in an index, with them, if they are few.
    fn driver(&mut self, filter: &Filter) -> Result<Option<(usize, Ids)>, Fault> {
        let mut best: Option<(usize, Ids)> = None;
        let hot = self.hot.clone();
        for (index, test) in Translator::new(self.collection, &hot).drivers(filter) {
            let most = best.as_ref().map_or(self.way.few, |(_, hits)| hits.len());
            let mut translator = Translator::new(self.collection, &hot);
            let rows = translator.indexed(test)?;
            // One resource may have several values that fit, all of which count here: it is a bound, no number.
            let place = translator.bind(Param::Int(i64::try_from(most).unwrap_or(i64::MAX)));
            let sql = format!("SELECT c.resource FROM cells c WHERE {rows} LIMIT {place}");
            let (mut ids, mut hits) = (Ids::new(), 0);
            self.tx.query(&sql, &values(&translator.params), |row| {
                hits += 1;
                ids.insert(number(row, 0)?);
                Ok(())
            })?;
            if hits < most {
                best = Some((index, ids));
            }
        }
        Ok(best)
    }

    /// What the filter finds among some, or among all.
    fn among(&mut self, filter: &Filter, some: Option<&Ids>) -> Result<Ids, Fault> {
        if let Some(few) = some.filter(|some| some.len() <= self.way.few)
            && is_plain(filter)
        {
            return self.few(filter, few);
        }
        match filter {
            Filter::All(parts) => {
                let mut parts: Vec<&Filter> = parts.iter().collect();
                parts.sort_by_key(|part| cost(part));
                let mut found = None;
                for part in parts {
                    found = Some(self.among(part, found.as_ref().or(some))?);
                }
                found.map_or_else(|| self.base(some), Ok)
            }
            Filter::Any(parts) => {
                let mut found = Ids::new();
                for part in parts {
                    let rest = some.map(|some| some - &found);
                    found |= self.among(part, rest.as_ref())?;
                }
                Ok(found)
            }
            Filter::Not(part) => {
                let without = self.among(part, some)?;
                let mut found = self.base(some)?;
                found -= without;
                Ok(found)
            }
            Filter::Test(test) if test.check == Check::Null => self.null(test, some),
            Filter::Test(test) => self.column(some, |translator| {
                let path = translator.path(test.path.as_str());
                Ok(format!("c.path = {path} AND {}", translator.cell(test)?))
            }),
            Filter::Search(pattern) => self.search(pattern, some),
        }
    }

    fn base(&mut self, some: Option<&Ids>) -> Result<Ids, Fault> {
        some.map_or_else(|| self.all().cloned(), |some| Ok(some.clone()))
    }

    /// Looks at single resources.
    fn few(&mut self, filter: &Filter, few: &Ids) -> Result<Ids, Fault> {
        if filter.is_everything() || few.is_empty() {
            return Ok(few.clone());
        }
        let mut found = Ids::new();
        let ids = listed(few);
        for group in ids.chunks(LIST) {
            let mut translator = self.translator();
            let condition = filter.fold(&mut translator)?;
            let mut params = translator.params;
            let (list, ids) = id_list(group, LIST, params.len() + 1);
            params.extend(ids.into_iter().map(Param::Int));
            let sql = format!("SELECT r.id FROM resources r WHERE r.id IN ({list}) AND {condition}");
            self.tx.query(&sql, &values(&params), |row| {
                found.insert(number(row, 0)?);
                Ok(())
            })?;
        }
        Ok(found)
    }

    /// The resources among `some` that have a cell `c` for which the condition holds.
    fn column(
        &mut self,
        some: Option<&Ids>,
        condition: impl FnOnce(&mut Translator<'_>) -> Result<String, TooComplex>,
    ) -> Result<Ids, Fault> {
        let hot = self.hot.clone();
        let mut translator = Translator::of_cells(self.collection, &hot);
        let condition = condition(&mut translator)?;
        let params = translator.params;
        let (last, most) = (params.len() + 1, params.len() + 2);
        let sql = format!(
            "SELECT c.resource FROM cells c WHERE {condition} AND c.resource > ${last} ORDER BY c.resource LIMIT ${most}"
        );
        let mut found = Ids::new();
        self.parts(&sql, &params, &mut |id, _| {
            if some.is_none_or(|some| some.contains(id)) {
                found.insert(id);
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// Those of `some` with nothing, or a null, at a path. Most have one value there, which one column tells.
    fn null(&mut self, test: &Test, some: Option<&Ids>) -> Result<Ids, Fault> {
        let name = test.path.as_str();
        let mut left = self.base(some)?;
        left -=
            self.at(name, some, &format!("c.lead = {} AND c.head <> '{}'", Lead::Sole as i64, code::NULL))?;
        if left.len() <= self.way.few {
            return self.few(&Filter::Test(test.clone()), &left);
        }
        let mut found = self.at(name, Some(&left), &format!("c.head = '{}'", code::NULL))?;
        left -= &found;
        found |= self.missing(name, left)?;
        Ok(found)
    }

    /// Those in which a member is missing somewhere on the way.
    fn missing(&mut self, name: &str, mut left: Ids) -> Result<Ids, Fault> {
        let Some((parent, _)) = name.rsplit_once('.') else {
            left -= self.at(name, Some(&left), "1 = 1")?;
            return Ok(left);
        };
        let mut found = self.missing(parent, left.clone())?;
        left -= &found;
        found |=
            self.at(parent, Some(&left), &format!("c.head NOT IN ('{}', '{}')", code::OBJECT, code::EMPTY))?;
        left -= &found;
        found |= self.column(Some(&left), |translator| {
            let (outer, inner) = (translator.path(parent), translator.path(name));
            Ok(format!(
                "c.path = {outer} AND c.head = '{}' AND NOT EXISTS (SELECT 1 FROM cells i WHERE i.path = {inner} AND \
                 i.resource = c.resource AND i.frame = c.child)",
                code::OBJECT
            ))
        })?;
        Ok(found)
    }

    /// Those that have a cell `c` at a path for which a plain condition holds.
    fn at(&mut self, name: &str, some: Option<&Ids>, condition: &str) -> Result<Ids, Fault> {
        if some.is_some_and(RoaringTreemap::is_empty) {
            return Ok(Ids::new());
        }
        self.column(some, |translator| Ok(format!("c.path = {} AND {condition}", translator.path(name))))
    }

    /// Those with a string that matches.
    fn search(&mut self, pattern: &Pattern, some: Option<&Ids>) -> Result<Ids, Fault> {
        let hot = self.hot.clone();
        let mut translator = Translator::new(self.collection, &hot);
        let own = translator.bind(Param::Int(self.collection));
        let words = translator.words("t", pattern)?;
        let whole = is_one_text(pattern);
        let shown = if whole { "''" } else { "t.words" };
        let sql = format!(
            "SELECT t.resource, {shown} FROM texts t WHERE t.collection = {own} AND {words} AND t.resource > $3 \
             ORDER BY t.resource LIMIT $4"
        );
        let mut found = Ids::new();
        self.parts(&sql, &translator.params, &mut |id, row| {
            let fits = some.is_none_or(|some| some.contains(id))
                && (whole || row.text_ref(1)?.split(cells::BETWEEN).any(|word| pattern.matches(word)));
            if fits {
                found.insert(id);
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// Runs a statement over rows in the order of resources, their number first, part by part: it takes the last number
    /// seen and the size of a part as its last parameters.
    pub(super) fn parts(
        &mut self,
        sql: &str,
        params: &[Param],
        each: &mut dyn FnMut(u64, &Row<'_>) -> Result<(), StoreError>,
    ) -> Result<(), Fault> {
        let mut last = 0_u64;
        loop {
            let mut rows = 0;
            let end = i64::try_from(last).unwrap_or(i64::MAX);
            let mut bound = values(params);
            bound.extend([&end as &dyn ToValue, &self.way.part]);
            self.tx.query(sql, &bound, |row| {
                rows += 1;
                last = number(row, 0)?;
                each(last, row)
            })?;
            if rows < self.way.part {
                return Ok(());
            }
        }
    }
}

/// What is cheap and finds little comes first.
fn cost(part: &Filter) -> u8 {
    match part {
        Filter::Test(test) => match test.check {
            Check::Equals(_) => 0,
            Check::Order(..) => 1,
            Check::Like(_) => 2,
            Check::Within(_) => 3,
            Check::Null => 6,
        },
        Filter::Search(_) => 4,
        Filter::All(_) | Filter::Any(_) => 5,
        Filter::Not(_) => 6,
    }
}

/// Numbers as a database takes them.
pub(super) fn listed(ids: &Ids) -> Vec<i64> {
    ids.iter().filter_map(|id| i64::try_from(id).ok()).collect()
}

/// The number of a resource: they count from 1.
pub(super) fn number(row: &Row<'_>, column: usize) -> Result<u64, StoreError> {
    row.int(column).map(i64::unsigned_abs)
}

pub(super) fn values(params: &[Param]) -> Vec<&dyn ToValue> {
    params.iter().map(|param| param as &dyn ToValue).collect()
}
