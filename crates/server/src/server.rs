//! The server as a value: opened, seeded, listening, shut down.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, MutexGuard};

use pentad_core::{Secret, Socket, Transport};
use pentad_store::{Durability, Engine, StoreError, StoreErrorKind, StoreOptions};
use serde_json::{Value, json};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::announcement::{self, Listening};
use crate::budget::Budgets;
use crate::clock::{ServiceTime, real_sleep};
use crate::control::Control;
use crate::credentials::{self, Credentials};
use crate::door::{AUTHORITY, Door};
use crate::error::ServerError;
use crate::guarded::GuardedClient;
use crate::holder;
use crate::identity::Identity;
use crate::listener::connection::Host;
use crate::listener::{Connections, accept, unix};
use crate::options::{ListenOptions, ServerOptions, Tls};
use crate::seed::Seed;
use crate::service::{Context, SeedError, Service, Tasks, Told};
use crate::shell::{self, Shell, View};
use crate::tls;
use crate::tls::ca::{CLIENT_SUBJECT, LocalCa};

/// How much of a push receiver's answer is read.
const PUSH_ANSWER: usize = 1 << 20;

/// Opens a service on a context.
pub type OpenService = fn(&Context) -> Result<Arc<dyn Service>, SeedError>;

/// A server to be opened; see [`Server::builder`].
#[derive(Debug)]
pub struct ServerBuilder {
    options: ServerOptions,
    services: Vec<(&'static str, OpenService)>,
}

impl ServerBuilder {
    /// Serves `open` under `/name` instead of the services that come with this crate.
    #[must_use]
    pub fn service(mut self, name: &'static str, open: OpenService) -> Self {
        self.services.push((name, open));
        self
    }

    /// Opens the store and the services, seeds them and starts their background work. Must run inside a runtime.
    ///
    /// With a data directory, also answers on the unix socket in it. Listens on no port yet.
    ///
    /// # Errors
    /// [`ServerError`]; [`is_held`](ServerError::is_held) if another process has the data directory.
    pub async fn open(self) -> Result<Server, ServerError> {
        let Self { options, mut services } = self;
        if services.is_empty() {
            services = crate::services();
        }
        let time = Arc::new(ServiceTime::new());
        let engine =
            Engine::open(store_options(&options)?, Arc::clone(&time) as _).map_err(ServerError::Store)?;
        let mut credentials = Credentials::open(options.data.as_deref())?;
        let push = push_client(&options);
        let seed = options.seed.clone().unwrap_or_default();
        let (identity, bound) = (Identity::default(), Listening::default());
        let context = |name: &str| Context {
            engine: engine.clone(),
            time: Arc::clone(&time),
            mode: options.mode,
            identity: identity.clone(),
            listening: bound.clone(),
            push: Arc::clone(&push),
            options: seed.options(name),
            known: credentials.get(name).cloned(),
            client_subject: Some(CLIENT_SUBJECT.to_owned()),
        };
        let mut opened = Vec::new();
        for (name, open) in services {
            opened.push(open(&context(name)).map_err(|source| ServerError::Service { name, source })?);
        }
        settle_with(&time, &engine);
        let connections = Connections::new(options.max_connections);
        let draining = CancellationToken::new();
        let shell = Arc::new(Shell {
            roots: shell::roots(&opened),
            services: opened,
            control: Control::new(admin_token(&mut credentials)?),
            engine,
            time,
            tasks: Tasks::new(),
            seed,
            sockets: connections.sockets(draining.clone()),
            draining,
            max_body: options.max_body,
            budgets: Budgets::new(options.max_body),
            discards: TaskTracker::new(),
        });
        start(&shell, &mut credentials).await?;
        shell.control.opened(&options, credentials.sections());
        let server = Server { shell, push, options, credentials, connections, bound };
        server.hold()?;
        Ok(server)
    }
}

/// Until the server listens beyond loopback, receivers there are as good as any.
fn push_client(options: &ServerOptions) -> Arc<GuardedClient> {
    let client = GuardedClient::new(options.push_ca.clone(), PUSH_ANSWER);
    client.allow_loopback(true);
    Arc::new(client)
}

fn store_options(options: &ServerOptions) -> Result<StoreOptions, ServerError> {
    let needs_dir = || {
        StoreError::new(
            StoreErrorKind::Config,
            "a store URL also needs a data directory, for the key and blobs",
        )
    };
    let store = match (&options.store, &options.data) {
        (Some(url), Some(dir)) => StoreOptions::postgres(url, dir),
        (Some(_), None) => return Err(ServerError::Store(needs_dir())),
        (None, Some(dir)) => StoreOptions::sqlite(dir),
        (None, None) => return Ok(StoreOptions::memory()),
    };
    Ok(store.durability(options.durability.unwrap_or(Durability::Durable)))
}

fn admin_token(credentials: &mut Credentials) -> Result<Secret, ServerError> {
    let known = credentials.get("control").and_then(|control| control.get("admin_token")?.as_str());
    let token = match known {
        Some(token) => token.to_owned(),
        None => credentials::generate().map_err(ServerError::Random)?,
    };
    credentials.add("control", json!({"admin_token": token}))?;
    Ok(Secret::new(token))
}

/// Settling waits for the write queues too.
fn settle_with(time: &ServiceTime, engine: &Engine) {
    let engine = engine.clone();
    time.on_settle(move || {
        let engine = engine.clone();
        Box::pin(async move {
            while engine.pending() > 0 {
                real_sleep(std::time::Duration::from_millis(1)).await;
            }
        })
    });
}

async fn start(shell: &Arc<Shell>, credentials: &mut Credentials) -> Result<(), ServerError> {
    shell.seed.check(&shell.names())?;
    shell.seed(&shell.seed).await?;
    for service in &shell.services {
        credentials.add(service.credentials_name(), service.credentials().await?)?;
        Arc::clone(service).background(&shell.tasks);
    }
    Ok(())
}

/// The local server: its services on one store, and whatever it listens on.
///
/// # Example
/// ```
/// # tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
/// use pentad_server::{ListenOptions, Server, ServerOptions};
/// let server = Server::builder(ServerOptions::memory()).open().await?;
/// server.listen(ListenOptions::any_port()).await?;
/// assert!(server.announcement()["endpoints"]["control"].is_string());
/// server.shutdown().await;
/// # Ok::<_, pentad_server::ServerError>(()) })?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Server {
    shell: Arc<Shell>,
    push: Arc<GuardedClient>,
    options: ServerOptions,
    credentials: Credentials,
    connections: Connections,
    bound: Listening,
}

