//! How a run is cut into slices, each with its own statements, memory and commit. Pure.

use std::collections::HashMap;

use crate::evaluate::plan::{self, AccountRules, UnitWork};

/// What fits into a slice; a unit alone always does.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Live profiles.
    pub profiles: u64,
    /// Criteria, counted in each unit.
    pub criteria: u64,
    /// Criteria times profiles, added up over the units: bitmaps grow with both.
    pub evaluations: u64,
}

impl Default for Bounds {
    /// So much that a statement stays below 6 GB by far.
    fn default() -> Self {
        Self { profiles: 64_000_000, criteria: 250_000, evaluations: 4_000_000_000 }
    }
}

/// Cuts the work into slices in the order of accounts and buckets.
pub(crate) fn cut(units: Vec<UnitWork>, rules: &HashMap<u64, AccountRules>, bounds: Bounds) -> Vec<Vec<UnitWork>> {
    let mut slices: Vec<Vec<UnitWork>> = Vec::new();
    let (mut profiles, mut criteria, mut evaluations) = (0, 0, 0);
    for unit in units {
        let more_profiles = unit.profiles;
        let more_criteria =
            rules.get(&unit.account).map_or(0, |rules| count(plan::reachable(rules, &unit.roots).len()));
        let more_evaluations = more_profiles * more_criteria;
        let fits = profiles + more_profiles <= bounds.profiles
            && criteria + more_criteria <= bounds.criteria
            && evaluations + more_evaluations <= bounds.evaluations;
        match slices.last_mut() {
            Some(slice) if fits => slice.push(unit),
            _ => {
                slices.push(vec![unit]);
                (profiles, criteria, evaluations) = (0, 0, 0);
            }
        }
        profiles += more_profiles;
        criteria += more_criteria;
        evaluations += more_evaluations;
    }
    slices
}

/// Two halves of a slice: of its units, or of the segments of its only unit. The only segment of the only unit comes back.
pub(crate) fn halve(mut units: Vec<UnitWork>) -> Result<[Vec<UnitWork>; 2], UnitWork> {
    if units.len() > 1 {
        let second = units.split_off(units.len() / 2);
        return Ok([units, second]);
    }
    let Some(mut unit) = units.pop() else { return Ok([Vec::new(), Vec::new()]) };
    if unit.roots.len() < 2 {
        return Err(unit);
    }
    let second = UnitWork { roots: unit.roots.split_off(unit.roots.len() / 2), ..unit.clone() };
    Ok([vec![unit], vec![second]])
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::plan::Root;

    fn unit(account: u64, profiles: u64, segments: u64) -> UnitWork {
        let roots = (0..segments).map(|segment| Root { segment, version: 1, node: segment }).collect();
        UnitWork { account, bucket: 0, profiles, roots }
    }

    #[test]
    fn small_units_share_a_slice_and_a_large_one_is_alone() {
        let units = vec![unit(1, 10, 1), unit(2, 10, 1), unit(3, 1000, 1), unit(4, 10, 1)];
        let bounds = Bounds { profiles: 100, criteria: 100, evaluations: 10_000 };
        let sizes: Vec<usize> = cut(units, &HashMap::new(), bounds).iter().map(Vec::len).collect();
        assert_eq!(sizes, [2, 1, 1]);
    }

    #[test]
    fn halving_ends_at_one_segment_of_one_unit() {
        let [first, second] = halve(vec![unit(1, 1, 1), unit(2, 1, 3)]).unwrap();
        assert_eq!(halve(first).unwrap_err().account, 1);
        let [one, two] = halve(second).unwrap();
        assert_eq!((one[0].roots.len(), two[0].roots.len()), (1, 2));
    }
}
