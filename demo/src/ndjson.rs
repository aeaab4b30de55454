//! Customers in the form that the loader and `segmentctl eval` read: a line a profile, a line an event.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use anyhow::Context;
use serde_json::{Map, Number, Value, json};

use crate::{
    customers::{Customer, Order},
    invent::{self, Click, Consent},
    places::Places,
};

/// The account of all customers.
pub const ACCOUNT: &str = "cdnow";

/// Files in the form that the loader reads, and how much is in them.
#[derive(Clone, Debug)]
pub struct Files {
    /// A line a profile.
    pub profiles: PathBuf,
    /// A line an event.
    pub events: PathBuf,
    /// Lines of profiles.
    pub customers: usize,
    /// Lines of `Placed Order` events.
    pub orders: usize,
    /// Lines of `Clicked Email` events.
    pub clicks: usize,
}

/// Writes the customers into two files in a folder, which is made if absent.
pub fn write(customers: &[Customer], folder: &Path) -> anyhow::Result<Files> {
    std::fs::create_dir_all(folder).with_context(|| format!("make {}", folder.display()))?;
    let (profiles, events) = (folder.join("profiles.ndjson"), folder.join("events.ndjson"));
    let places = Places::read();
    write_lines(&profiles, customers.iter().map(|customer| profile(customer, &places)))?;
    let orders =
        customers.iter().flat_map(|customer| customer.orders.iter().map(|order| placed_order(customer, order)));
    let orders = write_lines(&events, orders)?;
    let clicks = customers.iter().flat_map(|customer| {
        invent::clicks(customer).into_iter().map(|click| clicked_email(customer, &click)).collect::<Vec<_>>()
    });
    let clicks = append_lines(&events, clicks)?;
    Ok(Files { profiles, events, customers: customers.len(), orders, clicks })
}

fn write_lines(path: &Path, lines: impl Iterator<Item = Value>) -> anyhow::Result<usize> {
    let failed = || format!("write {}", path.display());
    put(File::create(path).with_context(failed)?, lines).with_context(failed)
}

fn append_lines(path: &Path, lines: impl Iterator<Item = Value>) -> anyhow::Result<usize> {
    let failed = || format!("write {}", path.display());
    put(File::options().append(true).open(path).with_context(failed)?, lines).with_context(failed)
}

fn put(file: File, lines: impl Iterator<Item = Value>) -> io::Result<usize> {
    let mut out = BufWriter::new(file);
    let mut count = 0;
    for line in lines {
        writeln!(out, "{line}")?;
        count += 1;
    }
    out.flush()?;
    Ok(count)
}

fn profile(customer: &Customer, places: &Places) -> Value {
    let mut properties = Map::new();
    if let Some(since) = customer.since() {
        properties.insert("customer_since".to_owned(), json!(since.to_string()));
    }
    properties.insert("birthday".to_owned(), json!(invent::birthday(customer).to_string()));
    if let Some(day) = invent::predicted_next_order(customer) {
        properties.insert("predicted_next_order".to_owned(), json!(day.to_string()));
    }
    let mut line = Map::from_iter([("account".to_owned(), json!(ACCOUNT)), ("id".to_owned(), json!(customer.id))]);
    if let Some(place) = invent::place(customer, places) {
        properties.insert("address".to_owned(), json!({"zip": place.zip, "city": place.city, "state": place.state}));
        line.insert("location".to_owned(), json!({"latitude": place.latitude, "longitude": place.longitude}));
    }
    line.insert("properties".to_owned(), Value::Object(properties));
    let consents = [("email", invent::email(customer)), ("sms", invent::sms(customer))];
    let given = consents.into_iter().filter_map(|(channel, consent)| Some((channel.to_owned(), state(consent?))));
    line.insert("consent".to_owned(), Value::Object(given.collect()));
    if invent::is_big_spender(customer) {
        line.insert("lists".to_owned(), json!(["big-spenders-1997"]));
    }
    Value::Object(line)
}

fn state(consent: Consent) -> Value {
    json!({"status": consent.status, "time": consent.time.to_string()})
}

fn placed_order(customer: &Customer, order: &Order) -> Value {
    // A value without cents at the end is the same number: 12.00 is 12.
    let value = order.value.parse::<f64>().ok().and_then(Number::from_f64);
    event(
        customer,
        &format!("order-{}", order.number),
        "Placed Order",
        &invent::instant(order.day).to_string(),
        &json!({"value": value, "cds": order.cds}),
    )
}

fn clicked_email(customer: &Customer, click: &Click) -> Value {
    event(
        customer,
        &format!("click-{}-{}", click.campaign, customer.id),
        "Clicked Email",
        &click.time.to_string(),
        &json!({"campaign": click.campaign, "link": click.link}),
    )
}

fn event(customer: &Customer, id: &str, metric: &str, time: &str, properties: &Value) -> Value {
    json!({
        "account": ACCOUNT, "id": id, "profile": customer.id, "metric": metric, "time": time, "properties": properties,
    })
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn customer() -> Customer {
        let order = |number, day, value: &str| Order { number, day, cds: 2, value: value.to_owned() };
        let orders = vec![order(1, date(1997, 1, 1), "11.77"), order(2, date(1997, 3, 2), "12.00")];
        Customer { id: "00001".to_owned(), orders }
    }

    #[test]
    fn an_order_is_an_event() {
        let customer = customer();
        let expected = json!({
            "account": "cdnow", "id": "order-1", "profile": "00001", "metric": "Placed Order",
            "time": "1997-01-01T16:00:00Z", "properties": {"value": 11.77, "cds": 2},
        });
        assert_eq!(placed_order(&customer, &customer.orders[0]), expected);
    }

    #[test]
    fn a_profile_has_what_is_known_and_nothing_else() {
        let line = profile(&customer(), &Places::read());
        assert_eq!(line["id"], "00001");
        assert_eq!(line["properties"]["customer_since"], "1997-01-01");
        assert_eq!(line["properties"]["predicted_next_order"], "1997-05-01");
        assert!(line.get("lists").is_none());
    }

    #[test]
    fn files_have_a_line_for_each() {
        let folder = tempfile::tempdir().unwrap();
        let files = write(&[customer()], folder.path()).unwrap();
        assert_eq!((files.customers, files.orders), (1, 2));
        let events = std::fs::read_to_string(files.events).unwrap();
        assert_eq!(events.lines().count(), files.orders + files.clicks);
    }
}
