//! What a SegmentStore says, judged. Pure.

use std::time::Duration;

use jiff::tz::TimeZone;
use segment_crds::{AccessGrant, Pods, SegmentStoreSpec};
use segment_jobs::{
    shards::{Authorities, Credentials, ShardAddress},
    store,
};

/// A store whose spec is good.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ValidStore {
    /// By name.
    pub(crate) shards: Vec<ShardAddress>,
    /// Name of the Secret with the credentials.
    pub(crate) secret: Option<String>,
    /// Who may have signed the certificates of the shards.
    pub(crate) authorities: Authorities,
    pub(crate) access: Vec<AccessGrant>,
    pub(crate) time_zone: Option<String>,
    pub(crate) debounce: Duration,
    pub(crate) segments_per_run: usize,
    /// Percent.
    pub(crate) brake: u64,
    pub(crate) pods: Pods,
}

/// A field that nothing can be made of.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {reason}")]
pub(crate) struct BadField {
    pub(crate) path: &'static str,
    pub(crate) reason: String,
}

const DEBOUNCE: Duration = Duration::from_secs(1);
const DEBOUNCE_MAX: Duration = Duration::from_mins(10);
const SEGMENTS_PER_RUN: i64 = 1000;
const BRAKE_PERCENT: i64 = 20;

/// Judges a spec.
pub(crate) fn validate(spec: &SegmentStoreSpec) -> Result<ValidStore, BadField> {
    let database = &spec.clickhouse.database;
    let mut shards = Vec::new();
    for shard in &spec.clickhouse.shards {
        let Some(url) = shard.urls.first() else {
            let reason = format!("the shard `{}` has no url; write at least one", shard.name);
            return Err(BadField { path: "spec.clickhouse.shards", reason });
        };
        if url.contains('@') {
            // Not repeated here: it is read by more people than the Secret is.
            let reason = format!("the shard `{}` has credentials in its url; name a Secret instead", shard.name);
            return Err(BadField { path: "spec.clickhouse.shards", reason });
        }
        let url = url.trim_end_matches('/').to_owned();
        shards.push(ShardAddress { name: shard.name.clone(), url, database: database.clone() });
    }
    shards.sort_by(|a, b| a.name.cmp(&b.name));
    store::shards(&shards, &Credentials::default())
        .map_err(|error| BadField { path: "spec.clickhouse.shards", reason: error.to_string() })?;
    let bundle = spec.clickhouse.ca_bundle.as_deref();
    let authorities = bundle.map_or(Ok(Authorities::default()), Authorities::of_pem);
    let authorities =
        authorities.map_err(|error| BadField { path: "spec.clickhouse.caBundle", reason: error.to_string() })?;
    if let Some(zone) = spec.time_zone.as_deref().filter(|zone| TimeZone::get(zone).is_err()) {
        let reason =
            format!("there is no time zone `{zone}`; write a name of the IANA database, such as Europe/Berlin");
        return Err(BadField { path: "spec.timeZone", reason });
    }
    let manual = spec.manual.clone().unwrap_or_default();
    Ok(ValidStore {
        shards,
        secret: spec.clickhouse.credentials_secret_ref.as_ref().map(|secret| secret.name.clone()),
        authorities,
        access: spec.access.clone(),
        time_zone: spec.time_zone.clone(),
        debounce: manual.debounce.as_deref().map_or(Ok(DEBOUNCE), duration)?,
        segments_per_run: usize::try_from(manual.max_segments_per_run.unwrap_or(SEGMENTS_PER_RUN)).unwrap_or(1).max(1),
        brake: u64::try_from(spec.removal.as_ref().and_then(|removal| removal.brake_percent).unwrap_or(BRAKE_PERCENT))
            .unwrap_or(0),
        pods: spec.pods.clone().unwrap_or_default(),
    })
}

fn duration(text: &str) -> Result<Duration, BadField> {
    let digits = text.trim_end_matches(|character: char| character.is_ascii_alphabetic());
    let number = digits.parse::<u64>().ok();
    let found = number.and_then(|number| match &text[digits.len()..] {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        "m" => Some(Duration::from_secs(number.checked_mul(60)?)),
        _ => None,
    });
    found.filter(|found| *found <= DEBOUNCE_MAX).ok_or_else(|| BadField {
        path: "spec.manual.debounce",
        reason: format!("`{text}` is no duration of at most 10m; write a whole number with ms, s or m"),
    })
}

#[cfg(test)]
mod tests {
    use segment_crds::{ClickHouse, ManualEvaluation, Shard};

    use super::*;

    fn shard(name: &str, url: &str) -> Shard {
        Shard { name: name.to_owned(), urls: vec![url.to_owned()] }
    }

    fn good() -> SegmentStoreSpec {
        let shards = vec![shard("b", "http://b:8123/"), shard("a", "http://a:8123")];
        let clickhouse = ClickHouse { database: "segments".to_owned(), shards, ..ClickHouse::default() };
        SegmentStoreSpec { clickhouse, ..SegmentStoreSpec::default() }
    }

    #[test]
    fn defaults_are_filled_in_and_shards_sorted() {
        let valid = validate(&good()).unwrap();
        assert_eq!((valid.debounce, valid.segments_per_run, valid.brake), (DEBOUNCE, 1000, 20));
        assert_eq!(
            valid.shards.iter().map(|shard| shard.url.as_str()).collect::<Vec<_>>(),
            ["http://a:8123", "http://b:8123"]
        );
    }

    #[test]
    fn the_example_with_tls_names_its_authority() {
        let text = include_str!("../../../manifests/examples/store-with-tls.yaml");
        let document = segment_rules::yaml::documents(text).unwrap().remove(0);
        let store: segment_crds::SegmentStore = serde_json::from_value(document.value).unwrap();
        assert!(validate(&store.spec).unwrap().authorities.pem().is_some());
    }

    fn refused(change: impl FnOnce(&mut SegmentStoreSpec), path: &str, reason: &str) {
        let mut spec = good();
        change(&mut spec);
        let bad = validate(&spec).unwrap_err();
        assert_eq!(bad.path, path);
        assert!(bad.reason.contains(reason), "{}", bad.reason);
    }

    #[test]
    fn what_no_store_can_be_made_of_is_refused_by_path() {
        let shards = "spec.clickhouse.shards";
        refused(|spec| spec.clickhouse.shards.clear(), shards, "empty");
        refused(|spec| spec.clickhouse.shards[0].urls.clear(), shards, "no url");
        refused(|spec| spec.clickhouse.shards[0].urls = vec!["http://u:p@b".to_owned()], shards, "name a Secret");
        refused(|spec| spec.clickhouse.shards[0].name = "a".to_owned(), shards, "twice");
        refused(|spec| spec.clickhouse.shards[1].urls = vec!["http://b:8123".to_owned()], shards, "same database");
        let bundle = |text: &str| Some(text.to_owned());
        refused(|spec| spec.clickhouse.ca_bundle = bundle("ca.pem"), "spec.clickhouse.caBundle", "no certificate");
        refused(|spec| spec.time_zone = Some("Mars/Olympus".to_owned()), "spec.timeZone", "Mars/Olympus");
        let debounce = |text: &str| Some(ManualEvaluation { debounce: Some(text.to_owned()), ..Default::default() });
        for text in ["1h", "s", "11m", "99999999999999999999s"] {
            refused(|spec| spec.manual = debounce(text), "spec.manual.debounce", text);
        }
    }
}
