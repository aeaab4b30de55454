//! Which due segments go into the next run: fairly over the accounts, and no more than the store allows. Pure.

use std::collections::{BTreeMap, VecDeque};

use segment_jobs::publish::{Due, Standing};
use uuid::Uuid;

use crate::build::hash_of;

/// A segment by account and id.
pub(crate) type SegmentKey = (u64, u64);

/// Chooses at most `most` of the due segments, one of each account in turn, so that an account with a thousand does not
/// keep waiting one with a single one.
pub(crate) fn choose(due: Vec<Due>, most: usize) -> Vec<Due> {
    let mut by_account: BTreeMap<u64, VecDeque<Due>> = BTreeMap::new();
    for due in due {
        by_account.entry(due.account).or_default().push_back(due);
    }
    let mut waiting: VecDeque<VecDeque<Due>> = by_account.into_values().collect();
    let mut chosen = Vec::new();
    while chosen.len() < most {
        let Some(mut account) = waiting.pop_front() else { break };
        chosen.extend(account.pop_front());
        if !account.is_empty() {
            waiting.push_back(account);
        }
    }
    chosen
}

/// What is due of a definition: where units serve something else, everywhere if an evaluation was asked for.
pub(crate) fn due(standing: &Standing, asked: bool) -> Option<Due> {
    let shards: Vec<usize> = if asked { standing.homes.clone() } else { standing.due().collect() };
    let Standing { account, segment, version, root, .. } = *standing;
    (!shards.is_empty()).then_some(Due { account, segment, version, root, shards })
}

/// The id of a run, made from what it evaluates and where: a second operator that comes to the same makes the same one.
/// `evidence` tells a later run of the same versions from this one.
pub(crate) fn run_id(store: &str, due: &[Due], evidence: &str) -> Uuid {
    let mut parts: Vec<String> = due.iter().map(text).collect();
    parts.sort_unstable();
    let text = parts.join("\n");
    let half = |salt: &str| hash_of(&[salt, store, evidence, &text]);
    uuid::Builder::from_custom_bytes((u128::from(half("high")) << 64 | u128::from(half("low"))).to_be_bytes())
        .into_uuid()
}

/// What is due as a text. Runs of other builds have ids that were made from it: it says the same for ever.
fn text(due: &Due) -> String {
    let Due { account, segment, version, root, shards } = due;
    let shards: Vec<String> = shards.iter().map(ToString::to_string).collect();
    format!("{account} {segment} {version} {root} {}", shards.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due_of(account: u64, segment: u64) -> Due {
        Due { account, segment, version: 1, root: 1, shards: vec![0] }
    }

    #[test]
    fn one_segment_of_a_small_account_is_not_kept_waiting_by_a_thousand_of_another() {
        let mut due: Vec<Due> = (0..1000).map(|segment| due_of(1, segment)).collect();
        due.push(due_of(2, 5000));
        let chosen = choose(due, 10);
        assert_eq!(chosen.len(), 10);
        assert!(chosen.iter().any(|due| due.account == 2));
    }

    #[test]
    fn all_are_chosen_if_they_fit() {
        let due = vec![due_of(1, 1), due_of(2, 2), due_of(1, 3)];
        assert_eq!(choose(due, 3).len(), 3);
        assert_eq!(choose(Vec::new(), 3), []);
    }

    /// A run under way would get a second Job from a build that made another id of it.
    #[test]
    fn the_id_of_a_run_is_the_same_in_every_build() {
        let due = [Due { shards: vec![0, 2], ..due_of(1, 2) }, due_of(3, 4)];
        assert_eq!(run_id("store", &due, "7").to_string(), "0861da6c-46b8-8e6a-a6af-6da3e38eff07");
    }

    #[test]
    fn the_same_work_is_the_same_run() {
        let (a, b) = (due_of(1, 1), due_of(2, 2));
        let id = |due: &[Due], evidence| run_id("store", due, evidence);
        assert_eq!(id(&[a.clone(), b.clone()], "7"), id(&[b.clone(), a.clone()], "7"));
        assert_ne!(id(&[a.clone(), b.clone()], "7"), id(&[a.clone(), b], "8"));
        let newer = Due { version: 2, ..a.clone() };
        assert_ne!(id(&[a], "7"), id(&[newer], "7"));
    }
}