/// What is listened on.
#[derive(Debug, Default, Clone)]
pub(crate) struct Bound {
    pub(crate) plain: Option<SocketAddr>,
    pub(crate) tls: Option<SocketAddr>,
    pub(crate) own: BTreeMap<&'static str, SocketAddr>,
    pub(crate) control: Option<SocketAddr>,
    pub(crate) ca: Option<LocalCa>,
}

impl Server {
    /// A server with these options.
    pub fn builder(options: ServerOptions) -> ServerBuilder {
        ServerBuilder { options, services: Vec::new() }
    }

    /// The server as a transport, without a socket: authority `http://pentad.local`, prefixes as on the plain
    /// listener.
    pub fn door(&self) -> Arc<dyn Transport> {
        Arc::new(Door::new(Arc::clone(&self.shell)))
    }

    /// The same as something that opens websockets.
    pub fn sockets(&self) -> Arc<dyn Socket> {
        Arc::new(Door::new(Arc::clone(&self.shell)))
    }

    /// The clock that the services live by.
    pub fn time(&self) -> &ServiceTime {
        &self.shell.time
    }

    /// Starts to listen.
    ///
    /// # Errors
    /// `NoService` for a listener of a service that is not there; `Bind`; `Tls` and `File` for certificates; `Exposed` for an address beyond loopback without seeded
    /// credentials or [`insecure`](ServerOptions::insecure).
    pub async fn listen(&self, options: ListenOptions) -> Result<(), ServerError> {
        let own = self.own(&options)?;
        let addrs = options.addrs();
        if let Some(exposed) = addrs.iter().find(|addr| !addr.ip().to_canonical().is_loopback()) {
            self.admit_exposed(*exposed)?;
            self.push.allow_loopback(false);
        }
        let tls = self.tls(&options, &addrs)?;
        let mut bound = self.bound().clone();
        if let Some((ca, _)) = &tls {
            bound.ca.clone_from(ca);
        }
        let acceptor = tls.map(|(_, acceptor)| acceptor);
        if let Some(addr) = options.control {
            bound.control = Some(self.serve(addr, None, View::Control).await?);
            self.shell.control.moved();
        }
        if let Some(addr) = options.plain {
            bound.plain = Some(self.serve(addr, None, View::Plain).await?);
        }
        if acceptor.is_some() {
            bound.tls = Some(self.serve(options.tls_listen, acceptor.clone(), View::Tls).await?);
        }
        for (name, addr) in own {
            bound.own.insert(name, self.serve(addr, acceptor.clone(), View::Service(name)).await?);
        }
        *self.bound() = bound;
        Ok(())
    }

    /// What `pentad serve --announce json` prints: endpoints, certificate authority and credentials.
    pub fn announcement(&self) -> Value {
        let bound = self.bound().clone();
        let services = &self.shell.services;
        let credentials = announcement::credentials(&bound, services, self.credentials.sections());
        announcement::announce(&bound, services, self.options.data.as_deref(), credentials)
    }

