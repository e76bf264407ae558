//! Waiting for a remote state: look, judge, pause, look again.

use std::time::Duration;

use crate::call::Call;
use crate::error::{Error, ErrorKind, Result, Sent};
use crate::op::Op;
use crate::retry::{Outage, Reconnect, Schedule};
use crate::session::Session;
use crate::work::{Event, Scope, Work};

/// How a remote state is waited for. Plain data.
#[derive(Clone, Debug, PartialEq)]
pub struct Polling {
    /// Pause before the first look: some services do not know a new thing at once.
    pub delay: Duration,
    /// Pauses between looks.
    pub schedule: Schedule,
    /// Limit of the whole; `None` waits as long as it takes.
    pub limit: Option<Duration>,
    /// What happens when the service does not answer.
    pub reconnect: Reconnect,
}

impl Default for Polling {
    /// Looks at once, then after pauses from 1 s growing by half to 30 s, for an hour.
    fn default() -> Self {
        Self {
            delay: Duration::ZERO,
            schedule: Schedule::Exponential {
                first: Duration::from_secs(1),
                factor: 1.5,
                cap: Duration::from_secs(30),
                jitter: false,
            },
            limit: Some(Duration::from_secs(3600)),
            reconnect: Reconnect::default(),
        }
    }
}

impl Polling {
    /// Looks after equal pauses.
    pub fn every(pause: Duration) -> Self {
        Self { schedule: Schedule::Fixed(pause), ..Self::default() }
    }

    /// Sets the pause before the first look.
    pub const fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Sets the pauses between looks.
    pub const fn schedule(mut self, schedule: Schedule) -> Self {
        self.schedule = schedule;
        self
    }

    /// Sets or removes the limit of the whole.
    pub const fn limit(mut self, limit: Option<Duration>) -> Self {
        self.limit = limit;
        self
    }

    /// Sets what happens when the service does not answer.
    pub fn reconnect(mut self, reconnect: Reconnect) -> Self {
        self.reconnect = reconnect;
        self
    }
}

/// What a look found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Observed<S> {
    /// The thing as it is.
    There(S),
    /// No such thing (any more): the goal of a deletion.
    Gone,
}

/// What an observation means for the goal.
#[derive(Debug)]
pub enum Until<T> {
    /// Not yet. The event says where it stands, such as `Event::new("BUILD")`.
    Again(Event),
    /// Not yet, and the service says when to look again.
    After(Duration, Event),
    /// The goal is reached.
    Done(T),
    /// The goal cannot be reached from here any more, such as `ACTIVE` from `ERROR`.
    Never(Error),
}

impl<T: Send + 'static> Work<T> {
    /// Waits for a remote state: `look` asks, `judge` decides. Each new state is an event of the work's progress.
    ///
    /// # Errors
    /// What `judge` says is [`Never`](Until::Never) to be reached; [`ErrorKind::Timeout`] with the last state when the
    /// limit of `polling` (or [`timeout`](Self::timeout)) leaves no time for another look; failures of `look` that
    /// outlast `polling.reconnect`.
    pub fn until<S: Send + 'static>(
        session: &Session,
        op: &'static Op,
        polling: Polling,
        look: impl Fn() -> Call<S> + Send + Sync + 'static,
        judge: impl FnMut(Observed<S>) -> Until<T> + Send + 'static,
    ) -> Self {
        let preview = look().into_request();
        let limit = polling.limit;
        let work = Self::new(session, op, preview, move |scope| {
            Box::pin(async move { scope.until(&polling, look, judge).await })
        });
        match limit {
            Some(limit) => work.timeout(limit),
            None => work.unlimited(),
        }
    }
}

impl Scope {
    /// Waits for a remote state within a work; see [`Work::until`]. The work's limit holds, not that of `polling`.
    ///
    /// # Errors
    /// As [`Work::until`].
    pub async fn until<S: Send + 'static, T>(
        &self,
        polling: &Polling,
        look: impl Fn() -> Call<S> + Send + Sync,
        mut judge: impl FnMut(Observed<S>) -> Until<T> + Send,
    ) -> Result<T> {
        let clock = self.session().clock();
        let mut outage = Outage::new(polling.reconnect.clone());
        let mut last: Option<Event> = None;
        let mut looks = 0;
        self.rest(polling.delay, last.as_ref()).await?;
        loop {
            let seen = match self.run(look()).await {
                Ok(seen) => Ok(Observed::There(seen)),
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(Observed::Gone),
                Err(error) => Err(error),
            };
            let (event, asked) = match seen {
                Ok(seen) => {
                    outage.over();
                    match judge(seen) {
                        Until::Done(value) => return Ok(value),
                        Until::Never(error) => return Err(error),
                        Until::Again(event) => (event, None),
                        Until::After(pause, event) => (event, Some(pause)),
                    }
                }
                Err(error) => {
                    let Some(pause) = outage.pause(&error, clock.now(), clock.jitter()) else {
                        return Err(error);
                    };
                    self.rest(pause, last.as_ref()).await?;
                    continue;
                }
            };
            if last.as_ref() != Some(&event) {
                self.progress(event.clone());
                last = Some(event);
            }
            let pause = asked.unwrap_or_else(|| polling.schedule.pause(looks, clock.jitter()));
            looks = looks.saturating_add(1);
            self.rest(pause, last.as_ref()).await?;
        }
    }

    /// Pauses if there is time for another look after it.
    async fn rest(&self, pause: Duration, last: Option<&Event>) -> Result<()> {
        if pause.is_zero() {
            return Ok(());
        }
        self.pause(pause).await.map_err(|_| {
            let state = last.map_or("not seen", |event| event.step.as_ref());
            let message = format!("still waiting when the time limit ran out; last state: {state}");
            Error::new(ErrorKind::Timeout, message).with_sent(Sent::Answered)
        })
    }
}
