//! Which version a definition gets, which shards lack it, and where it is due. Pure.

use segment_rules::{Definition, nobody};

use super::survey::{Refusal, Survey};
use crate::clock::Clock;

/// Whether a definition is evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It is.
    Active,
    /// Its members stay as they are.
    Suspended,
    /// Its Segment is gone, and its members leave.
    Retired,
}

impl State {
    /// As the table `definitions` names it.
    fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Retired => "retired",
        }
    }

    /// As the table `definitions` numbers it.
    pub(super) fn number(self) -> i8 {
        match self {
            Self::Active => 1,
            Self::Suspended => 2,
            Self::Retired => 3,
        }
    }
}

/// A definition whose Segment is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gone {
    /// The account's hash.
    pub account: u64,
    /// The segment.
    pub segment: u64,
    /// `namespace/name`.
    pub name: String,
}

/// A definition as it has to stand on its shards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) account: u64,
    pub(super) segment: u64,
    pub(super) name: String,
    pub(super) hash: u128,
    pub(super) root: u64,
    pub(super) true_on_empty: bool,
    pub(super) state: State,
}

impl Wanted {
    pub(super) fn of(account: u64, definition: &Definition) -> Self {
        Self {
            account,
            segment: definition.segment,
            name: format!("{}/{}", definition.namespace, definition.name),
            hash: definition.hash,
            root: definition.root,
            true_on_empty: definition.true_on_empty,
            state: if definition.suspended { State::Suspended } else { State::Active },
        }
    }

    pub(super) fn gone(gone: &Gone) -> Self {
        Self {
            account: gone.account,
            segment: gone.segment,
            name: gone.name.clone(),
            hash: 0,
            root: nobody().id,
            true_on_empty: false,
            state: State::Retired,
        }
    }

    fn key(&self) -> (u64, u64) {
        (self.account, self.segment)
    }

    /// Kept while it means the same, else a new one that is greater than all before on any shard.
    pub(super) fn version(&self, surveys: &[Option<Survey>], clock: Clock) -> u64 {
        let found = surveys.iter().flatten().filter_map(|survey| survey.newest.get(&self.key()));
        let now = u64::try_from(clock.now_ms()).unwrap_or(0).max(1);
        match found.max_by_key(|newest| newest.version) {
            Some(newest) if newest.hash == self.hash.to_string() && newest.state == self.state.name() => newest.version,
            Some(newest) => now.max(newest.version + 1),
            None => now,
        }
    }

    /// Whether a shard lacks this version.
    pub(super) fn lacks(&self, version: u64, survey: &Survey) -> bool {
        survey.newest.get(&self.key()).is_none_or(|newest| newest.version != version)
    }

    /// Whether a shard knows any version.
    pub(super) fn known(&self, survey: &Survey) -> bool {
        survey.newest.contains_key(&self.key())
    }
}

/// How a definition stands on the shards that hold its account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The account's hash.
    pub account: u64,
    /// The segment.
    pub segment: u64,
    /// The version that is to be served.
    pub version: u64,
    /// The hash of what it means; 0 of a retired one.
    pub hash: u128,
    /// Its node.
    pub root: u64,
    /// Whether it is evaluated.
    pub state: State,
    /// Units of the account on the shards that answered.
    pub units: u64,
    /// Shards, by index, that may hold units of the account.
    pub holders: Vec<usize>,
    /// Those that do.
    pub homes: Vec<usize>,
    /// Those of them with units that do not serve this version.
    pub behind: Vec<usize>,
    /// Those with units that were loaded since this version was evaluated there.
    pub stale: Vec<usize>,
    /// Shards that hold the account and did not answer, or did not take the publication.
    pub absent: Vec<usize>,
    /// Shards that have lost this version, have a newer one, or hold the account only now: publish again. Filled by a later
    /// look only.
    pub astray: Vec<usize>,
    /// As of when the units of shards, by index, were evaluated at the earliest, Unix milliseconds.
    pub evaluated: Vec<(usize, i64)>,
    /// As of when any unit was evaluated at the latest, Unix milliseconds.
    pub newest_ms: i64,
    /// That the server would not evaluate this version, if that is the last that was heard of it.
    pub failed: Option<Refusal>,
}

impl Standing {
    /// The shards on which there is something to evaluate.
    pub fn due(&self) -> impl Iterator<Item = usize> {
        self.behind.iter().chain(&self.stale).copied()
    }

