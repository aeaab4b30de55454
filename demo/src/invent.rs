//! The made-up part: where customers live, when they were born, what they consented to and which e-mails they clicked.
//!
//! The source has orders and nothing else. Everything here follows by stated rules from the customer's id and orders (see
//! `data/README.md`, which says the same in words; whoever changes one changes both). `present` is the demo's day, see `calendar`.

use jiff::{
    SignedDuration, Timestamp,
    civil::{Date, date},
    tz::TimeZone,
};

use crate::{
    chance::{below, share},
    customers::Customer,
    places::{Place, Places},
};

/// Noon in New York while summer time holds there, 11 in winter: the same calendar day in every zone of the United States.
const HOUR: i8 = 16;

/// An e-mail that went to everybody who took e-mail by then.
struct Campaign {
    name: &'static str,
    sent: Date,
}

const CAMPAIGNS: [Campaign; 4] = [
    Campaign { name: "autumn-classics", sent: date(1997, 10, 7) },
    Campaign { name: "winter-sale", sent: date(1998, 1, 13) },
    Campaign { name: "spring-new-releases", sent: date(1998, 4, 14) },
    Campaign { name: "summer-preview", sent: date(1998, 6, 2) },
];

const LINKS: [&str; 3] = ["cover", "Offer of the week", "offer: two for one"];

/// A consent and when it was given.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Consent {
    pub(crate) status: &'static str,
    pub(crate) time: Timestamp,
}

/// A click in an e-mail.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Click {
    pub(crate) campaign: &'static str,
    pub(crate) link: &'static str,
    pub(crate) time: Timestamp,
}

/// The instant of an order, whose time of day the source does not know.
pub(crate) fn instant(day: Date) -> Timestamp {
    let civil = day.at(HOUR, 0, 0, 0);
    civil.to_zoned(TimeZone::UTC).map_or(Timestamp::UNIX_EPOCH, |zoned| zoned.timestamp())
}

/// Of 100 customers 12 live in or around Boston, 85 anywhere in the United States, and of 3 nobody knows.
pub(crate) fn place(customer: &Customer, places: &Places) -> Option<Place> {
    let among = match share("region", &customer.id) {
        boston if boston < 0.12 => &places.boston,
        known if known < 0.97 => &places.all,
        _ => return None,
    };
    let at = below("zip", &customer.id, u64::try_from(among.len()).unwrap_or(0));
    among.get(usize::try_from(at).unwrap_or(0)).copied()
}

/// A day from 1930 to 1979.
pub(crate) fn birthday(customer: &Customer) -> Date {
    let days = i64::try_from(below("birthday", &customer.id, 18_262)).unwrap_or(0);
    date(1930, 1, 1).saturating_add(jiff::Span::new().days(days))
}

/// The last order's day plus the mean gap between days with orders, both up to the demo's day; none with one such day.
pub(crate) fn predicted_next_order(customer: &Customer, present: Date) -> Option<Date> {
    let mut days: Vec<Date> = customer.orders_to(present).map(|order| order.day).collect();
    days.sort_unstable();
    days.dedup();
    let (first, last) = (*days.first()?, *days.last()?);
    let gaps = i64::try_from(days.len()).ok()? - 1;
    let mean_gap = i64::from((last - first).get_days()).checked_div(gaps)?;
    Some(last.saturating_add(jiff::Span::new().days(mean_gap)))
}

/// Of 100 customers 70 take e-mail and 10 have refused it; the others were not asked.
pub(crate) fn email(customer: &Customer, present: Date) -> Option<Consent> {
    let (status, time) = (chance_of(customer, "email", 0.70, 0.80)?, given(customer, "email", present)?);
    Some(Consent { status, time })
}

/// Of 100 customers 20 take SMS and 5 have refused it; the others were not asked.
pub(crate) fn sms(customer: &Customer, present: Date) -> Option<Consent> {
    let (status, time) = (chance_of(customer, "sms", 0.20, 0.25)?, given(customer, "sms", present)?);
    Some(Consent { status, time })
}

fn chance_of(customer: &Customer, channel: &str, subscribed: f64, asked: f64) -> Option<&'static str> {
    match share(channel, &customer.id) {
        low if low < subscribed => Some("subscribed"),
        low if low < asked => Some("unsubscribed"),
        _ => None,
    }
}

