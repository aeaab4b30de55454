//! A chunk of lines, parsed: what is known of each line before profiles have numbers. Pure.
//!
//! The bytes that are needed later lie one after the other in an arena, so that a chunk costs few allocations.

use std::{collections::HashMap, hash::Hasher, ops::Range, sync::Arc};

use segment_rules::{Kind, Value};
use siphasher::sip::SipHasher24;

use super::{
    BadLine,
    input::Chunk,
    line::{self, Consent, ProfileLine},
};

/// A profile's id as two hashes: 128 bits, of which the first half is the server's `sipHash64`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ProfileKey {
    pub(super) hash: u64,
    pub(super) check: u64,
}

/// Texts that many lines share, each once, by number.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) texts: Vec<Arc<str>>,
    numbers: HashMap<Arc<str>, u32>,
    last: u32,
}

/// Parsed profiles.
#[derive(Debug, Default)]
pub(super) struct ProfileChunk {
    pub(super) accounts: Names,
    pub(super) profiles: Vec<ParsedProfile>,
}

/// A profile and its traits.
#[derive(Debug)]
pub(super) struct ParsedProfile {
    /// Number in the chunk's accounts.
    pub(super) account: u32,
    pub(super) key: ProfileKey,
    pub(super) id: Box<str>,
    /// Number of the line among all lines.
    pub(super) offset: u64,
    pub(super) traits: Vec<Trait>,
}

/// A trait, as the tables have it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Trait {
    pub(super) name: String,
    pub(super) kind: i8,
    pub(super) text: String,
    pub(super) number: f64,
    pub(super) time_ms: i64,
    pub(super) day: i32,
    pub(super) items: Vec<String>,
    pub(super) latitude: f64,
    pub(super) longitude: f64,
    pub(super) set_ms: i64,
}

/// Parsed events.
#[derive(Debug, Default)]
pub(super) struct EventChunk {
    pub(super) accounts: Names,
    pub(super) metrics: Names,
    pub(super) events: Vec<ParsedEvent>,
    /// Profile ids and properties.
    pub(super) arena: Vec<u8>,
}

/// An event.
#[derive(Debug)]
pub(super) struct ParsedEvent {
    /// Number in the chunk's accounts.
    pub(super) account: u32,
    /// Number in the chunk's metrics.
    pub(super) metric: u32,
    pub(super) profile: ProfileKey,
    /// The profile's id in the arena.
    pub(super) profile_id: Range<u32>,
    pub(super) time_ms: i64,
    /// `sipHash64` of the event's id.
    pub(super) event: u64,
    /// Names and encoded values in the arena, one after the other, each as its length in four bytes and its text.
    pub(super) properties: Range<u32>,
    /// Number of the line among all lines.
    pub(super) offset: u64,
}

impl ProfileKey {
    pub(super) fn of(id: &str) -> Self {
        Self { hash: sip(SipHasher24::new(), id), check: sip(SipHasher24::new_with_keys(1, 0), id) }
    }
}

fn sip(mut hasher: SipHasher24, text: &str) -> u64 {
    hasher.write(text.as_bytes());
    hasher.finish()
}

impl Names {
    /// The number of a text.
    pub(super) fn number(&mut self, text: &str) -> u32 {
        if self.texts.get(self.last as usize).is_some_and(|last| **last == *text) {
            return self.last;
        }
        self.last = self.numbers.get(text).copied().unwrap_or_else(|| {
            let number = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
            let text: Arc<str> = text.into();
            self.texts.push(Arc::clone(&text));
            self.numbers.insert(text, number);
            number
        });
        self.last
    }

    /// For each text its place in their order.
    pub(super) fn ranks(&self) -> Vec<u32> {
        let mut order: Vec<usize> = (0..self.texts.len()).collect();
        order.sort_unstable_by_key(|number| &self.texts[*number]);
        let mut ranks = vec![0; order.len()];
        for (rank, number) in (0..).zip(order) {
            ranks[number] = rank;
        }
        ranks
    }
}

/// Parses lines of profiles.
pub(super) fn profiles(chunk: &Chunk) -> Result<ProfileChunk, BadLine> {
    let mut parsed = ProfileChunk::default();
    for_each_line(chunk, |offset, text| {
        let line = line::profile(text)?;
        parsed.profiles.push(ParsedProfile {
            account: parsed.accounts.number(&line.account),
            key: ProfileKey::of(&line.id),
            id: line.id.as_ref().into(),
            offset,
            traits: traits(line),
        });
        Ok(())
    })?;
    Ok(parsed)
}

