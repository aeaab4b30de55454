//! Which Segments of a store are good, and what they mean. Pure.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use segment_crds::{AccessGrant, NamespaceSelector, SelectorOperator};
use segment_rules::{Compiled, Refusal, compile_each, segment_id, sip_hash_64, yaml::Document};
use serde_json::json;

use crate::{names::StoreKey, object::SegmentObject};

/// What became of a Segment's spec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It means something.
    Accepted {
        /// Hash of what it means.
        hash: u128,
        /// Hash of the account.
        account: u64,
        /// Id of the segment.
        segment: u64,
    },
    /// It means nothing, and why.
    Refused(String),
    /// The store does not let this namespace name this account.
    Denied(String),
}

/// What the judge knows of the store.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Court<'a> {
    pub(crate) key: &'a StoreKey,
    pub(crate) time_zone: Option<&'a str>,
    pub(crate) access: &'a [AccessGrant],
    /// Labels of the namespaces; those that are missing have none. None if they may not be read.
    pub(crate) namespaces: Option<&'a HashMap<String, BTreeMap<String, String>>>,
}

/// Verdicts on the Segments of some accounts, by `namespace/name`, and what those that were accepted mean.
pub(crate) fn validate(
    court: Court<'_>,
    segments: &[&SegmentObject],
    accounts: &BTreeSet<&str>,
) -> (BTreeMap<String, Verdict>, Compiled) {
    let mut verdicts = BTreeMap::new();
    let (mut judged, mut read) = (BTreeSet::new(), Vec::new());
    for segment in segments.iter().filter(|segment| accounts.contains(&*segment.account)) {
        if let Some(reason) = court.denies(segment) {
            verdicts.insert(segment.path(), Verdict::Denied(reason));
        } else {
            judged.insert(segment.path());
            read.push(*segment);
        }
    }
    read.extend(foreigners(segments, accounts, &judged));
    let documents = read.into_iter().map(|segment| Document::new(segment.document()));
    let mut compiled = compile_each(&[court.document()], documents);
    compiled.accounts.retain(|account, _| accounts.contains(account.as_str()));
    for (path, reason) in refusals(&compiled.refused) {
        if judged.contains(&path) {
            verdicts.insert(path, Verdict::Refused(reason));
        }
    }
    for definition in compiled.accounts.values().flat_map(|rules| &rules.definitions) {
        let verdict = Verdict::Accepted {
            hash: definition.hash,
            account: sip_hash_64(&definition.account),
            segment: segment_id(&definition.namespace, &definition.name),
        };
        verdicts.insert(format!("{}/{}", definition.namespace, definition.name), verdict);
    }
    (verdicts, compiled)
}

/// Segments of other accounts to which the judged ones refer: only with them the refusal can say what is wrong.
fn foreigners<'a>(
    segments: &'a [&'a SegmentObject],
    accounts: &'a BTreeSet<&str>,
    judged: &BTreeSet<String>,
) -> impl Iterator<Item = &'a SegmentObject> {
    let referring = segments.iter().filter(|segment| judged.contains(&segment.path()));
    let named: BTreeSet<(&str, &str)> =
        referring.flat_map(|segment| segment.references.iter().map(move |name| (segment.space(), &**name))).collect();
    let is_foreign = move |segment: &&&SegmentObject| {
        !accounts.contains(&*segment.account) && named.contains(&(segment.space(), segment.title()))
    };
    segments.iter().filter(is_foreign).copied()
}

/// All reasons of a Segment in one text.
fn refusals(refused: &[Refusal]) -> BTreeMap<String, String> {
    let mut texts: BTreeMap<String, String> = BTreeMap::new();
    for Refusal { namespace, name, path, reason, mend } in refused {
        let text = texts.entry(format!("{namespace}/{name}")).or_default();
        if !text.is_empty() {
            text.push('\n');
        }
        text.extend([path.as_str(), ": ", reason, "; ", mend]);
    }
    texts
}

