//! A transport wrapper that fails by chance, the same way for the same seed.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::StatusCode;
use pentad_core::message::ResponseBody;
use pentad_core::{BoxFuture, Error, ErrorKind, Request, Response, Result, Sent, Transport};

/// Probabilities of faults, each in `0.0..=1.0`; their sum is at most 1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FaultRates {
    /// The connection is refused: nothing is sent.
    pub refused: f64,
    /// The connection breaks before the service acts; the client cannot know that.
    pub request_lost: f64,
    /// The service acts, then the connection breaks.
    pub answer_lost: f64,
    /// The service acts, then the connection breaks in the middle of the answer's body.
    pub answer_cut: f64,
    /// A balancer says 503 in the service's place.
    pub unavailable: f64,
}

impl FaultRates {
    /// The same rate for each fault.
    pub const fn each(rate: f64) -> Self {
        Self { refused: rate, request_lost: rate, answer_lost: rate, answer_cut: rate, unavailable: rate }
    }
}

/// A fault that was injected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// See [`FaultRates::refused`].
    Refused,
    /// See [`FaultRates::request_lost`].
    RequestLost,
    /// See [`FaultRates::answer_lost`].
    AnswerLost,
    /// See [`FaultRates::answer_cut`].
    AnswerCut,
    /// See [`FaultRates::unavailable`].
    Unavailable,
}

/// Wraps a transport and injects faults. One seed gives one sequence of faults, in the order of requests.
#[derive(Clone, Debug)]
pub struct Faulty<T> {
    inner: T,
    rates: FaultRates,
    chance: Arc<Mutex<Chance>>,
}

#[derive(Debug)]
struct Chance {
    state: u64,
    injected: Vec<Fault>,
}

impl Chance {
    /// The SplitMix64 sequence: small, seedable, good enough to throw dice.
    fn next(&mut self) -> f64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        f64::from(u32::try_from(mixed >> 32).unwrap_or(u32::MAX)) / (f64::from(u32::MAX) + 1.0)
    }
}

impl<T: Transport> Faulty<T> {
    /// Wraps a transport.
    pub fn new(inner: T, seed: u64, rates: FaultRates) -> Self {
        Self { inner, rates, chance: Arc::new(Mutex::new(Chance { state: seed, injected: Vec::new() })) }
    }

    /// The faults injected so far.
    pub fn injected(&self) -> Vec<Fault> {
        self.chance.lock().unwrap_or_else(PoisonError::into_inner).injected.clone()
    }

    fn draw(&self) -> Option<Fault> {
        let mut chance = self.chance.lock().unwrap_or_else(PoisonError::into_inner);
        let mut drawn = chance.next();
        let rates = [
            (self.rates.refused, Fault::Refused),
            (self.rates.request_lost, Fault::RequestLost),
            (self.rates.answer_lost, Fault::AnswerLost),
            (self.rates.answer_cut, Fault::AnswerCut),
            (self.rates.unavailable, Fault::Unavailable),
        ];
        for (rate, fault) in rates {
            if drawn < rate {
                chance.injected.push(fault);
                return Some(fault);
            }
            drawn -= rate;
        }
        None
    }

    async fn exchange(&self, request: Request) -> Result<Response> {
        match self.draw() {
            None => self.inner.send(request).await,
            Some(Fault::Refused) => Err(broken("connection refused", Sent::No)),
            Some(Fault::RequestLost) => Err(broken("connection reset", Sent::Maybe)),
            Some(Fault::Unavailable) => Ok(Response::new(StatusCode::SERVICE_UNAVAILABLE, Bytes::new())),
            Some(Fault::AnswerLost) => {
                self.inner.send(request).await?;
                Err(broken("connection reset", Sent::Maybe))
            }
            Some(Fault::AnswerCut) => {
                let mut response = self.inner.send(request).await?;
                let whole = response.body.bytes(usize::MAX).await?;
                let half = whole.slice(..whole.len() / 2);
                let pieces = [Ok(half), Err(broken("connection reset within the answer", Sent::Maybe))];
                response.body = ResponseBody::Stream(stream::iter(pieces).boxed());
                Ok(response)
            }
        }
    }
}

fn broken(message: &'static str, sent: Sent) -> Error {
    Error::new(ErrorKind::Connection, message).with_sent(sent)
}

impl<T: Transport> Transport for Faulty<T> {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response>> {
        Box::pin(self.exchange(request))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_gives_one_sequence() {
        let faults = |seed| {
            let faulty = Faulty::new(crate::ScriptedTransport::new(), seed, FaultRates::each(0.1));
            (0..200).map(|_| faulty.draw()).collect::<Vec<_>>()
        };
        assert_eq!(faults(7), faults(7));
        assert_ne!(faults(7), faults(8));
    }

    #[test]
    fn faults_come_at_their_rates() {
        let faulty = Faulty::new(crate::ScriptedTransport::new(), 1, FaultRates::each(0.1));
        let injected = (0..10_000).filter(|_| faulty.draw().is_some()).count();
        assert!((4_700..5_300).contains(&injected), "{injected}");
    }
}