    /// Whether all units of a shard serve this version as of this instant or a later one.
    pub fn is_evaluated(&self, shard: usize, as_of_ms: i64) -> bool {
        !self.behind.contains(&shard) && self.evaluated.iter().any(|(home, at_ms)| *home == shard && *at_ms >= as_of_ms)
    }
}

impl Standing {
    /// As the shards say now. Where `surveys` has none the shard did not answer.
    pub(super) fn look(&mut self, surveys: &[Option<Survey>]) {
        let Self { account, segment, version, state, .. } = *self;
        self.units = 0;
        for list in [&mut self.homes, &mut self.behind, &mut self.stale, &mut self.absent, &mut self.astray] {
            list.clear();
        }
        self.evaluated.clear();
        self.newest_ms = 0;
        self.failed = None;
        for holder in self.holders.iter().copied() {
            let Some(survey) = &surveys[holder] else {
                self.absent.push(holder);
                continue;
            };
            let units = survey.units.get(&account).copied().unwrap_or(0);
            let served = survey.served.get(&(account, segment)).copied().unwrap_or_default();
            self.units += units;
            self.homes.extend((units > 0).then_some(holder));
            let other_version = served.units > 0 && (served.least, served.greatest) != (version, version);
            let behind = match state {
                State::Active => other_version || served.units < units,
                State::Suspended => false,
                State::Retired => other_version,
            };
            if behind {
                self.behind.push(holder);
            } else if state == State::Active && served.stale {
                self.stale.push(holder);
            }
            if survey.newest.get(&(account, segment)).is_none_or(|newest| newest.version != version) {
                self.astray.push(holder);
            }
            if served.units > 0 {
                self.evaluated.push((holder, served.oldest_ms));
                self.newest_ms = self.newest_ms.max(served.newest_ms);
            }
            // A later try may have succeeded, and what was loaded since may be evaluated well.
            let is_last = |refusal: &&Refusal| {
                let is_served = served.units > 0 && state == State::Active;
                behind || is_served && refusal.as_of_ms > served.oldest_ms && refusal.as_of_ms >= served.loaded_ms
            };
            let refusal = survey.failed.get(&(account, segment, version)).filter(is_last);
            self.failed = self.failed.take().or(refusal.cloned());
        }
        if state != State::Retired {
            // The account has got more buckets since, some of them on other shards.
            let has_units = |index: &usize| surveys[*index].as_ref().is_some_and(|it| it.units.contains_key(&account));
            let new = (0..surveys.len()).filter(|index| !self.holders.contains(index)).filter(has_units);
            self.astray.extend(new.collect::<Vec<_>>());
        }
    }
}

/// How a definition stands after it was written; `holders` are the shards that may hold its account.
pub(super) fn standing(wanted: &Wanted, version: u64, holders: &[usize], surveys: &[Option<Survey>]) -> Standing {
    let mut standing = Standing {
        account: wanted.account,
        segment: wanted.segment,
        version,
        hash: wanted.hash,
        root: wanted.root,
        state: wanted.state,
        units: 0,
        holders: holders.to_vec(),
        homes: Vec::new(),
        behind: Vec::new(),
        stale: Vec::new(),
        absent: Vec::new(),
        astray: Vec::new(),
        evaluated: Vec::new(),
        newest_ms: 0,
        failed: None,
    };
    standing.look(surveys);
    // The surveys were made before the version was written.
    standing.astray.clear();
    standing
}

#[cfg(test)]
mod tests {
    use super::super::survey::{Newest, Served};
    use super::*;

    fn wanted() -> Wanted {
        Wanted {
            account: 1,
            segment: 2,
            name: "default/a".to_owned(),
            hash: 7,
            root: 3,
            true_on_empty: false,
            state: State::Active,
        }
    }

    #[expect(clippy::unnecessary_wraps, reason = "surveys are given so, for a shard may not answer")]
    fn survey(version: u64, served: Option<Served>) -> Option<Survey> {
        let mut survey = Survey::default();
        survey.units.insert(1, 2);
        survey.newest.insert((1, 2), Newest { version, hash: "7".to_owned(), state: "active".to_owned() });
        survey.served.extend(served.map(|served| ((1, 2), served)));
        Some(survey)
    }

    #[expect(clippy::unnecessary_wraps, reason = "a segment may not be served at all")]
    fn served(units: u64, least: u64, greatest: u64) -> Option<Served> {
        Some(Served { units, least, greatest, oldest_ms: 100, newest_ms: 100, stale: false, loaded_ms: 0 })
    }

