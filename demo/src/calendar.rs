//! When the demo takes place: in 1998, as the orders did, or now, with every date moved by one whole number of days. Pure.

use jiff::{
    SignedDuration, Span, Timestamp,
    civil::{Date, date},
};

use crate::customers::Customer;

/// The day of the first evaluation of the demo that takes place in 1998.
pub const DEMO_DAY: Date = date(1998, 5, 15);

/// When the demo takes place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calendar {
    /// The present, as the orders have it: what is made up about a customer draws on no later order, clicks apart.
    pub present: Date,
    moved: i32,
}

impl Calendar {
    /// Dates are those of the orders.
    pub fn of_1998() -> Self {
        Self { present: DEMO_DAY, moved: 0 }
    }

    /// The last order was yesterday.
    pub fn of_today(customers: &[Customer], today: Date) -> Self {
        let days = customers.iter().flat_map(|customer| customer.orders.iter().map(|order| order.day));
        let last = days.max().unwrap_or(DEMO_DAY);
        Self { present: last, moved: (today - last).get_days() - 1 }
    }

    /// By how many days dates are moved.
    pub fn moved(self) -> i32 {
        self.moved
    }

    /// The day that a day of the source becomes.
    pub fn day(self, day: Date) -> Date {
        day.saturating_add(Span::new().days(self.moved))
    }

    /// The instant that an instant of the source becomes, at the same time of day in UTC.
    pub(crate) fn instant(self, instant: Timestamp) -> Timestamp {
        instant.saturating_add(SignedDuration::from_hours(24 * i64::from(self.moved))).unwrap_or(instant)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ORDERS, customers, invent};

    #[test]
    fn the_last_order_was_yesterday_whatever_day_it_is() {
        let customers = customers::read(ORDERS).unwrap();
        for today in [date(2026, 11, 25), date(2028, 2, 29), date(2028, 3, 1), date(1998, 7, 1), date(1990, 1, 1)] {
            let calendar = Calendar::of_today(&customers, today);
            assert_eq!(calendar.day(calendar.present), today.yesterday().unwrap());
        }
    }

    #[test]
    fn days_and_instants_move_by_the_same() {
        let calendar = Calendar::of_today(&customers::read(ORDERS).unwrap(), date(2026, 11, 25));
        let (before, after) = (date(1997, 3, 1), calendar.day(date(1997, 3, 1)));
        assert_eq!(calendar.instant(invent::instant(before)), invent::instant(after));
        assert_eq!((after - before).get_days(), calendar.moved());
    }

    #[test]
    fn in_1998_nothing_moves() {
        let calendar = Calendar::of_1998();
        assert_eq!((calendar.day(DEMO_DAY), calendar.moved()), (DEMO_DAY, 0));
    }
}
