//! Services.

use pentad_core::{Call, Error, ErrorKind, List, Op, Result, Work, decode};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::client::Client;
use crate::list::listing;
use crate::order::NewOrder;
use crate::parameter::Arguments;
use crate::query::{ListQuery, RecordQuery};
use crate::urn::check_policy;
use crate::{model, ops};

/// Schema of the aspect that says what a service's jobs take.
pub const REQUEST_SCHEMA: &str = "urn:sd-core:schema.ai-tool.1";

/// A handle on one service. Making one sends nothing.
#[derive(Clone, Debug)]
pub struct Service {
    pub(crate) client: Client,
    pub(crate) id: String,
}

/// A service to be registered, or what it shall be from now on.
#[derive(Clone, Debug, Default, PartialEq)]
#[must_use]
pub struct NewService {
    description: String,
    parameters: Vec<Value>,
    /// How it is run: `workflow` in the old dialects, `controller` in the modern one.
    body: Map<String, Value>,
}

impl NewService {
    /// A service that is run by a workflow, as the old dialects want it: `{"type": "basic", "basic": {"image": …}}`.
    /// The modern dialect takes it through [`Client::call`] as `ivcap.workflow.create`.
    pub fn workflow(description: impl Into<String>, workflow: Value) -> Self {
        Self { description: description.into(), ..Self::default() }.field("workflow", workflow)
    }

    /// A service that is run by a controller, as the modern dialect wants it, and its name in the platform.
    pub fn controller(
        id: impl Into<String>,
        description: impl Into<String>,
        schema: impl Into<String>,
        controller: Value,
    ) -> Self {
        Self { description: description.into(), ..Self::default() }
            .field("id", id.into())
            .field("controller-schema", schema.into())
            .field("controller", controller)
    }

    /// What people call it.
    pub fn name(self, name: impl Into<String>) -> Self {
        self.field("name", name.into())
    }

    /// Adds a parameter, such as `{"name": "region", "type": "string", "description": "…"}`.
    pub fn parameter(mut self, parameter: &impl Serialize) -> Self {
        // What cannot be written stands as null, which the platform names in its refusal.
        self.parameters.push(serde_json::to_value(parameter).unwrap_or_default());
        self
    }

    /// Who may use it. The modern dialect wants one.
    pub fn policy(self, policy: impl Into<String>) -> Self {
        self.field("policy", policy.into())
    }

    /// Words to find it by.
    pub fn tags(self, tags: &[&str]) -> Self {
        self.field("tags", json!(tags))
    }

    /// Sets any other field under its wire name, such as `provider-id` or `banner`.
    pub fn field(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.body.insert(name.into(), value.into());
        self
    }

    fn body(&self, client: &Client) -> Result<Value> {
        let mut body = self.body.clone();
        body.insert("description".to_owned(), json!(self.description));
        body.insert("parameters".to_owned(), json!(self.parameters));
        let policy = body.get("policy").and_then(Value::as_str);
        check_policy(policy)?;
        let needed: &[&str] = if client.dialect().is_old() {
            if let Some(policy) = body.remove("policy") {
                body.insert("policy-id".to_owned(), policy);
            }
            if let (Some(account), false) = (client.account(), body.contains_key("account-id")) {
                body.insert("account-id".to_owned(), json!(account));
            }
            &["provider-id", "account-id", "workflow"]
        } else {
            &["id", "controller", "controller-schema", "policy"]
        };
        match needed.iter().find(|name| !body.contains_key(**name)) {
            Some(name) => Err(Error::invalid(name, "is missing; this dialect wants it")),
            None => Ok(Value::Object(body)),
        }
    }
}

impl Client {
    /// The services.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) for a filter or order that the platform refuses.
    /// # Source
    /// IVCAP reference 7.2.
    pub fn services(&self, query: ListQuery) -> List<model::Service> {
        listing(query.apply(self.op(&ops::SERVICE_LIST)), self.dialect())
    }

    /// A service by its name in the platform; nothing is sent.
    pub fn service(&self, id: impl Into<String>) -> Service {
        Service { client: self.clone(), id: id.into() }
    }

    /// The one service that people call `name`.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) if there is none; [`Conflict`](ErrorKind::Conflict) if there are several.
    /// # Source
    /// IVCAP reference 9.1, `get_service_by_name`.
    pub fn service_by_name(&self, name: &str) -> Work<model::Service> {
        let quoted = if name.contains(['\'', '%']) {
            Err(Error::invalid("name", "must not hold ' or %"))
        } else {
            Ok(ListQuery::new().filter(format!("name~='{name}'")))
        };
        let op = &ops::SERVICE_LIST;
        let list = quoted.map(|query| self.services(query).page_size(10));
        let preview = match &list {
            Ok(list) => list.request(),
            Err(_) => Err(Error::invalid("name", "must not hold ' or %")),
        };
        let name = name.to_owned();
        Work::new(self.session(), op, preview, move |scope| {
            Box::pin(async move {
                let mut found = Vec::new();
                let mut items = scope.items(list?);
                while let Some(service) = items.next().await.transpose()? {
                    // `~=` finds fragments, too, as some platforms read it.
                    if service.name.as_deref() == Some(name.as_str()) {
                        found.push(service);
                    }
                }
                let several = found.len();
                match found.pop() {
                    Some(service) if several == 1 => Ok(service),
                    Some(_) => {
                        let message = format!("{several} services are called {name:?}");
                        Err(Error::new(ErrorKind::Conflict, message).with_hint("choose one by its id"))
                    }
                    None => Err(Error::new(ErrorKind::NotFound, format!("no service is called {name:?}"))),
                }
            })
        })
    }

