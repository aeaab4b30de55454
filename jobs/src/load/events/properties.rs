//! The properties of a batch's events: all of them, and those that pairs of metric and property name. Pure.

use std::collections::{BTreeSet, HashMap};

use segment_rules::{PropertyPair, Value};

use super::{Event, Texts};
use crate::load::{backfill::PairsOfShard, chunk::Names, partitions};

/// Rows of an insert, about.
const ROWS_OF_AN_INSERT: usize = 1_000_000;

/// Rows of an insert's worth of events, in the order of the events until they are sorted.
#[derive(Default)]
pub(super) struct Rows<'a> {
    pub(super) properties: Vec<Property<'a>>,
    pub(super) amounts: Vec<Amount<'a>>,
}

/// A row of `event_properties`.
pub(super) struct Property<'a> {
    pub(super) event: &'a Event,
    /// Its number in [`Wanted`].
    pub(super) name: u32,
    /// Encoded; `None`: the event has no such property, which an earlier version may have had.
    pub(super) value: Option<&'a [u8]>,
}

/// A row of `event_amounts`.
pub(super) struct Amount<'a> {
    pub(super) event: &'a Event,
    /// The number in [`Wanted`] of the property that has the text.
    pub(super) name: u32,
    /// And of the one that has the number.
    pub(super) summed: u32,
    /// Encoded, as for a property.
    pub(super) text: Option<&'a [u8]>,
    /// The same.
    pub(super) number: Option<&'a [u8]>,
}

/// A property that gets a row, and the one whose number stands beside its text.
type Wish = (u32, Option<u32>);

/// Which properties of an account's metric have rows, as numbers of their names.
pub(super) struct Wanted<'a> {
    metrics: &'a Names,
    pairs: &'a PairsOfShard,
    names: Names,
    /// By account and number of the metric.
    known: HashMap<(u64, u32), BTreeSet<Wish>>,
}

impl Texts {
    /// Names and encoded values of an event's properties.
    pub(super) fn properties(&self, event: &Event) -> impl Iterator<Item = (&[u8], &[u8])> + Clone {
        let (from, to) = event.properties;
        let mut rest = &self.arenas[event.arena as usize][from as usize..to as usize];
        std::iter::from_fn(move || Some((text(&mut rest)?, text(&mut rest)?)))
    }
}

/// Takes the next text: its length in four bytes, and its bytes.
fn text<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, after) = rest.split_first_chunk::<4>()?;
    let (text, after) = after.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    *rest = after;
    Some(text)
}

/// What was encoded when the line was parsed.
pub(super) fn decode(encoded: &[u8]) -> Option<Value> {
    Value::decode(std::str::from_utf8(encoded).ok()?)
}

impl<'a> Wanted<'a> {
    pub(super) fn new(metrics: &'a Names, pairs: &'a PairsOfShard) -> Self {
        Self { metrics, pairs, names: Names::default(), known: HashMap::new() }
    }

    /// The names that properties are numbered by.
    pub(super) fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.names.texts.iter().map(AsRef::as_ref)
    }

    /// An insert's worth of rows, and how many events they are of.
    pub(super) fn take<'e>(&mut self, texts: &'e Texts, events: &'e [Event]) -> (usize, Rows<'e>) {
        let mut rows = Rows::default();
        for (taken, event) in events.iter().enumerate() {
            if rows.properties.len() >= ROWS_OF_AN_INSERT {
                return (taken, rows);
            }
            let Self { metrics, pairs, names, known } = self;
            let wanted = known.entry((event.account, event.metric)).or_insert_with(|| {
                let pairs = pairs.of_metric(event.account, &metrics.texts[event.metric as usize]);
                let mut number = |name: &str| names.number(name);
                pairs.map(|pair| (number(&pair.property), summed(pair).map(&mut number))).collect()
            });
            let value = |number: u32| {
                let name = names.texts[number as usize].as_bytes();
                texts.properties(event).find(|(other, _)| *other == name).map(|(_, value)| value)
            };
            for (name, summed) in wanted.iter().copied() {
                match summed {
                    None => rows.properties.push(Property { event, name, value: value(name) }),
                    Some(summed) => {
                        rows.amounts.push(Amount { event, name, summed, text: value(name), number: value(summed) });
                    }
                }
            }
        }
        (events.len(), rows)
    }

    /// Brings rows, which come in the order of the events, into that of their tables.
    pub(super) fn sort(&self, rows: &mut Rows<'_>, metrics: &[u32]) {
        let names = self.names.ranks();
        let key = |event: &Event, properties: [u32; 2]| {
            let [name, summed] = properties.map(|number| names[number as usize]);
            (event.account, event.bucket, metrics[event.metric as usize], name, summed, partitions::day(event.time_ms))
        };
        rows.properties.sort_by_key(|row| key(row.event, [row.name; 2]));
        rows.amounts.sort_by_key(|row| key(row.event, [row.name, row.summed]));
    }
}

/// The property whose number a pair wants beside the text.
fn summed(pair: &PropertyPair) -> Option<&str> {
    Some(pair.summed.as_str()).filter(|summed| !summed.is_empty())
}
