//! The demo: CDNOW's real orders on two shards, and the Segments of the folder `examples` evaluated on them.
//!
//! `customers` reads the orders, `invent` makes up by rule what the source does not have, `calendar` says when it takes
//! place, `ndjson` writes all of it down in the form that the loader reads, `examples` holds the Segments. `shop` has the
//! servers, `evaluate` the steps of the data plane, `report` the tables. Two tours lead through it, by the same `steps`:
//! `tour` on this machine alone, `cluster` on a Kubernetes with the operator.

pub mod args;
pub mod calendar;
mod chance;
pub mod cluster;
pub mod customers;
pub mod evaluate;
pub mod examples;
mod invent;
pub mod ndjson;
mod places;
pub mod report;
pub mod shop;
pub mod steps;
pub mod tour;

pub use calendar::DEMO_DAY;

/// CDNOW's orders, as published; see `data/README.md`.
pub const ORDERS: &str = include_str!("../../data/cdnow_orders.csv");
