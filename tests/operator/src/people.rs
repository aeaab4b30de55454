//! The people of most tests, and Segments of them.

use serde_json::{Value, json};

use crate::store::ACCOUNT;

/// Four profiles: ada and bob have the plan gold, cem and dot silver; ada and cem take SMS.
pub fn people() -> Vec<Value> {
    let person = |(id, plan, sms): (&str, &str, &str)| json!({"account": ACCOUNT, "id": id, "properties": {"plan": plan}, "consent": {"sms": sms}});
    let people = [
        ("ada", "gold", "subscribed"),
        ("bob", "gold", "unsubscribed"),
        ("cem", "silver", "subscribed"),
        ("dot", "silver", "unsubscribed"),
    ];
    people.into_iter().map(person).collect()
}

/// The spec of a Segment of those who have a plan.
pub fn plan(plan: &str) -> Value {
    json!({"criteria": [{"name": "plan", "property": {"name": "plan", "equals": plan}}]})
}
