//! Customers in the form that the loader and `segmentctl eval` read: a line a profile, a line an event.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use anyhow::Context;
use serde_json::{Map, Number, Value, json};

use crate::{
    calendar::Calendar,
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
pub fn write(customers: &[Customer], calendar: Calendar, folder: &Path) -> anyhow::Result<Files> {
    std::fs::create_dir_all(folder).with_context(|| format!("make {}", folder.display()))?;
    let (profiles, events) = (folder.join("profiles.ndjson"), folder.join("events.ndjson"));
    let places = Places::read();
    write_lines(&profiles, customers.iter().map(|customer| profile(customer, calendar, &places)))?;
    let orders = customers
        .iter()
        .flat_map(|customer| customer.orders.iter().map(move |order| placed_order(customer, order, calendar)));
    let orders = write_lines(&events, orders)?;
    let clicks = customers.iter().flat_map(|customer| {
        let clicks = invent::clicks(customer, calendar.present);
        clicks.into_iter().map(|click| clicked_email(customer, &click, calendar)).collect::<Vec<_>>()
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

fn profile(customer: &Customer, calendar: Calendar, places: &Places) -> Value {
    let mut properties = Map::new();
    if let Some(since) = customer.since() {
        properties.insert("customer_since".to_owned(), json!(calendar.day(since).to_string()));
    }
    properties.insert("birthday".to_owned(), json!(invent::birthday(customer).to_string()));
    if let Some(day) = invent::predicted_next_order(customer, calendar.present) {
        properties.insert("predicted_next_order".to_owned(), json!(calendar.day(day).to_string()));
    }
    let mut line = Map::from_iter([("account".to_owned(), json!(ACCOUNT)), ("id".to_owned(), json!(customer.id))]);
    if let Some(place) = invent::place(customer, places) {
        properties.insert("address".to_owned(), json!({"zip": place.zip, "city": place.city, "state": place.state}));
        line.insert("location".to_owned(), json!({"latitude": place.latitude, "longitude": place.longitude}));
    }
    line.insert("properties".to_owned(), Value::Object(properties));
    let present = calendar.present;
    let consents = [("email", invent::email(customer, present)), ("sms", invent::sms(customer, present))];
    let given =
        consents.into_iter().filter_map(|(channel, consent)| Some((channel.to_owned(), state(consent?, calendar))));
    line.insert("consent".to_owned(), Value::Object(given.collect()));
    if invent::is_big_spender(customer) {
        line.insert("lists".to_owned(), json!(["big-spenders-1997"]));
    }
    Value::Object(line)
}

fn state(consent: Consent, calendar: Calendar) -> Value {
    json!({"status": consent.status, "time": calendar.instant(consent.time).to_string()})
}

fn placed_order(customer: &Customer, order: &Order, calendar: Calendar) -> Value {
    // A value without cents at the end is the same number: 12.00 is 12.
    let value = order.value.parse::<f64>().ok().and_then(Number::from_f64);
    event(
        customer,
        &format!("order-{}", order.number),
        "Placed Order",
        &invent::instant(calendar.day(order.day)).to_string(),
        &json!({"value": value, "cds": order.cds}),
    )
}

fn clicked_email(customer: &Customer, click: &Click, calendar: Calendar) -> Value {
    event(
        customer,
        &format!("click-{}-{}", click.campaign, customer.id),
        "Clicked Email",
        &calendar.instant(click.time).to_string(),
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
        assert_eq!(placed_order(&customer, &customer.orders[0], Calendar::of_1998()), expected);
    }

    #[test]
    fn a_profile_has_what_is_known_and_nothing_else() {
        let line = profile(&customer(), Calendar::of_1998(), &Places::read());
        assert_eq!(line["id"], "00001");
        assert_eq!(line["properties"]["customer_since"], "1997-01-01");
        assert_eq!(line["properties"]["predicted_next_order"], "1997-05-01");
        assert!(line.get("lists").is_none());
    }

    #[test]
    fn of_a_customer_every_date_moves_but_the_birthday() {
        let calendar = Calendar::of_today(&[customer()], date(2026, 11, 25));
        let (then, now) = (Calendar::of_1998(), calendar);
        let places = Places::read();
        let (before, after) = (profile(&customer(), then, &places), profile(&customer(), now, &places));
        assert_eq!(after["properties"]["customer_since"], "2026-09-25");
        assert_eq!(after["properties"]["predicted_next_order"], "2027-01-23");
        assert_eq!(after["properties"]["birthday"], before["properties"]["birthday"]);
        assert_eq!(placed_order(&customer(), &customer().orders[1], now)["time"], "2026-11-24T16:00:00Z");
    }

    #[test]
    fn files_have_a_line_for_each() {
        let folder = tempfile::tempdir().unwrap();
        let files = write(&[customer()], Calendar::of_1998(), folder.path()).unwrap();
        assert_eq!((files.customers, files.orders), (1, 2));
        let events = std::fs::read_to_string(files.events).unwrap();
        assert_eq!(events.lines().count(), files.orders + files.clicks);
    }
}
