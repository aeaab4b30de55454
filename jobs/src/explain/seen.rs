//! What was seen of a profile, for people: counts, values, distances. Pure.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use segment_rules::{
    Expression, NamedCriterion, NamedLeaf,
    canonical::{Criterion, ZoneName},
    instants::{self, Interval},
    sip_hash_64,
};

use super::window::{self, SeenWindow, instant};

/// Metres of the sphere's radius.
const EARTH_M: f64 = 6_371_008.8;
/// Billionths in one.
const BILLION: i128 = 1_000_000_000;

/// What was seen of a profile for one criterion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// A value or a count, such as `3 events, latest 1998-06-01T00:00:00Z`.
    pub text: String,
    /// The window in which that was looked for; `None` where there is none.
    pub window: Option<SeenWindow>,
}

/// A trait that the profile has.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Trait {
    pub(super) kind: String,
    pub(super) text: String,
    pub(super) items: Vec<String>,
    pub(super) latitude: f64,
    pub(super) longitude: f64,
    pub(super) set_ms: i64,
}

/// An event that a source chose.
#[derive(Clone, Debug)]
pub(super) struct Event {
    pub(super) metric: String,
    pub(super) ms: i64,
    /// Hash of its id.
    pub(super) id: u64,
    pub(super) number: f64,
    pub(super) amount: Option<i128>,
}

impl PartialEq for Event {
    /// The events are of one profile.
    fn eq(&self, other: &Self) -> bool {
        (self.id, self.ms, &self.metric) == (other.id, other.ms, &other.metric)
    }
}

/// Events in order of time, by criterion and the place of their source in it.
pub(super) type Events = HashMap<(u64, usize), Vec<Event>>;

/// All that is needed of one profile.
pub(super) struct Data<'a> {
    pub(super) profile: &'a str,
    pub(super) as_of_ms: i64,
    pub(super) criteria: BTreeMap<u64, &'a Criterion>,
    pub(super) traits: BTreeMap<String, Trait>,
    pub(super) events: Events,
}

/// What was seen for a named criterion. All its leaves look at the same, so the first one is shown.
pub(super) fn seen(criterion: &NamedCriterion, data: &Data<'_>, is_held: &impl Fn(&NamedLeaf) -> bool) -> Seen {
    let Some(leaf) = first_leaf(&criterion.expression) else {
        return Seen { text: "the same for every profile".to_owned(), window: None };
    };
    match leaf {
        NamedLeaf::Segment { name, .. } => {
            let text = if is_held(leaf) { format!("a member of {name}") } else { format!("no member of {name}") };
            Seen { text, window: None }
        }
        NamedLeaf::Criterion(id) => match data.criteria.get(id) {
            Some(canonical) => data.seen(*id, canonical),
            None => Seen { text: String::new(), window: None },
        },
    }
}

fn first_leaf<Leaf>(expression: &Expression<Leaf>) -> Option<&Leaf> {
    let mut first = None;
    expression.for_each_leaf(&mut |leaf| {
        first.get_or_insert(leaf);
    });
    first
}

