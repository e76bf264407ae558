//! What every client's builder has in common: the way to the service, time, limits, headers, observers.

use std::path::PathBuf;
use std::sync::Arc;

use http::{HeaderName, HeaderValue};
use pentad_core::{
    Clock, Limits, Observer, Redirect, Result, RetryPolicy, Session, SessionBuilder, Target, Transport,
};

use crate::{HyperTransport, Identity, SystemClock, TlsOptions};

/// The settings shared by the builders of all clients. What is not set stays as the session it is put into has it.
///
/// A builder keeps one in its field `wiring` and takes the setters from [`wiring_setters!`](crate::wiring_setters).
#[derive(Debug, Clone, Default)]
pub struct Wiring {
    tls: Option<TlsOptions>,
    transport: Option<Arc<dyn Transport>>,
    clock: Option<Arc<dyn Clock>>,
    retry: Option<RetryPolicy>,
    limits: Option<Limits>,
    redirect: Option<Redirect>,
    headers: Vec<(HeaderName, HeaderValue)>,
    observers: Vec<Arc<dyn Observer>>,
    session: Option<Session>,
}

impl Wiring {
    /// Nothing is set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Also trusts the certificate authorities of a PEM file.
    pub fn ca(&mut self, pem_file: impl Into<PathBuf>) {
        self.tls = Some(self.tls().ca_file(pem_file));
    }

    /// Shows this certificate to servers that ask for one.
    pub fn certificate(&mut self, identity: Identity) {
        self.tls = Some(self.tls().identity(identity));
    }

    /// Accepts any server certificate, or no longer.
    pub fn insecure(&mut self, insecure: bool) {
        if insecure || self.tls.is_some() {
            self.tls = Some(self.tls().insecure(insecure));
        }
    }

    /// Sends over this transport.
    pub fn set_transport(&mut self, transport: Arc<dyn Transport>) {
        self.transport = Some(transport);
    }

    /// Takes time and chance from this clock.
    pub fn set_clock(&mut self, clock: Arc<dyn Clock>) {
        self.clock = Some(clock);
    }

    /// Sets when calls are sent again.
    pub fn set_retry(&mut self, policy: RetryPolicy) {
        self.retry = Some(policy);
    }

    /// Sets the time limits of calls.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = Some(limits);
    }

    /// Sets what happens with redirects.
    pub fn set_redirect(&mut self, redirect: Redirect) {
        self.redirect = Some(redirect);
    }

    /// Adds a header that every request carries.
    pub fn add_header(&mut self, name: HeaderName, value: HeaderValue) {
        self.headers.push((name, value));
    }

    /// Adds an observer of calls.
    pub fn add_observer(&mut self, observer: Arc<dyn Observer>) {
        self.observers.push(observer);
    }

    /// Starts from a session of one's own.
    pub fn set_session(&mut self, session: Session) {
        self.session = Some(session);
    }

    /// The TLS settings, for a transport of one's own making such as a websocket's.
    pub fn tls(&self) -> TlsOptions {
        self.tls.clone().unwrap_or_default()
    }

    /// The time limits that were set, or the default ones.
    pub fn limits(&self) -> Limits {
        self.limits.unwrap_or_default()
    }

    /// The headers that every request carries.
    pub fn headers(&self) -> &[(HeaderName, HeaderValue)] {
        &self.headers
    }

    /// The session to start from, if one was given.
    pub const fn session(&self) -> Option<&Session> {
        self.session.as_ref()
    }

    /// The transport that was given, if one was.
    pub const fn given_transport(&self) -> Option<&Arc<dyn Transport>> {
        self.transport.as_ref()
    }

    /// The transport to send over: the given one; the process's shared one unless TLS settings ask for another.
    ///
    /// # Errors
    /// [`Config`](pentad_core::ErrorKind::Config) for TLS files that cannot be read.
    pub fn transport(&self) -> Result<Arc<dyn Transport>> {
        match (&self.transport, &self.tls) {
            (Some(transport), _) => Ok(Arc::clone(transport)),
            (None, None) => crate::shared(),
            (None, Some(tls)) => Ok(Arc::new(HyperTransport::builder().tls(tls.clone()).build()?)),
        }
    }

    /// A session over this transport with the clock that was set, or real time. Nothing else is in it yet.
    pub fn start(&self, transport: Arc<dyn Transport>, target: Target) -> SessionBuilder {
        let clock = self.clock.clone().unwrap_or_else(|| Arc::new(SystemClock));
        Session::builder(transport, clock, target)
    }

    /// Puts what was set into a session.
    pub fn settle(&self, mut session: SessionBuilder) -> SessionBuilder {
        // A session that `start` made has both already, and its transport may be wrapped.
        if self.session.is_some() {
            if let Some(transport) = &self.transport {
                session = session.transport(Arc::clone(transport));
            }
            if let Some(clock) = &self.clock {
                session = session.clock(Arc::clone(clock));
            }
        }
        if let Some(policy) = &self.retry {
            session = session.retry(policy.clone());
        }
        if let Some(limits) = self.limits {
            session = session.limits(limits);
        }
        if let Some(redirect) = self.redirect {
            session = session.redirect(redirect);
        }
        for (name, value) in &self.headers {
            session = session.header(name.clone(), value.clone());
        }
        self.observers.iter().fold(session, |session, observer| session.observer(Arc::clone(observer)))
    }
}

