//! Free ports for a server. They lie below the range that the kernel hands out for outgoing connections: a client that
//! retries a closed port inside that range now and then connects to itself and so takes the port away.

use std::hash::{BuildHasher, RandomState};
use std::net::{Ipv4Addr, TcpListener};
use std::ops::Range;
use std::path::Path;

use crate::error::Error;
use crate::options::Options;

const RANGE: Range<u16> = 10_240..32_768;
const TRIES: u32 = 200;

/// The two ports of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ports {
    pub(crate) http: u16,
    pub(crate) tcp: u16,
}

impl Ports {
    /// The ports that the caller names, else those that `file` remembers if they are free, else any free ones.
    pub(crate) fn choose(options: &Options, file: &Path) -> Result<Self, Error> {
        let remembered = read(file);
        let http = one(options.http_port, remembered.map(|ports| ports.http), None)?;
        let tcp = one(options.tcp_port, remembered.map(|ports| ports.tcp), Some(http))?;
        Ok(Self { http, tcp })
    }

    /// Remembers the ports for the next start on the same directory.
    pub(crate) fn remember(self, file: &Path) -> Result<(), Error> {
        std::fs::write(file, format!("{} {}\n", self.http, self.tcp))
            .map_err(Error::io(format!("write {}", file.display())))
    }
}

fn read(file: &Path) -> Option<Ports> {
    let text = std::fs::read_to_string(file).ok()?;
    let (http, tcp) = text.trim().split_once(' ')?;
    Some(Ports { http: http.parse().ok()?, tcp: tcp.parse().ok()? })
}

fn one(named: Option<u16>, remembered: Option<u16>, taken: Option<u16>) -> Result<u16, Error> {
    if let Some(port) = named {
        return if is_free(port) { Ok(port) } else { Err(Error::PortInUse { port }) };
    }
    let random = std::iter::repeat_with(random_port).take(TRIES as usize);
    let mut candidates = remembered.into_iter().chain(random);
    candidates.find(|port| Some(*port) != taken && is_free(*port)).ok_or(Error::NoFreePort { tries: TRIES })
}

/// The standard library seeds each thread's hashers from the system's random source; that is random enough here.
fn random_port() -> u16 {
    let width = u64::from(RANGE.end - RANGE.start);
    let offset = RandomState::new().hash_one(std::process::id()) % width;
    RANGE.start + u16::try_from(offset).unwrap_or_default()
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chosen_ports_differ_and_lie_in_the_range() {
        let ports = Ports::choose(&Options::default(), Path::new("/nonexistent")).expect("a free port");
        assert_ne!(ports.http, ports.tcp);
        assert!(RANGE.contains(&ports.http) && RANGE.contains(&ports.tcp));
    }

    #[test]
    fn a_taken_port_is_refused_by_name() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a listener");
        let port = listener.local_addr().expect("an address").port();
        let options = Options { http_port: Some(port), ..Options::default() };
        let error = Ports::choose(&options, Path::new("/nonexistent")).expect_err("the port is taken");
        assert_eq!(error.to_string(), format!("port {port} is in use"));
    }
}
