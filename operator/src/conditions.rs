//! Conditions as the API conventions want them: one entry a type, a transition time that moves only with the status. Pure.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use serde::Serialize;

use crate::names::condition::{READY, RECONCILING, STALLED};

/// The longest status, in bytes of JSON: it is written often, and read by everybody.
pub(crate) const STATUS_MAX: usize = 4096;
/// The longest message that is written. A state is told in two of them.
const MESSAGE_MAX: usize = 768;

/// The status of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Truth {
    True,
    False,
    Unknown,
}

impl Truth {
    fn text(self) -> &'static str {
        match self {
            Self::True => "True",
            Self::False => "False",
            Self::Unknown => "Unknown",
        }
    }
}

impl From<bool> for Truth {
    fn from(value: bool) -> Self {
        if value { Self::True } else { Self::False }
    }
}

/// A condition as it should be, without its history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Facet {
    pub(crate) type_: &'static str,
    pub(crate) status: Truth,
    pub(crate) reason: &'static str,
    pub(crate) message: String,
}

impl Facet {
    pub(crate) fn new(
        type_: &'static str,
        status: impl Into<Truth>,
        reason: &'static str,
        message: impl Into<String>,
    ) -> Self {
        Self { type_, status: status.into(), reason, message: message.into() }
    }
}

/// How an object is as a whole; kstatus reads it from three conditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Summary {
    /// All is as it should be.
    Ready,
    /// It will be, by itself.
    Reconciling,
    /// A person has to do something.
    Stalled,
}

impl Summary {
    /// The three conditions that kstatus reads.
    pub(crate) fn facets(self, reason: &'static str, message: &str) -> [Facet; 3] {
        let of = |type_, own| {
            let message = if self == own { message } else { "" };
            Facet::new(type_, self == own, reason, message)
        };
        let mut ready = of(READY, Self::Ready);
        message.clone_into(&mut ready.message);
        [ready, of(RECONCILING, Self::Reconciling), of(STALLED, Self::Stalled)]
    }
}

/// Whether a condition is true.
pub(crate) fn holds(condition: &Condition) -> bool {
    condition.status == Truth::True.text()
}

/// The new conditions: those of the facets, in their order, with the old transition times where the status stays.
pub(crate) fn merge(old: &[Condition], facets: Vec<Facet>, generation: i64, now: Timestamp) -> Vec<Condition> {
    let condition = |facet: Facet| {
        let before = old.iter().find(|condition| condition.type_ == facet.type_);
        let since = before.filter(|condition| condition.status == facet.status.text());
        Condition {
            type_: facet.type_.to_owned(),
            status: facet.status.text().to_owned(),
            reason: facet.reason.to_owned(),
            message: shortened(&facet.message, MESSAGE_MAX),
            observed_generation: Some(generation),
            last_transition_time: since.map_or(Time(now), |condition| condition.last_transition_time.clone()),
        }
    };
    facets.into_iter().map(condition).collect()
}

/// A message that takes at most so many bytes in JSON, and says whether it has been cut.
pub(crate) fn shortened(message: &str, most: usize) -> String {
    if cut(message, most).len() == message.len() {
        return message.to_owned();
    }
    format!("{} ...", cut(message, most - 4))
}

/// The beginning of a text that takes at most so many bytes in JSON.
pub(crate) fn cut(text: &str, most: usize) -> &str {
    let mut bytes = 0;
    let beyond = text.char_indices().find(|(_, character)| {
        bytes += match character {
            '"' | '\\' | '\n' | '\r' | '\t' => 2,
            control if *control < ' ' => 6,
            other => other.len_utf8(),
        };
        bytes > most
    });
    beyond.map_or(text, |(end, _)| &text[..end])
}

/// Whether a status is small enough.
pub(crate) fn fits(status: &impl Serialize) -> bool {
    serde_json::to_string(status).is_ok_and(|text| text.len() <= STATUS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn facet(status: bool, message: &str) -> Vec<Facet> {
        vec![Facet::new("Ready", status, "Because", message)]
    }

    #[test]
    fn the_transition_time_moves_only_with_the_status() {
        let first = merge(&[], facet(false, "a"), 1, at(1));
        let second = merge(&first, facet(false, "b"), 2, at(2));
        assert_eq!((second[0].last_transition_time.0, second[0].message.as_str()), (at(1), "b"));
        assert_eq!(merge(&second, facet(true, "b"), 2, at(3))[0].last_transition_time.0, at(3));
    }

    #[test]
    fn the_same_state_again_gives_the_same_conditions() {
        let first = merge(&[], facet(true, "a"), 1, at(1));
        assert_eq!(merge(&first, facet(true, "a"), 1, at(9)), first);
    }

    #[test]
    fn of_the_three_summaries_one_is_true() {
        for summary in [Summary::Ready, Summary::Reconciling, Summary::Stalled] {
            let facets = summary.facets("Because", "why");
            assert_eq!(facets.iter().filter(|facet| facet.status == Truth::True).count(), 1);
            assert_eq!(facets[0].message, "why");
        }
    }

    #[test]
    fn a_long_message_is_cut_between_characters() {
        for text in ["ü", "\"", "\\", "\n", "\u{1}", "\u{7f}", "a"] {
            let message = shortened(&text.repeat(2000), 99);
            let size = serde_json::to_string(&message).unwrap().len() - 2;
            assert!((90..=99).contains(&size) && message.ends_with(&format!("{text} ...")), "{message:?}");
        }
        assert_eq!(shortened(&"ü".repeat(49), 98), "ü".repeat(49));
    }
}
