//! ClickHouse servers beside the cluster, that its pods reach.

use anyhow::{Context as _, Result};
use embedded_clickhouse::{Options, Server};

/// The user of the stores; tests look for its password where it must not be.
pub const USER: &str = "segments";
/// See [`USER`].
pub const PASSWORD: &str = "pa55-w0rd-of-the-shards";

/// Servers, each a shard of every store that a test makes on them.
#[derive(Debug)]
pub struct Shards {
    servers: Vec<Server>,
    host: String,
}

impl Shards {
    /// Starts so many, which pods reach at this address.
    pub fn start(count: usize, host: &str) -> Result<Self> {
        Self::with_passwords(&vec![PASSWORD; count], host)
    }

    /// Starts one for each of these passwords of the user of the stores.
    pub fn with_passwords(passwords: &[&str], host: &str) -> Result<Self> {
        let start = |password| {
            Server::start(Options {
                ignore_url: true,
                memory_limit_bytes: Some(2_000_000_000),
                config_xml: format!("<listen_host>{host}</listen_host>"),
                users_xml: format!(
                    "<{USER}><password>{password}</password><networks><ip>::/0</ip></networks>\
                     <profile>default</profile><quota>default</quota><access_management>1</access_management></{USER}>"
                ),
                ..Options::default()
            })
        };
        let servers = passwords.iter().map(start).collect::<Result<_, _>>()?;
        Ok(Self { servers, host: host.to_owned() })
    }

    /// Name and address of each, as pods reach it.
    pub fn addresses(&self) -> Vec<(String, String)> {
        let address = |(number, server): (usize, &Server)| {
            (number.to_string(), format!("http://{}:{}", self.host, server.http_port().unwrap_or_default()))
        };
        self.servers.iter().enumerate().map(address).collect()
    }

    /// A server, to stop and to start it.
    pub fn server(&mut self, number: usize) -> Result<&mut Server> {
        self.servers.get_mut(number).context("no such shard")
    }
}