impl Data<'_> {
    fn seen(&self, id: u64, criterion: &Criterion) -> Seen {
        let window = window::of(criterion, self.as_of_ms);
        let events = self.events(id, 0, window.as_ref().map(|window| window.interval));
        let text = match criterion {
            Criterion::Trait { key, .. } => self.trait_text(key),
            Criterion::Near { latitude, longitude, .. } => self.distance(*latitude, *longitude),
            Criterion::Sample { salt, .. } => self.share(salt),
            Criterion::Count { .. } => counted(&events),
            Criterion::DistinctDays { zone, .. } => days(&events, zone),
            Criterion::Sum { property, .. } => amounts(&events, "sum", property, |sum, _| decimal(sum)),
            Criterion::Average { property, .. } => {
                amounts(&events, "average", property, |sum, count| decimal(sum / count))
            }
            Criterion::Extreme { property, greatest, .. } => extreme(&events, property, *greatest),
            Criterion::Edge { latest, has, .. } => self.edge(id, *latest, !has.is_empty()),
            Criterion::Regular { every_s, of, .. } => self.periods(&events, *every_s, *of),
            Criterion::Sequence { steps, .. } => {
                let interval = window.as_ref().map(|window| window.interval);
                let steps = (0..steps.len()).map(|step| (step + 1, self.events(id, step, interval)));
                let steps = steps.map(|(step, events)| format!("step {step}: {}", counted(&events)));
                steps.collect::<Vec<_>>().join("; ")
            }
        };
        Seen { text, window }
    }

    /// The events of a source that lie in an interval.
    fn events(&self, id: u64, place: usize, interval: Option<Interval>) -> Vec<&Event> {
        let events = self.events.get(&(id, place)).into_iter().flatten();
        events.filter(|event| interval.is_some_and(|interval| interval.contains(event.ms))).collect()
    }

    fn trait_text(&self, key: &str) -> String {
        let (kind, name) = key.split_once('/').unwrap_or(("", key));
        let found = self.traits.get(key);
        match (kind, found) {
            ("list", Some(_)) => format!("on the list {name}"),
            ("list", None) => format!("not on the list {name}"),
            ("consent", Some(consent)) => match consent.set_ms {
                i64::MIN => format!("{}, time unknown", consent.text),
                ms => format!("{} since {}", consent.text, instant(ms)),
            },
            ("consent", None) => format!("no consent for {name}"),
            (_, Some(property)) => format!("{name} = {}", value(property)),
            (_, None) => format!("{name} is missing"),
        }
    }

    /// By the haversine formula.
    fn distance(&self, latitude: f64, longitude: f64) -> String {
        let Some(place) = self.traits.get("geo") else { return "no location".to_owned() };
        let half = |to: f64, from: f64| ((to - from).to_radians() / 2.0).sin().powi(2);
        let across = latitude.to_radians().cos() * place.latitude.to_radians().cos();
        let chord = half(place.latitude, latitude) + across * half(place.longitude, longitude);
        let metres = 2.0 * EARTH_M * chord.sqrt().min(1.0).asin();
        if metres < 1000.0 { format!("{metres:.0} m away") } else { format!("{:.1} km away", metres / 1000.0) }
    }

    fn share(&self, salt: &str) -> String {
        let hundredths = sip_hash_64(&format!("{salt}\0{}", self.profile)) % 10_000;
        format!("at {}.{:02} % of the sample", hundredths / 100, hundredths % 100)
    }

    /// The latest (or earliest) event of all time.
    fn edge(&self, id: u64, latest: bool, has_conditions: bool) -> String {
        let all = Interval { from_ms: i64::MIN, to_ms: self.as_of_ms + 1 };
        let events = self.events(id, 0, Some(all));
        let (event, which) = if latest { (events.last(), "latest") } else { (events.first(), "earliest") };
        let Some(event) = event else { return "no event".to_owned() };
        let text = format!("{which} {} at {}", event.metric, instant(event.ms));
        match (has_conditions, self.events(id, 1, Some(all)).contains(event)) {
            (false, _) => text,
            (true, true) => format!("{text}, which has all of `has`"),
            (true, false) => format!("{text}, which lacks some of `has`"),
        }
    }

    /// The number of events in each period, the latest first.
    fn periods(&self, events: &[&Event], every_s: i64, of: u32) -> String {
        let mut counts = vec![0_u64; usize::try_from(of).unwrap_or(0)];
        for event in events {
            let period = (self.as_of_ms - event.ms) / (every_s * 1000).max(1);
            if let Some(count) = usize::try_from(period).ok().and_then(|period| counts.get_mut(period)) {
                *count += 1;
            }
        }
        let with_events = counts.iter().filter(|count| **count > 0).count();
        let shown: Vec<String> = counts.iter().take(12).map(u64::to_string).collect();
        let rest = if counts.len() > shown.len() { ", .." } else { "" };
        format!("events in {with_events} of {of} periods, latest first: {}{rest}", shown.join(", "))
    }
}

fn value(property: &Trait) -> String {
    match property.kind.as_str() {
        "number" | "bool" => property.text.clone(),
        "list" => format!("{:?}", property.items),
        _ => format!("{:?}", property.text),
    }
}

fn counted(events: &[&Event]) -> String {
    match events {
        [] => "no event".to_owned(),
        [event] => format!("1 event at {}", instant(event.ms)),
        [.., latest] => format!("{} events, latest {}", events.len(), instant(latest.ms)),
    }
}

fn days(events: &[&Event], zone: &ZoneName) -> String {
    let pieces = instants::day_pieces(zone, 0, i64::MAX);
    let day = |event: &&Event| {
        let piece = pieces.iter().rev().find(|piece| piece.0 <= event.ms);
        (event.ms + piece.map_or(0, |piece| piece.1)).div_euclid(segment_rules::time::DAY_MS)
    };
    let days: BTreeSet<i64> = events.iter().map(day).collect();
    format!("{} on {} {}", counted(events), days.len(), if days.len() == 1 { "day" } else { "days" })
}

/// A sum or an average over the events whose property counts.
fn amounts(events: &[&Event], name: &str, property: &str, text: impl Fn(i128, i128) -> String) -> String {
    let amounts: Vec<i128> = events.iter().filter_map(|event| event.amount).collect();
    let sum = amounts.iter().try_fold(0_i128, |sum, amount| sum.checked_add(*amount));
    match (sum, i128::try_from(amounts.len())) {
        (_, Ok(0)) => format!("no event with a number in {property}"),
        (Some(sum), Ok(count)) => format!("{name} of {property} = {} over {}", text(sum, count), counted(events)),
        _ => format!("{name} of {property} is beyond 10^29"),
    }
}

