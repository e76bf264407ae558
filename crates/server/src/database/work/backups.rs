//! The ends of the tasks of backups.

use pentad_store::Tx;

use super::super::engine::Outcome;
use super::super::error::Answer;
use super::super::model::{Backup, BackupState, Guest, Saved};
use super::super::storage::{now, records};

/// The backup is written: it holds what the instance held at this moment.
pub(super) fn finish(tx: &mut Tx<'_>, id: &str, outcome: &Outcome) -> Answer<()> {
    let Some(mut backup) = records::get::<Backup>(tx, id)? else { return Ok(()) };
    let guest = match &backup.instance {
        Some(instance) => records::get::<Guest>(tx, instance)?,
        None => None,
    };
    backup.updated = now(tx);
    match guest {
        Some(guest) if outcome.fault.is_none() => {
            let (tenant, container) = (&backup.tenant, &backup.container);
            let name = format!("{id}.xbstream.gz.enc");
            backup.location = Some(format!("http://swift.local/v1/AUTH_{tenant}/{container}/{name}"));
            backup.size = outcome.size.or(Some(0.11));
            backup.state = BackupState::Completed;
            let saved =
                Saved { id: backup.id.clone(), tenant: backup.tenant.clone(), contents: guest.contents };
            records::put(tx, &saved)?;
        }
        _ => backup.state = BackupState::Failed,
    }
    Ok(records::put(tx, &backup)?)
}

/// The backup is removed.
pub(super) fn remove(tx: &mut Tx<'_>, id: &str) -> Answer<()> {
    records::delete::<Backup>(tx, id)?;
    records::delete::<Saved>(tx, id)?;
    Ok(())
}
