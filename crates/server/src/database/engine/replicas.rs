//! Sets of a source and its replicas: who leads, and who follows where.
//!
//! What one member alone has is never removed: a replica takes over from a source only after it has all that the source
//! wrote, and the others' folders go when the copies in their place run.

use std::collections::BTreeMap;

use super::super::model::Instance;
use super::Engine;
use super::cluster::Cluster;
use super::lifecycle::{Deed, Done, Outcome, Set};

impl Engine {
    /// Makes a replica the source of all others, and of the one that was.
    pub(super) async fn promote(&self, deed: &Deed) -> Done<Outcome> {
        let leader = &deed.instance;
        let source = deed.source.as_ref().ok_or("the instance is not a replica")?;
        if let Err(fault) = self.hand_over(source, leader).await {
            let members: Vec<&Instance> = deed.others.iter().chain([source]).collect();
            let set = Set { down: self.down(&members), ..Set::default() };
            let is_up = !set.down.contains_key(&leader.id);
            tracing::warn!(instance = leader.id, fault, "a replica was not made the source");
            return Ok(Outcome { fault: Some(fault), is_up, set: Some(set), ..Outcome::default() });
        }
        let followers: Vec<&Instance> =
            deed.others.iter().chain([source]).filter(|one| one.id != leader.id).collect();
        Ok(Outcome { set: Some(self.lead(leader, &followers).await?), ..Outcome::default() })
    }

    /// Makes the replica that got most the source of the others; the old source is left as it is.
    pub(super) async fn eject(&self, deed: &Deed) -> Done<Outcome> {
        let Some(leader) = self.most_advanced(&deed.others).await? else {
            let fault = "none of the replicas answers".to_owned();
            let members: Vec<&Instance> = deed.others.iter().chain([&deed.instance]).collect();
            let set = Set { down: self.down(&members), ..Set::default() };
            return Ok(Outcome { fault: Some(fault), set: Some(set), ..Outcome::default() });
        };
        let to = self.cluster(&leader.id, leader.port)?;
        if to.is_standby().await? {
            to.promote().await?;
        }
        let followers: Vec<&Instance> = deed.others.iter().filter(|one| one.id != leader.id).collect();
        Ok(Outcome { set: Some(self.lead(leader, &followers).await?), ..Outcome::default() })
    }