impl Court<'_> {
    /// The store as the compiler reads it, for its time zone.
    fn document(&self) -> Document {
        Document::new(json!({
            "apiVersion": "segmentation.dev/v1alpha1",
            "kind": "SegmentStore",
            "metadata": {"name": self.key.name, "namespace": self.key.namespace},
            "spec": {"timeZone": self.time_zone},
        }))
    }

    /// Why the Segment may not use the store for its account, if it may not.
    fn denies(&self, segment: &SegmentObject) -> Option<String> {
        let (namespace, account) = (segment.space(), &*segment.account);
        if self.access.is_empty() {
            return (namespace != self.key.namespace).then(|| {
                format!(
                    "the SegmentStore {} is for its own namespace; its spec.access can admit the namespace {namespace}",
                    self.key
                )
            });
        }
        let labels = self.labels(namespace);
        let admits = |grant: &AccessGrant| {
            labels.meet(&grant.namespace_selector) && grant.accounts.iter().any(|admitted| admitted == account)
        };
        (!self.access.iter().any(admits)).then(|| {
            let why = if labels.are_all {
                ""
            } else {
                "; this operator watches one namespace (WATCH_NAMESPACE) and may read the labels of none: only an empty selector, \
                 and the label kubernetes.io/metadata.name, can admit"
            };
            format!(
                "spec.access of the SegmentStore {} does not admit the account `{account}` for the namespace {namespace}{why}",
                self.key
            )
        })
    }

    fn labels(&self, namespace: &str) -> Labels {
        match self.namespaces {
            Some(namespaces) => Labels { known: namespaces.get(namespace).cloned().unwrap_or_default(), are_all: true },
            // The API server gives every namespace this one, and nobody can change it.
            None => Labels { known: [(NAME_LABEL.to_owned(), namespace.to_owned())].into(), are_all: false },
        }
    }
}

/// The label of a namespace that is its name.
const NAME_LABEL: &str = "kubernetes.io/metadata.name";

/// What is known of the labels of a namespace.
struct Labels {
    known: BTreeMap<String, String>,
    are_all: bool,
}

impl Labels {
    /// Whether a selector surely chooses an object with these labels.
    fn meet(&self, selector: &NamespaceSelector) -> bool {
        let has = |(key, value): (&String, &String)| self.known.get(key) == Some(value);
        selector.match_labels.iter().all(has)
            && selector.match_expressions.iter().all(|requirement| {
                let value = self.known.get(&requirement.key);
                let is_listed = value.is_some_and(|value| requirement.values.contains(value));
                let is_known = value.is_some() || self.are_all;
                is_known
                    && match requirement.operator {
                        SelectorOperator::In => is_listed,
                        SelectorOperator::NotIn => !is_listed,
                        SelectorOperator::Exists => value.is_some(),
                        SelectorOperator::DoesNotExist => value.is_none(),
                    }
            })
    }
}

#[cfg(test)]
mod tests {
    use segment_crds::NamespaceRequirement;
    use serde_json::Value;

    use super::*;

    fn segment(namespace: &str, name: &str, account: &str, criteria: &Value) -> SegmentObject {
        serde_json::from_value(json!({
            "metadata": {"name": name, "namespace": namespace},
            "spec": {"storeRef": {"name": "main", "namespace": "shop"}, "account": account, "criteria": criteria},
        }))
        .unwrap()
    }

    fn judge(access: &[AccessGrant], segments: &[&SegmentObject], account: &str) -> BTreeMap<String, Verdict> {
        let key = StoreKey { namespace: "shop".to_owned(), name: "main".to_owned() };
        let namespaces = [("other".to_owned(), [("team".to_owned(), "a".to_owned())].into())].into();
        let court = Court { key: &key, time_zone: None, access, namespaces: Some(&namespaces) };
        validate(court, segments, &BTreeSet::from([account])).0
    }

