//! What the status of a Segment says. Pure: the old status, what is known, the time -> the new status.

use std::collections::BTreeMap;

use jiff::Timestamp;
use segment_crds::{EvaluationMode, EvaluationOutcome, FailedRuns, LastEvaluation, SegmentStatus};
use segment_jobs::publish::{Refusal, Standing, State};

use super::validate::Verdict;
use crate::{
    conditions::{Facet, Summary, Truth, holds, merge, shortened},
    names::{
        condition::{EVALUATED, SPEC_ACCEPTED, SUSPENDED},
        reason,
    },
    object::SegmentObject,
    store::{seen::Obstacle, trouble::Trouble},
};

/// After so many runs that failed a Segment is stalled.
const SETBACKS_MAX: u32 = 3;
/// The longest message of SpecAccepted.
const ACCEPTED_MAX: usize = 256;

/// How the Segment's store is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum StoreFacts<'a> {
    /// There is no such object.
    Missing,
    /// It cannot be used at all, and why.
    Unusable(&'a Obstacle),
    /// None of its shards can be used, or some can.
    Shards {
        troubles: &'a BTreeMap<usize, Trouble>,
        /// Whether some shard is well.
        open: bool,
    },
}

/// How far the evaluation is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Progress {
    /// It is waiting for its turn.
    #[default]
    Waiting,
    /// A Job is at it, and how it gets on.
    Running(String),
    /// The Job has no pod, and why.
    Blocked(String),
    /// Runs failed; it is tried again.
    Setback(Setback),
}

/// Runs that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Setback {
    pub(crate) count: u32,
    pub(crate) message: String,
}

impl Setback {
    /// Whether there were so many that a person has to look, though the operator goes on trying.
    pub(crate) fn needs_a_person(&self) -> bool {
        self.count >= SETBACKS_MAX
    }

    /// As the status tells it, so that another operator can take it over.
    pub(crate) fn told(&self, version: u64) -> FailedRuns {
        FailedRuns { version: whole(version), count: i64::from(self.count) }
    }
}

/// What came of an evaluation, over all units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) version: u64,
    pub(crate) as_of_ms: i64,
    pub(crate) members: u64,
    pub(crate) entered: u64,
    pub(crate) exited: u64,
    pub(crate) duration_ms: u64,
    pub(crate) run: String,
}

/// What is known of the publication of a Segment's definition.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Published<'a> {
    /// The shards have not been asked yet.
    Unknown,
    /// What is published is not what the Segment means now.
    Outdated,
    /// It is published and stands like this.
    As(&'a Standing),
}

/// All that the status depends on.
#[derive(Clone, Debug)]
pub(crate) struct Facts<'a> {
    pub(crate) store: StoreFacts<'a>,
    /// None before it was judged.
    pub(crate) verdict: Option<&'a Verdict>,
    pub(crate) standing: Published<'a>,
    pub(crate) progress: Progress,
    /// The runs of this version that failed, though another one may be under way.
    pub(crate) failed_runs: Option<FailedRuns>,
    /// Whether the members are from before the Segment was made.
    pub(crate) outdated: bool,
    /// Of an evaluation whose numbers were read anew.
    pub(crate) totals: Option<Totals>,
    /// The request that an evaluation has followed.
    pub(crate) handled: Option<&'a str>,
}

impl Facts<'_> {
    /// Whether all is well as far as it is known, which is not far enough to tell.
    fn is_yet_unknown(&self) -> bool {
        matches!(self.standing, Published::Unknown)
            && matches!(self.store, StoreFacts::Shards { open: true, .. })
            && matches!(self.verdict, Some(Verdict::Accepted { .. }))
    }
}

/// In what state a Segment is: a summary with its reason, and whether its members are those of its definition.
struct State3 {
    summary: Summary,
    reason: &'static str,
    message: String,
    evaluated: Truth,
}

