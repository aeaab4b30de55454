//! Criteria about the profile itself: properties, consents, places, lists, other Segments, samples.

use std::collections::BTreeSet;

use segment_crds::{
    ConsentCriterion, ListCriterion, LocationCriterion, Place, PropertyCriterion, SampleCriterion, SegmentCriterion,
};

use crate::canonical::{Criterion, Test};
use crate::decimal;
use crate::distance;
use crate::expression::Expression;
use crate::postal::{self, Coordinates};
use crate::refusal::At;

use super::{CanonicalExpression, Canonicalizer, Leaf, leaf};

/// Hundredths of a percent in the whole.
const WHOLE: u16 = 10_000;

impl Canonicalizer {
    pub(super) fn property(&mut self, written: &PropertyCriterion, at: At<'_>) -> Option<CanonicalExpression> {
        let name = self.text(&written.name, at.field("name"));
        let test = self.test(&written.test(), at);
        Some(leaf(Criterion::Trait { key: format!("p/{}", name?), test: test?, set_within: None }))
    }

    pub(super) fn consent(&mut self, written: &ConsentCriterion, at: At<'_>) -> Option<CanonicalExpression> {
        let channel = self.text(&written.channel, at.field("channel"));
        let status = self.text(&written.status, at.field("status"));
        let set_within = match &written.within {
            None => Some(None),
            Some(window) => self.past_window(Some(window), at.field("within")).map(Some),
        };
        let test = Test::Text { values: BTreeSet::from([status?]), ignore_case: false };
        Some(leaf(Criterion::Trait { key: format!("consent/{}", channel?), test, set_within: set_within? }))
    }

    pub(super) fn list(&mut self, written: &ListCriterion, at: At<'_>) -> Option<CanonicalExpression> {
        let id = self.text(&written.id, at.field("id"))?;
        Some(leaf(Criterion::Trait { key: format!("list/{id}"), test: Test::Exists, set_within: None }))
    }

    pub(super) fn segment(&mut self, written: &SegmentCriterion, at: At<'_>) -> Option<CanonicalExpression> {
        Some(Expression::Leaf(Leaf::Segment(self.text(&written.name, at.field("name"))?)))
    }

    pub(super) fn location(&mut self, written: &LocationCriterion, at: At<'_>) -> Option<CanonicalExpression> {
        let radius_m = self.accept(at.field("within"), distance::metres(&written.within));
        let Coordinates { latitude, longitude } = self.place(&written.of, at.field("of"))?;
        Some(leaf(Criterion::Near { latitude, longitude, radius_m: radius_m? }))
    }

    fn place(&mut self, written: &Place, at: At<'_>) -> Option<Coordinates> {
        match written {
            Place { postal_code: Some(code), country: Some(country), latitude: None, longitude: None } => {
                if !postal::knows_country(country) {
                    let reason = format!("postal codes of the country {country:?} are unknown");
                    return self.refuse(at.field("country"), reason, "write US or CA, or latitude and longitude");
                }
                self.accept(at.field("postalCode"), postal::find(country, code))
            }
            Place { postal_code: None, country: None, latitude: Some(latitude), longitude: Some(longitude) } => {
                let latitude = self.degrees(*latitude, 90.0, at.field("latitude"));
                let longitude = self.degrees(*longitude, 180.0, at.field("longitude"));
                Some(Coordinates { latitude: latitude?, longitude: longitude? })
            }
            _ => {
                let reason = "the place is neither a postal code with its country nor a latitude with its longitude";
                self.refuse(at, reason, "state postalCode and country, or latitude and longitude")
            }
        }
    }

    fn degrees(&mut self, degrees: f64, most: f64, at: At<'_>) -> Option<f64> {
        if degrees.abs() <= most {
            return Some(degrees + 0.0);
        }
        self.refuse(at, format!("{degrees} degrees are out of range"), format!("write -{most} to {most}"))
    }

    pub(super) fn sample(&mut self, written: &SampleCriterion, at: At<'_>) -> Option<CanonicalExpression> {
        let salt = written.salt.clone().unwrap_or_default();
        let Some(below) = hundredths(written.percent) else {
            let fault =
                if (0.0..=100.0).contains(&written.percent) { "have too many decimals" } else { "are out of range" };
            let reason = format!("{} percent {fault}", written.percent);
            return self.refuse(at.field("percent"), reason, "write 0 to 100 with at most two decimals");
        };
        Some(match below {
            0 => Expression::never(),
            WHOLE => Expression::always(),
            below => leaf(Criterion::Sample { salt, below }),
        })
    }
}

/// Hundredths of a percent, if that is what it is.
fn hundredths(percent: f64) -> Option<u16> {
    let amount = decimal::billionths(&decimal::of_float(percent))?;
    let hundredth = decimal::BILLION / 100;
    // Float64 has two decimals exactly where its shortest text has.
    let hundredths = u16::try_from(amount / hundredth).ok()?;
    let exact = decimal::of_float(percent).split_once('.').is_none_or(|(_, fraction)| fraction.len() <= 2);
    (exact && percent >= 0.0 && hundredths <= WHOLE).then_some(hundredths)
}