fn extreme(events: &[&Event], property: &str, greatest: bool) -> String {
    let numbers = events.iter().map(|event| event.number);
    let (found, name) = if greatest { (numbers.reduce(f64::max), "max") } else { (numbers.reduce(f64::min), "min") };
    match found {
        None => format!("no event with a number in {property}"),
        Some(number) => format!("{name} of {property} = {number} over {}", counted(events)),
    }
}

/// Billionths in plain decimal digits.
fn decimal(billionths: i128) -> String {
    let (whole, fraction) =
        (billionths.unsigned_abs() / BILLION.unsigned_abs(), billionths.unsigned_abs() % BILLION.unsigned_abs());
    let sign = if billionths < 0 { "-" } else { "" };
    let text = format!("{sign}{whole}.{fraction:09}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const AS_OF_MS: i64 = 1_000_000_000;

    fn event(ago_s: i64, amount: i128) -> Event {
        let ms = AS_OF_MS - ago_s * 1000;
        Event { metric: "m".to_owned(), ms, id: 1, number: 2.5, amount: Some(amount) }
    }

    fn property(kind: &str, text: &str) -> Trait {
        let items = vec!["a".to_owned(), "b".to_owned()];
        Trait { kind: kind.to_owned(), text: text.to_owned(), items, latitude: 0.0, longitude: 0.0, set_ms: i64::MIN }
    }

    fn data(traits: &[(&str, Trait)], events: Vec<Event>) -> Data<'static> {
        Data {
            profile: "p1",
            as_of_ms: AS_OF_MS,
            criteria: BTreeMap::new(),
            traits: traits.iter().map(|(key, found)| ((*key).to_owned(), found.clone())).collect(),
            events: HashMap::from([((1, 0), events)]),
        }
    }

    #[test]
    fn amounts_are_plain_decimals() {
        for (billionths, text) in [(0, "0"), (-1_500_000_000, "-1.5"), (300_000_000, "0.3"), (20_000_000_000, "20")] {
            assert_eq!(decimal(billionths), text);
        }
    }

    #[test]
    fn values_look_as_in_json() {
        for (kind, text, shown) in [
            ("text", "a\"b", "\"a\\\"b\""),
            ("digits", "20", "\"20\""),
            ("number", "20", "20"),
            ("list", "", "[\"a\", \"b\"]"),
        ] {
            assert_eq!(value(&property(kind, text)), shown);
        }
    }

    #[test]
    fn traits_are_told_by_what_they_are() {
        let mut given = property("text", "subscribed");
        given.set_ms = 0;
        let data = data(&[("consent/sms", given), ("consent/email", property("text", "unsubscribed"))], Vec::new());
        for (key, text) in [
            ("consent/sms", "subscribed since 1970-01-01T00:00:00Z"),
            ("consent/email", "unsubscribed, time unknown"),
            ("consent/push", "no consent for push"),
            ("list/vip", "not on the list vip"),
            ("p/plan", "plan is missing"),
        ] {
            assert_eq!(data.trait_text(key), text);
        }
    }

    #[test]
    fn sums_and_averages_tell_their_events() {
        let events = [event(20, 100_000_000), event(10, 200_000_000)];
        let events: Vec<&Event> = events.iter().collect();
        let latest = instant(AS_OF_MS - 10_000);
        let shown = amounts(&events, "sum", "value", |sum, _| decimal(sum));
        assert_eq!(shown, format!("sum of value = 0.3 over 2 events, latest {latest}"));
        assert_eq!(extreme(&events, "value", true), format!("max of value = 2.5 over 2 events, latest {latest}"));
        assert_eq!(extreme(&[], "value", true), "no event with a number in value");
    }

    #[test]
    fn periods_are_half_open_as_in_the_language() {
        // (as_of - (i + 1) D, as_of - i D]
        let data = data(&[], vec![event(10, 0), event(9, 0), event(0, 0)]);
        let events = data.events(1, 0, Some(Interval { from_ms: 0, to_ms: i64::MAX }));
        assert_eq!(data.periods(&events, 10, 3), "events in 2 of 3 periods, latest first: 2, 1, 0");
    }

    #[test]
    fn distances_follow_the_sphere() {
        let mut here = property("point", "");
        (here.latitude, here.longitude) = (0.0, 1.0);
        let data = data(&[("geo", here)], Vec::new());
        assert_eq!(data.distance(0.0, 0.0), "111.2 km away");
        assert_eq!(data.distance(0.0, 0.999), "111 m away");
    }
}
