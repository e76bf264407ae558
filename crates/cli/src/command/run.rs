//! One command against one service: opened when the first call needs it, closed whatever happens.

use std::time::Duration;

use pentad_core::{Call, List, Work};
use serde::Serialize;
use serde_json::{Value, json};

use super::plan::{Answer, Effect, Paging, Plan};
use super::service::{Service, Way};
use super::show::{self, Preview, Upload};
use crate::args::Global;
use crate::connect::Local;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::{Output, Progress, Rows, View};
use crate::settings::{Given, ServiceSettings, Settings};

/// What every command is given.
pub(crate) struct Desk<'a> {
    pub(crate) global: &'a Global,
    pub(crate) settings: &'a Settings,
    pub(crate) output: &'a mut Output,
    /// A server that is open already (the tour's).
    pub(crate) local: Option<&'a Local>,
}

impl Desk<'_> {
    /// The same for another command, without the server that is open.
    pub(crate) const fn again(&mut self) -> Desk<'_> {
        Desk { global: self.global, settings: self.settings, output: self.output, local: None }
    }
}

/// What one command of a service works with.
pub(crate) struct Run<'a, S: Service> {
    pub(crate) global: &'a Global,
    pub(crate) settings: &'a Settings,
    pub(crate) output: &'a mut Output,
    /// What the service's flags said.
    pub(crate) service: S,
    /// The service's settings.
    pub(crate) values: ServiceSettings,
    /// What is uploaded by the call that is made next.
    pub(crate) upload: Option<Upload>,
    actor: Option<&'static str>,
    way: Option<Way>,
    local: Option<&'a Local>,
}

