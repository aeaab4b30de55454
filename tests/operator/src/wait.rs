//! Waiting for a state, with a deadline.

use std::fmt::Debug;
use std::time::Duration;

use anyhow::{Result, bail};
use tokio::time::{Instant, sleep};

/// Asks again and again until `ask` gives a value; at the deadline the last reason why not is the error.
pub async fn until<T, F>(what: &str, deadline: Duration, mut ask: F) -> Result<T>
where
    F: AsyncFnMut() -> Result<std::result::Result<T, String>>,
    T: Debug,
{
    let end = Instant::now() + deadline;
    loop {
        let reason = match ask().await {
            Ok(Ok(found)) => return Ok(found),
            Ok(Err(reason)) => reason,
            Err(error) => format!("{error:#}"),
        };
        if Instant::now() >= end {
            bail!("not within {deadline:?}: {what}; last seen: {reason}");
        }
        sleep(Duration::from_millis(100)).await;
    }
}