    /// One that is no standby any more was chosen by an attempt that was cut off.
    async fn most_advanced<'i>(&self, replicas: &'i [Instance]) -> Done<Option<&'i Instance>> {
        let mut best: Option<(u64, &Instance)> = None;
        for replica in replicas {
            let cluster = self.cluster(&replica.id, replica.port)?;
            if !cluster.runs() {
                continue;
            }
            if !cluster.is_standby().await? {
                return Ok(Some(replica));
            }
            let got = cluster.received().await?;
            if best.is_none_or(|(most, _)| got > most) {
                best = Some((got, replica));
            }
        }
        Ok(best.map(|(_, replica)| replica))
    }

    /// Stops a source and promotes a replica that has all of it; else both are as they were.
    async fn hand_over(&self, source: &Instance, leader: &Instance) -> Done<()> {
        let (old, new) = (self.cluster(&source.id, source.port)?, self.cluster(&leader.id, leader.port)?);
        if !new.is_standby().await? {
            // An attempt that was cut off got so far.
            return Ok(());
        }
        let ran = old.runs();
        if ran {
            if !old.is_followed_by(&leader.id).await? {
                return Err(lacks(source, leader));
            }
            // A source that stops hands on all that it has to those that follow it.
            self.halt(&source.id, &old).await?;
        }
        let taken = take_over(&old, &new, lacks(source, leader)).await;
        if taken.is_err()
            && ran
            && let Err(why) = self.start(&source.id, &old).await
        {
            tracing::warn!(instance = source.id, why, "the source could not be started again");
        }
        taken
    }

    /// Makes followers anew as copies of their leader, which stands on its own.
    async fn lead(&self, leader: &Instance, followers: &[&Instance]) -> Done<Set> {
        let to = self.cluster(&leader.id, leader.port)?;
        let mut set = Set { leader: Some(leader.id.clone()), ..Set::default() };
        for follower in followers {
            match self.copy_of(&to, follower).await {
                Ok(port) => drop(set.ports.insert(follower.id.clone(), port)),
                Err(fault) => drop(set.down.insert(follower.id.clone(), fault)),
            }
        }
        Ok(set)
    }

    /// Puts a copy in the place of a follower; one that fails leaves what there was.
    async fn copy_of(&self, leader: &Cluster, follower: &Instance) -> Done<u16> {
        let cluster = self.cluster(&follower.id, follower.port)?;
        self.halt(&follower.id, &cluster).await?;
        cluster.set_aside().await?;
        let copied = async {
            let attempt = cluster.attempt();
            attempt.settle(attempt.copy_running(leader, Some(&follower.id)).await, &cluster).await?;
            self.start(&follower.id, &cluster).await.map(|started| started.port)
        };
        let copied: Done<u16> = copied.await;
        match copied {
            Ok(port) => {
                if let Err(why) = cluster.forget_aside().await {
                    tracing::warn!(
                        instance = follower.id,
                        why,
                        "what a replica was before could not be removed"
                    );
                }
                Ok(port)
            }
            Err(fault) => {
                tracing::warn!(instance = follower.id, fault, "a replica could not be made anew");
                self.halt(&follower.id, &cluster).await?;
                cluster.take_back().await?;
                Err(fault)
            }
        }
    }

    /// The members whose databases do not run.
    fn down(&self, members: &[&Instance]) -> BTreeMap<String, String> {
        let runs = |one: &Instance| self.cluster(&one.id, one.port).is_ok_and(|cluster| cluster.runs());
        let down = members.iter().filter(|one| !runs(one));
        down.map(|one| (one.id.clone(), "the database does not run".to_owned())).collect()
    }

    /// Tells those that follow a source where it listens, and lets it forget those that do not.
    pub(crate) async fn gather(&self, source: &Instance, port: u16, followers: &[Instance]) {
        let gathered = async {
            if source.port != Some(port) {
                for follower in followers {
                    let cluster = self.cluster(&follower.id, follower.port)?;
                    cluster.follow_to(&follower.id, port)?;
                    self.reload(&cluster).await?;
                }
            }
            let ids: Vec<&str> = followers.iter().map(|one| one.id.as_str()).collect();
            self.cluster(&source.id, Some(port))?.keep_slots(&ids).await
        };
        let gathered: Done<()> = gathered.await;
        if let Err(why) = gathered {
            tracing::warn!(instance = source.id, why, "the replicas of an instance could not be told");
        }
    }

    /// Lets a source forget a replica that is none any more.
    pub(super) async fn leave(&self, deed: &Deed) {
        let Some(source) = &deed.source else { return };
        let (Some(port), Ok(cluster)) = (source.port, self.cluster(&source.id, source.port)) else { return };
        if !cluster.runs() {
            return;
        }
        let staying: Vec<Instance> =
            deed.others.iter().filter(|one| one.id != deed.instance.id).cloned().collect();
        self.gather(source, port, &staying).await;
    }
}

fn lacks(source: &Instance, leader: &Instance) -> String {
    format!(
        "The replica {} has not got all that its source {} has, and what it lacks would be lost.",
        leader.id, source.id
    )
}

/// Promotes a standby of a source that was stopped, if it has all of it.
async fn take_over(old: &Cluster, new: &Cluster, lacks: String) -> Done<()> {
    if new.received().await? <= old.written().await? {
        return Err(lacks);
    }
    match new.promote().await {
        // It may have come through after the wait for it was over.
        Err(why) if new.is_standby().await? => Err(why),
        _ => Ok(()),
    }
}
