//! One token for all services of a cloud, and where each of them is.

use std::future::ready;
use std::sync::{Arc, PoisonError};

use futures_core::future::BoxFuture;
use futures_util::lock::Mutex;
use http::HeaderName;
use pentad_core::auth::{Renewing, Stamp, Token, TokenStore};
use pentad_core::{Authorize, Error, Request, Result, Target, auth::Exchange};

use super::access::Access;
use super::keystone::{Keystone, TOKEN};
use crate::discovery;

/// Whose discovery it is; a client asks for few services.
type Turns = std::sync::Mutex<Vec<(Target, Arc<Mutex<()>>)>>;

/// One token for all services of a cloud: fetched when the first call needs it, renewed before it ends and, once per
/// rejected token however many calls were rejected, on 401. A request to a [`Target::Service`] goes where the catalog
/// says; where a version of the service's API is wanted that the catalog does not tell, the endpoint is asked once.
///
/// Share one between the clients of all services by its `Arc`.
#[derive(Debug)]
pub struct CloudAuth {
    renewing: Renewing<Keystone>,
    store: Option<Arc<dyn TokenStore>>,
    /// One discovery at a time for each target; what it finds is kept beside the token.
    discovering: Turns,
}

impl CloudAuth {
    /// Logs in by `keystone` when the first call needs it.
    pub fn new(keystone: Keystone) -> Self {
        Self { renewing: Renewing::new(keystone), store: None, discovering: Turns::default() }
    }

    /// Keeps tokens in a store, so that another client, or the next process, need not log in.
    #[must_use]
    pub fn store(self, store: Arc<dyn TokenStore>) -> Self {
        let key = self.renewing.source().key();
        Self { renewing: self.renewing.store(Arc::clone(&store), key), store: Some(store), ..self }
    }

    /// Begins with a token in hand.
    #[must_use]
    pub fn token(self, token: Token) -> Self {
        Self { renewing: self.renewing.token(token), ..self }
    }

    /// How the login goes.
    pub fn keystone(&self) -> &Keystone {
        self.renewing.source()
    }

    /// The token in hand.
    pub fn current(&self) -> Option<Arc<Token>> {
        self.renewing.current()
    }

    /// The token in hand, else the one in the store; nobody is asked for another.
    pub(crate) async fn held(&self) -> Option<Arc<Token>> {
        if let Some(token) = self.current() {
            return Some(token);
        }
        let token = self.store.as_ref()?.load(&self.keystone().key()).await;
        token.ok().flatten().map(Arc::new)
    }

    /// What the token in hand stands for.
    pub fn access(&self) -> Option<Access> {
        Some(Access::of(&*self.current()?))
    }

    /// A token that is good for now: the one in hand, a stored one, or a new one.
    ///
    /// # Errors
    /// Those of the login.
    pub async fn ready(&self, ex: &Exchange) -> Result<Arc<Token>> {
        // The pipeline decides whether the token in hand still serves; the request is never sent.
        let at_home = ex.with(|session| session.target(self.keystone().base().clone()).api(crate::ops::V3));
        let mut request = at_home.op(&crate::ops::AUTH_CATALOG).request()?;
        self.renewing.authorize(ex, &mut request).await?;
        self.renewing
            .current()
            .ok_or_else(|| Error::new(pentad_core::ErrorKind::Unexpected, "no token was kept"))
    }

    /// Logs in now, whatever is in hand.
    ///
    /// # Errors
    /// Those of the login.
    pub async fn login(&self, ex: &Exchange) -> Result<Arc<Token>> {
        self.renewing.login(ex).await
    }

    /// Forgets the token, in the store too; the next call logs in.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn forget(&self) -> Result<()> {
        self.renewing.forget().await
    }

    /// Finds the endpoint of a service whose version the catalog does not tell.
    async fn discover(&self, ex: &Exchange, request: &mut Request) -> Result<()> {
        let Target::Service { service_type, version: Some(version), .. } = &request.target else {
            return Ok(());
        };
        let Some(token) = self.renewing.current() else { return Ok(()) };
        let placed = self.renewing.source().placed(&token)?;
        let turn = self.turn(&request.target);
        let _turn = turn.lock().await;
        if let Some(url) = placed.resolve(&request.target)? {
            request.target = Target::Url(url);
            return Ok(());
        }
        let Some((listed, _)) = placed.listed(&request.target)? else { return Ok(()) };
        let project = placed.access().project_id();
        let header = (HeaderName::from_static(TOKEN), placed.header());
        let url = discovery::find(ex, &listed, project, service_type, version, header).await?;
        if let Target::Url(url) = Target::parse(&url)? {
            placed.keep(&request.target, &url);
            request.target = Target::Url(url);
        }
        Ok(())
    }
}

impl CloudAuth {
    /// Who holds it discovers this target; the others wait and find what was kept.
    fn turn(&self, target: &Target) -> Arc<Mutex<()>> {
        let mut turns = self.discovering.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, turn)) = turns.iter().find(|(known, _)| known == target) {
            return Arc::clone(turn);
        }
        let turn = Arc::default();
        turns.push((target.clone(), Arc::clone(&turn)));
        turn
    }
}

impl Authorize for CloudAuth {
    fn authorize<'a>(&'a self, ex: &'a Exchange, request: &'a mut Request) -> BoxFuture<'a, Result<Stamp>> {
        let placed = self.renewing.place_held(ex, request);
        let is_resolved = !matches!(request.target, Target::Service { .. });
        if let Some(placed) = placed.filter(|placed| is_resolved || placed.is_err()) {
            return Box::pin(ready(placed));
        }
        Box::pin(async move {
            let stamp = self.renewing.authorize(ex, request).await?;
            if let Target::Service { .. } = &request.target {
                self.discover(ex, request).await?;
            }
            Ok(stamp)
        })
    }

    fn renew<'a>(&'a self, ex: &'a Exchange, rejected: Stamp) -> BoxFuture<'a, Result<bool>> {
        self.renewing.renew(ex, rejected)
    }

    fn preview(&self, request: &mut Request) {
        self.renewing.preview(request);
    }
}
