//! The kinds of criteria, each with what it has to read.

use segment_sql::Statement;
use serde_json::{Value, json};

use crate::{criteria::METRICS, sql};

/// Older than all events of the data sets.
const EVER: i64 = 1000;

/// A criterion to be measured alone.
pub(super) struct Kind {
    pub(super) name: &'static str,
    pub(super) criterion: Value,
    pub(super) scan: Scan,
}

/// What a criterion has to read.
pub(super) enum Scan {
    /// Events of metrics over the last days.
    Metrics { metrics: Vec<&'static str>, days: i64 },
    /// Properties of events of a metric over the last days.
    Properties { metric: &'static str, properties: Vec<&'static str>, days: i64 },
    /// A trait of all profiles.
    Trait { trait_key: &'static str, statement: Statement },
    /// The external ids.
    Names,
}

/// All kinds.
pub(super) fn kinds() -> Vec<Kind> {
    let mut kinds = counts();
    kinds.extend(events());
    kinds.extend(properties());
    kinds.extend(traits());
    kinds.push(Kind { name: "sample", criterion: json!({"sample": {"percent": 10}}), scan: Scan::Names });
    kinds
}

fn of_metric(name: &'static str, days: i64, criterion: Value) -> Kind {
    Kind { name, criterion, scan: Scan::Metrics { metrics: vec!["Viewed Product"], days } }
}

fn counts() -> Vec<Kind> {
    let count = |name, at_least: u64, days: i64| {
        let event =
            json!({"metric": "Viewed Product", "count": {"atLeast": at_least}, "within": {"last": format!("{days}d")}});
        of_metric(name, days, json!({"event": event}))
    };
    vec![
        count("count >= 1, 30d", 1, 30),
        count("count >= 1, 365d", 1, 365),
        count("count >= 3, 30d", 3, 30),
        count("count >= 3, 365d", 3, 365),
        count("count >= 5, 365d", 5, 365),
        count("count >= 9, 365d", 9, 365),
        Kind {
            name: "count >= 3, any, 365d",
            criterion: json!({"event": {"metric": "*", "count": {"atLeast": 3}, "within": {"last": "365d"}}}),
            scan: Scan::Metrics { metrics: METRICS.to_vec(), days: 365 },
        },
    ]
}

fn events() -> Vec<Kind> {
    let within = |mut event: Value, days: u64| {
        event["within"] = json!({"last": format!("{days}d")});
        event
    };
    let viewed = json!({"metric": "Viewed Product"});
    vec![
        of_metric(
            "distinctDays >= 3, 365d",
            365,
            json!({"event": within(
            json!({"metric": "Viewed Product", "distinctDays": {"atLeast": 3}}), 365)}),
        ),
        of_metric("lastEvent, 30d", EVER, json!({"lastEvent": within(viewed.clone(), 30)})),
        of_metric("firstEvent, 90d", EVER, json!({"firstEvent": within(viewed, 90)})),
        of_metric(
            "regularEvent, 3 of 12 x 30d",
            360,
            json!({"regularEvent": {
            "metric": "Viewed Product", "every": "30d", "of": 12, "atLeast": 3}}),
        ),
        Kind {
            name: "sequence of 2, 7d, 365d",
            criterion: json!({"sequence": {
                "steps": [{"metric": "Viewed Product"}, {"metric": "Placed Order"}], "span": "7d", "within": {"last": "365d"}}}),
            scan: Scan::Metrics { metrics: vec!["Viewed Product", "Placed Order"], days: 365 },
        },
    ]
}

fn properties() -> Vec<Kind> {
    let of = |name, properties: &[&'static str], days: i64, kind: &str, mut event: Value| {
        event["metric"] = json!("Placed Order");
        if days < EVER {
            event["within"] = json!({"last": format!("{days}d")});
        }
        Kind {
            name,
            criterion: json!({kind: event}),
            scan: Scan::Properties { metric: "Placed Order", properties: properties.to_vec(), days },
        }
    };
    let campaign = json!([{"property": "campaign", "equals": "campaign-7"}]);
    vec![
        of("count >= 1 where, 365d", &["campaign"], 365, "event", json!({"where": campaign})),
        of("sum, 365d", &["value"], 365, "event", json!({"sum": {"property": "value", "atLeast": 500}})),
        of(
            "sum where, 365d",
            &["value", "campaign"],
            365,
            "event",
            json!({"where": campaign, "sum": {"property": "value", "atLeast": 50}}),
        ),
        of("average, 365d", &["value"], 365, "event", json!({"average": {"property": "value", "atLeast": 100}})),
        of("max, 365d", &["items"], 365, "event", json!({"max": {"property": "items", "atLeast": 6}})),
        of("lastEvent has", &["campaign"], EVER, "lastEvent", json!({"has": campaign})),
    ]
}

fn traits() -> Vec<Kind> {
    let of = |name, property: &str, trait_key, statement, mut test: Value| {
        test["name"] = json!(property);
        Kind { name, criterion: json!({"property": test}), scan: Scan::Trait { trait_key, statement } }
    };
    let city = |name, test| of(name, "city", "p/city", sql::SCAN_TRAIT_TEXT, test);
    let seen = |name, test| of(name, "last_seen", "p/last_seen", sql::SCAN_TRAIT_TIME, test);
    let of_trait =
        |name, criterion, trait_key, statement| Kind { name, criterion, scan: Scan::Trait { trait_key, statement } };
    let hundred: Vec<String> = (0..100).map(|number| format!("city-{}", number * 7)).collect();
    vec![
        city("equals", json!({"equals": "city-7"})),
        of("equals, few values", "country", "p/country", sql::SCAN_TRAIT_TEXT, json!({"equals": "US"})),
        city("in 100", json!({"in": hundred})),
        city("contains", json!({"contains": "ty-77"})),
        city("contains, ignoreCase", json!({"contains": "TY-77", "ignoreCase": true})),
        city("matches", json!({"matches": "^city-[0-4]+$"})),
        of("number", "lifetime_value", "p/lifetime_value", sql::SCAN_TRAIT_NUMBER, json!({"atLeast": 500})),
        of("number, few values", "tier", "p/tier", sql::SCAN_TRAIT_NUMBER, json!({"atLeast": 4})),
        seen("within", json!({"within": {"last": "90d"}})),
        of("anniversary, 14d", "birthday", "p/birthday", sql::SCAN_TRAIT_TIME, json!({"anniversary": {"next": "14d"}})),
        seen("anniversary of a time", json!({"anniversary": {"next": "14d"}})),
        of("hasItem", "interests", "p/interests", sql::SCAN_TRAIT_ITEMS, json!({"hasItem": "topic-7"})),
        city("exists", json!({"exists": true})),
        of_trait(
            "consent",
            json!({"consent": {"channel": "email", "status": "subscribed"}}),
            "consent/email",
            sql::SCAN_TRAIT_TEXT,
        ),
        of_trait(
            "consent within",
            json!({"consent": {"channel": "email", "status": "subscribed", "within": {"last": "90d"}}}),
            "consent/email",
            sql::SCAN_TRAIT_SET,
        ),
        of_trait(
            "location",
            json!({"location": {"within": "50mi", "of": {"latitude": 40.7, "longitude": -74.0}}}),
            "geo",
            sql::SCAN_TRAIT_POINT,
        ),
        of_trait("list", json!({"list": {"id": "vip-3"}}), "list/vip-3", sql::SCAN_TRAIT_TEXT),
    ]
}
