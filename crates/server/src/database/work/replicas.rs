//! The ends of tasks that give a set of replicas another source.

use pentad_store::Tx;

use super::super::engine::{Outcome, Set};
use super::super::error::Answer;
use super::super::model::{Health, Instance, Task};
use super::super::storage::jobs::Job;
use super::super::storage::{now, records};
use super::super::view;
use super::instances::be_ready;
use super::real;

/// Ends the task of every member.
pub(super) fn finish(tx: &mut Tx<'_>, asked: &Instance, job: &Job, outcome: &Outcome) -> Answer<()> {
    let source: Instance = match &asked.replica_of {
        Some(id) => match records::get(tx, id)? {
            Some(source) => source,
            None => return Ok(()),
        },
        None => asked.clone(),
    };
    let mut members = view::replicas(tx, &source)?;
    // Without a real database the oldest replica takes the place of a source that went.
    let usual = if *job == Job::Promote { Some(asked) } else { members.first() };
    let usual = Set { leader: usual.map(|one| one.id.clone()), ..Set::default() };
    let is_ejected = *job == Job::Eject;
    members.push(source);
    match (&outcome.set, &outcome.fault) {
        (set, None) => changed(tx, members, set.as_ref().unwrap_or(&usual), is_ejected.then_some(asked)),
        (set, Some(fault)) => unchanged(tx, members, &set.clone().unwrap_or_default(), (asked, fault)),
    }
}

/// The leader leads, and all follow it but a source that was ejected.
fn changed(tx: &mut Tx<'_>, members: Vec<Instance>, set: &Set, ejected: Option<&Instance>) -> Answer<()> {
    let at = now(tx);
    for mut member in members {
        if ejected.is_some_and(|one| one.id == member.id) {
            member.task = Task::None;
            member.updated = at;
            records::put(tx, &member)?;
            continue;
        }
        member.replica_of = set.leader.clone().filter(|leader| *leader != member.id);
        member.port = set.ports.get(&member.id).copied().or(member.port);
        let down = set.down.get(&member.id);
        member.fault = down.map(|text| real::fault(text, at));
        be_ready(tx, &mut member)?;
        if down.is_some() {
            member.set_health(Health::Shutdown, at);
            records::put(tx, &member)?;
        }
    }
    Ok(())
}

/// Everything is as it was; who asked for more knows why.
fn unchanged(
    tx: &mut Tx<'_>,
    members: Vec<Instance>,
    set: &Set,
    (asked, text): (&Instance, &str),
) -> Answer<()> {
    let at = now(tx);
    for mut member in members {
        member.task = Task::None;
        member.updated = at;
        if member.id == asked.id {
            member.fault = Some(real::fault(text, at));
        }
        // One that is known to be down stays what it is: its last sign of life is long ago.
        if set.down.contains_key(&member.id) && member.health.is_running() {
            member.set_health(Health::Crashed, at);
        }
        records::put(tx, &member)?;
    }
    Ok(())
}
