//! Which events a statement has to read at all: parameters, so that the server need not work them out from staged rules. Pure.

use jiff::{Span, civil::Date};
use segment_rules::time::DAY_MS;
use segment_sql::{Statement, rule_join as sql};

use super::{
    plan::Rows,
    rows::{SourceRow, WindowRow, form, source},
};
use crate::shards::Call;

/// The last day that events can lie on, as ClickHouse's Date: 2149-06-06.
const LAST_DAY: i64 = 65_535;

/// What a statement of stage 1 reads of events.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reach {
    day_from: Date,
    day_to: Date,
    /// Whether of all its windows it is known who can pass at all.
    narrowed: bool,
}

/// Whose rows say how far a statement reaches.
enum Asks {
    Windows(i8),
    Sources(&'static [i8]),
    Nothing,
}

impl Asks {
    fn of(statement: Statement) -> Self {
        let named = |other: Statement| statement.name() == other.name();
        let windows = [
            (sql::ANY, form::ANY),
            (sql::STRETCHES, form::STRETCHES),
            (sql::FOLLOWS, form::FOLLOWS),
            (sql::COUNTS, form::COUNT),
            (sql::DAYS, form::DAYS),
            (sql::EDGE, form::EDGE),
            (sql::REGULAR, form::REGULAR),
            (sql::SEQUENCE, form::SEQUENCE),
        ];
        let sources: [(Statement, &[i8]); 7] = [
            (sql::PASSING_TEXTS, &[source::FILTERED, source::AMOUNTS]),
            (sql::FILTERED, &[source::FILTERED]),
            (sql::FILTERED_TEXTS, &[source::FILTERED]),
            (sql::COMBINED, &[source::COMBINED]),
            (sql::VALUES, &[source::VALUED]),
            (sql::SUMS, &[source::NUMBERS]),
            (sql::AMOUNT_SUMS, &[source::AMOUNTS]),
        ];
        let of_windows = windows.into_iter().find(|(other, _)| named(*other)).map(|(_, form)| Self::Windows(form));
        let of_sources = || sources.into_iter().find(|(other, _)| named(*other)).map(|(_, forms)| Self::Sources(forms));
        of_windows.or_else(of_sources).unwrap_or(Self::Nothing)
    }
}

impl Reach {
    /// What the statement has to read for these rows.
    pub(super) fn of(statement: Statement, rows: &Rows) -> Self {
        match Asks::of(statement) {
            Asks::Windows(form) => {
                let plain = |row: &&WindowRow| row.form == form && !row.metric.is_empty();
                let windows = || rows.windows.iter().filter(plain);
                let reach = Self::days(windows().map(|row| (row.from_ms, row.to_ms)));
                Self { narrowed: windows().all(|row| row.candidates != 0), ..reach }
            }
            Asks::Sources(forms) => {
                let asked = |row: &&SourceRow| forms.contains(&row.form);
                Self::days(rows.sources.iter().filter(asked).map(|row| (row.reach_from_ms, row.reach_to_ms)))
            }
            Asks::Nothing => Self::days([]),
        }
    }

    /// The UTC days that intervals of instants touch.
    fn days(intervals: impl IntoIterator<Item = (i64, i64)>) -> Self {
        let widest = |one: (i64, i64), other: (i64, i64)| (one.0.min(other.0), one.1.max(other.1));
        let (from_ms, to_ms) = intervals.into_iter().reduce(widest).unwrap_or((0, 0));
        Self { day_from: day(from_ms), day_to: day(to_ms.saturating_sub(1)), narrowed: false }
    }

    /// Binds the parameters; a statement leaves alone those that it does not know.
    pub(super) fn bind<'a>(&self, call: Call<'a>) -> Call<'a> {
        call.param("day_from", self.day_from.to_string())
            .param("day_to", self.day_to.to_string())
            .param("narrowed", u8::from(self.narrowed))
    }
}

fn day(ms: i64) -> Date {
    Date::constant(1970, 1, 1).saturating_add(Span::new().days(ms.div_euclid(DAY_MS).clamp(0, LAST_DAY)))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn days(intervals: &[(i64, i64)]) -> (Date, Date) {
        let Reach { day_from, day_to, .. } = Reach::days(intervals.iter().copied());
        (day_from, day_to)
    }

    #[test]
    fn days_are_those_that_any_interval_touches() {
        let at = |day: i64, ms: i64| day * DAY_MS + ms;
        assert_eq!(days(&[(at(10, 1), at(13, 0))]), (date(1970, 1, 11), date(1970, 1, 13)));
        assert_eq!(days(&[(at(10, 0), at(13, 1)), (at(40, 0), at(41, 0))]), (date(1970, 1, 11), date(1970, 2, 10)));
        assert_eq!(days(&[(i64::MIN, i64::MAX)]), (date(1970, 1, 1), date(2149, 6, 6)));
        assert_eq!(days(&[]), (date(1970, 1, 1), date(1970, 1, 1)));
    }

    #[test]
    fn a_statement_that_has_the_parameters_says_whose_rows_they_are_from() {
        for statement in sql::ALL {
            let asks = Asks::of(*statement);
            let (has_days, has_narrowed) =
                (statement.text().contains("{day_from:"), statement.text().contains("{narrowed:"));
            assert_eq!(has_days, !matches!(asks, Asks::Nothing), "{}", statement.name());
            assert!(!has_narrowed || matches!(asks, Asks::Windows(_)), "{}", statement.name());
        }
    }
}
