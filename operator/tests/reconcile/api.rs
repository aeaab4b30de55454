//! A small API server in memory: lists, watches, creates, applies and deletes objects of any kind, and counts its writes.
//!
//! It knows no schemas, no defaults and no rights, and applies by replacing: enough to play the operator's whole work.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use futures::StreamExt;
use http::{Method, Request, Response};
use http_body_util::{BodyExt, Full, StreamBody, combinators::UnsyncBoxBody};
use kube::{Client, client::Body};
use serde_json::{Value, json};
use tokio::sync::broadcast;

type Answer = Response<UnsyncBoxBody<Bytes, Infallible>>;

/// Kind, namespace and name.
type Key = (String, String, String);

struct State {
    objects: BTreeMap<Key, Value>,
    version: u64,
    writes: Vec<String>,
    /// All changes, with their versions and kinds: a watch begins at any of them.
    log: Vec<(u64, String, Value)>,
}

/// The server.
#[derive(Clone)]
pub(crate) struct Api {
    state: Arc<Mutex<State>>,
    events: broadcast::Sender<(String, Value)>,
}

struct Target {
    /// Plural name of the kind.
    kind: String,
    namespace: String,
    name: Option<String>,
    status: bool,
}

impl Api {
    pub(crate) fn new() -> Self {
        let state = State { objects: BTreeMap::new(), version: 1, writes: Vec::new(), log: Vec::new() };
        let api = Self { state: Arc::new(Mutex::new(state)), events: broadcast::channel(10_000).0 };
        api.put("namespaces", json!({"metadata": {"name": "kube-system"}}));
        api.put("namespaces", json!({"metadata": {"name": "shop", "labels": {"team": "shop"}}}));
        api
    }

    pub(crate) fn client(&self) -> Client {
        let api = self.clone();
        Client::new(
            tower::service_fn(move |request| {
                let api = api.clone();
                async move { Ok::<_, Infallible>(api.answer(request).await) }
            }),
            "shop",
        )
    }

    /// Creates or replaces an object, as a user does.
    pub(crate) fn put(&self, kind: &str, mut object: Value) {
        let key = key(kind, &object);
        let mut state = self.state();
        let old = state.objects.get(&key).cloned();
        let (generation, uid) = match &old {
            Some(old) => {
                let change = i64::from(old["spec"] != object["spec"]);
                (old["metadata"]["generation"].as_i64().unwrap_or(0) + change, old["metadata"]["uid"].clone())
            }
            None => (1, json!(uuid::Uuid::new_v4().to_string())),
        };
        object["metadata"]["generation"] = json!(generation);
        object["metadata"]["uid"] = uid;
        if object["metadata"]["creationTimestamp"].is_null() {
            object["metadata"]["creationTimestamp"] = json!("2020-01-01T00:00:00Z");
        }
        if let Some(old) = &old
            && object.get("status").is_none()
        {
            object["status"] = old["status"].clone();
        }
        self.store(&mut state, &key, object, if old.is_some() { "MODIFIED" } else { "ADDED" });
    }

    pub(crate) fn delete(&self, kind: &str, namespace: &str, name: &str) {
        let mut state = self.state();
        if let Some(object) = state.objects.remove(&(kind.to_owned(), namespace.to_owned(), name.to_owned())) {
            state.version += 1;
            self.publish(&mut state, kind, json!({"type": "DELETED", "object": object}));
        }
    }

    pub(crate) fn get(&self, kind: &str, namespace: &str, name: &str) -> Option<Value> {
        self.state().objects.get(&(kind.to_owned(), namespace.to_owned(), name.to_owned())).cloned()
    }

    pub(crate) fn list(&self, kind: &str) -> Vec<Value> {
        let state = self.state();
        state.objects.iter().filter(|(key, _)| key.0 == kind).map(|(_, object)| object.clone()).collect()
    }

    /// All writes of clients so far, as `METHOD kind/name`.
    pub(crate) fn writes(&self) -> Vec<String> {
        self.state().writes.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn store(&self, state: &mut State, key: &Key, mut object: Value, event: &str) -> Value {
        state.version += 1;
        object["metadata"]["resourceVersion"] = json!(state.version.to_string());
        state.objects.insert(key.clone(), object.clone());
        self.publish(state, &key.0, json!({"type": event, "object": object}));
        object
    }

    fn publish(&self, state: &mut State, kind: &str, event: Value) {
        state.log.push((state.version, kind.to_owned(), event.clone()));
        let _ = self.events.send((kind.to_owned(), event));
    }

    async fn answer(&self, request: Request<Body>) -> Answer {
        let (parts, body) = request.into_parts();
        let query: BTreeMap<String, String> = parts
            .uri
            .query()
            .unwrap_or_default()
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(key, value)| (key.to_owned(), value.replace("%2F", "/").replace("%3D", "=").replace("%2C", ",")))
            .collect();
        let target = target(parts.uri.path());
        let body: Value = serde_json::from_slice(&body.collect_bytes().await.unwrap_or_default()).unwrap_or_default();
        if parts.method == Method::GET && query.get("watch").is_some_and(|watch| watch == "true") {
            let since = query.get("resourceVersion").and_then(|version| version.parse().ok()).unwrap_or(0);
            return self.watch(target, query.get("labelSelector").cloned(), since);
        }
        match (parts.method, &target.name) {
            (Method::GET, None) => self.all(&target, query.get("labelSelector").map(String::as_str)),
            (Method::GET, Some(name)) => match self.get(&target.kind, &target.namespace, name) {
                Some(object) => whole(200, &object),
                None => status(404),
            },
            (Method::POST, _) => self.create(&target, body),
            (Method::PATCH, Some(name)) => self.apply(&target, name, body),
            (Method::DELETE, Some(name)) => {
                self.delete(&target.kind, &target.namespace, name);
                self.state().writes.push(format!("DELETE {}/{name}", target.kind));
                status(200)
            }
            _ => status(405),
        }
    }