/// The status of a Segment.
pub(crate) fn status(object: &SegmentObject, old: &SegmentStatus, facts: &Facts<'_>, now: Timestamp) -> SegmentStatus {
    let generation = object.generation();
    let was_told = old.observed_generation == Some(generation) && !old.conditions.is_empty();
    if was_told && facts.is_yet_unknown() {
        // A new operator: what the one before has told holds until the shards say otherwise.
        return old.clone();
    }
    let mut state = state(object, facts);
    let is_counted = facts.totals.is_some() || old.last_evaluation.is_some();
    if state.reason == reason::EVALUATED && !is_counted {
        // Whether they are older than the Segment is known only with their numbers.
        state = State3 {
            summary: Summary::Reconciling,
            reason: reason::PENDING,
            message: "its members are being counted".to_owned(),
            evaluated: Truth::Unknown,
        };
    }
    let mut told: Vec<Facet> = state.summary.facets(state.reason, &state.message).into();
    told.push(accepted(facts));
    told.push(Facet::new(EVALUATED, state.evaluated, state.reason, ""));
    let suspended = matches!(facts.standing, Published::As(standing) if standing.state == State::Suspended);
    let was_suspended = old.conditions.iter().find(|condition| condition.type_ == SUSPENDED);
    // While a change of it is published, or nobody answers, it stays suspended.
    let still = object.suspended && was_suspended.is_some_and(holds);
    if suspended || still {
        told.push(Facet::new(SUSPENDED, true, reason::SUSPENDED, "members stay as they were last committed"));
    } else if was_suspended.is_some() {
        told.push(Facet::new(SUSPENDED, false, reason::RESUMED, ""));
    }
    let last_evaluation = last_evaluation(facts).or_else(|| old.last_evaluation.clone());
    let empty = (state.reason == reason::NO_DATA).then_some(0);
    let counted = facts.totals.as_ref().map(|totals| whole(totals.members));
    SegmentStatus {
        observed_generation: Some(generation),
        conditions: merge(&old.conditions, told, generation, now),
        member_count: counted.or(empty).or(old.member_count),
        failed_runs: match facts.standing {
            Published::As(_) => facts.failed_runs,
            Published::Outdated => None,
            Published::Unknown => old.failed_runs,
        },
        handled_request: facts.handled.map(str::to_owned).or_else(|| old.handled_request.clone()),
        last_evaluation,
    }
}

fn state(object: &SegmentObject, facts: &Facts<'_>) -> State3 {
    let of =
        |summary, reason, message: &str, evaluated| State3 { summary, reason, message: message.to_owned(), evaluated };
    let (troubles, open) = match facts.store {
        StoreFacts::Missing => {
            let message = format!("there is no SegmentStore {}", object.store);
            return of(Summary::Reconciling, reason::STORE_NOT_FOUND, &message, Truth::Unknown);
        }
        StoreFacts::Unusable(obstacle) => {
            if let Some(Verdict::Refused(reason)) = facts.verdict {
                return of(Summary::Stalled, reason::SPEC_REFUSED, reason, Truth::False);
            }
            let summary = if obstacle.needs_a_person() { Summary::Stalled } else { Summary::Reconciling };
            let message = format!("the SegmentStore {} is not ready: {}", object.store, obstacle.reason());
            return of(summary, reason::STORE_NOT_READY, &message, Truth::Unknown);
        }
        StoreFacts::Shards { troubles, open } => (troubles, open),
    };
    match facts.verdict {
        Some(Verdict::Refused(reason)) => return of(Summary::Stalled, reason::SPEC_REFUSED, reason, Truth::False),
        Some(Verdict::Denied(reason)) => return of(Summary::Stalled, reason::ACCESS_DENIED, reason, Truth::False),
        Some(Verdict::Accepted { .. }) => {}
        None if !open => {}
        None => return of(Summary::Reconciling, reason::PENDING, "", Truth::False),
    }
    match facts.standing {
        Published::As(standing) if open => of_standing(standing, troubles, facts),
        _ => of_unpublished(object, facts.store),
    }
}

