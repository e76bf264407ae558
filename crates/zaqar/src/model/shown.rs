//! What `Debug` shows of values that may hold secrets: addresses with passwords, options with headers and tokens.

use std::fmt;

use pentad_core::redact;
use serde_json::{Map, Value};

/// An address without its user information and the secrets in its query.
pub(crate) struct Address<'a>(pub(crate) &'a str);

impl fmt::Debug for Address<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", redact::url(self.0))
    }
}

/// The names of options, without their values.
pub(crate) struct Names<'a>(pub(crate) &'a Map<String, Value>);

impl fmt::Debug for Names<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::model;
    use crate::{NewPool, NewSubscription, PoolUpdate, SubscriptionUpdate};

    const CANARY: &str = "canary-5e1f";

    #[test]
    fn no_secret_of_a_receiver_or_a_storage_is_in_a_debug_text() {
        let address = format!("http://me:{CANARY}@hooks.test/jobs?token={CANARY}&kind=new");
        let storage = format!("mongodb://me:{CANARY}@db1:27017");
        let options = json!({"post_headers": {"Authorization": CANARY}, "trust_id": CANARY});
        let map = options.as_object().unwrap().clone();
        let subscription = json!({"id": "S", "source": "jobs", "subscriber": address, "ttl": 60, "age": 1,
            "options": options});
        let subscription: model::Subscription = serde_json::from_value(subscription).unwrap();
        let pool = json!({"name": "p", "uri": storage, "weight": 1, "options": options});
        let pool: model::Pool = serde_json::from_value(pool).unwrap();
        let shown = [
            format!("{:?}", NewSubscription::new(address.clone()).option("post_data", CANARY)),
            format!("{:?}", SubscriptionUpdate::new().subscriber(address).options(map.clone())),
            format!("{subscription:?}"),
            format!("{:?}", NewPool::new(storage.clone(), 1).option("password", CANARY)),
            format!("{:?}", PoolUpdate::new().uri(storage).options(map)),
            format!("{pool:?}"),
        ];
        for text in shown {
            assert!(!text.contains(CANARY), "{text}");
            assert!(text.contains("hooks.test") || text.contains("db1"), "{text}");
        }
    }
}
