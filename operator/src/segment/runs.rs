//! Runs: what is due becomes a run and its Job, and the Job is followed to its end.
//!
//! A run's id, and with it the name of its Job, is made from what it evaluates. So a Job is made once, whoever makes it; one
//! that was removed after its end is not made again, because the shards say that nothing is due.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    time::{Duration, Instant},
};

use jiff::Timestamp;
use k8s_openapi::api::batch::v1::Job;
use kube::{
    ResourceExt,
    runtime::{events::EventType, reflector::ObjectRef},
};
use segment_jobs::{
    causes::chain,
    clock::Clock,
    commit,
    publish::{self, Due, Standing, State},
    shards::ShardError,
};
use uuid::Uuid;

use super::{
    Look, RETRY, Segments,
    conditions::Progress,
    judge::key_of,
    plan::{self, SegmentKey},
};
use crate::{
    build::{self, ManualWork, Parent},
    context::Said,
    names::{COMPONENT, MANUAL, RUN, StoreKey, child, reason},
    store::apply::{Finished, config_map, delete, finished, post, tools},
    why::{has_working_pods, why_blocked, why_failed},
};

/// Runs of a store under way at the same time: a small one need not wait for a long one, and the server is not flooded.
const RUNS_AT_ONCE: usize = 4;
/// So many of them may have Segments of one account: the last is for others.
const RUNS_OF_ACCOUNT: usize = RUNS_AT_ONCE - 1;
/// A Job has a pod that works after this long, or something keeps it from that; asked again after the same time.
const PODS_WITHIN: Duration = Duration::from_secs(5);
/// A Job that was made is in the cache after this long, or was removed.
const SEEN_WITHIN: Duration = Duration::from_secs(15);
/// A run under way.
#[derive(Clone, Debug)]
pub(super) struct Run {
    id: Uuid,
    pub(super) job: String,
    /// The instant as of which it evaluates, Unix milliseconds.
    as_of_ms: i64,
    segments: HashMap<SegmentKey, Part>,
    /// Requests that it answers.
    requests: HashMap<SegmentKey, String>,
    started: Instant,
    /// Why it does not begin.
    blocked: Option<String>,
    ask_why_at: Instant,
    /// So many of its pods have failed.
    failed: i32,
    /// What one of them said.
    complaint: Option<String>,
    /// Whether we deleted its Job, so that another one is made.
    is_withdrawn: bool,
}

/// What a run evaluates of a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) version: u64,
    /// On these shards, by index.
    pub(super) shards: Vec<usize>,
}

impl Part {
    /// Whether it has been evaluated as of this instant, or the server would not.
    fn is_done(&self, standing: &Standing, as_of_ms: i64) -> bool {
        standing.failed.as_ref().is_some_and(|refusal| refusal.as_of_ms >= as_of_ms)
            || self.shards.iter().all(|shard| standing.is_evaluated(*shard, as_of_ms))
    }
}

