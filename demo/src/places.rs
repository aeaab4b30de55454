//! US postal codes with their places, from the table that `segment-rules` reads too.

/// A place where a customer may live.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Place {
    pub(crate) zip: &'static str,
    pub(crate) latitude: f64,
    pub(crate) longitude: f64,
    pub(crate) city: &'static str,
    pub(crate) state: &'static str,
}

/// All places of the United States, and those in and around Boston (ZIP 021..).
#[derive(Clone, Debug)]
pub(crate) struct Places {
    pub(crate) all: Vec<Place>,
    pub(crate) boston: Vec<Place>,
}

impl Places {
    pub(crate) fn read() -> Self {
        let lines = include_str!("../../rules/data/postal_codes.csv").lines().skip(1);
        let all: Vec<Place> = lines.filter_map(place).collect();
        let boston = all.iter().filter(|place| place.zip.starts_with("021")).copied().collect();
        Self { all, boston }
    }
}

/// The place of a line; none for Canada and for the forces' post offices, which are nowhere.
fn place(line: &'static str) -> Option<Place> {
    let mut fields = line.split(',');
    let mut field = || fields.next();
    let (country, zip) = (field()?, field()?);
    let (latitude, longitude) = (field()?.parse().ok()?, field()?.parse().ok()?);
    let (city, state) = (field()?, field()?);
    let somewhere = country == "US" && !matches!(state, "AA" | "AE" | "AP");
    somewhere.then_some(Place { zip, latitude, longitude, city, state })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boston_is_in_massachusetts() {
        let places = Places::read();
        assert!(places.all.len() > 40_000);
        assert!(places.boston.len() > 50);
        assert!(places.boston.iter().all(|place| place.state == "MA"));
        assert!(places.all.iter().any(|place| place.zip == "02110" && place.city == "Boston"));
    }
}