/// A builder of a client that takes a [`Wiring`].
pub trait Wired {
    /// What was set so far.
    fn wiring(&mut self) -> &mut Wiring;
}

/// Gives a builder with the field `wiring: Wiring` the setters that all builders have, each documented.
///
/// Written inside an `impl` of the builder. With `session` as argument there is also the setter of a session to start
/// from; with `certificate`, that of a client certificate.
#[macro_export]
macro_rules! wiring_setters {
    (session) => {
        /// Starts from a session of one's own: its transport, clock, target, policy and credential stay unless replaced
        /// here.
        pub fn session(mut self, session: $crate::reexport::Session) -> Self {
            self.wiring.set_session(session);
            self
        }

        $crate::wiring_setters!();
    };
    (certificate) => {
        /// Shows this certificate to servers that ask for one.
        pub fn certificate(mut self, identity: $crate::Identity) -> Self {
            self.wiring.certificate(identity);
            self
        }

        $crate::wiring_setters!();
    };
    () => {
        /// Also trusts the certificate authorities of a PEM file.
        pub fn ca(mut self, pem_file: impl Into<::std::path::PathBuf>) -> Self {
            self.wiring.ca(pem_file);
            self
        }

        /// Accepts any server certificate: anyone on the way can read and change what is sent.
        pub fn insecure(mut self, insecure: bool) -> Self {
            self.wiring.insecure(insecure);
            self
        }

        /// Sends over this transport; TLS settings made here have no effect on it.
        pub fn transport(mut self, transport: ::std::sync::Arc<dyn $crate::reexport::Transport>) -> Self {
            self.wiring.set_transport(transport);
            self
        }

        /// Takes time and chance from this clock.
        pub fn clock(mut self, clock: ::std::sync::Arc<dyn $crate::reexport::Clock>) -> Self {
            self.wiring.set_clock(clock);
            self
        }

        /// Sets when calls are sent again.
        pub fn retry(mut self, policy: $crate::reexport::RetryPolicy) -> Self {
            self.wiring.set_retry(policy);
            self
        }

        /// Sets the time limits of calls.
        pub fn limits(mut self, limits: $crate::reexport::Limits) -> Self {
            self.wiring.set_limits(limits);
            self
        }

        /// Sets a header that every request carries.
        pub fn header(
            mut self,
            name: $crate::reexport::HeaderName,
            value: $crate::reexport::HeaderValue,
        ) -> Self {
            self.wiring.add_header(name, value);
            self
        }

        /// Adds an observer of calls.
        pub fn observer(mut self, observer: ::std::sync::Arc<dyn $crate::reexport::Observer>) -> Self {
            self.wiring.add_observer(observer);
            self
        }
    };
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[derive(Debug)]
    struct Nowhere;

    impl Transport for Nowhere {
        fn send(
            &self,
            _: pentad_core::Request,
        ) -> std::pin::Pin<Box<dyn Future<Output = Result<pentad_core::Response>> + Send + '_>> {
            Box::pin(async { Err(pentad_core::Error::new(pentad_core::ErrorKind::Connection, "nowhere")) })
        }
    }

    fn target() -> Target {
        Target::parse("http://service.test").unwrap()
    }

    #[test]
    fn what_is_not_set_stays_as_the_given_session_has_it() {
        let mine = Session::builder(Arc::new(Nowhere), Arc::new(SystemClock), target())
            .limits(Limits { total: Duration::from_secs(7), ..Limits::default() })
            .build();
        let mut wiring = Wiring::new();
        wiring.set_session(mine.clone());
        let settled = mine.with(|session| wiring.settle(session));
        assert_eq!(settled.limits().total, Duration::from_secs(7));
        assert!(Arc::ptr_eq(settled.transport(), mine.transport()));
    }

    #[test]
    fn a_given_transport_replaces_the_sessions_and_wins_over_tls_files_that_are_not_there() {
        let mine = Session::builder(Arc::new(Nowhere), Arc::new(SystemClock), target()).build();
        let other: Arc<dyn Transport> = Arc::new(Nowhere);
        let mut wiring = Wiring::new();
        wiring.ca("/nowhere/ca.pem");
        assert!(wiring.transport().is_err());
        wiring.set_transport(Arc::clone(&other));
        wiring.set_session(mine.clone());
        assert!(Arc::ptr_eq(&wiring.transport().unwrap(), &other));
        assert!(Arc::ptr_eq(mine.with(|session| wiring.settle(session)).transport(), &other));
    }
}
