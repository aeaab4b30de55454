//! Distances: the haversine formula on a sphere, in Float64.

use super::number;
use crate::json::Json;

/// Metres; the mean radius of the Earth.
const RADIUS: f64 = 6_371_008.8;

/// Postal codes that the tests use, with coordinates good to about a kilometre; a case must not depend on more.
const POSTAL_CODES: [(&str, &str, Place); 5] = [
    ("US", "02110", Place { latitude: 42.3576, longitude: -71.0514 }),
    ("US", "10001", Place { latitude: 40.7484, longitude: -73.9967 }),
    ("US", "94103", Place { latitude: 37.7725, longitude: -122.4147 }),
    ("CA", "M5V", Place { latitude: 43.6525, longitude: -79.3686 }),
    ("CA", "H2Y", Place { latitude: 45.508, longitude: -73.554 }),
];

/// A point of the Earth, in degrees.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// Degrees to the north.
    pub latitude: f64,
    /// Degrees to the east.
    pub longitude: f64,
}

/// The great circle between two places, in metres.
pub fn distance(one: Place, other: Place) -> f64 {
    let half = |from: f64, to: f64| ((to - from).to_radians() / 2.0).sin().powi(2);
    let along = one.latitude.to_radians().cos() * other.latitude.to_radians().cos();
    let haversine = half(one.latitude, other.latitude) + along * half(one.longitude, other.longitude);
    2.0 * RADIUS * haversine.sqrt().min(1.0).asin()
}

/// `10mi`, `2.5km`, `500m` in metres.
pub fn metres(text: &str) -> Option<f64> {
    let units = [("mi", 1609.344), ("km", 1000.0), ("m", 1.0)];
    let (number, unit) = units.iter().find_map(|(name, unit)| Some((text.strip_suffix(name)?, unit)))?;
    number::counts_as_number(number).then(|| number::float(number) * unit)
}

/// The place that an `of` names.
pub(crate) fn centre(of: &Json) -> Result<Place, String> {
    if let Some(code) = of.get("postalCode").and_then(Json::as_text) {
        let country = of.get("country").and_then(Json::as_text);
        let known = POSTAL_CODES.iter().find(|known| Some(known.0) == country && known.1 == code);
        return known.map(|known| known.2).ok_or(format!("the tests do not know {of}"));
    }
    coordinates(of).ok_or(format!("no place: {of}"))
}

/// Latitude and longitude, if both are there and in range.
pub(crate) fn coordinates(json: &Json) -> Option<Place> {
    let degrees = |key: &str, most: f64| match json.get(key) {
        Some(Json::Number(literal)) => Some(number::float(literal)).filter(|degrees| degrees.abs() <= most),
        _ => None,
    };
    Some(Place { latitude: degrees("latitude", 90.0)?, longitude: degrees("longitude", 180.0)? })
}
