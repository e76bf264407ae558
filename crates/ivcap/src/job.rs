//! Jobs: a request to a service and its result.

use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::response::Parts;
use http::{HeaderName, HeaderValue, StatusCode};
use pentad_core::work::{Event, Observed, Polling, Until};
use pentad_core::{Call, Context, Draft, Error, ErrorKind, Feed, List, Op, Result, Sent, Work, decode};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::client::is_no_content;
use crate::list::listing;
use crate::model::{self, State};
use crate::order::judge;
use crate::query::ListQuery;
use crate::service::Service;
use crate::{event, ops};

const TIMEOUT: HeaderName = HeaderName::from_static("timeout");
const JOB_ID: &str = "ivcap-job-id";

/// A handle on one job of a service. Making one sends nothing.
#[derive(Clone, Debug)]
pub struct Job {
    service: Service,
    id: String,
}

/// What came of a request for a job.
#[derive(Clone, Debug)]
pub struct Requested {
    /// The job.
    pub job: Job,
    /// Its result, if it came within the time that was given.
    pub output: Option<Output>,
    /// When the platform suggests to look again.
    pub retry_later: Option<Duration>,
}

/// The result of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Output {
    /// Type of the content.
    pub content_type: Option<String>,
    /// The content.
    pub content: Bytes,
}

impl Output {
    /// The content as a JSON document of a type.
    ///
    /// # Errors
    /// [`Decode`](ErrorKind::Decode) if it is not.
    pub fn json<T: serde::de::DeserializeOwned>(&self) -> Result<T> {
        decode::from_json(&ops::JOB_OUTPUT, &self.content)
    }
}

/// What the platform says of a job's result.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Answer {
    /// It is there.
    Ready(Output),
    /// Not yet; look again after this.
    NotYet(Option<Duration>),
    /// The job has none.
    None,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Accepted {
    #[serde(default)]
    job_id: Option<String>,
    #[serde(default)]
    location: Option<String>,
    #[serde(default)]
    retry_later: Option<f64>,
}

impl Accepted {
    fn pause(&self) -> Option<Duration> {
        self.retry_later.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
    }
}

impl Service {
    /// Requests a job with a JSON document, and waits for its result at most `wait` (whole seconds; zero does not wait).
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) for an unknown service; [`Invalid`](ErrorKind::Invalid) for a request that it does not
    /// take.
    /// # Retry
    /// Not idempotent.
    /// # Source
    /// IVCAP reference 7.4 and 9.4.
    pub fn request_job(&self, request: &(impl Serialize + ?Sized), wait: Duration) -> Call<Requested> {
        let service = self.clone();
        self.client
            .id_op(&ops::JOB_CREATE, "service", &self.id)
            .header(TIMEOUT, HeaderValue::from(wait.as_secs()))
            .json(request)
            .patience(wait)
            .call(requested)
            .map(move |(id, output, retry_later)| Requested { job: service.job(id), output, retry_later })
    }

    /// Requests a job and waits for its result. The limit is that of `polling`.
    ///
    /// # Errors
    /// [`Failed`](ErrorKind::Failed) if the job ends otherwise; those of [`request_job`](Self::request_job).
    pub fn run(&self, request: &(impl Serialize + ?Sized), polling: Polling) -> Work<Output> {
        let call = self.request_job(request, Duration::ZERO);
        let preview = call.request().map_err(refusal).and_then(|request| {
            request.try_clone().ok_or_else(|| Error::invalid("request", "can be sent only once"))
        });
        let (session, limit) = (self.client.session().clone(), polling.limit);
        let work = Work::new(&session, &ops::JOB_CREATE, preview, move |scope| {
            Box::pin(async move {
                let Requested { job, output, .. } = scope.run(call).await?;
                if let Some(output) = output {
                    return Ok(output);
                }
                scope.progress(Event::new("requested").detail(Value::String(job.id.clone())));
                let look = job.clone();
                scope.until(&polling, move || look.look(), |seen| look_at(seen, &[State::Succeeded])).await?;
                match scope.run(job.output()).await? {
                    Answer::Ready(output) => Ok(output),
                    Answer::None => Ok(Output { content_type: None, content: Bytes::new() }),
                    Answer::NotYet(_) => {
                        Err(Error::new(ErrorKind::Unexpected, "the job has succeeded without a result"))
                    }
                }
            })
        });
        match limit {
            Some(limit) => work.timeout(limit),
            None => work.unlimited(),
        }
    }

    /// A job of this service by its name; nothing is sent.
    pub fn job(&self, id: impl Into<String>) -> Job {
        Job { service: self.clone(), id: id.into() }
    }

    /// The jobs of this service.
    ///
    /// # Source
    /// IVCAP reference 7.4.
    pub fn jobs(&self, query: ListQuery) -> List<model::JobItem> {
        let draft = self.client.id_op(&ops::JOB_LIST, "service", &self.id);
        listing(query.apply(draft), self.client.dialect())
    }
}