fn of_unpublished(object: &SegmentObject, store: StoreFacts<'_>) -> State3 {
    if let StoreFacts::Shards { troubles, open: false } = store
        && let Some(trouble) = troubles.values().max_by_key(|trouble| trouble.kind)
    {
        let summary = if trouble.kind.needs_a_person() { Summary::Stalled } else { Summary::Reconciling };
        let message = format!("the SegmentStore {} is not ready: {}", object.store, trouble.message);
        return State3 { summary, reason: trouble.kind.reason(), message, evaluated: Truth::False };
    }
    State3 {
        summary: Summary::Reconciling,
        reason: reason::PENDING,
        message: "waits for its publication".to_owned(),
        evaluated: Truth::False,
    }
}

fn of_standing(standing: &Standing, troubles: &BTreeMap<usize, Trouble>, facts: &Facts<'_>) -> State3 {
    let of = |summary, reason, message: String, evaluated| State3 { summary, reason, message, evaluated };
    if standing.state == State::Suspended {
        return of(Summary::Ready, reason::SUSPENDED, String::new(), Truth::Unknown);
    }
    let absent: Vec<&Trouble> = standing.absent.iter().filter_map(|index| troubles.get(index)).collect();
    if let Some(trouble) = absent.iter().max_by_key(|trouble| (trouble.kind.needs_a_person(), trouble.kind)) {
        let summary = if trouble.kind.needs_a_person() { Summary::Stalled } else { Summary::Reconciling };
        return of(summary, trouble.kind.reason(), trouble.message.clone(), Truth::Unknown);
    }
    if !standing.absent.is_empty() {
        let message = "a shard did not take the publication; tried again".to_owned();
        return of(Summary::Reconciling, reason::SHARD_UNREACHABLE, message, Truth::Unknown);
    }
    let is_evaluated = standing.behind.is_empty() && !facts.outdated;
    let evaluated = if is_evaluated { Truth::True } else { Truth::False };
    if let Some(Refusal { reason, .. }) = &standing.failed {
        return of(Summary::Stalled, reason::EVALUATION_FAILED, reason.clone(), evaluated);
    }
    // One that serves its definition is not to be evaluated again without anybody knowing that it cannot.
    if !is_evaluated || facts.failed_runs.is_some() {
        return match &facts.progress {
            Progress::Waiting => {
                of(Summary::Reconciling, reason::PENDING, "waits for its evaluation".to_owned(), evaluated)
            }
            Progress::Running(how) => of(Summary::Reconciling, reason::EVALUATING, how.clone(), evaluated),
            Progress::Blocked(why) => of(Summary::Reconciling, reason::JOB_BLOCKED, why.clone(), evaluated),
            Progress::Setback(setback) => {
                let summary = if setback.needs_a_person() { Summary::Stalled } else { Summary::Reconciling };
                of(summary, reason::RUN_FAILED, setback.message.clone(), evaluated)
            }
        };
    }
    if standing.units == 0 {
        return of(Summary::Ready, reason::NO_DATA, "the account has no profiles in the store".to_owned(), Truth::True);
    }
    of(Summary::Ready, reason::EVALUATED, String::new(), Truth::True)
}

fn accepted(facts: &Facts<'_>) -> Facet {
    match facts.verdict {
        Some(Verdict::Accepted { .. }) => Facet::new(SPEC_ACCEPTED, true, reason::ACCEPTED, ""),
        // Whole in Ready.
        Some(Verdict::Refused(why)) => {
            Facet::new(SPEC_ACCEPTED, false, reason::SPEC_REFUSED, shortened(why, ACCEPTED_MAX))
        }
        Some(Verdict::Denied(why)) => {
            Facet::new(SPEC_ACCEPTED, false, reason::ACCESS_DENIED, shortened(why, ACCEPTED_MAX))
        }
        None => Facet::new(SPEC_ACCEPTED, Truth::Unknown, reason::NOT_JUDGED, ""),
    }
}

