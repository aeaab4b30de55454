//! A running ClickHouse server for tests, demos, benchmarks and `segmentctl eval`, with nothing to install first.
//!
//! [`Server::start`] takes the first of these that it finds:
//!
//! 1. `CLICKHOUSE_URL`: that server is used as it is and nothing is started. User and password stand in the URL
//!    (`http://user:password@host:8123`) or in `CLICKHOUSE_USER` and `CLICKHOUSE_PASSWORD`.
//! 2. `EMBEDDED_CLICKHOUSE_LIBRARY`: the path of a `libchdb.so`, taken without a check.
//! 3. `clickhouse` on `PATH`: `clickhouse server` with a small configuration of our own.
//! 4. The library `libchdb.so` of a pinned npm package, fetched once into the cache directory (`SEGMENTATION_CACHE`,
//!    else `XDG_CACHE_HOME/segmentation`, else `~/.cache/segmentation`). Its checksum is verified when it is fetched;
//!    later starts look at its size only, because to read half a gigabyte takes longer than to start the server.
//!    `embedded-clickhouse fetch --verify` reads it all again.
//!
//! ```no_run
//! # fn main() -> Result<(), embedded_clickhouse::Error> {
//! use embedded_clickhouse::{Options, Server, run_if_child};
//!
//! run_if_child();
//! let mut shard = Server::start(Options { query_log: true, ..Options::default() })?;
//! println!("{} as {}", shard.url(), shard.user());
//! shard.kill()?; // a power cut
//! shard.restart()?; // the same data and ports
//! # Ok(())
//! # }
//! ```
//!
//! # How it runs
//! Each server is a process of its own with its own ports and directory, so a shard is one [`Server`]. That process
//! begins as a *child program*: an executable that calls [`run_if_child`] first thing in `main`. This is the current
//! executable where it does so (`segmentctl`), else the binary `embedded-clickhouse` of this crate, which test binaries
//! use; `EMBEDDED_CLICKHOUSE_BIN` names another one. A second, tiny process of the same program watches over the first:
//! when our process ends in whatever way, SIGKILL included, it ends the server and removes a temporary directory.
//!
//! # Guarantees
//! - When [`Server::start`] returns, the server has answered a query that names its own directory, so no stranger on
//!   the same port is taken for it.
//! - Dropping a [`Server`] leaves neither a process nor a zombie nor a temporary directory.
//! - [`Server::restart`], and a new start on the same directory, keep data and (while nobody else took them) ports.
//!
//! # Caveats
//! - Create a database of your own: in the library's mode `default` is an overlay whose tables have no UUID.
//! - The library runs as `clickhouse-local` that listens; there is no Keeper, so no replicated tables, and users come
//!   from [`Options::users_xml`] only. TERM ends it at once, and its exit code means nothing.
//! - `system.processes` always shows the statement that keeps the library alive; it has no user.
//! - Servers listen on 127.0.0.1 and let the user `default` in without a password.

mod child;
mod config;
mod engine;
mod error;
mod external;
mod library;
mod options;
mod ping;
mod ports;
mod process;
mod program;
mod ready;
mod server;

pub use child::run_if_child;
pub use error::Error;
pub use library::{fetch, verify};
pub use options::Options;
pub use server::Server;