    #[test]
    fn a_version_is_kept_while_the_definition_means_the_same() {
        let clock = Clock::Fixed(1000);
        let surveys = [survey(5, None), None, survey(9, None)];
        assert_eq!(wanted().version(&surveys, clock), 9);
        assert_eq!(Wanted { hash: 8, ..wanted() }.version(&surveys, clock), 1000);
        assert_eq!(Wanted { state: State::Suspended, ..wanted() }.version(&surveys, Clock::Fixed(1)), 10);
        assert_eq!(wanted().version(&[None], clock), 1000);
        assert!(wanted().lacks(9, surveys[0].as_ref().unwrap()));
    }

    #[test]
    fn a_definition_is_due_where_a_unit_serves_something_else_or_nothing() {
        let due = |served| standing(&wanted(), 9, &[0], &[survey(9, served)]).behind;
        assert_eq!(due(None), [0]);
        assert_eq!(due(served(1, 9, 9)), [0], "one of two units");
        assert_eq!(due(served(2, 8, 9)), [0]);
        assert_eq!(due(served(2, 9, 9)), Vec::<usize>::new());
    }

    #[test]
    fn a_load_makes_it_due_without_putting_it_behind() {
        let served = served(2, 9, 9).map(|served| Served { stale: true, ..served });
        let standing = standing(&wanted(), 9, &[0], &[survey(9, served)]);
        assert_eq!((standing.behind.len(), standing.stale.len()), (0, 1));
        assert_eq!(standing.due().collect::<Vec<_>>(), [0]);
    }

    #[test]
    fn a_refusal_counts_until_a_later_evaluation_or_a_load() {
        let failed = |version, served, as_of_ms| {
            let mut survey = survey(9, served);
            let refusal = Refusal { reason: "no".to_owned(), as_of_ms };
            survey.as_mut().unwrap().failed.insert((1, 2, version), refusal);
            standing(&wanted(), 9, &[0], &[survey]).failed.is_some()
        };
        assert!(failed(9, None, 50), "nothing is served");
        assert!(failed(9, served(2, 8, 9), 50), "an older version is served");
        assert!(failed(9, served(2, 9, 9), 101), "it was to be evaluated again");
        assert!(!failed(9, served(2, 9, 9), 100), "a later try has succeeded");
        assert!(!failed(8, served(2, 9, 9), 101), "another version");
        let loaded = |loaded_ms| served(2, 9, 9).map(|served| Served { stale: true, loaded_ms, ..served });
        assert!(failed(9, loaded(101), 101), "what was loaded is refused");
        assert!(!failed(9, loaded(102), 101), "what was loaded since was not tried");
    }

    #[test]
    fn a_shard_is_evaluated_as_of_an_instant_if_all_its_units_are() {
        let standing = standing(&wanted(), 9, &[0, 1], &[survey(9, served(2, 9, 9)), survey(9, served(2, 8, 9))]);
        assert!(standing.is_evaluated(0, 100) && !standing.is_evaluated(0, 101));
        assert!(!standing.is_evaluated(1, 100), "of an older version");
        assert_eq!(standing.newest_ms, 100);
    }

    #[test]
    fn a_shard_that_did_not_answer_is_absent() {
        let standing = standing(&wanted(), 9, &[0, 1], &[survey(9, served(2, 9, 9)), None]);
        assert_eq!((standing.absent, standing.behind), (vec![1], vec![]));
    }

    #[test]
    fn a_version_that_a_shard_has_lost_is_seen() {
        let mut standing = standing(&wanted(), 9, &[0, 1], &[survey(9, None), survey(9, None)]);
        assert!(standing.astray.is_empty());
        standing.look(&[survey(9, None), survey(8, None)]);
        assert_eq!(standing.astray, [1]);
    }

    #[test]
    fn a_shard_that_has_got_units_of_the_account_is_published_to() {
        let mut standing = standing(&wanted(), 9, &[0], &[survey(9, None), None]);
        standing.look(&[survey(9, None), survey(9, None)]);
        assert_eq!(standing.astray, [1]);
    }

    #[test]
    fn a_retired_definition_is_due_while_its_members_are_there() {
        let retired = Wanted { state: State::Retired, ..wanted() };
        let due = |served| standing(&retired, 9, &[0], &[survey(9, served)]).behind.len();
        assert_eq!(due(None), 0, "it never had members");
        assert_eq!(due(served(1, 8, 8)), 1);
        assert_eq!(due(served(1, 9, 9)), 0);
    }
}
