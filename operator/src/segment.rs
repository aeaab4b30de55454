//! The Segments of a store: judge, publish, evaluate, tell.
//!
//! Flow of a look: judge what was changed (pure); take in the publication that ended; ask the shards how the definitions
//! stand; retire what has no Segment any more; publish what is new, after the debounce; follow the runs under way; start a
//! run of what is due; read what came of those that ended. The worker writes the status at last.
//!
//! The truth is on the shards. What stands here is a copy of it, asked for each second while runs are under way and every
//! 30 seconds else (see `quiet`); a new operator begins with nothing and finds it all again.

mod allowance;
pub(crate) mod conditions;
mod gone;
mod judge;
pub(crate) mod plan;
mod publish;
mod quiet;
pub(crate) mod retire;
mod runs;
mod setbacks;
mod totals;
mod update_status;
pub(crate) mod validate;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use segment_crds::SegmentStore;
use segment_jobs::{
    publish::{Gone, Standing},
    store::Store,
};
use segment_rules::{AccountRules, PropertyPair};

pub(crate) use self::update_status::StoreView;
use self::{
    conditions::Totals, gone::Confirmation, judge::Entry, plan::SegmentKey, publish::Publishing, quiet::Quiet,
    runs::Run, setbacks::Setbacks, update_status::Told,
};
use crate::{
    bell::Bell,
    context::Context,
    names::StoreKey,
    object::SegmentObject,
    store::{conditions::Held, seen::Seen, validate::ValidStore},
};

/// How often the shards of a quiet store are asked how all definitions stand.
const QUIET: Duration = Duration::from_secs(30);
/// How often those of a store with runs under way are asked about these.
const BUSY: Duration = Duration::from_secs(1);
/// How long to wait after a publication or the start of a run failed.
const RETRY: Duration = Duration::from_secs(5);

/// What is known about the Segments of a store.
pub(crate) struct Segments {
    bell: Arc<Bell>,
    /// By `namespace/name`.
    book: HashMap<String, Entry>,
    /// A hash of what all verdicts depend on.
    court: u64,
    /// Accounts whose Segments have to be judged again though none was changed.
    again: BTreeSet<Box<str>>,
    /// When accounts may be judged again.
    judge_at: Instant,
    /// What has been judged and not published, by account.
    unpublished: BTreeMap<String, AccountRules>,
    /// Definitions to retire.
    gone: Vec<Gone>,
    /// When the next publication may begin.
    publish_at: Option<Instant>,
    publications: Vec<Publishing>,
    /// Pairs of (metric, property) that were published, by account: others may take long to fill in.
    filled: HashMap<String, BTreeSet<PropertyPair>>,
    standings: HashMap<SegmentKey, Standing>,
    runs: Vec<Run>,
    setbacks: Setbacks,
    start_at: Instant,
    /// Why the last run was not started, until one is.
    not_started: Option<String>,
    /// Segments whose numbers have to be read again, and what was read.
    refresh: BTreeSet<SegmentKey>,
    totals: HashMap<SegmentKey, Totals>,
    /// Requests for an evaluation that was made.
    handled: HashMap<SegmentKey, String>,
    told: Told,
    quiet: Quiet,
    held: Option<Held>,
    confirmation: Confirmation,
    /// The shards that were not asked at the last look.
    down: Vec<usize>,
    look_at: Instant,
    busy_at: Instant,
    retire_at: Instant,
    /// Members from before the Segment was made, so that it has to be evaluated again.
    outdated: BTreeSet<SegmentKey>,
    failed: bool,
    /// Whether the store cannot be used, so that nothing but its mending is waited for.
    blocked: bool,
}

/// What a look works with.
#[derive(Clone, Copy)]
struct Look<'a> {
    ctx: &'a Context,
    key: &'a StoreKey,
    object: &'a SegmentStore,
    seen: &'a Seen,
    valid: &'a ValidStore,
    store: &'a Store,
    down: &'a [usize],
    segments: &'a [Arc<SegmentObject>],
}

