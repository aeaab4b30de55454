//! The criteria of the benchmarks' segments: typed, so that the peers' queries can be made of them too, and drawn by seed.

use std::collections::HashSet;

use serde_json::{Value, json};

/// A generator of numbers that the same seed always repeats (splitmix64).
#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below a bound.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound.max(1) as u64).unwrap_or(0)
    }

    /// One of several.
    pub(crate) fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }
}

/// A criterion of a segment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Criterion {
    /// At least so many events in the last days.
    Count { metric: &'static str, at_least: u64, days: u64 },
    /// The sum of the value of orders of some campaigns in the last days.
    Sum { campaigns: String, at_least: u64, days: u64 },
    /// A number is at least a bound.
    Number { property: &'static str, at_least: u64 },
    /// A text is one of these.
    Text { property: &'static str, values: Vec<String> },
    /// A time lies in the last days.
    Within { property: &'static str, days: u64 },
    /// A consent has a status, and was given in the last days, if stated.
    Consent { channel: &'static str, status: &'static str, days: Option<u64> },
    /// A location lies within miles of a place in degrees.
    Near { latitude: u8, longitude: i16, miles: u64 },
    /// On a static list.
    List { number: usize },
    /// A list has an item.
    Item { topic: usize },
}

pub(crate) const METRICS: [&str; 6] =
    ["Opened Email", "Viewed Product", "Clicked Email", "Placed Order", "Started Checkout", "Refunded Order"];

impl Criterion {
    /// As users write it, under a name.
    pub(crate) fn json(&self, name: &str) -> Value {
        let last = |days: &u64| json!({"last": format!("{days}d")});
        let mut document = match self {
            Self::Count { metric, at_least, days } => {
                json!({"event": {"metric": metric, "count": {"atLeast": at_least}, "within": last(days)}})
            }
            Self::Sum { campaigns, at_least, days } => json!({"event": {
                "metric": "Placed Order",
                "where": [{"property": "campaign", "startsWith": campaigns}],
                "sum": {"property": "value", "atLeast": at_least},
                "within": last(days),
            }}),
            Self::Number { property, at_least } => json!({"property": {"name": property, "atLeast": at_least}}),
            Self::Text { property, values } => match values.as_slice() {
                [value] => json!({"property": {"name": property, "equals": value}}),
                values => json!({"property": {"name": property, "in": values}}),
            },
            Self::Within { property, days } => json!({"property": {"name": property, "within": last(days)}}),
            Self::Consent { channel, status, days } => {
                let mut consent = json!({"channel": channel, "status": status});
                if let Some(days) = days {
                    consent["within"] = last(days);
                }
                json!({"consent": consent})
            }
            Self::Near { latitude, longitude, miles } => json!({"location": {
                "within": format!("{miles}mi"),
                "of": {"latitude": latitude, "longitude": longitude},
            }}),
            Self::List { number } => json!({"list": {"id": format!("vip-{number}")}}),
            Self::Item { topic } => json!({"property": {"name": "interests", "hasItem": format!("topic-{topic}")}}),
        };
        document["name"] = json!(name);
        document
    }
}

/// Draws one criterion of a kind.
type Draw = fn(&mut Dice) -> Criterion;

/// Kinds: how many of twenty, and how to draw one.
pub(crate) const KINDS: &[(usize, Draw)] =
    &[(8, count), (2, sum), (2, number), (3, text), (1, within), (2, consent), (1, near), (1, list)];

/// Distinct criteria of each kind, about `size` in all.
pub(crate) fn pools(dice: &mut Dice, size: usize) -> Vec<Vec<Criterion>> {
    let pool = |(of_twenty, draw): &(usize, Draw)| {
        let wanted = (size * of_twenty / 20).max(1);
        let mut seen = HashSet::new();
        let mut pool = Vec::new();
        for _ in 0..wanted * 50 {
            let criterion = draw(dice);
            if pool.len() < wanted && seen.insert(criterion.clone()) {
                pool.push(criterion);
            }
        }
        pool
    };
    KINDS.iter().map(pool).collect()
}

fn count(dice: &mut Dice) -> Criterion {
    let (at_least, days) = dice.pick(&[
        (1, 30),
        (1, 7),
        (1, 60),
        (1, 90),
        (2, 30),
        (2, 60),
        (2, 90),
        (3, 90),
        (3, 180),
        (4, 180),
        (5, 180),
        (5, 365),
        (2, 365),
        (3, 365),
    ]);
    // Neighbours of round windows make many distinct criteria out of few metrics.
    Criterion::Count { metric: dice.pick(&METRICS), at_least, days: days + dice.below(3) as u64 }
}

fn sum(dice: &mut Dice) -> Criterion {
    Criterion::Sum {
        campaigns: format!("campaign-{}", 1 + dice.below(4)),
        at_least: dice.pick(&[50, 100, 200, 500]),
        days: dice.pick(&[30, 90, 180, 365]),
    }
}

fn number(dice: &mut Dice) -> Criterion {
    if dice.below(8) == 0 {
        return Criterion::Number { property: "tier", at_least: 2 + dice.below(4) as u64 };
    }
    Criterion::Number { property: "lifetime_value", at_least: 10 * (1 + dice.below(200) as u64) }
}

fn text(dice: &mut Dice) -> Criterion {
    if dice.below(2) == 0 {
        let countries = ["US", "GB", "CA", "DE", "FR", "AU", "NL", "ES", "JP", "BR"];
        let mut values = [dice.pick(&countries).to_owned(), dice.pick(&countries).to_owned()].to_vec();
        values.sort();
        values.dedup();
        return Criterion::Text { property: "country", values };
    }
    let many = 1 + dice.below(20);
    let mut values: Vec<String> = (0..many).map(|_| format!("city-{}", dice.below(2000))).collect();
    values.sort();
    values.dedup();
    Criterion::Text { property: "city", values }
}

fn within(dice: &mut Dice) -> Criterion {
    Criterion::Within { property: "last_seen", days: 5 + dice.below(300) as u64 }
}

fn consent(dice: &mut Dice) -> Criterion {
    let days = dice.pick(&[None, Some(30), Some(90), Some(180), Some(365), Some(400), Some(500), Some(730)]);
    Criterion::Consent {
        channel: dice.pick(&["email", "sms"]),
        status: dice.pick(&["subscribed", "unsubscribed", "never"]),
        days,
    }
}

fn near(dice: &mut Dice) -> Criterion {
    let longitude = i16::try_from(dice.below(50)).unwrap_or(0) - 120;
    let latitude = u8::try_from(28 + dice.below(18)).unwrap_or(40);
    Criterion::Near { latitude, longitude, miles: dice.pick(&[25, 50, 100, 200]) }
}

fn list(dice: &mut Dice) -> Criterion {
    if dice.below(2) == 0 {
        return Criterion::List { number: dice.below(10) };
    }
    Criterion::Item { topic: dice.below(50) }
}