/// Why a run was not started.
#[derive(Debug, thiserror::Error)]
enum NotStarted {
    #[error("{}", chain(.0))]
    Shard(#[from] ShardError),
    #[error(transparent)]
    Api(#[from] kube::Error),
}

impl Run {
    pub(super) fn new(id: Uuid, job: String, as_of_ms: i64, segments: HashMap<SegmentKey, Part>) -> Self {
        let now = Instant::now();
        let ask_why_at = now + PODS_WITHIN;
        let requests = HashMap::new();
        Self {
            id,
            job,
            as_of_ms,
            segments,
            requests,
            started: now,
            blocked: None,
            ask_why_at,
            failed: 0,
            complaint: None,
            is_withdrawn: false,
        }
    }

    /// The same, as the answer to requests.
    pub(super) fn answering(self, requests: HashMap<SegmentKey, String>) -> Self {
        Self { requests, ..self }
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = SegmentKey> {
        self.segments.keys().copied()
    }

    /// Asks what keeps the Job from having pods that work, if it has none, and why pods failed, if more did.
    async fn find_out_why(&mut self, look: Look<'_>, job: &Job) {
        let failed = job.status.as_ref().and_then(|status| status.failed).unwrap_or(0);
        if failed > self.failed {
            self.failed = failed;
            self.complaint = why_failed(look.ctx, job).await;
        }
        if has_working_pods(job) {
            self.blocked = None;
        } else if self.ask_why_at <= Instant::now() {
            self.ask_why_at = Instant::now() + PODS_WITHIN;
            self.blocked = why_blocked(look.ctx, job).await;
        }
    }

    /// Deletes a Job that does not begin, if another one would be made for the store as it is now.
    async fn withdraw(&mut self, look: Look<'_>, job: &Job) {
        if self.is_withdrawn || self.blocked.is_none() {
            return;
        }
        let now =
            build::manual_job(parent(look), ManualWork { run: self.id, as_of: Timestamp::UNIX_EPOCH, shards: &[] });
        if tools(job) == tools(&now) {
            return;
        }
        match delete(look.ctx, job).await {
            Ok(()) => self.is_withdrawn = true,
            Err(error) => tracing::warn!(%error, job = self.job, "a Job that does not begin was not deleted"),
        }
    }

    /// The request that it answers for a Segment.
    pub(super) fn request(&self, key: SegmentKey) -> Option<&String> {
        self.requests.get(&key)
    }

    /// How its Job gets on.
    pub(super) fn progress(&self) -> Progress {
        let job = &self.job;
        match (&self.blocked, &self.complaint) {
            (Some(why), _) => Progress::Blocked(format!("the Job {job} does not begin: {why}")),
            (None, Some(said)) => Progress::Running(format!("the Job {job} tries again: {said}")),
            (None, None) => Progress::Running(format!("the Job {job} evaluates it")),
        }
    }
}

/// The run that evaluates a version.
pub(super) fn evaluating(runs: &[Run], key: SegmentKey, version: u64) -> Option<&Run> {
    runs.iter().find(|run| run.segments.get(&key).is_some_and(|part| part.version == version))
}

fn parent(look: Look<'_>) -> Parent<'_> {
    Parent { key: look.key, owner: &look.seen.owner, store: look.valid, default_image: &look.ctx.args.jobs_image }
}

/// What is due without that on one shard.
fn without(due: Vec<Due>, shard: usize) -> Vec<Due> {
    let rest = due.into_iter().map(|mut due| {
        due.shards.retain(|index| *index != shard);
        due
    });
    rest.filter(|due| !due.shards.is_empty()).collect()
}

impl Segments {
    /// Takes in runs that another operator began, and ends those whose Job has ended.
    pub(super) async fn follow_runs(&mut self, look: Look<'_>) {
        self.take_over_runs(look).await;
        for mut run in std::mem::take(&mut self.runs) {
            let job = look.ctx.jobs.get(&ObjectRef::new(&run.job).within(&look.key.namespace));
            let ended = match &job {
                Some(job) => finished(job),
                // What it was to evaluate is due, and gets another Job.
                None if run.is_withdrawn => continue,
                None if run.started.elapsed() < SEEN_WITHIN => None,
                // Somebody deleted it: what is due still is begins again.
                None => Some(Finished::Complete),
            };
            match ended {
                None => {
                    if let Some(job) = &job {
                        run.find_out_why(look, job).await;
                        run.withdraw(look, job).await;
                    }
                    self.runs.push(run);
                }
                Some(Finished::Failed(reason)) => {
                    let said = match &job {
                        Some(job) => why_failed(look.ctx, job).await,
                        None => None,
                    };
                    let reason = said.map_or(reason.clone(), |said| format!("{reason}; {said}"));
                    self.end_run(look, run, &Finished::Failed(reason)).await;
                }
                Some(ended) => self.end_run(look, run, &ended).await,
            }
        }
    }

    async fn end_run(&mut self, look: Look<'_>, run: Run, ended: &Finished) {
        // The last look may have been a moment before the last commit.
        let mut standings: Vec<_> = self
            .standings
            .iter_mut()
            .filter(|(key, _)| run.segments.contains_key(*key))
            .map(|(_, standing)| standing)
            .collect();
        for (_, error) in publish::look(look.store, &mut standings, look.down).await {
            tracing::warn!(error = chain(&error), "a shard did not answer");
            self.failed = true;
        }
        let message = match ended {
            Finished::Complete => format!("the Job {} ended without having evaluated it", run.job),
            Finished::Failed(reason) => format!("the Job {} failed: {reason}", run.job),
        };
        for (key, part) in &run.segments {
            let is_of = |standing: &&Standing| standing.version == part.version;
            let Some(standing) = self.standings.get(key).filter(is_of) else { continue };
            // That its members are those of its definition says nothing of one that was to be evaluated again.
            if part.is_done(standing, run.as_of_ms) {
                self.outdated.remove(key);
                self.setbacks.forget(*key);
                self.refresh.insert(*key);
                self.handled.extend(run.requests.get(key).map(|request| (*key, request.clone())));
            } else {
                self.setbacks.add(*key, part.version, &message, run.requests.get(key));
            }
        }
        self.tell_of(look, &run, ended, &message).await;
    }

    async fn tell_of(&self, look: Look<'_>, run: &Run, ended: &Finished, message: &str) {
        let (id, segments) = (run.id, run.segments.len());
        match ended {
            Finished::Complete => {
                tracing::info!(store = %look.key, run = %id, segments, "a run ended");
                let said = Said {
                    reason: reason::RUN_ENDED,
                    action: "Evaluate",
                    note: "a run of Segments of this store ended",
                };
                look.ctx.tell(look.object, EventType::Normal, said).await;
            }
            Finished::Failed(_) => {
                tracing::warn!(store = %look.key, run = %id, segments, message, "a run failed");
                look.ctx.metrics.runs_failed.inc();
                let said = Said { reason: reason::RUN_FAILED, action: "Evaluate", note: message };
                look.ctx.tell(look.object, EventType::Warning, said).await;
            }
        }
    }

    /// Jobs that are under way without our having begun them: those of an operator before us.
    async fn take_over_runs(&mut self, look: Look<'_>) {
        let unknown: Vec<_> = look.ctx.jobs.state_filter(|job| {
            let is_ours = StoreKey::of_job(job).as_ref() == Some(look.key)
                && job.labels().get(COMPONENT).is_some_and(|component| component == MANUAL);
            is_ours && finished(job).is_none() && !self.runs.iter().any(|run| run.job == job.name_any())
        });
        for job in unknown {
            let Some(id) = job.labels().get(RUN).and_then(|run| run.parse::<Uuid>().ok()) else { continue };
            match self.run_of(look, id, &job).await {
                Ok(run) => self.runs.push(run),
                Err(error) => {
                    tracing::warn!(error, run = %id, "a run that is under way cannot be read yet");
                    self.failed = true;
                }
            }
        }
    }

    async fn run_of(&self, look: Look<'_>, id: Uuid, job: &Job) -> Result<Run, String> {
        let as_of = build::instant(job).ok_or_else(|| format!("the Job {} names no instant", job.name_any()))?;
        let mut segments = HashMap::<SegmentKey, Part>::new();
        for (index, shard) in look.store.shards.iter().enumerate() {
            if !look.down.contains(&index) {
                for row in publish::run_segments(shard, id).await.map_err(|error| chain(&error))? {
                    let nowhere = Part { version: row.version, shards: Vec::new() };
                    segments.entry((row.account, row.segment)).or_insert(nowhere).shards.push(index);
                }
            }
        }
        Ok(Run::new(id, job.name_any(), as_of.as_millisecond(), segments))
    }

    /// Makes a run of what is due and is not under way.
    pub(super) async fn start_runs(&mut self, look: Look<'_>) {
        let requests = self.requests(look);
        self.tidy_setbacks(look.segments, &requests);
        while self.runs.len() < RUNS_AT_ONCE && self.start_at <= Instant::now() {
            if !self.start_run(look, &requests).await {
                return;
            }
        }
    }

    /// Whether a run was started, so that there may be work for another one.
    async fn start_run(&mut self, look: Look<'_>, requests: &HashMap<SegmentKey, String>) -> bool {
        let due = self.standings.iter().filter_map(|(key, standing)| {
            let asked = standing.state == State::Active && (requests.contains_key(key) || self.outdated.contains(key));
            let is_free = (standing.failed.is_none() || asked)
                && !self.setbacks.waits(*key, standing.version, requests.get(key))
                && evaluating(&self.runs, *key, standing.version).is_none();
            plan::due(standing, asked).filter(|_| is_free)
        });
        let mut due: Vec<Due> = due.collect();
        let full = self.full_accounts();
        due.retain(|due| !full.contains(&due.account));
        let mut due = plan::choose(due, look.valid.segments_per_run);
        while !due.is_empty() {
            match self.start(look, &due, requests).await {
                Ok(run) => {
                    self.runs.push(run);
                    self.not_started = None;
                    return true;
                }
                Err(error) => {
                    self.tell_not_started(look, &error).await;
                    let NotStarted::Shard(error) = error else { return false };
                    // It keeps nobody from the others; what is due there is so still.
                    let index = look.store.shards.iter().position(|shard| shard.name() == error.shard);
                    due = index.map_or(Vec::new(), |index| without(due, index));
                }
            }
        }
        false
    }

    /// Accounts that are in as many runs as they may be.
    fn full_accounts(&self) -> HashSet<u64> {
        let mut runs: HashMap<u64, usize> = HashMap::new();
        for run in &self.runs {
            let accounts: HashSet<u64> = run.keys().map(|key| key.0).collect();
            for account in accounts {
                *runs.entry(account).or_default() += 1;
            }
        }
        runs.into_iter().filter(|(_, count)| *count >= RUNS_OF_ACCOUNT).map(|(account, _)| account).collect()
    }

    async fn tell_not_started(&mut self, look: Look<'_>, error: &NotStarted) {
        let note = error.to_string();
        tracing::warn!(error = note, store = %look.key, "a run was not started; it is tried again");
        self.start_at = Instant::now() + RETRY;
        self.failed = true;
        let said = Said { reason: reason::RUN_NOT_STARTED, action: "Evaluate", note: &note };
        look.ctx.tell(look.object, EventType::Warning, said).await;
        self.not_started = Some(note);
    }

    /// Requests for an evaluation that nobody has answered: annotations with another value than the status has. Such a one is
    /// followed when all shards of the account answer, so that it is followed on all of them.
    fn requests(&mut self, look: Look<'_>) -> HashMap<SegmentKey, String> {
        let under_way: HashSet<(SegmentKey, String)> = self.runs.iter().flat_map(|run| run.requests.clone()).collect();
        let (mut requests, mut annotated) = (HashMap::new(), HashSet::new());
        for segment in look.segments {
            let Some(value) = segment.request() else { continue };
            let key = key_of(segment);
            annotated.insert(key);
            let status = self.told.status(segment);
            let is_handled = status.handled_request.as_deref() == Some(value)
                || self.handled.get(&key).is_some_and(|handled| handled == value);
            let Some(standing) = self.standings.get(&key).filter(|_| !is_handled) else { continue };
            if !standing.absent.is_empty() {
                continue;
            }
            if standing.homes.is_empty() {
                // There is nothing to evaluate.
                self.handled.insert(key, value.to_owned());
            } else if !under_way.contains(&(key, value.to_owned())) {
                requests.insert(key, value.to_owned());
            }
        }
        self.handled.retain(|key, _| annotated.contains(key));
        requests
    }

    async fn start(
        &self,
        look: Look<'_>,
        due: &[Due],
        requests: &HashMap<SegmentKey, String>,
    ) -> Result<Run, NotStarted> {
        let part = |due: &Due| Part { version: due.version, shards: due.shards.clone() };
        let segments: HashMap<SegmentKey, Part> =
            due.iter().map(|due| ((due.account, due.segment), part(due))).collect();
        let requests: HashMap<SegmentKey, String> = requests
            .iter()
            .filter(|(key, _)| segments.contains_key(*key))
            .map(|(key, value)| (*key, value.clone()))
            .collect();
        let evidence = self.evidence(look, due, &requests).await?;
        let id = new_id(look, due, &evidence);
        let shards = publish::start_run(look.store, id, due).await?;
        let as_of = Timestamp::from_millisecond(Clock::System.now_ms()).unwrap_or_default();
        let job = build::manual_job(parent(look), ManualWork { run: id, as_of, shards: &shards });
        config_map(look.ctx, parent(look)).await?;
        post(look.ctx, &job).await?;
        look.ctx.metrics.runs.inc();
        tracing::info!(store = %look.key, run = %id, segments = segments.len(), job = job.name_any(), "started a run");
        let said =
            Said { reason: reason::RUN_STARTED, action: "Evaluate", note: "a Job evaluates Segments of this store" };
        look.ctx.tell(look.object, EventType::Normal, said).await;
        Ok(Run::new(id, job.name_any(), as_of.as_millisecond(), segments).answering(requests))
    }

    /// What tells this run from an earlier one of the same versions: what was committed since, and what failed.
    async fn evidence(
        &self,
        look: Look<'_>,
        due: &[Due],
        requests: &HashMap<SegmentKey, String>,
    ) -> Result<String, ShardError> {
        let shards: BTreeSet<usize> = due.iter().flat_map(|due| due.shards.iter().copied()).collect();
        let mut evidence = Vec::new();
        for index in shards {
            let newest = commit::newest(&look.store.shards[index]).await?;
            evidence.push(format!("{index} {}", newest.map_or(0, |commit| commit.seq)));
        }
        let failed = due.iter().filter_map(|due| {
            let setback = self.setbacks.get((due.account, due.segment), due.version)?;
            Some(format!("{} failed {}", due.segment, setback.count))
        });
        evidence.extend(failed);
        evidence.extend(requests.iter().map(|(key, value)| format!("{} asked {value}", key.1)));
        evidence.sort_unstable();
        Ok(evidence.join("\n"))
    }
}

/// The id of a run whose Job has not ended yet: an operator before us may have tried the same, and we do not know how often.
fn new_id(look: Look<'_>, due: &[Due], evidence: &str) -> Uuid {
    let store = look.key.identity(&look.ctx.cluster);
    let mut id = plan::run_id(&store, due, evidence);
    for tried in 1.. {
        let name = child(&look.key.name, MANUAL, id.as_u64_pair().0);
        let job = look.ctx.jobs.get(&ObjectRef::new(&name).within(&look.key.namespace));
        if job.is_none_or(|job| finished(&job).is_none()) {
            break;
        }
        id = plan::run_id(&store, due, &format!("{evidence}\ntried {tried}"));
    }
    id
}

#[cfg(test)]
mod tests {
    use segment_jobs::publish::Refusal;

    use super::*;

    fn part(version: u64, shards: &[usize]) -> Part {
        Part { version, shards: shards.to_vec() }
    }

    #[test]
    fn what_was_evaluated_on_the_shards_of_a_run_as_of_its_instant_is_done() {
        let served = Standing { evaluated: vec![(0, 100), (1, 90)], ..crate::golden::standing() };
        let is_done = |shards: &[usize], as_of_ms| part(served.version, shards).is_done(&served, as_of_ms);
        assert!(is_done(&[0], 100) && is_done(&[0, 1], 90));
        assert!(!is_done(&[0, 1], 100), "the version is served, but has not been evaluated again");
        assert!(!is_done(&[0, 2], 90), "a shard that does not answer");
        let refused = |as_of_ms| {
            let refusal = Refusal { as_of_ms, ..crate::golden::refusal("no") };
            part(served.version, &[0]).is_done(&Standing { failed: Some(refusal), ..served.clone() }, 101)
        };
        assert!(refused(101) && !refused(100), "what the server refused before says nothing of this run");
    }

    #[test]
    fn an_account_of_thousands_leaves_the_last_run_to_others() {
        let mut segments = Segments::new(std::sync::Arc::default());
        let run = |account| Run::new(Uuid::nil(), "j".to_owned(), 0, [((account, 1), part(1, &[0]))].into());
        segments.runs = vec![run(1), run(1), run(2)];
        assert!(segments.full_accounts().is_empty());
        segments.runs = vec![run(1), run(1), run(1)];
        assert_eq!(segments.full_accounts(), HashSet::from([1]));
    }

    #[test]
    fn a_shard_that_fails_is_left_out() {
        let due = |segment, shards: &[usize]| Due { account: 1, segment, version: 1, root: 1, shards: shards.to_vec() };
        assert_eq!(without(vec![due(1, &[0, 1]), due(2, &[1])], 1), [due(1, &[0])]);
    }
}
