//! The Lease by which one replica of several is chosen.
//!
//! Flow: while another holds it, look every two seconds; take it when it was given back, or when it was not renewed for its
//! whole duration by *our* monotonic clock, since clocks of machines differ; write with the resource version that was read,
//! so that of two that take it one fails. The holder renews every three seconds.
//!
//! Guarantee: a renewal that is not answered is tried once more, none begins ten seconds after the last good one, and who
//! could not renew stops at once, before anybody else may take over. What is under way then is harmless on the shards, where
//! the fence orders commits, and Jobs are made once under their name.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use k8s_openapi::{
    api::coordination::v1::{Lease as Object, LeaseSpec},
    apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta},
};
use kube::{Api, Client, ResourceExt, api::PostParams};
use segment_jobs::clock::Clock;
use tokio_util::sync::CancellationToken;

use crate::http::Health;

const DURATION: Duration = Duration::from_secs(15);
const RENEW_EVERY: Duration = Duration::from_secs(3);
const RENEW_DEADLINE: Duration = Duration::from_secs(10);
const RETRY: Duration = Duration::from_secs(2);
/// To look and to write take at most this long together; the client of a Lease does not try again by itself.
const STEP_LIMIT: Duration = Duration::from_secs(4);

/// One replica's hold on a Lease, or its wish for it.
#[derive(Debug)]
pub(crate) struct Lease {
    api: Api<Object>,
    name: String,
    holder: String,
    /// The version of the Lease that was seen last, and since when.
    observed: Option<(String, Instant)>,
}

/// The Lease could not be renewed in time.
#[derive(Debug, thiserror::Error)]
#[error("the Lease was lost: {0}")]
pub(crate) struct Lost(String);

/// Whether the Lease is ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Held {
    Yes,
    No,
}

/// What to do about a Lease.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    Create,
    Take,
    Renew,
    Wait,
}

impl Lease {
    pub(crate) fn new(client: Client, namespace: &str, name: &str, holder: String) -> Self {
        Self { api: Api::namespaced(client, namespace), name: name.to_owned(), holder, observed: None }
    }

    /// Waits until the Lease is ours. False if it was stopped before. While another holds it, we are as ready as we will be.
    pub(crate) async fn acquire(&mut self, health: &Health, stop: &CancellationToken) -> bool {
        loop {
            health.beat();
            match self.step(Held::No).await {
                Ok(Step::Wait) => health.set_ready(true),
                Ok(_) => return true,
                Err(error) => tracing::warn!(error, "the Lease cannot be asked for"),
            }
            tokio::select! {
                () = stop.cancelled() => return false,
                () = tokio::time::sleep(RETRY) => {}
            }
        }
    }

    /// Renews the Lease. Returns when it is lost.
    pub(crate) async fn hold(&mut self, health: &Health) -> Lost {
        let mut renewed = Instant::now();
        let mut pause = RENEW_EVERY;
        loop {
            tokio::time::sleep(pause).await;
            let asked_at = Instant::now();
            match self.step(Held::Yes).await {
                Ok(Step::Renew) => {
                    renewed = asked_at;
                    pause = RENEW_EVERY;
                    health.beat();
                }
                Ok(Step::Wait) => return Lost("another replica holds it".to_owned()),
                Ok(Step::Create | Step::Take) => return Lost("somebody has taken it from us".to_owned()),
                Err(error) if renewed.elapsed() + RETRY > RENEW_DEADLINE => return Lost(error),
                Err(error) => {
                    tracing::warn!(error, "the Lease was not renewed");
                    pause = RETRY;
                }
            }
        }
    }

    /// Does what can be done about the Lease, and tells what. Who holds it only renews it: another may have worked meanwhile.
    async fn step(&mut self, held: Held) -> Result<Step, String> {
        limited(self.try_step(held)).await
    }

    async fn try_step(&mut self, held: Held) -> Result<Step, kube::Error> {
        let name = self.name.clone();
        let found = self.api.get_opt(&name).await?;
        let age = found.as_ref().map(|found| self.age(found));
        match step(found.as_ref(), &self.holder, age.unwrap_or_default()) {
            Step::Wait => Ok(Step::Wait),
            step @ (Step::Create | Step::Take) if held == Held::Yes => Ok(step),
            Step::Create => {
                let object = self.object(None, 0);
                self.api.create(&PostParams::default(), &object).await.map(|_| Step::Create)
            }
            step => {
                let before = found.as_ref().and_then(|found| found.spec.clone()).unwrap_or_default();
                let transitions = before.lease_transitions.unwrap_or(0) + i32::from(step == Step::Take);
                let mut object = self.object(found.and_then(|found| found.resource_version()), transitions);
                if step == Step::Renew
                    && let Some(spec) = &mut object.spec
                {
                    spec.acquire_time = before.acquire_time;
                }
                self.api.replace(&name, &PostParams::default(), &object).await.map(|_| step)
            }
        }
    }

    /// How long the Lease has stayed as it is, by our own clock.
    fn age(&mut self, found: &Object) -> Duration {
        let version = found.resource_version().unwrap_or_default();
        match &self.observed {
            Some((seen, since)) if *seen == version => since.elapsed(),
            _ => {
                self.observed = Some((version, Instant::now()));
                Duration::ZERO
            }
        }
    }

