//! What the operator asked of the API server, by the server's audit log.

use anyhow::{Context as _, Result};
use serde_json::Value;

const ACCOUNT: &str = "system:serviceaccount:segmentation-system:segment-operator";

/// The entries of the operator's requests; none where there is no log that we can read: that of `tests/cluster` we can.
pub fn operators_requests() -> Result<Option<Vec<Value>>> {
    requests_of(ACCOUNT)
}

/// Those of any user.
pub fn requests_of(user: &str) -> Result<Option<Vec<Value>>> {
    let Ok(path) = std::env::var("SEGMENT_TESTS_AUDIT_LOG") else { return Ok(None) };
    let log = std::fs::read_to_string(&path).context(path)?;
    // The server may be writing the last line.
    let lines = log.split_inclusive('\n').filter(|line| line.ends_with('\n'));
    let entries: Vec<Value> = lines.map(serde_json::from_str).collect::<Result<_, _>>()?;
    Ok(Some(entries.into_iter().filter(|entry| entry["user"]["username"] == user).collect()))
}