    fn all(&self, target: &Target, selector: Option<&str>) -> Answer {
        let state = self.state();
        let is_meant = |key: &Key, object: &Value| {
            key.0 == target.kind
                && (target.namespace.is_empty() || key.1 == target.namespace)
                && selected(object, selector)
        };
        let items: Vec<&Value> =
            state.objects.iter().filter(|(key, object)| is_meant(key, object)).map(|(_, object)| object).collect();
        whole(200, &json!({"metadata": {"resourceVersion": state.version.to_string()}, "items": items}))
    }

    fn watch(&self, target: Target, selector: Option<String>, since: u64) -> Answer {
        let (missed, receiver) = {
            let state = self.state();
            let missed = state.log.iter().filter(|(version, ..)| *version > since);
            let missed: Vec<_> = missed.map(|(_, kind, event)| (kind.clone(), event.clone())).collect();
            (missed, self.events.subscribe())
        };
        let lines = futures::stream::iter(missed).chain(tokio_stream(receiver)).filter_map(move |(kind, event)| {
            let is_here = target.namespace.is_empty() || event["object"]["metadata"]["namespace"] == target.namespace;
            let is_meant = kind == target.kind && is_here && selected(&event["object"], selector.as_deref());
            let line = is_meant.then(|| Ok(http_body::Frame::data(Bytes::from(format!("{event}\n")))));
            std::future::ready(line)
        });
        Response::new(StreamBody::new(lines).boxed_unsync())
    }

    fn create(&self, target: &Target, mut object: Value) -> Answer {
        let mut state = self.state();
        if object["metadata"]["namespace"].is_null() && !target.namespace.is_empty() {
            object["metadata"]["namespace"] = json!(target.namespace);
        }
        let key = key(&target.kind, &object);
        state.writes.push(format!("POST {}/{}", key.0, key.2));
        if state.objects.contains_key(&key) {
            return status(409);
        }
        object["metadata"]["uid"] = json!(uuid::Uuid::new_v4().to_string());
        whole(201, &self.store(&mut state, &key, object, "ADDED"))
    }

    fn apply(&self, target: &Target, name: &str, patch: Value) -> Answer {
        let mut state = self.state();
        let key = (target.kind.clone(), target.namespace.clone(), name.to_owned());
        let old = state.objects.get(&key).cloned();
        state.writes.push(format!("PATCH {}/{name}", target.kind));
        let object = match (target.status, old) {
            (true, None) => return status(404),
            (true, Some(mut old)) => {
                old["status"] = patch["status"].clone();
                old
            }
            (false, old) => {
                if old.is_some_and(|old| old["data"] == patch["data"]) {
                    return whole(200, &patch);
                }
                let mut object = patch;
                object["metadata"]["namespace"] = json!(target.namespace);
                object
            }
        };
        whole(200, &self.store(&mut state, &key, object, "MODIFIED"))
    }
}

fn tokio_stream(receiver: broadcast::Receiver<(String, Value)>) -> impl futures::Stream<Item = (String, Value)> {
    futures::stream::unfold(receiver, async |mut receiver| Some((receiver.recv().await.ok()?, receiver)))
}

fn key(kind: &str, object: &Value) -> Key {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (kind.to_owned(), text(&object["metadata"]["namespace"]), text(&object["metadata"]["name"]))
}

/// `/api/v1/..` or `/apis/GROUP/VERSION/..`, then `[namespaces/NS/]KIND[/NAME[/status]]`.
fn target(path: &str) -> Target {
    let mut parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    parts.drain(..if parts[0] == "api" { 2 } else { 3 });
    let mut namespace = String::new();
    if parts[0] == "namespaces" && parts.len() > 2 {
        parts[1].clone_into(&mut namespace);
        parts.drain(..2);
    }
    Target {
        kind: parts[0].to_owned(),
        namespace,
        name: parts.get(1).map(|name| (*name).to_owned()),
        status: parts.get(2) == Some(&"status"),
    }
}

fn selected(object: &Value, selector: Option<&str>) -> bool {
    let pairs = selector.unwrap_or_default().split(',').filter_map(|pair| pair.split_once('='));
    pairs.into_iter().all(|(key, value)| object["metadata"]["labels"][key] == value)
}

fn whole(code: u16, object: &Value) -> Answer {
    let body = Full::new(Bytes::from(object.to_string())).boxed_unsync();
    Response::builder().status(code).body(body).expect("a response")
}

fn status(code: u16) -> Answer {
    let reason = match code {
        404 => "NotFound",
        409 => "AlreadyExists",
        _ => "",
    };
    whole(
        code,
        &json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "message": "", "reason": reason}),
    )
}
