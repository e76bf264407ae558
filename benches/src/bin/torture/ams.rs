//! AMS under the kill: publishers and consumers, and what is there of them afterwards.

use std::sync::Arc;

use pentad_benches::Result;
use pentad_benches::bare::Bare;
use pentad_benches::server::Server;
use tokio::task::JoinSet;

use crate::kill::Subject;
use crate::ledger::Ledger;
use crate::{load, verify};

/// The books, and where the topic ended when the load began.
#[derive(Default)]
pub(crate) struct Ams {
    ledger: Arc<Ledger>,
    from: i64,
}

fn client(server: &Server) -> Result<Bare> {
    let base = format!("{}/v1", server.announced("/endpoints/ams_plain")?);
    Ok(Bare::new(&base, server.announced("/credentials/ams/project_admin")?))
}

impl Subject for Ams {
    const NAME: &'static str = "ams";

    async fn prepare(&mut self, server: &Server) -> Result<()> {
        load::prepare(&client(server)?).await
    }

    async fn begin(&mut self, server: &Server, round: u32) -> Result<JoinSet<String>> {
        let http = client(server)?;
        self.from = verify::end(&http).await?;
        Ok(load::start(&http, &self.ledger, round))
    }

    async fn audit(&mut self, server: &Server, whole: bool) -> Result<Option<String>> {
        verify::audit(&client(server)?, &self.ledger, if whole { 0 } else { self.from }).await
    }

    fn summary(&self) -> String {
        let entries = self.ledger.entries();
        format!(
            "{} publishes with {} messages, {} acknowledgements; nothing lost, doubled, undone or skipped",
            entries.publishes,
            entries.answered.len(),
            entries.acks
        )
    }
}