/// Parses lines of events.
pub(super) fn events(chunk: &Chunk) -> Result<EventChunk, BadLine> {
    let mut parsed = EventChunk::default();
    let mut encoded = String::new();
    for_each_line(chunk, |offset, text| {
        let line = line::event(text)?;
        let profile_id = push(&mut parsed.arena, |arena| arena.extend_from_slice(line.profile.as_bytes()));
        let properties = push(&mut parsed.arena, |arena| {
            for (name, value) in &line.properties {
                push_text(arena, name);
                encoded.clear();
                value.encode_to(&mut encoded);
                push_text(arena, &encoded);
            }
        });
        parsed.events.push(ParsedEvent {
            account: parsed.accounts.number(&line.account),
            metric: parsed.metrics.number(&line.metric),
            profile: ProfileKey::of(&line.profile),
            profile_id,
            time_ms: line.time_ms,
            event: sip(SipHasher24::new(), &line.id),
            properties,
            offset,
        });
        Ok(())
    })?;
    Ok(parsed)
}

/// The accounts of lines and how many lines each has; bad lines are left for later.
pub(super) fn count_accounts(chunk: &Chunk) -> Result<HashMap<String, u64>, BadLine> {
    let mut counts = HashMap::new();
    for_each_line(chunk, |_, text| {
        if let Some(account) = line::account(text) {
            match counts.get_mut(account.as_ref()) {
                Some(count) => *count += 1,
                None => {
                    counts.insert(account.into_owned(), 1);
                }
            }
        }
        Ok(())
    })
    .map(|()| counts)
}

fn for_each_line(chunk: &Chunk, mut each: impl FnMut(u64, &str) -> Result<(), String>) -> Result<(), BadLine> {
    let lines = chunk.bytes.split(|byte| *byte == b'\n');
    for (number, line) in (0..).zip(lines) {
        if line.trim_ascii().is_empty() {
            continue;
        }
        let read = match std::str::from_utf8(line) {
            Ok(text) => each(chunk.offset + number, text),
            Err(error) => Err(error.to_string()),
        };
        read.map_err(|reason| BadLine { file: chunk.name.to_string(), line: chunk.first_line + number, reason })?;
    }
    Ok(())
}

/// Lets something be added to the arena; where it is then.
fn push(arena: &mut Vec<u8>, add: impl FnOnce(&mut Vec<u8>)) -> Range<u32> {
    let from = arena.len();
    add(arena);
    // A chunk holds a few times the longest line at most, and that is 64 MiB.
    let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    place(from)..place(arena.len())
}

fn push_text(arena: &mut Vec<u8>, text: &str) {
    let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
    arena.extend_from_slice(&length.to_le_bytes());
    arena.extend_from_slice(text.as_bytes());
}

fn traits(line: ProfileLine<'_>) -> Vec<Trait> {
    let properties = line.properties.into_iter().map(|(path, value)| property(&path, value));
    let consents = line.consents.into_iter().map(consent);
    let lists = line.lists.into_iter().map(|list| Trait {
        name: format!("list/{list}"),
        kind: Kind::Bool as i8,
        text: "true".to_owned(),
        ..Trait::unset()
    });
    let location = line.location.into_iter().map(|(latitude, longitude)| Trait {
        name: "geo".to_owned(),
        kind: Kind::Point as i8,
        latitude,
        longitude,
        ..Trait::unset()
    });
    properties.chain(consents).chain(lists).chain(location).collect()
}

impl Trait {
    /// Nobody knows since when.
    fn unset() -> Self {
        Self { set_ms: i64::MIN, ..Self::default() }
    }

    /// A trait that was taken away.
    pub(super) fn absent(name: String) -> Self {
        Self { name, kind: Kind::Absent as i8, ..Self::unset() }
    }
}

fn property(path: &str, value: Value) -> Trait {
    Trait {
        name: format!("p/{path}"),
        kind: value.kind() as i8,
        text: value.text().unwrap_or_default().to_owned(),
        number: value.number().unwrap_or_default(),
        time_ms: value.time_ms().unwrap_or_default(),
        day: value.day().unwrap_or_default(),
        items: if let Value::List(items) = value { items } else { Vec::new() },
        ..Trait::unset()
    }
}

fn consent(consent: Consent) -> Trait {
    Trait {
        name: format!("consent/{}", consent.channel),
        kind: Kind::Text as i8,
        text: consent.status,
        set_ms: consent.time_ms.unwrap_or(i64::MIN),
        ..Trait::default()
    }
}
