//! Where time comes from. Every evaluation takes its instant from here, so that it can be repeated at any other.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// The system's clock, or one that stands at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// Real time.
    System,
    /// Always this instant, in Unix milliseconds.
    Fixed(i64),
}

/// Which kind of clock a store was made with; the other kind is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClockKind {
    /// Real time.
    System,
    /// Instants given on the command line.
    Fixed,
}

impl Clock {
    /// Now, in Unix milliseconds.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks the system")]
    pub fn now_ms(self) -> i64 {
        match self {
            Self::System => jiff::Timestamp::now().as_millisecond(),
            Self::Fixed(ms) => ms,
        }
    }

    /// Which kind of clock this is.
    pub fn kind(self) -> ClockKind {
        match self {
            Self::System => ClockKind::System,
            Self::Fixed(_) => ClockKind::Fixed,
        }
    }
}

impl fmt::Display for ClockKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::System => "system",
            Self::Fixed => "fixed",
        })
    }
}

impl FromStr for Clock {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "system" {
            return Ok(Self::System);
        }
        text.parse::<jiff::Timestamp>()
            .map(|instant| Self::Fixed(instant.as_millisecond()))
            .map_err(|_| format!("`{text}` is no clock: write `system` or an instant such as 1998-06-30T00:00:00Z"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fixed_clock_stands_still() {
        let clock: Clock = "1998-06-30T00:00:00.123456Z".parse().unwrap();
        assert_eq!(clock, Clock::Fixed(899_164_800_123));
        assert_eq!(clock.now_ms(), clock.now_ms());
    }

    #[test]
    fn other_texts_are_no_clocks() {
        assert!("yesterday".parse::<Clock>().unwrap_err().contains("write `system`"));
    }
}
