//! Coordinates of postal codes of the United States and Canada, from the table in `data`.

use std::sync::OnceLock;

use crate::refusal::Complaint;

/// Degrees north and east.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Coordinates {
    pub(crate) latitude: f64,
    pub(crate) longitude: f64,
}

type Entry = ((&'static str, &'static str), Coordinates);

/// The place of a postal code.
pub(crate) fn find(country: &str, postal_code: &str) -> Result<Coordinates, Complaint> {
    let form = match country {
        "US" => postal_code.len() == 5 && postal_code.bytes().all(|byte| byte.is_ascii_digit()),
        "CA" => match postal_code.as_bytes() {
            [first, second, third] => {
                first.is_ascii_uppercase() && second.is_ascii_digit() && third.is_ascii_uppercase()
            }
            _ => false,
        },
        _ => false,
    };
    if !form {
        let mend = match country {
            "US" => "write five digits in quotes, such as \"02110\"",
            _ => "write the first three characters in upper case, such as K1A",
        };
        return Err(Complaint::new(format!("{postal_code:?} is no postal code of {country}"), mend));
    }
    let table = table();
    match table.binary_search_by_key(&(country, postal_code), |entry| entry.0) {
        Ok(at) => Ok(table[at].1),
        Err(_) => Err(Complaint::new(
            format!("the postal code {postal_code} of {country} is unknown"),
            "write latitude and longitude instead",
        )),
    }
}

/// Whether postal codes of a country are known at all.
pub(crate) fn knows_country(country: &str) -> bool {
    matches!(country, "US" | "CA")
}

fn table() -> &'static [Entry] {
    static TABLE: OnceLock<Vec<Entry>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let lines = include_str!("../data/postal_codes.csv").lines().skip(1);
        let mut table: Vec<Entry> = lines.filter_map(entry).collect();
        table.sort_by_key(|entry| entry.0);
        table
    })
}

fn entry(line: &'static str) -> Option<Entry> {
    let mut fields = line.split(',');
    let key = (fields.next()?, fields.next()?);
    let latitude = fields.next()?.parse().ok()?;
    let longitude = fields.next()?.parse().ok()?;
    Some((key, Coordinates { latitude, longitude }))
}
