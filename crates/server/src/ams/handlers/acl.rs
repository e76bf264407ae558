//! Access lists of topics and subscriptions (AMS reference 3.2, 11.2, 12.2).

use super::super::body::{Fields, Tail, Wrong};
use super::super::error::{Failure, empty, indented};
use super::super::model::AclList;
use super::super::quirks::Quirk;
use super::super::storage::acl::{Acl, member_ids};
use super::super::storage::{subscriptions, topics};
use super::super::{Ams, Call};
use crate::http::Reply;
use pentad_store::Tx;

/// `GET …/topics/T:acl`.
pub(crate) async fn show_topic(ams: &Ams, call: &Call) -> Result<Reply, Failure> {
    show(ams, call, Acl::Topic).await
}

/// `GET …/subscriptions/S:acl`.
pub(crate) async fn show_subscription(ams: &Ams, call: &Call) -> Result<Reply, Failure> {
    show(ams, call, Acl::Subscription).await
}

/// `POST …/topics/T:modifyAcl`.
pub(crate) async fn modify_topic(ams: &Ams, call: &Call) -> Result<Reply, Failure> {
    modify(ams, call, Acl::Topic).await
}

/// `POST …/subscriptions/S:modifyAcl`.
pub(crate) async fn modify_subscription(ams: &Ams, call: &Call) -> Result<Reply, Failure> {
    modify(ams, call, Acl::Subscription).await
}

/// The variable of the path and the word in the texts.
fn words(acl: Acl) -> (&'static str, &'static str) {
    match acl {
        Acl::Topic => ("topic", "Topic"),
        Acl::Subscription => ("subscription", "Subscription"),
    }
}

fn find(tx: &mut Tx<'_>, acl: Acl, project: i64, name: &str) -> Result<Option<i64>, Failure> {
    Ok(match acl {
        Acl::Topic => topics::find(tx, project, name)?.map(|row| row.id),
        Acl::Subscription => subscriptions::find(tx, project, name)?.map(|row| row.id),
    })
}

async fn show(ams: &Ams, call: &Call, acl: Acl) -> Result<Reply, Failure> {
    let (variable, word) = words(acl);
    let (project, name) = (call.project()?.id, call.param(variable).to_owned());
    let authorized_users = ams
        .read(move |tx| {
            let id = find(tx, acl, project, &name)?.ok_or_else(|| Failure::missing(word))?;
            Ok(acl.names(tx, id)?)
        })
        .await?;
    Ok(indented(&AclList { authorized_users }))
}

async fn modify(ams: &Ams, call: &Call, acl: Acl) -> Result<Reply, Failure> {
    let (variable, word) = words(acl);
    let read = || Fields::read(call.body(), &["authorized_users"], Tail::Nothing)?.texts("authorized_users");
    let wrong = || Failure::invalid(format!("Invalid {word} ACL Arguments"));
    let users = read().map_err(|Wrong| wrong())?.ok_or_else(wrong)?;
    let (project, name) = (call.project()?.id, call.param(variable).to_owned());
    let lenient = acl == Acl::Topic && ams.quirks.has(Quirk::AclOfUnknownTopicIsFine);
    ams.change(move |tx| {
        // Users are checked before the resource.
        let ids = member_ids(tx, project, &users)?
            .map_err(|unknown| Failure::not_found(format!("User(s): {} do not exist", unknown.join(", "))))?;
        match find(tx, acl, project, &name)? {
            Some(id) => Ok(acl.replace(tx, id, &ids)?),
            None if lenient => Ok(()),
            None => Err(Failure::missing(word)),
        }
    })
    .await?;
    Ok(empty())
}
