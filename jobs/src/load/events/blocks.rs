//! Rows of events and of their properties as blocks of columns; the columns are documented in the tables. Pure.

use segment_rules::{Kind, Value};

use super::{
    Event, Job,
    properties::{self, Amount, Property, Wanted},
};
use crate::load::{native::Block, partitions, rows::version};

/// Rows of a block. The server puts the blocks of an insert together again.
pub(super) const BLOCK_ROWS: usize = 32_768;

const TIME: &str = "DateTime64(3, 'UTC')";

impl Job {
    /// Rows of `events_by_profile`.
    pub(super) fn events_block(&self, events: &[Event]) -> Vec<u8> {
        let mut block = Block::new(events.len());
        self.places(&mut block, || events.iter());
        block.maps("properties", events.iter().map(|event| self.texts.properties(event)));
        block.finish()
    }

    /// Rows of `event_properties`.
    pub(super) fn properties_block(&self, wanted: &Wanted<'_>, rows: &[Property<'_>]) -> Vec<u8> {
        let values: Vec<Option<Value>> = rows.iter().map(|row| row.value.and_then(properties::decode)).collect();
        let value = || values.iter().map(Option::as_ref);
        let mut block = Block::new(rows.len());
        self.places(&mut block, || rows.iter().map(|row| row.event));
        block.names("property", wanted.names(), rows.iter().map(|row| row.name));
        let day = |row: &Property<'_>| partitions::day(row.event.time_ms).to_le_bytes();
        block.fixed("day", "Date", rows.iter().map(day));
        let kind = |value: Option<&Value>| value.map_or(Kind::Absent, Value::kind) as i8;
        block.fixed("kind", "Int8", value().map(|value| kind(value).to_le_bytes()));
        block.texts("text", value().map(|value| value.and_then(Value::text).unwrap_or_default().as_bytes()));
        block.fixed("number", "Float64", value().map(|value| of(value, Value::number).to_le_bytes()));
        let amount = |value: Option<&Value>| value.and_then(Value::amount).map(i128::to_le_bytes);
        block.nullable("amount", "Nullable(Int128)", value().map(amount));
        block.fixed("time_ms", "Int64", value().map(|value| of(value, Value::time_ms).to_le_bytes()));
        block.fixed("value_day", "Int32", value().map(|value| of(value, Value::day).to_le_bytes()));
        block.lists("items", value().map(|value| value.map_or(&[][..], Value::items).iter().map(String::as_bytes)));
        block.finish()
    }

    /// Rows of `event_amounts`.
    pub(super) fn amounts_block(&self, wanted: &Wanted<'_>, rows: &[Amount<'_>]) -> Vec<u8> {
        let values: Vec<Option<(Value, i128)>> = rows.iter().map(Amount::value).collect();
        let mut block = Block::new(rows.len());
        self.places(&mut block, || rows.iter().map(|row| row.event));
        block.names("property", wanted.names(), rows.iter().map(|row| row.name));
        block.names("summed", wanted.names(), rows.iter().map(|row| row.summed));
        block.fixed("day", "Date", rows.iter().map(|row| partitions::day(row.event.time_ms).to_le_bytes()));
        block.fixed("counts", "UInt8", values.iter().map(|value| [u8::from(value.is_some())]));
        let texts = values.iter().map(|value| value.as_ref().and_then(|(value, _)| value.text()).unwrap_or_default());
        block.texts("text", texts.map(str::as_bytes));
        let amount = |value: &Option<(Value, i128)>| value.as_ref().map_or(0, |(_, amount)| *amount).to_le_bytes();
        block.fixed("amount", "Int128", values.iter().map(amount));
        block.finish()
    }

    /// What all tables say of an event.
    fn places<'a, I: Iterator<Item = &'a Event>>(&self, block: &mut Block, events: impl Fn() -> I) {
        let metrics = &self.texts.metrics.texts;
        block.fixed("account", "UInt64", events().map(|event| event.account.to_le_bytes()));
        block.fixed("bucket", "UInt16", events().map(|event| event.bucket.to_le_bytes()));
        block.fixed("profile_no", "UInt32", events().map(|event| event.profile_no.to_le_bytes()));
        block.names("metric", metrics.iter().map(AsRef::as_ref), events().map(|event| event.metric));
        block.fixed("time", TIME, events().map(|event| event.time_ms.to_le_bytes()));
        block.fixed("event", "UInt64", events().map(|event| event.id.to_le_bytes()));
        let version = |event: &Event| version(self.version, event.offset).to_le_bytes();
        block.fixed("version", "UInt128", events().map(version));
    }
}

impl Amount<'_> {
    /// A value that has a text form, and the amount beside it; `None`: one of both is missing.
    fn value(&self) -> Option<(Value, i128)> {
        let text = properties::decode(self.text?).filter(|value| value.text().is_some())?;
        Some((text, properties::decode(self.number?)?.amount()?))
    }
}

fn of<T: Default>(value: Option<&Value>, get: impl FnOnce(&Value) -> Option<T>) -> T {
    value.and_then(get).unwrap_or_default()
}