    fn object(&self, resource_version: Option<String>, transitions: i32) -> Object {
        let now = MicroTime(Timestamp::from_millisecond(Clock::System.now_ms()).unwrap_or_default());
        Object {
            metadata: ObjectMeta { name: Some(self.name.clone()), resource_version, ..ObjectMeta::default() },
            spec: Some(LeaseSpec {
                holder_identity: Some(self.holder.clone()),
                lease_duration_seconds: i32::try_from(DURATION.as_secs()).ok(),
                acquire_time: Some(now.clone()),
                renew_time: Some(now),
                lease_transitions: Some(transitions),
                ..LeaseSpec::default()
            }),
        }
    }

    /// Lets another replica have it at once.
    pub(crate) async fn give_back(&self) {
        let Ok(Some(mut found)) = limited(self.api.get_opt(&self.name)).await else { return };
        let Some(spec) = found.spec.as_mut().filter(|spec| spec.holder_identity.as_ref() == Some(&self.holder)) else {
            return;
        };
        spec.holder_identity = Some(String::new());
        if let Err(error) = limited(self.api.replace(&self.name, &PostParams::default(), &found)).await {
            tracing::warn!(error, "the Lease was not given back");
        }
    }
}

/// What to do about a Lease that has stayed as it is for `age`.
fn step(found: Option<&Object>, holder: &str, age: Duration) -> Step {
    let Some(found) = found else { return Step::Create };
    let holding = found.spec.as_ref().and_then(|spec| spec.holder_identity.as_deref()).unwrap_or_default();
    if holding == holder {
        Step::Renew
    } else if holding.is_empty() || age >= DURATION {
        Step::Take
    } else {
        Step::Wait
    }
}

async fn limited<T>(call: impl Future<Output = Result<T, kube::Error>>) -> Result<T, String> {
    match tokio::time::timeout(STEP_LIMIT, call).await {
        Ok(answer) => answer.map_err(|error| error.to_string()),
        Err(_) => Err(format!("no answer within {} s", STEP_LIMIT.as_secs())),
    }
}

#[cfg(test)]
mod tests {
    use std::{
        convert::Infallible,
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        },
    };

    use kube::client::Body;

    use super::*;

    fn held_by(holder: &str) -> Object {
        let spec = LeaseSpec { holder_identity: Some(holder.to_owned()), ..LeaseSpec::default() };
        Object { spec: Some(spec), ..Object::default() }
    }

    #[test]
    fn a_lease_is_taken_only_when_it_was_given_back_or_stood_still() {
        let short = DURATION.saturating_sub(Duration::from_millis(1));
        assert_eq!(step(None, "a", Duration::ZERO), Step::Create);
        assert_eq!(step(Some(&held_by("b")), "a", short), Step::Wait);
        assert_eq!(step(Some(&held_by("b")), "a", DURATION), Step::Take);
        assert_eq!(step(Some(&held_by("")), "a", Duration::ZERO), Step::Take);
        assert_eq!(step(Some(&held_by("a")), "a", DURATION), Step::Renew);
    }

    #[test]
    fn the_holder_stops_before_another_may_take_over() {
        assert!(RENEW_DEADLINE + STEP_LIMIT < DURATION);
    }

    #[test]
    fn one_renewal_that_is_not_answered_loses_nothing() {
        // Less, not equal: clocks go on while we count.
        assert!(RENEW_EVERY + STEP_LIMIT + RETRY < RENEW_DEADLINE);
    }

    /// An API server whose only Lease this one holds, and how often something was written to it.
    fn server(holder: &'static str) -> (Client, Arc<AtomicUsize>) {
        let writes = Arc::<AtomicUsize>::default();
        let counted = writes.clone();
        let answer = move |request: http::Request<Body>| {
            if request.method() != http::Method::GET {
                counted.fetch_add(1, Ordering::SeqCst);
            }
            let text = serde_json::to_vec(&held_by(holder)).unwrap();
            std::future::ready(Ok::<_, Infallible>(http::Response::new(Body::from(text))))
        };
        (Client::new(tower::service_fn(answer), "a"), writes)
    }

    #[tokio::test]
    async fn one_that_stands_by_is_ready() {
        let (health, stop) = (Health::new(), CancellationToken::new());
        let mut lease = Lease::new(server("b").0, "a", "l", "a".to_owned());
        let acquired = tokio::time::timeout(Duration::from_millis(500), lease.acquire(&health, &stop)).await;
        assert!(acquired.is_err() && health.is_ready());
        let (health, mut lease) = (Health::new(), Lease::new(server("a").0, "a", "l", "a".to_owned()));
        assert!(lease.acquire(&health, &stop).await && !health.is_ready(), "it has to fill its caches first");
    }

    #[tokio::test]
    async fn who_finds_its_lease_given_away_does_not_take_it_again() {
        let (client, writes) = server("");
        let mut lease = Lease::new(client, "a", "l", "a".to_owned());
        lease.hold(&Health::new()).await;
        assert_eq!(writes.load(Ordering::SeqCst), 0);
    }
}