/// Some day from the first order to the demo's day.
fn given(customer: &Customer, channel: &str, present: Date) -> Option<Timestamp> {
    let since = customer.since()?;
    let days = u64::try_from((present - since).get_days()).ok()?;
    let after = i64::try_from(below(&format!("{channel}/day"), &customer.id, days)).ok()?;
    Some(instant(since.saturating_add(jiff::Span::new().days(after))))
}

/// Whoever spent 500 dollars or more in 1997 is on the list `big-spenders-1997`. (Real: no chance in it.)
pub(crate) fn is_big_spender(customer: &Customer) -> bool {
    let in_1997 = customer.orders.iter().filter(|order| order.day.year() == 1997);
    in_1997.map(crate::customers::Order::cents).sum::<u64>() >= 50_000
}

/// Of 100 receivers 12 click within two days, and 45 of those who order within the week after the sending.
pub(crate) fn clicks(customer: &Customer, present: Date) -> Vec<Click> {
    let Some(Consent { status: "subscribed", time: consented }) = email(customer, present) else { return Vec::new() };
    let received = CAMPAIGNS.iter().filter(|campaign| consented < instant(campaign.sent));
    received.filter_map(|campaign| click(customer, campaign)).collect()
}

fn click(customer: &Customer, campaign: &Campaign) -> Option<Click> {
    let week = campaign.sent..=campaign.sent.saturating_add(jiff::Span::new().days(7));
    let orders = customer.orders.iter().any(|order| week.contains(&order.day));
    let topic = |what: &str| format!("{}/{what}", campaign.name);
    if share(&topic("click"), &customer.id) >= if orders { 0.45 } else { 0.12 } {
        return None;
    }
    let after = i64::try_from(below(&topic("second"), &customer.id, 2 * 86_400)).ok()?;
    let link = usize::try_from(below(&topic("link"), &customer.id, 3)).ok()?;
    let time = instant(campaign.sent) + SignedDuration::from_secs(after);
    Some(Click { campaign: campaign.name, link: LINKS.get(link)?, time })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DEMO_DAY, customers::Order};

    fn customer(days: &[Date]) -> Customer {
        let order = |(number, day): (usize, &Date)| Order { number, day: *day, cds: 1, value: "20.00".to_owned() };
        Customer { id: "00007".to_owned(), orders: (1..).zip(days).map(order).collect() }
    }

    #[test]
    fn the_next_order_is_expected_after_the_mean_gap() {
        let days = [date(1998, 1, 1), date(1998, 1, 11), date(1998, 1, 11), date(1998, 1, 31)];
        assert_eq!(predicted_next_order(&customer(&days), DEMO_DAY), Some(date(1998, 2, 15)));
    }

    #[test]
    fn one_order_predicts_nothing() {
        assert_eq!(predicted_next_order(&customer(&[date(1998, 1, 1), date(1998, 1, 1)]), DEMO_DAY), None);
    }

    #[test]
    fn later_orders_do_not_shape_the_prediction() {
        let known = [date(1998, 1, 1), date(1998, 1, 11)];
        let with_later = [date(1998, 1, 1), date(1998, 1, 11), date(1998, 6, 1)];
        let predicted = |days: &[Date]| predicted_next_order(&customer(days), DEMO_DAY);
        assert_eq!(predicted(&known), predicted(&with_later));
    }

    #[test]
    fn the_shares_are_those_stated() {
        let customers = crate::customers::read(crate::ORDERS).unwrap();
        let places = Places::read();
        let percent = |holds: &dyn Fn(&Customer) -> bool| {
            100 * customers.iter().filter(|customer| holds(customer)).count() / customers.len()
        };
        let subscribed = |consent: Option<Consent>| consent.is_some_and(|consent| consent.status == "subscribed");
        assert!((69..=71).contains(&percent(&|customer| subscribed(email(customer, DEMO_DAY)))));
        assert!((19..=21).contains(&percent(&|customer| subscribed(sms(customer, DEMO_DAY)))));
        assert!((96..=98).contains(&percent(&|customer| place(customer, &places).is_some())));
        let boston = |place: Place| place.zip.starts_with("021");
        assert!((11..=13).contains(&percent(&|customer| place(customer, &places).is_some_and(boston))));
    }

    #[test]
    fn nobody_clicks_before_the_sending_or_without_consent() {
        for customer in crate::customers::read(crate::ORDERS).unwrap() {
            for click in clicks(&customer, DEMO_DAY) {
                let email = email(&customer, DEMO_DAY);
                assert!(email.is_some_and(|email| email.status == "subscribed" && email.time < click.time));
            }
        }
    }
}
