//! Connections that are kept for the next request.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use http::Uri;
use http::uri::{Authority, PathAndQuery, Scheme};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use crate::PoolOptions;
use crate::failure::Place;
use crate::line::Line;

/// Connections are looked through no more often than this.
const SHORTEST: Duration = Duration::from_millis(100);

/// The server at the other end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Server {
    pub(crate) scheme: Scheme,
    pub(crate) authority: Authority,
}

impl Server {
    /// The URL of something there.
    pub(crate) fn uri(&self, path: Option<PathAndQuery>) -> Uri {
        let mut parts = http::uri::Parts::default();
        parts.scheme = Some(self.scheme.clone());
        parts.authority = Some(self.authority.clone());
        parts.path_and_query = path.or_else(|| Some(PathAndQuery::from_static("/")));
        // Scheme, authority and path are all there: nothing can be missing.
        Uri::from_parts(parts).unwrap_or_default()
    }

    /// How failures name it.
    pub(crate) fn place(&self) -> Place {
        Place::of(&self.uri(None))
    }
}

/// Kept connections, by the server they lead to.
///
/// A connection comes back as soon as the head of an answer is there, and is given out again once it says itself that it
/// is ready, or that it will be at once. So nobody has to wait for the end of an answer to bring it back, and one whose answer
/// is dropped midway is closed and never given out.
pub(crate) struct Pool {
    kept: Mutex<Kept>,
    options: PoolOptions,
}

#[derive(Default)]
struct Kept {
    /// A client speaks to few servers: looking through them is cheaper than hashing their names.
    shelves: Vec<Shelf>,
    /// Closes connections that nobody uses.
    tidying: Option<JoinHandle<()>>,
}

/// What there is for one server.
struct Shelf {
    server: Server,
    /// Of one request at a time; the one used last comes last.
    single: Vec<Resting>,
    /// Of many requests at a time.
    shared: Option<Resting>,
    /// Whoever connects to a server of shared connections holds it: the others wait for that connection.
    turn: Option<Arc<tokio::sync::Mutex<()>>>,
}

struct Resting {
    line: Line,
    since: Instant,
}

impl Pool {
    pub(crate) fn new(options: PoolOptions) -> Arc<Self> {
        Arc::new(Self { kept: Mutex::default(), options })
    }

    /// A connection that is ready for a request, or will be at once.
    pub(crate) fn take(&self, server: &Server) -> Option<Line> {
        let now = now();
        let mut kept = self.kept();
        let shelf = kept.shelves.iter_mut().find(|shelf| shelf.server == *server)?;
        shelf.take(now, self.options.idle)
    }

    /// Keeps a connection of one request at a time for the next one.
    pub(crate) fn put(self: &Arc<Self>, server: &Server, line: Line) {
        if self.options.per_host == 0 || !line.is_open() {
            return;
        }
        let mut kept = self.kept();
        let single = &mut kept.shelf(server).single;
        if single.len() >= self.options.per_host {
            single.remove(0);
        }
        single.push(Resting { line, since: now() });
        self.tidy_up(&mut kept);
    }

    /// Shares a connection of many requests: gives back this one, or the one that somebody else made meanwhile.
    pub(crate) fn share(self: &Arc<Self>, server: &Server, line: Line) -> Line {
        if self.options.per_host == 0 {
            return line;
        }
        let mut kept = self.kept();
        let shelf = kept.shelf(server);
        shelf.turn.get_or_insert_default();
        if let Some(other) = shelf.shared(now(), self.options.idle) {
            return other;
        }
        shelf.shared = line.share().map(|line| Resting { line, since: now() });
        self.tidy_up(&mut kept);
        line
    }

    /// The turn to connect to a server of shared connections; `None` where each request may have its own.
    pub(crate) fn turn(&self, server: &Server) -> Option<Arc<tokio::sync::Mutex<()>>> {
        let mut kept = self.kept();
        if self.options.http2_only {
            return Some(Arc::clone(kept.shelf(server).turn.get_or_insert_default()));
        }
        kept.shelves.iter().find(|shelf| shelf.server == *server)?.turn.clone()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Closes what nobody uses from time to time, as long as there is something.
    fn tidy_up(self: &Arc<Self>, kept: &mut Kept) {
        // The runtime of the one before may be gone.
        if kept.tidying.as_ref().is_some_and(|work| !work.is_finished()) {
            return;
        }
        let (pool, idle) = (Arc::downgrade(self), self.options.idle);
        let work = async move {
            loop {
                #[expect(clippy::disallowed_methods, reason = "connections rest in real time")]
                tokio::time::sleep(idle.max(SHORTEST)).await;
                let Some(pool) = pool.upgrade() else { return };
                let mut kept = pool.kept();
                kept.close_old(now(), idle);
                if kept.shelves.is_empty() {
                    kept.tidying = None;
                    return;
                }
            }
        };
        kept.tidying = Handle::try_current().ok().map(|runtime| runtime.spawn(work));
    }
}

#[expect(clippy::disallowed_methods, reason = "connections rest in real time")]
fn now() -> Instant {
    Instant::now()
}

impl Kept {
    fn shelf(&mut self, server: &Server) -> &mut Shelf {
        let place = self.shelves.iter().position(|shelf| shelf.server == *server);
        let place = place.unwrap_or_else(|| {
            let server = server.clone();
            self.shelves.push(Shelf { server, single: Vec::new(), shared: None, turn: None });
            self.shelves.len() - 1
        });
        &mut self.shelves[place]
    }

    fn close_old(&mut self, now: Instant, idle: Duration) {
        for shelf in &mut self.shelves {
            shelf.single.retain(|resting| resting.is_good(now, idle));
            shelf.shared.take_if(|resting| !resting.is_good(now, idle));
        }
        self.shelves.retain(|shelf| !shelf.single.is_empty() || shelf.shared.is_some());
    }
}

impl Shelf {
    fn take(&mut self, now: Instant, idle: Duration) -> Option<Line> {
        if let Some(line) = self.shared(now, idle) {
            return Some(line);
        }
        let mut settling = None;
        for place in (0..self.single.len()).rev() {
            let resting = &self.single[place];
            if !resting.is_good(now, idle) {
                self.single.remove(place);
                settling = settling.map(|later: usize| later - 1);
            } else if resting.line.is_ready() {
                return Some(self.single.remove(place).line.used());
            } else if resting.line.is_settling() {
                settling = settling.or(Some(place));
            }
        }
        settling.map(|place| self.single.remove(place).line.used())
    }

    fn shared(&mut self, now: Instant, idle: Duration) -> Option<Line> {
        let resting = self.shared.as_mut()?;
        if resting.is_good(now, idle) {
            resting.since = now;
            return resting.line.share().map(Line::used);
        }
        self.shared = None;
        None
    }
}

impl Resting {
    fn is_good(&self, now: Instant, idle: Duration) -> bool {
        self.line.is_open() && now.saturating_duration_since(self.since) < idle
    }
}
