//! Which events a statement has to read at all: parameters, so that the server need not work them out from staged rules. Pure.

use jiff::{Span, civil::Date};
use segment_rules::time::DAY_MS;
use segment_sql::{Statement, rule_join as sql};

use super::{
    months::LAST_DAY,
    plan::Rows,
    rows::{SourceRow, WindowRow, form, source},
};
use crate::shards::Call;

/// What a statement of stage 1 reads of events.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reach {
    day_from: Date,
    day_to: Date,
    /// Whether of all its windows it is known who can pass at all.
    narrowed: bool,
}

/// Whose rows say how far a statement reaches.
#[derive(Clone, Copy)]
enum Asks {
    Windows(i8),
    /// Spans of whole months.
    Months,
    Sources(&'static [i8]),
}

/// The statements that read events by their days.
const ASKS: [(Statement, Asks); 16] = [
    (sql::ANY, Asks::Windows(form::ANY)),
    (sql::PLANES, Asks::Months),
    (sql::STRETCHES, Asks::Windows(form::STRETCHES)),
    (sql::FOLLOWS, Asks::Windows(form::FOLLOWS)),
    (sql::COUNTS, Asks::Windows(form::COUNT)),
    (sql::DAYS, Asks::Windows(form::DAYS)),
    (sql::EDGE, Asks::Windows(form::EDGE)),
    (sql::REGULAR, Asks::Windows(form::REGULAR)),
    (sql::SEQUENCE, Asks::Windows(form::SEQUENCE)),
    (sql::PASSING_TEXTS, Asks::Sources(&[source::FILTERED, source::AMOUNTS])),
    (sql::FILTERED, Asks::Sources(&[source::FILTERED])),
    (sql::FILTERED_TEXTS, Asks::Sources(&[source::FILTERED])),
    (sql::COMBINED, Asks::Sources(&[source::COMBINED])),
    (sql::VALUES, Asks::Sources(&[source::VALUED])),
    (sql::SUMS, Asks::Sources(&[source::NUMBERS])),
    (sql::AMOUNT_SUMS, Asks::Sources(&[source::AMOUNTS])),
];

fn asks(statement: Statement) -> Option<Asks> {
    ASKS.into_iter().find(|(reader, _)| reader.name() == statement.name()).map(|(_, asks)| asks)
}

impl Reach {
    /// What the statement has to read for these rows.
    pub(super) fn of(statement: Statement, rows: &Rows) -> Self {
        match asks(statement) {
            Some(Asks::Windows(form)) => {
                let plain = |row: &&WindowRow| row.form == form && !row.metric.is_empty();
                let windows = || rows.windows.iter().filter(plain);
                let reach = Self::days(windows().map(|row| (row.from_ms, row.to_ms)));
                Self { narrowed: windows().all(|row| row.candidates != 0), ..reach }
            }
            Some(Asks::Months) => {
                let months = rows.spans.iter().filter(|row| row.piece == 0);
                let ms = |day: u16| i64::from(day) * DAY_MS;
                Self::days(months.map(|row| (ms(row.day_from), ms(row.day_to))))
            }
            Some(Asks::Sources(forms)) => {
                let asked = |row: &&SourceRow| forms.contains(&row.form);
                Self::days(rows.sources.iter().filter(asked).map(|row| (row.reach_from_ms, row.reach_to_ms)))
            }
            None => Self::days([]),
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
            let asks = asks(*statement);
            let (has_days, has_narrowed) =
                (statement.text().contains("{day_from:"), statement.text().contains("{narrowed:"));
            assert_eq!(has_days, asks.is_some(), "{}", statement.name());
            assert!(!has_narrowed || matches!(asks, Some(Asks::Windows(_))), "{}", statement.name());
        }
    }
}