    /// The credentials of this installation, by service; certificate files only while TLS is on.
    pub fn credentials(&self) -> Value {
        announcement::credentials(&self.bound(), &self.shell.services, self.credentials.sections())
    }

    /// Whether the last write found the disk full; a write that finds room ends that.
    pub fn is_full(&self) -> bool {
        self.shell.engine.is_full()
    }

    /// Waits until nothing is left to do in the background that somebody asked for and that [`shutdown`](Self::shutdown)
    /// would cut short, such as a job that runs. Requests are answered meanwhile. `told` hears what is waited for, once
    /// for each service that has something.
    pub async fn finish(&self, told: Told<'_>) {
        for service in &self.shell.services {
            service.finish(told).await;
        }
    }

    /// Stops: no new connections, running requests end or are broken off after the drain time, background work
    /// ends, everything is committed and the data directory is let go. Repeating it is no error.
    pub async fn shutdown(&self) {
        self.shell.draining.cancel();
        self.connections.drain(self.options.drain).await;
        self.shell.tasks.shutdown().await;
        self.shell.engine.close().await;
    }

    /// Answers on the unix socket in the data directory.
    fn hold(&self) -> Result<(), ServerError> {
        let Some(dir) = &self.options.data else { return Ok(()) };
        let (listener, file) = unix::bind(&holder::socket(dir))?;
        let host = Host { first: unix::FIRST, ..self.host(View::Plain, AUTHORITY) };
        self.connections.tracker.spawn(unix::run(listener, file, host));
        Ok(())
    }

    async fn serve(
        &self,
        addr: SocketAddr,
        tls: Option<TlsAcceptor>,
        view: View,
    ) -> Result<SocketAddr, ServerError> {
        let (listener, local) = accept::bind(addr).await?;
        let host = self.host(view, &announcement::reachable(local).to_string());
        self.connections.tracker.spawn(accept::run(listener, tls, host));
        Ok(local)
    }

    /// The services that get a listener of their own.
    fn own(&self, options: &ListenOptions) -> Result<Vec<(&'static str, SocketAddr)>, ServerError> {
        let names = self.shell.names();
        let find = |(name, addr): (&String, &SocketAddr)| {
            let known = names.iter().find(|known| *known == name);
            known.map(|known| (*known, *addr)).ok_or_else(|| ServerError::NoService(name.clone()))
        };
        options.own.iter().map(find).collect()
    }

    fn host(&self, view: View, authority: &str) -> Host {
        let (shell, connections) = (Arc::clone(&self.shell), self.connections.clone());
        Host { shell, view, authority: Arc::from(authority), connections, first: accept::FIRST, slot: None }
    }

    fn tls(
        &self,
        options: &ListenOptions,
        addrs: &[SocketAddr],
    ) -> Result<Option<(Option<LocalCa>, TlsAcceptor)>, ServerError> {
        let client_ca = options.tls_client_ca.as_deref();
        match &options.tls {
            Tls::Off => Ok(None),
            Tls::Auto => {
                let hosts: Vec<IpAddr> = addrs.iter().map(SocketAddr::ip).collect();
                let ca = LocalCa::open(&self.tls_dir()?, &hosts)?;
                let (cert, key) = ca.server();
                let acceptor = tls::acceptor(&cert, &key, Some(client_ca.unwrap_or(&ca.ca_file())))?;
                Ok(Some((Some(ca), acceptor)))
            }
            Tls::Files { cert, key } => Ok(Some((None, tls::acceptor(cert, key, client_ca)?))),
        }
    }

    /// In memory mode the engine's private directory, which goes away with it.
    fn tls_dir(&self) -> Result<PathBuf, ServerError> {
        let closed =
            || ServerError::Store(StoreError::new(StoreErrorKind::Closed, "the server was shut down"));
        Ok(self.shell.engine.dir().ok_or_else(closed)?.join("tls"))
    }

    fn admit_exposed(&self, addr: SocketAddr) -> Result<(), ServerError> {
        let seeded = |seed: &Seed| self.shell.names().iter().all(|name| !seed.section(name).is_null());
        if self.options.insecure || seeded(&self.shell.seed) {
            return Ok(());
        }
        Err(ServerError::Exposed(addr))
    }

    fn bound(&self) -> MutexGuard<'_, Bound> {
        self.bound.bound()
    }
}

impl Drop for Server {
    /// Ends listeners and background work; only [`shutdown`](Self::shutdown) waits for them.
    fn drop(&mut self) {
        self.shell.draining.cancel();
        self.connections.stop.cancel();
        self.connections.abort.cancel();
        self.shell.tasks.stop_token().cancel();
    }
}