impl Segments {
    pub(crate) fn new(bell: Arc<Bell>) -> Self {
        let now = Instant::now();
        Self {
            bell,
            book: HashMap::new(),
            court: 0,
            again: BTreeSet::new(),
            judge_at: now,
            unpublished: BTreeMap::new(),
            gone: Vec::new(),
            publish_at: None,
            publications: Vec::new(),
            filled: HashMap::new(),
            standings: HashMap::new(),
            runs: Vec::new(),
            setbacks: Setbacks::default(),
            start_at: now,
            not_started: None,
            refresh: BTreeSet::new(),
            totals: HashMap::new(),
            handled: HashMap::new(),
            told: Told::nothing(),
            quiet: Quiet::default(),
            held: None,
            confirmation: Confirmation::default(),
            down: Vec::new(),
            look_at: now,
            busy_at: now,
            retire_at: now,
            outdated: BTreeSet::new(),
            failed: false,
            blocked: false,
        }
    }

    /// Forgets all that was learnt about the shards, because they are others now.
    pub(crate) fn forget(&mut self) {
        self.stop();
        let told = std::mem::replace(&mut self.told, Told::nothing());
        *self = Self { told, ..Self::new(self.bell.clone()) };
    }

    /// Ends what is under way in this process. What it had begun on the shards is harmless, and is begun again.
    pub(crate) fn stop(&mut self) {
        for publishing in self.publications.drain(..) {
            publishing.stop();
        }
    }

    /// Does what is due. Returns the removals that the brake holds.
    pub(crate) async fn reconcile(
        &mut self,
        ctx: &Context,
        key: &StoreKey,
        (object, seen): (&SegmentStore, &Seen),
        segments: &[Arc<SegmentObject>],
        woken: bool,
    ) -> Option<Held> {
        self.failed = false;
        let was_blocked = std::mem::replace(&mut self.blocked, true);
        let down = seen.down();
        let Some(valid) = &seen.valid else { return self.held };
        let open = seen.open.as_ref().filter(|_| seen.obstacle.is_none());
        let look = open.map(|store| Look { ctx, key, object, seen, valid, store, down: &down, segments });
        if let Some(look) = look
            && self.stays_quiet(look, woken || was_blocked).await
        {
            self.blocked = false;
            return self.held;
        }
        self.judge(ctx, key, valid, segments);
        let Some(look) = look else { return self.held };
        self.blocked = false;
        if was_blocked {
            // How things stand was not asked for a while.
            self.look_at = Instant::now();
        }
        self.take_in_publications().await;
        self.ask_shards(look).await;
        self.find_gone(look).await;
        if !self.again.is_empty() {
            // A shard has lost what was published there.
            self.judge(ctx, key, valid, segments);
        }
        self.publish(look);
        self.follow_runs(look).await;
        self.start_runs(look).await;
        self.read_totals(look).await;
        self.held
    }

    /// Whether a shard failed in the last look, so that the store has to be looked at.
    pub(crate) fn saw_failures(&self) -> bool {
        self.failed
    }

    /// When the Segments have to be looked at again.
    pub(crate) fn due(&self) -> Instant {
        let now = Instant::now();
        if self.blocked {
            return now + QUIET;
        }
        let mut due = self.look_at.min(self.retire_at);
        if !self.runs.is_empty() || !self.refresh.is_empty() {
            due = due.min(now + BUSY);
        }
        if let Some(at) = self.publish_at.filter(|_| self.may_publish()) {
            due = due.min(at);
        }
        if self.start_at > now {
            due = due.min(self.start_at);
        }
        if !self.again.is_empty() {
            due = due.min(self.judge_at);
        }
        due.min(self.setbacks.next().unwrap_or(due)).max(now + Duration::from_millis(20))
    }

    /// How many Segments there are by the reason of their condition Ready.
    pub(crate) fn counts(&self) -> &BTreeMap<String, usize> {
        &self.told.counts
    }

    /// Since when the Segment waits that has waited longest, if any does.
    pub(crate) fn waiting_since(&self) -> Option<Timestamp> {
        self.told.waiting_since
    }
}
