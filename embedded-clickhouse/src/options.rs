//! What a caller may choose about a server. Everything has a default: `Options::default()` gives an empty server in a
//! temporary directory on free ports.

use std::path::PathBuf;
use std::time::Duration;

/// How to start a [`Server`](crate::Server). Nothing but `ignore_url` matters when `CLICKHOUSE_URL` names a server.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where the data live; made if absent. `None` (default): a temporary directory, removed when the server is
    /// dropped.
    pub directory: Option<PathBuf>,
    /// The HTTP port. `None` (default): the one that this directory had before if it is free, else any free one.
    pub http_port: Option<u16>,
    /// The port of the native protocol. `None` (default): as for `http_port`.
    pub tcp_port: Option<u16>,
    /// The most memory that the server may use, in bytes. `None` (default): 0.9 of the machine's.
    pub memory_limit_bytes: Option<u64>,
    /// Whether to keep `system.query_log` (default: no). `SYSTEM FLUSH LOGS` makes its newest rows visible.
    pub query_log: bool,
    /// Settings of the profile that all sessions start with, such as `("max_threads", "1")`.
    pub settings: Vec<(String, String)>,
    /// Elements to add to the server's configuration as they are: `<remote_servers>`, `<macros>`, cache sizes.
    pub config_xml: String,
    /// Elements to add below `<users>` as they are: further users beside `default`.
    pub users_xml: String,
    /// Whether to start a server even if `CLICKHOUSE_URL` is set, for a test that kills it or needs several.
    pub ignore_url: bool,
    /// How long the server may take until it answers (default: 60 s; a cold start on a slow disk takes seconds).
    pub start_timeout: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            directory: None,
            http_port: None,
            tcp_port: None,
            memory_limit_bytes: None,
            query_log: false,
            settings: Vec::new(),
            config_xml: String::new(),
            users_xml: String::new(),
            ignore_url: false,
            start_timeout: Duration::from_mins(1),
        }
    }
}
