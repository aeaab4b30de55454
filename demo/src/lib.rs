//! The demo: CDNOW's real orders on two shards, and the Segments of the folder `examples` evaluated on them.
//!
//! `customers` reads the orders, `invent` makes up by rule what the source does not have, `ndjson` writes both down in the
//! form that the loader reads, `examples` holds the Segments. All of that is pure but for the writing of files.

mod chance;
pub mod customers;
pub mod examples;
mod invent;
pub mod ndjson;
mod places;

pub use invent::DEMO_DAY;

/// CDNOW's orders, as published; see `data/README.md`.
pub const ORDERS: &str = include_str!("../../data/cdnow_orders.csv");
