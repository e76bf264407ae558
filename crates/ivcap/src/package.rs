//! Container images and dashboards. Modern dialect.

use bytes::Bytes;
use pentad_core::decode::Decode;
use pentad_core::message::ByteStream;
use pentad_core::{Body, Call, List, decode};
use serde::{Deserialize, Serialize};

use crate::client::Client;
use crate::list::listing;
use crate::{model, ops};

/// A part of a container image to be stored. Up to API 0.44.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackagePart {
    /// The image.
    pub tag: String,
    /// `manifest`, `config` or `layer`.
    pub kind: String,
    /// Its digest.
    pub digest: String,
    /// Bytes of the whole of which this is a part.
    pub total: u64,
    /// Where this part begins.
    pub start: u64,
    /// The part.
    pub content: Bytes,
    /// Stores it although it is there.
    pub force: bool,
}

/// What came of storing a part.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Pushed {
    /// Its digest.
    #[serde(default)]
    pub digest: Option<String>,
    /// Whether it was there already.
    #[serde(default)]
    pub exists: Option<bool>,
}

/// How far a push is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PushStatus {
    /// Its state, in the platform's words.
    #[serde(default)]
    pub status: String,
    /// Why.
    #[serde(default)]
    pub message: Option<String>,
}

impl Client {
    /// The container images, or those whose tag begins like this.
    ///
    /// # Source
    /// IVCAP reference 7.13.
    pub fn packages(&self, tag: Option<&str>) -> List<String> {
        listing(self.op(&ops::PACKAGE_LIST).query_opt("tag", tag), self.dialect())
    }

    /// Removes a container image.
    ///
    /// # Source
    /// IVCAP reference 7.13.
    pub fn remove_package(&self, tag: &str) -> Call<()> {
        let draft = self.op(&ops::PACKAGE_REMOVE).check(crate::urn::check("tag", tag));
        draft.query("tag", tag).call(decode::empty)
    }

    /// A part of a container image from an offset on. Up to API 0.44; later images are in a registry.
    ///
    /// # Source
    /// IVCAP reference 7.13.
    pub fn pull_package(&self, reference: &str, kind: &str, offset: u64) -> Call<ByteStream> {
        self.op(&ops::PACKAGE_PULL)
            .query("ref", reference)
            .query("type", kind)
            .query("offset", offset.to_string())
            .call_with(Decode::Streaming(decode::stream))
    }

    /// Stores a part of a container image. Up to API 0.44.
    ///
    /// # Source
    /// IVCAP reference 7.13.
    pub fn push_package(&self, part: PackagePart) -> Call<Pushed> {
        let end = part.start + part.content.len() as u64;
        self.op(&ops::PACKAGE_PUSH)
            .query("tag", part.tag)
            .query("force", part.force.to_string())
            .query("type", part.kind)
            .query("digest", part.digest)
            .query("total", part.total.to_string())
            .query("start", part.start.to_string())
            .query("end", end.to_string())
            .body(Body::Bytes(part.content))
            .call(decode::json)
    }

    /// How far a push is. Up to API 0.44.
    ///
    /// # Source
    /// IVCAP reference 7.13.
    pub fn package_status(&self, tag: &str, digest: &str) -> Call<PushStatus> {
        self.op(&ops::PACKAGE_STATUS).query("tag", tag).query("digest", digest).call(decode::json)
    }

    /// The dashboards. One page.
    ///
    /// # Source
    /// IVCAP reference 7.13.
    pub fn dashboards(&self) -> Call<Vec<model::Dashboard>> {
        #[derive(Deserialize)]
        struct Answer {
            #[serde(default)]
            items: Option<Vec<model::Dashboard>>,
        }
        let draft = self.op(&ops::DASHBOARD_LIST);
        draft.call(decode::json::<Answer>).map(|answer| answer.items.unwrap_or_default())
    }
}
