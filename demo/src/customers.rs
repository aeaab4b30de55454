//! The real part: CDNOW's customers with their orders, as `data/cdnow_orders.csv` has them.

use anyhow::{Context, bail};
use jiff::civil::Date;

/// A customer with all orders, in the order of the file.
#[derive(Clone, Debug, PartialEq)]
pub struct Customer {
    /// Id of five digits.
    pub id: String,
    /// At least one; by day.
    pub orders: Vec<Order>,
}

/// An order.
#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    /// Number of the order in the file, from 1: a day's several orders are told apart by it.
    pub number: usize,
    /// The day; the file knows no time of day.
    pub day: Date,
    /// Number of CDs.
    pub cds: u32,
    /// Value in US dollars, as the file writes it.
    pub value: String,
}

impl Customer {
    /// Orders up to and including a day.
    pub(crate) fn orders_to(&self, day: Date) -> impl Iterator<Item = &Order> {
        self.orders.iter().filter(move |order| order.day <= day)
    }

    /// The day of the first order.
    pub(crate) fn since(&self) -> Option<Date> {
        self.orders.iter().map(|order| order.day).min()
    }
}

impl Order {
    /// The value in cents.
    pub(crate) fn cents(&self) -> u64 {
        self.value.replace('.', "").parse().unwrap_or(0)
    }
}

/// Reads the file: a header, then `customer_id,date,quantity,value`, sorted by customer.
pub fn read(csv: &str) -> anyhow::Result<Vec<Customer>> {
    let mut lines = csv.lines();
    if lines.next() != Some("customer_id,date,quantity,value") {
        bail!("the first line has to be customer_id,date,quantity,value");
    }
    let mut customers: Vec<Customer> = Vec::new();
    for (number, line) in (1..).zip(lines) {
        let (id, order) = parse(number, line).with_context(|| format!("line {}: {line:?} is no order", number + 1))?;
        match customers.last_mut() {
            Some(customer) if customer.id == id => customer.orders.push(order),
            _ => customers.push(Customer { id: id.to_owned(), orders: vec![order] }),
        }
    }
    Ok(customers)
}

fn parse(number: usize, line: &str) -> Option<(&str, Order)> {
    let mut fields = line.split(',');
    let id = fields.next()?;
    let day = fields.next()?.parse().ok()?;
    let cds = fields.next()?.parse().ok()?;
    let value = fields.next()?;
    let (dollars, cents) = value.split_once('.')?;
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let whole = fields.next().is_none() && is_digits(dollars) && is_digits(cents) && cents.len() == 2;
    whole.then(|| (id, Order { number, day, cds, value: value.to_owned() }))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn lines_of_a_customer_are_gathered() {
        let csv = "customer_id,date,quantity,value\n00001,1997-01-01,1,11.77\n00002,1997-01-12,1,12.00\n00002,1997-01-12,5,77.00\n";
        let customers = read(csv).unwrap();
        assert_eq!(customers.len(), 2);
        assert_eq!(
            customers[1].orders[1],
            Order { number: 3, day: date(1997, 1, 12), cds: 5, value: "77.00".to_owned() }
        );
        assert_eq!(customers[1].orders[1].cents(), 7700);
    }

    #[test]
    fn a_bad_line_is_named() {
        for bad in ["00001,1997-02-30,1,1.00", "00001,1997-02-03,1,1", "00001,1997-02-03,1,1.00,x", ""] {
            let error = read(&format!("customer_id,date,quantity,value\n{bad}\n")).unwrap_err();
            assert!(error.to_string().starts_with("line 2: "), "{error}");
        }
    }

    #[test]
    fn the_file_holds_what_its_note_says() {
        let customers = read(crate::ORDERS).unwrap();
        assert_eq!(customers.len(), 23_570);
        assert_eq!(customers.iter().map(|customer| customer.orders.len()).sum::<usize>(), 69_659);
    }
}