fn last_evaluation(facts: &Facts<'_>) -> Option<LastEvaluation> {
    let (totals, Verdict::Accepted { hash, .. }) = (facts.totals.as_ref()?, facts.verdict?) else { return None };
    let Totals { version, as_of_ms, entered, exited, duration_ms, ref run, .. } = *totals;
    Some(LastEvaluation {
        definition_hash: format!("{hash:032x}"),
        version: whole(version),
        mode: EvaluationMode::Manual,
        as_of: Timestamp::from_millisecond(as_of_ms).unwrap_or_default().to_string(),
        duration: format!("{}.{:03}s", duration_ms / 1000, duration_ms % 1000),
        entered: whole(entered),
        exited: whole(exited),
        outcome: EvaluationOutcome::Committed,
        run: Some(run.clone()),
    })
}

fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        conditions::fits,
        golden::refusal,
        store::{dereference::SecretTrouble, trouble::TroubleKind},
    };

    const ACCEPTED: Verdict = Verdict::Accepted { hash: 7, account: 1, segment: 2 };

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn object() -> SegmentObject {
        serde_json::from_value(json!({
            "metadata": {"name": "a", "namespace": "shop", "generation": 3},
            "spec": {"storeRef": {"name": "main"}, "account": "1"},
        }))
        .unwrap()
    }

    fn standing() -> Standing {
        Standing { version: 5, ..crate::golden::standing() }
    }

    fn trouble(kind: TroubleKind) -> BTreeMap<usize, Trouble> {
        [(1, Trouble { kind, message: "shard 1: trouble".to_owned() })].into()
    }

    fn totals() -> Totals {
        Totals {
            version: 5,
            as_of_ms: 1_000,
            members: 42,
            entered: 40,
            exited: 1,
            duration_ms: 2_345,
            run: "r".to_owned(),
        }
    }

    fn well<'a>(troubles: &'a BTreeMap<usize, Trouble>, standing: &'a Standing) -> Facts<'a> {
        Facts {
            store: StoreFacts::Shards { troubles, open: true },
            verdict: Some(&ACCEPTED),
            standing: Published::As(standing),
            progress: Progress::Waiting,
            failed_runs: None,
            outdated: false,
            totals: Some(totals()),
            handled: None,
        }
    }

    /// Ready, Reconciling, Stalled, SpecAccepted and Evaluated by their first letters, and the reason.
    fn shown(status: &SegmentStatus) -> String {
        let letters: String = status.conditions.iter().take(5).filter_map(|one| one.status.chars().next()).collect();
        format!("{letters} {}", status.conditions[0].reason)
    }

    /// Lives as long as the process, so that facts of any test may borrow it.
    fn kept<T>(value: T) -> &'static T {
        Box::leak(Box::new(value))
    }

    fn check(change: impl FnOnce(&mut Facts<'static>), expected: &str) {
        let mut facts = well(kept(BTreeMap::new()), kept(standing()));
        change(&mut facts);
        assert_eq!(shown(&status(&object(), &SegmentStatus::default(), &facts, at(1))), expected);
    }

    fn check_standing(change: impl FnOnce(&mut Standing), progress: Progress, expected: &str) {
        let (troubles, mut standing) = (trouble(TroubleKind::Unreachable), standing());
        change(&mut standing);
        let facts = Facts { progress, ..well(&troubles, &standing) };
        assert_eq!(shown(&status(&object(), &SegmentStatus::default(), &facts, at(1))), expected);
    }

    #[test]
    fn a_segment_that_its_units_serve_is_ready() {
        check(|_| (), "TFFTT Evaluated");
        check_standing(|standing| standing.stale = vec![0], Progress::Waiting, "TFFTT Evaluated");
        check_standing(|standing| standing.units = 0, Progress::Waiting, "TFFTT NoData");
        check_standing(|standing| standing.state = State::Suspended, Progress::Waiting, "TFFTU Suspended");
    }

    #[test]
    fn one_that_mends_by_itself_is_reconciling() {
        check(|facts| facts.store = StoreFacts::Missing, "FTFTU StoreNotFound");
        check(|facts| facts.standing = Published::Unknown, "FTFTF Pending");
        check(|facts| facts.standing = Published::Outdated, "FTFTF Pending");
        check(|facts| facts.outdated = true, "FTFTF Pending");
        check(|facts| facts.verdict = None, "FTFUF Pending");
        let behind = |standing: &mut Standing| standing.behind = vec![0];
        check_standing(behind, Progress::Waiting, "FTFTF Pending");
        check_standing(behind, Progress::Running("j".to_owned()), "FTFTF Evaluating");
        check_standing(behind, Progress::Blocked("quota".to_owned()), "FTFTF JobBlocked");
        let setback = |count| Progress::Setback(Setback { count, message: String::new() });
        check_standing(behind, setback(1), "FTFTF RunFailed");
        check_standing(behind, setback(SETBACKS_MAX), "FFTTF RunFailed");
        check_standing(|standing| standing.absent = vec![1], Progress::Waiting, "FTFTU ShardUnreachable");
    }

    #[test]
    fn one_that_needs_a_person_is_stalled() {
        let refused = kept(Verdict::Refused("spec.match: no".to_owned()));
        let denied = kept(Verdict::Denied("no".to_owned()));
        let obstacle = kept(Obstacle::Secret(SecretTrouble::Missing("x".to_owned())));
        check(|facts| facts.verdict = Some(refused), "FFTFF SpecRefused");
        check(|facts| facts.verdict = Some(denied), "FFTFF AccessDenied");
        check(|facts| facts.store = StoreFacts::Unusable(obstacle), "FFTTU StoreNotReady");
        check_standing(
            |standing| {
                standing.behind = vec![0];
                standing.failed = Some(refusal("Code: 1"));
            },
            Progress::Waiting,
            "FFTTF EvaluationFailed",
        );
        let again = |standing: &mut Standing| standing.failed = Some(refusal("Code: 1"));
        check_standing(again, Progress::Waiting, "FFTTT EvaluationFailed");
        let troubles = kept(trouble(TroubleKind::Credentials));
        check(|facts| facts.store = StoreFacts::Shards { troubles, open: false }, "FFTTF CredentialsRefused");
        let absent = Standing { absent: vec![1], ..standing() };
        let facts = well(troubles, &absent);
        let status = status(&object(), &SegmentStatus::default(), &facts, at(1));
        assert_eq!(shown(&status), "FFTTU CredentialsRefused");
        assert!(status.conditions[2].message.contains("shard 1"), "the shard is named");
    }

    #[test]
    fn numbers_are_written_once_and_kept() {
        let (troubles, standing) = (BTreeMap::new(), standing());
        let facts = well(&troubles, &standing);
        let first = status(&object(), &SegmentStatus::default(), &facts, at(1));
        let last = first.last_evaluation.clone().unwrap();
        assert_eq!((first.member_count, last.version, last.entered, last.exited), (Some(42), 5, 40, 1));
        assert_eq!((last.as_of.as_str(), last.duration.as_str()), ("1970-01-01T00:00:01Z", "2.345s"));
        let quiet = Facts { totals: None, ..facts };
        assert_eq!(status(&object(), &first, &quiet, at(9)), first, "a quiet look writes nothing");
    }

    #[test]
    fn a_segment_is_not_ready_before_its_members_were_counted() {
        check(|facts| facts.totals = None, "FTFTU Pending");
        check_standing(|standing| standing.units = 0, Progress::Waiting, "TFFTT NoData");
    }

    #[test]
    fn a_new_operator_leaves_the_status_alone_until_the_shards_have_spoken() {
        let (troubles, standing) = (BTreeMap::new(), standing());
        let facts = well(&troubles, &standing);
        let first = status(&object(), &SegmentStatus::default(), &facts, at(1));
        let restarted = Facts { standing: Published::Unknown, ..facts.clone() };
        assert_eq!(status(&object(), &first, &restarted, at(9)), first);
        let outdated = Facts { standing: Published::Outdated, ..facts };
        assert_eq!(shown(&status(&object(), &first, &outdated, at(9))), "FTFTF Pending");
    }

    #[test]
    fn runs_that_failed_are_counted_in_the_status_until_one_has_not() {
        let (troubles, behind) = (BTreeMap::new(), Standing { behind: vec![0], ..standing() });
        let failed_runs = Some(FailedRuns { version: 5, count: 3 });
        let progress = Progress::Setback(Setback { count: 3, message: "the Job j failed".to_owned() });
        let facts = Facts { progress, failed_runs, totals: None, ..well(&troubles, &behind) };
        let stalled = status(&object(), &SegmentStatus::default(), &facts, at(1));
        assert_eq!((shown(&stalled).as_str(), stalled.failed_runs), ("FFTTF RunFailed", failed_runs));
        let restarted = Facts { standing: Published::Unknown, failed_runs: None, ..facts };
        assert_eq!(status(&object(), &stalled, &restarted, at(2)), stalled);
        let obstacle = Obstacle::Secret(SecretTrouble::Missing("x".to_owned()));
        let unusable = Facts { store: StoreFacts::Unusable(&obstacle), ..restarted };
        assert_eq!(status(&object(), &stalled, &unusable, at(2)).failed_runs, failed_runs, "nothing was learnt since");
        let active = standing();
        assert_eq!(status(&object(), &stalled, &well(&troubles, &active), at(3)).failed_runs, None);
    }

    #[test]
    fn a_status_stays_small_whatever_there_is_to_say() {
        for text in ["\u{fc}", "\"", "\u{1}", "\u{1f600}"].map(|character| character.repeat(5000)) {
            let mut object: serde_json::Value =
                json!({"metadata": {"name": "a", "namespace": "shop", "generation": i64::MAX}});
            object["metadata"]["annotations"] = json!({crate::names::EVALUATE: text});
            let object: SegmentObject = serde_json::from_value(object).unwrap();
            let (refused, troubles, standing) = (Verdict::Refused(text), BTreeMap::new(), standing());
            let totals =
                Totals { version: u64::MAX, entered: u64::MAX, exited: u64::MAX, run: "r".repeat(36), ..totals() };
            let counted = Facts { totals: Some(totals), handled: object.request(), ..well(&troubles, &standing) };
            let evaluated = status(&object, &SegmentStatus::default(), &counted, at(1));
            let suspended = Standing { state: State::Suspended, ..standing.clone() };
            let old = status(&object, &evaluated, &well(&troubles, &suspended), at(2));
            let failed_runs = Some(FailedRuns { version: i64::MAX, count: i64::MAX });
            let facts = Facts { verdict: Some(&refused), failed_runs, ..well(&troubles, &standing) };
            let long = status(&object, &old, &facts, at(3));
            assert_eq!((long.conditions.len(), long.handled_request.is_some()), (6, true));
            assert!(fits(&long), "{}", serde_json::to_string(&long).unwrap().len());
        }
    }

    #[test]
    fn suspension_says_since_when_and_is_remembered() {
        let troubles = BTreeMap::new();
        let suspended = Standing { state: State::Suspended, ..standing() };
        let first = status(&object(), &SegmentStatus::default(), &well(&troubles, &suspended), at(1));
        let again = status(&object(), &first, &well(&troubles, &suspended), at(9));
        assert_eq!(again.conditions.last().unwrap().last_transition_time.0, at(1));
        let active = standing();
        let resumed = status(&object(), &again, &well(&troubles, &active), at(10));
        let condition = resumed.conditions.last().unwrap();
        assert_eq!((condition.type_.as_str(), condition.status.as_str()), (SUSPENDED, "False"));
        let mut edited = object();
        edited.suspended = true;
        for standing in [Published::Outdated, Published::Unknown] {
            let facts = Facts { standing, ..well(&troubles, &suspended) };
            let published = status(&edited, &again, &facts, at(11));
            let condition = published.conditions.iter().find(|condition| condition.type_ == SUSPENDED).unwrap();
            assert_eq!((condition.status.as_str(), condition.last_transition_time.0), ("True", at(1)));
        }
    }
}
