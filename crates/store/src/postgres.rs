//! The PostgreSQL back end: one schema per service.

use crate::batch::Surroundings;
use crate::engine::Durability;
use crate::error::{Result, StoreError, StoreErrorKind};
use crate::migrate::Migration;
use crate::store::Store;

#[derive(Debug)]
pub(crate) struct Cluster;

impl Cluster {
    pub(crate) fn new(_url: &str, _prefix: &str, _durability: Durability) -> Result<Self> {
        Err(StoreError::new(StoreErrorKind::Config, "PostgreSQL comes next"))
    }
    pub(crate) fn open(
        &self,
        _name: &str,
        _schema: &'static [Migration],
        _around: Surroundings,
    ) -> Result<Store> {
        Err(StoreError::closed())
    }
    pub(crate) async fn remove_except(&self, _open: &[String]) -> Result<()> {
        Ok(())
    }
}

pub(crate) fn int(_row: &tokio_postgres::Row, _column: usize) -> Result<Option<i64>> {
    Err(StoreError::closed())
}
pub(crate) fn text(_row: &tokio_postgres::Row, _column: usize) -> Result<Option<&str>> {
    Err(StoreError::closed())
}
pub(crate) fn blob(_row: &tokio_postgres::Row, _column: usize) -> Result<Option<&[u8]>> {
    Err(StoreError::closed())
}
