//! The operator: watches SegmentStores and Segments, publishes what they mean, and has them evaluated by Jobs.
//!
//! `watch` fills caches and wakes; `dispatch` has one `worker` a store; a worker's look is `store` (its shards and schema)
//! and then `segment` (judge, publish, run, tell). What is decided is decided by pure functions: `*/validate`, `build`,
//! `segment/plan`, `segment/retire` and `*/conditions` touch no server. Imports run down; `names`, `object`, `conditions`,
//! `metrics`, `bell` and `context` are the ground.

mod args;
mod bell;
mod build;
mod conditions;
mod context;
mod definitions;
mod dispatch;
#[cfg(test)]
mod golden;
mod http;
mod lease;
mod metrics;
mod names;
mod object;
mod segment;
mod start;
mod status;
mod store;
mod time;
mod watch;
mod why;
mod worker;

pub use args::{Args, LogFormat};
pub use start::{lead, run, start_logs};