    #[test]
    fn labels_that_may_not_be_read_admit_nobody() {
        let key = StoreKey { namespace: "shop".to_owned(), name: "main".to_owned() };
        let one = segment("shop", "a", "1", &sms());
        let denied = |selector: Value| {
            let selector = serde_json::from_value(selector).unwrap();
            let access = [AccessGrant { namespace_selector: selector, accounts: vec!["1".to_owned()] }];
            Court { key: &key, time_zone: None, access: &access, namespaces: None }.denies(&one)
        };
        let expression = |key: &str, operator: &str, values: &[&str]| json!({"matchExpressions": [{"key": key, "operator": operator, "values": values}]});
        for selector in [
            json!({"matchLabels": {"team": "a"}}),
            expression("team", "NotIn", &["b"]),
            expression("team", "DoesNotExist", &[]),
            expression(NAME_LABEL, "NotIn", &["shop"]),
        ] {
            let reason = denied(selector.clone()).unwrap_or_else(|| panic!("admitted by {selector}"));
            assert!(reason.contains("WATCH_NAMESPACE"), "{reason}");
        }
        for selector in
            [json!({}), json!({"matchLabels": {NAME_LABEL: "shop"}}), expression(NAME_LABEL, "In", &["shop"])]
        {
            assert_eq!(denied(selector), None);
        }
    }

    fn sms() -> Value {
        json!([{"name": "sms", "consent": {"channel": "sms", "status": "subscribed"}}])
    }

    fn refused(verdict: &Verdict, parts: &[&str]) {
        let (Verdict::Refused(reason) | Verdict::Denied(reason)) = verdict else { panic!("accepted") };
        for part in parts {
            assert!(reason.contains(part), "{reason}");
        }
    }

    #[test]
    fn only_the_accounts_asked_for_are_judged() {
        let (a, b) = (segment("shop", "a", "1", &sms()), segment("shop", "b", "2", &sms()));
        let verdicts = judge(&[], &[&a, &b], "1");
        assert!(matches!(verdicts["shop/a"], Verdict::Accepted { .. }));
        assert_eq!(verdicts.len(), 1);
    }

    #[test]
    fn a_refusal_says_where_why_and_what_to_do() {
        let bad =
            segment("shop", "a", "1", &json!([{"name": "x", "event": {"metric": "m", "within": {"last": "9y"}}}]));
        refused(&judge(&[], &[&bad], "1")["shop/a"], &["spec.criteria[0].event.within.last", ";"]);
    }

    #[test]
    fn a_reference_into_another_account_is_refused_as_that() {
        let other = segment("shop", "b", "2", &sms());
        let refers = segment("shop", "a", "1", &json!([{"name": "x", "segment": {"name": "b"}}]));
        refused(&judge(&[], &[&refers, &other], "1")["shop/a"], &["another account"]);
    }

    #[test]
    fn without_grants_a_store_is_for_its_own_namespace() {
        refused(&judge(&[], &[&segment("other", "a", "1", &sms())], "1")["other/a"], &["own namespace", "access"]);
    }

    #[test]
    fn a_grant_admits_accounts_for_namespaces_by_their_labels() {
        let team = |team: &str| NamespaceSelector {
            match_labels: [("team".to_owned(), team.to_owned())].into(),
            ..NamespaceSelector::default()
        };
        let grant = |selector| AccessGrant { namespace_selector: selector, accounts: vec!["1".to_owned()] };
        let (one, two) = (segment("other", "a", "1", &sms()), segment("other", "b", "2", &sms()));
        assert!(matches!(judge(&[grant(team("a"))], &[&one], "1")["other/a"], Verdict::Accepted { .. }));
        refused(&judge(&[grant(team("a"))], &[&two], "2")["other/b"], &["`2`", "other"]);
        refused(&judge(&[grant(team("b"))], &[&one], "1")["other/a"], &["`1`"]);
        let requirement = NamespaceRequirement {
            key: "team".to_owned(),
            operator: SelectorOperator::DoesNotExist,
            values: Vec::new(),
        };
        let selector = NamespaceSelector { match_expressions: vec![requirement], ..NamespaceSelector::default() };
        refused(&judge(&[grant(selector)], &[&one], "1")["other/a"], &["`1`"]);
    }
}