/// Runs one command of a service. `given` are the service's flags.
///
/// # Errors
/// Those of the command; a configuration failure if the service's settings cannot be used.
pub(crate) async fn run<S: Service>(
    mut service: S,
    given: &Given,
    desk: Desk<'_>,
    work: impl AsyncFnOnce(&mut Run<'_, S>) -> Result<Exit>,
) -> Result<Exit> {
    service.prepare(desk.settings)?;
    let values = desk.settings.service(S::TABLE, given)?;
    let Desk { global, settings, output, local } = desk;
    let mut run =
        Run { global, settings, output, service, values, upload: None, actor: None, way: None, local };
    let result = work(&mut run).await.map_err(|failure| run.explained(failure));
    // The embedded server is closed whatever happened, so that the next command finds its data free.
    let closed = match run.way.take() {
        Some(Way::Local(local)) => {
            // Who set a limit does not want to stay beyond it.
            if !result.as_ref().is_err_and(|failure| failure.exit == Exit::Timeout) {
                let notes = run.output.notes();
                local.finish(&|left| notes.iter().for_each(|notes| notes.say(&staying(left)))).await;
            }
            local.close().await
        }
        _ => Ok(()),
    };
    let exit = result?;
    closed.map(|()| exit)
}

/// Why a command that has done its work does not end: what runs does so in its process.
fn staying(left: &[String]) -> String {
    let what = match left {
        [only] => only.clone(),
        [first, rest @ ..] => format!("{first} and {} more", rest.len()),
        [] => String::new(),
    };
    format!("{what} runs in this process, which stays until that has ended (Ctrl-C cuts it short)")
}

impl<S: Service> Run<'_, S> {
    /// This user acts on an installation of one's own from now on, unless a plan or the user says otherwise.
    pub(crate) const fn by(&mut self, actor: &'static str) -> &mut Self {
        self.actor = Some(actor);
        self
    }

    /// A failure with what this process knows about its cause, which a service may not say.
    pub(crate) fn explained(&self, failure: Failure) -> Failure {
        match &self.way {
            Some(Way::Local(local)) if failure.exit == Exit::Server && local.is_full() => {
                let dir = self.settings.data.value.display();
                failure.hint(format!("the disk is full: make room for {dir}"))
            }
            _ => failure,
        }
    }

    /// Does what the plan says, or shows it, or refuses.
    ///
    /// # Errors
    /// Those of the call, and a refusal to destroy without agreement.
    pub(crate) async fn perform(&mut self, plan: Plan) -> Result<Exit> {
        if self.shown(&plan)? {
            return Ok(Exit::Success);
        }
        self.confirmed(&plan.effect)?;
        match plan.answer.clone() {
            Answer::Record => {
                let value = self.send_or_get(&plan).await?;
                self.output.record(&value, plan.view)?;
            }
            Answer::Items(key) => {
                let value = self.send(&plan).await?;
                let items = if key.is_empty() { Some(&value) } else { value.get(key) };
                self.output.list(items.and_then(Value::as_array).map_or(&[], Vec::as_slice), plan.view)?;
            }
            Answer::Pages(paging) => {
                self.ready(&plan)?;
                let client = self.client(plan.actor).await?;
                let (args, query) = (pairs(&plan.args), pairs(&plan.query));
                let list = (S::DOOR.list)(&client, plan.op, &args, &query)?;
                self.rows(list, &paging, Ok, plan.view).await?;
            }
            Answer::Done(note) => {
                let value = self.send(&plan).await?;
                self.done(&note, &value, plan.view)?;
            }
        }
        Ok(Exit::Success)
    }

    /// A call of the library with an answer to show.
    ///
    /// # Errors
    /// As [`perform`](Self::perform).
    pub(crate) async fn call<T: Serialize + Send + 'static>(
        &mut self,
        effect: Effect,
        make: impl Fn(&S::Client) -> Call<T>,
        view: View,
    ) -> Result<Exit> {
        if let Some(answer) = self.taken(&effect, make).await? {
            self.output.record(&value(&answer)?, view)?;
        }
        Ok(Exit::Success)
    }

    /// The answer to a call of the library; `None` if the call was shown.
    ///
    /// # Errors
    /// As [`perform`](Self::perform).
    pub(crate) async fn taken<T: Send + 'static>(
        &mut self,
        effect: &Effect,
        make: impl Fn(&S::Client) -> Call<T>,
    ) -> Result<Option<T>> {
        match self.made(effect, make).await? {
            Some(call) => self.limited(call).await.map(Some),
            None => Ok(None),
        }
    }

    /// A call of the library whose answer says nothing; people get the note.
    ///
    /// # Errors
    /// As [`perform`](Self::perform).
    pub(crate) async fn tell<T: Send + 'static>(
        &mut self,
        effect: Effect,
        make: impl Fn(&S::Client) -> Call<T>,
        note: &str,
    ) -> Result<Exit> {
        if self.taken(&effect, make).await?.is_some() {
            self.done(note, &Value::Null, View::ALL)?;
        }
        Ok(Exit::Success)
    }

    /// A listing of the library, written as it arrives.
    ///
    /// # Errors
    /// As [`perform`](Self::perform).
    pub(crate) async fn list<T: Serialize + Send + 'static>(
        &mut self,
        paging: &Paging,
        make: impl Fn(&S::Client) -> List<T>,
        view: View,
    ) -> Result<Exit> {
        if self.global.language().is_some() {
            let preview = Preview::of_list(&paged(make(&self.unopened(None)?), paging))?;
            self.show(&preview)?;
            return Ok(Exit::Success);
        }
        let list = make(&self.client(None).await?);
        self.rows(list, paging, |item| value(&item), view).await?;
        Ok(Exit::Success)
    }

    /// A work of the library: several exchanges, its steps shown on a terminal.
    ///
    /// # Errors
    /// As [`perform`](Self::perform).
    pub(crate) async fn work<T: Serialize + Send + 'static>(
        &mut self,
        effect: Effect,
        make: impl Fn(&S::Client) -> Work<T>,
        view: View,
    ) -> Result<Exit> {
        if let Some(model) = self.worked(&effect, make).await? {
            self.output.record(&value(&model)?, view)?;
        }
        Ok(Exit::Success)
    }

    /// A work of the library after which people get a note.
    ///
    /// # Errors
    /// As [`perform`](Self::perform).
    pub(crate) async fn tell_work<T: Send + 'static>(
        &mut self,
        effect: Effect,
        make: impl Fn(&S::Client) -> Work<T>,
        note: impl Fn(&T) -> String,
    ) -> Result<Exit> {
        if let Some(model) = self.worked(&effect, make).await? {
            self.done(&note(&model), &Value::Null, View::ALL)?;
        }
        Ok(Exit::Success)
    }

    /// A work of the library whose outcome the caller shows; `None` where it was only shown.
    ///
    /// # Errors
    /// As [`perform`](Self::perform).
    pub(crate) async fn worked<T: Send + 'static>(
        &mut self,
        effect: &Effect,
        make: impl Fn(&S::Client) -> Work<T>,
    ) -> Result<Option<T>> {
        if self.is_shown(effect) {
            let preview = Preview::of_work(&make(&self.unopened(None)?))?;
            self.show(&preview)?;
            return Ok(None);
        }
        self.confirmed(effect)?;
        let work = make(&self.client(None).await?);
        self.watched(self.output.progress("working"), work).await.map(Some)
    }

    /// Runs a work within the user's limit, its steps shown by this bar.
    ///
    /// # Errors
    /// Those of the work.
    pub(crate) async fn watched<T: Send + 'static>(&self, bar: Progress, work: Work<T>) -> Result<T> {
        let work = match self.time_limit() {
            Some(limit) => work.timeout(limit),
            None => work,
        };
        let mut progress = work.progress();
        while let Some(event) = progress.next().await {
            bar.step(&event.step, event.done, event.total);
        }
        let result = progress.finish().await;
        bar.done();
        Ok(result?)
    }

    async fn made<T>(
        &mut self,
        effect: &Effect,
        make: impl Fn(&S::Client) -> Call<T>,
    ) -> Result<Option<Call<T>>> {
        if self.is_shown(effect) {
            let preview = Preview::of_call(&make(&self.unopened(None)?))?;
            self.show(&preview)?;
            return Ok(None);
        }
        self.confirmed(effect)?;
        Ok(Some(make(&self.client(None).await?)))
    }

    async fn limited<T: Send + 'static>(&self, call: Call<T>) -> Result<T> {
        let call = match &self.settings.timeout {
            Some(time) => call.timeout(time.value),
            None => call,
        };
        Ok(call.await?)
    }

    async fn rows<T: Send + 'static>(
        &mut self,
        list: List<T>,
        paging: &Paging,
        row: impl Fn(T) -> Result<Value>,
        view: View,
    ) -> Result<()> {
        let mut list = paged(list, paging);
        if let Some(time) = &self.settings.timeout {
            list = list.timeout(time.value);
        }
        let bar = self.output.progress("listed");
        let mut rows = Rows::new(view);
        let mut pages = list.pages();
        while let Some(page) = pages.next().await {
            let page = page?;
            bar.add(page.items.len() as u64);
            for item in page.items {
                rows.push(self.output, &row(item)?)?;
            }
            self.output.flush()?;
        }
        bar.done();
        rows.finish(self.output)
    }

    /// Says that something was done: a note for a person, an empty document for a program.
    fn done(&mut self, note: &str, value: &Value, view: View) -> Result<()> {
        self.output.note(note);
        let empty = value.is_null() || *value == json!({});
        match (empty, self.output.is_json()) {
            (true, true) => self.output.record(&json!({}), view),
            (true, false) => Ok(()),
            (false, _) => self.output.record(value, view),
        }
    }

    async fn send_or_get(&mut self, plan: &Plan) -> Result<Value> {
        match (self.send(plan).await, plan.or_get) {
            (Err(failure), Some(op)) if failure.exit == Exit::Conflict => {
                let get = Plan { args: plan.args.clone(), actor: plan.actor, ..Plan::read(op) };
                self.send(&get).await
            }
            (result, _) => result,
        }
    }

    /// Sends one call and gives its answer; nothing for an empty one.
    ///
    /// # Errors
    /// Those of the call.
    pub(crate) async fn send(&mut self, plan: &Plan) -> Result<Value> {
        self.ready(plan)?;
        let client = self.client(plan.actor).await?;
        let call =
            (S::DOOR.call)(&client, plan.op, &pairs(&plan.args), &pairs(&plan.query), plan.body.clone())?;
        self.limited(call).await
    }

    /// Says how many messages were sent, also when not all were; with `summary` as the result. Fails if none was.
    pub(crate) fn sent(
        &mut self,
        verb: &str,
        count: u64,
        summary: bool,
        result: Result<Exit>,
    ) -> Result<Exit> {
        if summary && count > 0 {
            self.output.record(&json!({ verb: count }), View::ALL)?;
        }
        match result {
            Ok(exit) => Ok(exit),
            Err(failure) if count == 0 || failure.exit == Exit::Success => Err(failure),
            Err(failure) => {
                self.explained(failure).report(self.output.is_json());
                self.output.note(&format!("{count} messages were {verb} before that"));
                Ok(Exit::Partial)
            }
        }
    }

    /// True if calls with this effect are printed in place of being sent (`--print`, `--curl`, `--dry-run`).
    pub(crate) fn is_shown(&self, effect: &Effect) -> bool {
        self.global.language().is_some() || (self.global.dry_run && effect.changes())
    }

    /// Shows the plan if it is not to be sent; says whether it did.
    ///
    /// # Errors
    /// Those of building the request.
    pub(crate) fn shown(&mut self, plan: &Plan) -> Result<bool> {
        if !self.is_shown(&plan.effect) {
            return Ok(false);
        }
        self.ready(plan)?;
        let client = self.unopened(plan.actor)?;
        let (args, query) = (pairs(&plan.args), pairs(&plan.query));
        let preview = match &plan.answer {
            Answer::Pages(paging) => {
                let list = (S::DOOR.list)(&client, plan.op, &args, &query)?;
                Preview::of_list(&paged(list, paging))?
            }
            _ => Preview::of_call(&(S::DOOR.call)(&client, plan.op, &args, &query, plan.body.clone())?)?,
        };
        self.show(&preview).map(|()| true)
    }

    fn show(&mut self, preview: &Preview) -> Result<()> {
        match self.global.language() {
            Some(language) => {
                let socket =
                    (!self.service.is_remote(&self.values)).then(|| Local::socket(&self.settings.data.value));
                let client = self.service.rust(&self.values);
                let way = (socket.as_deref(), self.upload.as_ref());
                let text = show::call(preview, language, way, S::CREDENTIAL, &client)?;
                self.output.text(&text)
            }
            None => self.output.record(&show::request(preview)?, View::ALL),
        }
    }

    fn ready(&self, plan: &Plan) -> Result<()> {
        match S::ops().iter().find(|op| op.id == plan.op) {
            Some(op) => self.service.ready(&self.values, op, &plan.args),
            None => Ok(()),
        }
    }

    /// Refuses an operation for which a setting is missing, for commands that call the library themselves.
    ///
    /// # Errors
    /// A configuration failure that says what to set.
    pub(crate) fn ready_for(&self, op: &'static str) -> Result<()> {
        self.ready(&Plan::read(op))
    }

    /// How long the user gives each call, if that was said.
    pub(crate) fn time_limit(&self) -> Option<Duration> {
        self.settings.timeout.as_ref().map(|time| time.value)
    }

    fn who(&self, actor: Option<&'static str>) -> &'static str {
        self.service.actor().or(actor).or(self.actor).unwrap_or(S::ACTOR)
    }

    /// A client for describing calls: nothing is opened, no secret is read.
    fn unopened(&self, actor: Option<&'static str>) -> Result<S::Client> {
        let way = if self.service.is_remote(&self.values) {
            Way::RemoteShown
        } else {
            Way::LocalShown(pentad_transport::unix(Local::socket(&self.settings.data.value)))
        };
        self.service.client(&self.values, &way, self.who(actor))
    }

    /// A client that acts as this user on an embedded server, and as configured elsewhere.
    ///
    /// # Errors
    /// A configuration failure if a secret cannot be read; a local failure if the data directory cannot be used.
    pub(crate) async fn client(&mut self, actor: Option<&'static str>) -> Result<S::Client> {
        let who = self.who(actor);
        let way = match self.way.take() {
            Some(way) => way,
            None => self.open().await?,
        };
        let client = self.service.client(&self.values, &way, who);
        self.way = Some(way);
        client
    }

    async fn open(&self) -> Result<Way> {
        if let Some(local) = self.local {
            return Ok(Way::Local(Box::new(local.share())));
        }
        if self.service.is_remote(&self.values) {
            return Ok(Way::Remote);
        }
        let local = Local::open(&self.settings.data.value).await?;
        self.output.hint(&format!("({})", local.describe(&self.settings.data.value)));
        Ok(Way::Local(Box::new(local)))
    }

    /// Asks before something is destroyed; without a person to ask, `--yes` must have answered.
    ///
    /// # Errors
    /// A usage failure if nobody agreed.
    pub(crate) fn confirmed(&self, effect: &Effect) -> Result<()> {
        use std::io::{BufRead, IsTerminal, Write};
        let Effect::Destroy(what) = effect else { return Ok(()) };
        if self.global.yes {
            return Ok(());
        }
        let refused =
            || Failure::usage(format!("did not {what}"), "nobody agreed").hint("say --yes to go ahead");
        if !(std::io::stdin().is_terminal() && std::io::stderr().is_terminal()) {
            return Err(refused());
        }
        write!(anstream::stderr(), "{what}? [y/N] ")?;
        let mut answer = String::new();
        std::io::stdin().lock().read_line(&mut answer)?;
        if answer.trim().eq_ignore_ascii_case("y") || answer.trim().eq_ignore_ascii_case("yes") {
            return Ok(());
        }
        Err(refused())
    }
}

/// As much of a list as is wanted.
fn paged<T>(list: List<T>, paging: &Paging) -> List<T> {
    let list = list.page_size(paging.page_size.max(1));
    match paging.limit {
        Some(most) => list.max_items(most),
        None => list,
    }
}

/// A model of the library as a result.
///
/// # Errors
/// A failure if it cannot be expressed as JSON.
pub(crate) fn value(model: &impl Serialize) -> Result<Value> {
    serde_json::to_value(model).map_err(|error| {
        Failure::new(Exit::Failure, "output", "the result cannot be written", error.to_string())
    })
}

fn pairs(pairs: &[(String, String)]) -> Vec<(&str, &str)> {
    pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}