    /// Registers a service.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) before sending if a field is missing that the dialect wants;
    /// [`Conflict`](ErrorKind::Conflict) if it exists.
    /// # Source
    /// IVCAP reference 7.2.
    pub fn create_service(&self, service: &NewService) -> Call<model::Service> {
        let draft = self.op(&ops::SERVICE_CREATE);
        match service.body(self) {
            Ok(body) => draft.json(&body).call(decode::json),
            Err(error) => draft.refuse(error).call(decode::json),
        }
    }
}

impl Service {
    /// The name in the platform.
    pub fn id(&self) -> &str {
        &self.id
    }

    fn op(&self, op: &'static Op) -> pentad_core::Draft {
        self.client.id_op(op, "id", &self.id)
    }

    /// Reads the service, its parameters included.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) if it does not exist.
    /// # Source
    /// IVCAP reference 7.2.
    pub fn get(&self) -> Call<model::Service> {
        self.op(&ops::SERVICE_GET).call(decode::json)
    }

    /// Reads what the service wants to know.
    ///
    /// # Source
    /// IVCAP reference 8.4.
    pub fn parameters(&self) -> Call<Vec<model::Parameter>> {
        self.get().map(|service| service.parameters)
    }

    /// Replaces the service, and creates it if it is missing and `force_create` is set.
    ///
    /// # Errors
    /// As [`Client::create_service`].
    /// # Source
    /// IVCAP reference 7.2.
    pub fn update(&self, service: &NewService, force_create: bool) -> Call<model::Service> {
        let mut draft = self.op(&ops::SERVICE_UPDATE);
        if force_create {
            draft = draft.query("force-create", "true");
        }
        match service.body(&self.client) {
            Ok(body) => draft.json(&body).call(decode::json),
            Err(error) => draft.refuse(error).call(decode::json),
        }
    }

    /// Removes the service.
    ///
    /// # Source
    /// IVCAP reference 7.2.
    pub fn delete(&self) -> Call<()> {
        self.op(&ops::SERVICE_DELETE).call(decode::empty)
    }

    /// Places an order after its values were checked against the service's parameters: unknown, missing and wrong ones are
    /// told before anything is ordered. Names with a `-` may be written with a `_` and are sent as they are.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) naming the parameter; [`NotFound`](ErrorKind::NotFound) for an unknown service.
    /// # Retry
    /// Not idempotent: the order is sent again only if it is known not to have been sent.
    /// # Source
    /// IVCAP reference 8.5.
    pub fn place_order(&self, arguments: Arguments) -> Work<model::Order> {
        self.place(NewOrder::new(arguments))
    }

    /// As [`place_order`](Self::place_order), with a name, tags or a policy.
    ///
    /// # Errors
    /// As [`place_order`](Self::place_order).
    pub fn place(&self, order: NewOrder) -> Work<model::Order> {
        let (service, preview) = (self.clone(), self.op(&ops::SERVICE_GET).request());
        Work::new(self.client.session(), &ops::ORDER_CREATE, preview, move |scope| {
            Box::pin(async move {
                let known = scope.run(service.get()).await?;
                let order = order.checked(&known)?;
                scope.run(service.client.create_order(&service.id, order)).await
            })
        })
    }

    /// The JSON Schema of what the service's jobs take, from the one aspect that says it. Modern dialect.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) if no aspect says it; [`Conflict`](ErrorKind::Conflict) if several do.
    /// # Source
    /// IVCAP reference 9.3, `request_model`.
    pub fn request_schema(&self) -> Work<Value> {
        let query = RecordQuery::new().entity(&self.id).schema(REQUEST_SCHEMA).without_content();
        let list = self.client.aspects(query).page_size(2);
        let (client, preview) = (self.client.clone(), list.request());
        Work::new(self.client.session(), &ops::ASPECT_LIST, preview, move |scope| {
            Box::pin(async move {
                let found = scope.page(list).await?.items;
                let record = match found.as_slice() {
                    [record] => scope.run(client.record(&record.id).get()).await?,
                    [] => {
                        return Err(Error::new(
                            ErrorKind::NotFound,
                            "no aspect says what the service's jobs take",
                        ));
                    }
                    _ => {
                        return Err(Error::new(
                            ErrorKind::Conflict,
                            "several aspects say what the service's jobs take",
                        ));
                    }
                };
                let schema =
                    record.content.and_then(|mut content| Some(content.get_mut("fn_schema")?.take()));
                schema.ok_or_else(|| Error::new(ErrorKind::NotFound, "the service's aspect has no fn_schema"))
            })
        })
    }
}
