//! The properties of a batch's events: all of them, and those that pairs of metric and property name. Pure.

use std::collections::{BTreeSet, HashMap};

use segment_rules::Value;

use super::{Event, Texts};
use crate::load::{backfill::PairsOfShard, chunk::Names, partitions};

/// Rows of an insert into `event_properties`, about.
const ROWS_OF_AN_INSERT: usize = 1_000_000;

/// A row of `event_properties`.
pub(super) struct Property<'a> {
    pub(super) event: &'a Event,
    /// Its number in [`Wanted`].
    pub(super) name: u32,
    /// Encoded; `None`: the event has no such property, which an earlier version may have had.
    pub(super) value: Option<&'a [u8]>,
}

/// Which properties of an account's metric have rows, as numbers of their names.
pub(super) struct Wanted<'a> {
    metrics: &'a Names,
    pairs: &'a PairsOfShard,
    names: Names,
    known: HashMap<(u64, u32), Vec<u32>>,
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

    /// An insert's worth of rows in the order of the events, and how many events they are of.
    pub(super) fn take<'e>(&mut self, texts: &'e Texts, events: &'e [Event]) -> (usize, Vec<Property<'e>>) {
        let Self { metrics, pairs, names, known } = self;
        let mut rows = Vec::new();
        for (taken, event) in events.iter().enumerate() {
            if rows.len() >= ROWS_OF_AN_INSERT {
                return (taken, rows);
            }
            let wanted = known.entry((event.account, event.metric)).or_insert_with(|| {
                let metric = &metrics.texts[event.metric as usize];
                let wanted: BTreeSet<u32> =
                    pairs.properties(event.account, metric).map(|name| names.number(name)).collect();
                wanted.into_iter().collect()
            });
            rows.extend(wanted.iter().map(|property| {
                let name = names.texts[*property as usize].as_bytes();
                let value = texts.properties(event).find(|(other, _)| *other == name).map(|(_, value)| value);
                Property { event, name: *property, value }
            }));
        }
        (events.len(), rows)
    }

    /// Brings rows, which come in the order of the events, into that of the table.
    pub(super) fn sort(&self, rows: &mut [Property<'_>], metrics: &[u32]) {
        let properties = self.names.ranks();
        rows.sort_by_key(|Property { event, name, .. }| {
            let (metric, name) = (metrics[event.metric as usize], properties[*name as usize]);
            (event.account, event.bucket, metric, name, partitions::day(event.time_ms))
        });
    }
}
