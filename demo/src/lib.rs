//! The demo: CDNOW's real orders on two shards, and the Segments of the folder `examples` evaluated on them.
//!
//! `customers` reads the orders, `invent` makes up by rule what the source does not have, `ndjson` writes both down in the
//! form that the loader reads, `examples` holds the Segments. `shop` has the servers, `evaluate` the steps of the data
//! plane, `report` the tables; `tour` leads through all of it.

pub mod args;
mod chance;
pub mod customers;
pub mod evaluate;
pub mod examples;
mod invent;
pub mod ndjson;
mod places;
pub mod report;
pub mod shop;
pub mod tour;

pub use invent::DEMO_DAY;

/// CDNOW's orders, as published; see `data/README.md`.
pub const ORDERS: &str = include_str!("../../data/cdnow_orders.csv");