fn refusal(error: &Error) -> Error {
    Error::new(error.kind(), error.message().to_owned())
}

impl Job {
    /// The name in the platform.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The service that runs it.
    pub const fn service(&self) -> &Service {
        &self.service
    }

    pub(crate) fn op(&self, op: &'static Op) -> Draft {
        let draft = self.service.client.id_op(op, "service", &self.service.id);
        draft.check(crate::urn::check("id", &self.id)).arg("id", self.id.as_str())
    }

    /// Reads the job, its request and its result included.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) if it does not exist.
    /// # Source
    /// IVCAP reference 7.4.
    pub fn get(&self) -> Call<model::Job> {
        self.read(true, true)
    }

    /// Reads the job, with what it was asked and what came of it if wanted.
    ///
    /// # Source
    /// IVCAP reference 7.4.
    pub fn read(&self, request: bool, result: bool) -> Call<model::Job> {
        self.op(&ops::JOB_GET)
            .query("with-request-content", request.to_string())
            .query("with-result-content", result.to_string())
            .call(decode::json)
    }

    /// Only where it stands.
    fn look(&self) -> Call<model::Job> {
        self.read(false, false)
    }

    /// The result, if it is there.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) if the service did not take the request or the job failed, which some platforms tell as
    /// [`Unavailable`](ErrorKind::Unavailable).
    /// # Source
    /// IVCAP reference 7.4.
    pub fn output(&self) -> Call<Answer> {
        self.op(&ops::JOB_OUTPUT).call(answer)
    }

    /// Waits until the job is in one of these states, and stops as soon as it cannot come there any more.
    ///
    /// # Errors
    /// [`Failed`](ErrorKind::Failed) with the state and the reason; [`Timeout`](ErrorKind::Timeout) with the last state.
    pub fn until(&self, goals: &[State], polling: Polling) -> Work<model::Job> {
        let (job, goals) = (self.clone(), goals.to_vec());
        let session = self.service.client.session();
        Work::until(session, &ops::JOB_GET, polling, move || job.look(), move |seen| look_at(seen, &goals))
    }

    /// Waits until nothing changes any more, however the job ends.
    ///
    /// # Errors
    /// [`Timeout`](ErrorKind::Timeout); those of [`get`](Self::get).
    pub fn finished(&self, polling: Polling) -> Work<model::Job> {
        self.until(&[State::Succeeded, State::Failed, State::Error], polling)
    }

    /// What happens to the job, while it happens; ends when the job has ended. A stream that breaks goes on where it was.
    ///
    /// # Errors
    /// Those of opening the stream that outlast the feed's [`reconnect`](Feed::reconnect).
    /// # Source
    /// IVCAP reference 7.4.
    pub fn events(&self) -> Feed<model::JobEvent> {
        event::events(self.clone())
    }

    pub(crate) fn session(&self) -> &pentad_core::Session {
        self.service.client.session()
    }
}

fn look_at(seen: Observed<model::Job>, goals: &[State]) -> Until<model::Job> {
    let Observed::There(job) = seen else {
        return Until::Never(Error::new(ErrorKind::NotFound, "the job does not exist"));
    };
    let why = job.error_message.clone().filter(|why| !why.is_empty());
    judge(&job.status.clone(), goals, job, why)
}

type Begun = (String, Option<Output>, Option<Duration>);

/// 202: on its way; 200: the body is the result itself.
#[expect(clippy::needless_pass_by_value, reason = "the shape of all decoders")]
fn requested(context: &Context, parts: Parts, body: Bytes) -> Result<Begun> {
    let header =
        |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let unnamed = || {
        Error::new(ErrorKind::Decode, "the answer does not name the job")
            .with_op(context.op().id)
            .with_sent(Sent::Answered)
    };
    if parts.status == StatusCode::ACCEPTED {
        let accepted: Accepted = decode::from_json(context.op(), &body)?;
        let pause = accepted.pause();
        let last = |location: String| location.rsplit('/').next().map(str::to_owned);
        let id = accepted.job_id.or_else(|| header(JOB_ID)).or_else(|| accepted.location.and_then(last));
        return Ok((id.filter(|id| !id.is_empty()).ok_or_else(unnamed)?, None, pause));
    }
    let content_type = header(CONTENT_TYPE.as_str());
    Ok((header(JOB_ID).ok_or_else(unnamed)?, Some(Output { content_type, content: body }), None))
}

#[expect(clippy::needless_pass_by_value, reason = "the shape of all decoders")]
fn answer(context: &Context, parts: Parts, body: Bytes) -> Result<Answer> {
    if is_no_content(parts.status) {
        return Ok(Answer::None);
    }
    if parts.status == StatusCode::ACCEPTED {
        let accepted: Accepted = decode::from_json(context.op(), &body)?;
        return Ok(Answer::NotYet(accepted.pause()));
    }
    let content_type =
        parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).map(str::to_owned);
    Ok(Answer::Ready(Output { content_type, content: body }))
}
