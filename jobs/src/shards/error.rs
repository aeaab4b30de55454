//! What a shard that fails a statement means by it. The only place that knows the codes of ClickHouse's errors.

use std::{error::Error as StdError, io};

use clickhouse::error::Error;
use rustls::CertificateError;

/// A statement failed on a shard.
#[derive(Debug, thiserror::Error)]
#[error("shard {shard} ({url}, database {database}): {statement} failed")]
pub struct ShardError {
    /// Name of the shard.
    pub shard: String,
    /// Its address.
    pub url: String,
    /// Its database.
    pub database: String,
    /// Name of the statement.
    pub statement: &'static str,
    /// Whether its time limit bounds what it may cost; else the limit only ends what hangs.
    pub(super) is_bounded: bool,
    /// What went wrong.
    #[source]
    pub source: Box<Error>,
}

/// Who has to do something before the statement can succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nobody, or who keeps the server: it is down, full, busy, read-only, or was told to end the statement. Another try
    /// may do.
    Passing,
    /// Who gives rights: the shard does not take the credentials, or they allow too little.
    Credentials,
    /// Who gives out certificates or wrote the address: there is no TLS with the server that can be trusted.
    Tls,
    /// `schema apply`: there is no such database, or a table is missing in it.
    NoDatabase,
    /// Who wrote the statement or its rules: another try gives the same.
    Lasting,
}

/// Codes of troubles that pass, whatever the statement.
const PASSING: [u32; 28] = [
    74,  // CANNOT_READ_FROM_FILE_DESCRIPTOR
    75,  // CANNOT_WRITE_TO_FILE_DESCRIPTOR: no space left, among others
    76,  // CANNOT_OPEN_FILE
    95,  // CANNOT_READ_FROM_SOCKET
    96,  // CANNOT_WRITE_TO_SOCKET
    164, // READONLY
    173, // CANNOT_ALLOCATE_MEMORY
    201, // QUOTA_EXCEEDED
    202, // TOO_MANY_SIMULTANEOUS_QUERIES
    209, // SOCKET_TIMEOUT
    210, // NETWORK_ERROR
    216, // QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING
    236, // ABORTED
    242, // TABLE_IS_READ_ONLY
    243, // NOT_ENOUGH_SPACE
    252, // TOO_MANY_PARTS
    279, // ALL_CONNECTION_TRIES_FAILED
    285, // TOO_FEW_LIVE_REPLICAS
    319, // UNKNOWN_STATUS_OF_INSERT
    394, // QUERY_WAS_CANCELLED
    439, // CANNOT_SCHEDULE_TASK
    473, // DEADLOCK_AVOIDED
    499, // S3_ERROR
    692, // TOO_MANY_MUTATIONS
    734, // QUERY_WAS_CANCELLED_BY_CLIENT, in some versions
    735, // QUERY_WAS_CANCELLED_BY_CLIENT
    745, // SERVER_OVERLOADED
    999, // KEEPER_EXCEPTION
];
/// `REQUIRED_PASSWORD`, `UNKNOWN_USER`, `WRONG_PASSWORD`, `ACCESS_DENIED`, `AUTHENTICATION_FAILED`.
const CREDENTIALS: [u32; 5] = [194, 192, 193, 497, 516];
/// `UNKNOWN_TABLE`, `UNKNOWN_DATABASE`.
const NO_DATABASE: [u32; 2] = [60, 81];
const TIME_LIMIT: u32 = 159;
const MEMORY_LIMIT: u32 = 241;

impl ShardError {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self.source.as_ref() {
            Error::BadResponse(said) => fault(said, self.is_bounded),
            // Nothing was sent: an address that is none, or credentials that no header can hold.
            Error::InvalidParams(_) => Fault::Lasting,
            _ if self.no_tls().is_some() => Fault::Tls,
            _ => Fault::Passing,
        }
    }

    /// Why there is no TLS with the server, if that is for a reason that lasts.
    pub fn no_tls(&self) -> Option<&'static str> {
        let mut next: Option<&(dyn StdError + 'static)> = Some(self.source.as_ref());
        while let Some(error) = next {
            if let Some(why) = error.downcast_ref::<rustls::Error>().and_then(why_no_tls) {
                return Some(why);
            }
            // What an io::Error holds is not its source.
            let held = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
            next = held.map_or_else(|| error.source(), |held| Some(held));
        }
        None
    }

    /// Whether the server has said nothing at all.
    pub fn is_silent(&self) -> bool {
        matches!(self.source.as_ref(), Error::Network(_) | Error::TimedOut)
    }

    /// What went wrong in the end, without where.
    pub fn cause(&self) -> String {
        let mut cause: &dyn StdError = self.source.as_ref();
        while let Some(source) = cause.source() {
            cause = source;
        }
        cause.to_string()
    }

    /// What the server said, if it refused the statement for what it is: another try gives the same, on any day.
    pub fn refused(&self) -> Option<&str> {
        match self.source.as_ref() {
            Error::BadResponse(said) if self.fault() == Fault::Lasting => Some(said),
            _ => None,
        }
    }
}

/// In words of our own: those of the library have the present time in them, and so are never the same twice.
fn why_no_tls(error: &rustls::Error) -> Option<&'static str> {
    use CertificateError::{
        Expired, ExpiredContext, NotValidForName, NotValidForNameContext, NotValidYet, NotValidYetContext,
        UnknownIssuer,
    };
    match error {
        rustls::Error::InvalidCertificate(why) => Some(match why {
            Expired | ExpiredContext { .. } => "its certificate has expired",
            NotValidYet | NotValidYetContext { .. } => "its certificate is not valid yet",
            NotValidForName | NotValidForNameContext { .. } => "its certificate is for another host name",
            UnknownIssuer => "nobody who is trusted has signed its certificate",
            _ => "its certificate is not valid",
        }),
        rustls::Error::InvalidMessage(_) => Some("it speaks something else than TLS on this port"),
        _ => None,
    }
}

fn fault(said: &str, is_bounded: bool) -> Fault {
    match code(said) {
        // A server says its code; this was somebody in between.
        None => Fault::Passing,
        Some(code) if NO_DATABASE.contains(&code) => Fault::NoDatabase,
        Some(code) if CREDENTIALS.contains(&code) => Fault::Credentials,
        Some(code) if PASSING.contains(&code) => Fault::Passing,
        Some(TIME_LIMIT) if !is_bounded => Fault::Passing,
        // All statements together, or those of the user, have taken what there is; this one alone has not.
        Some(MEMORY_LIMIT) if !said.to_lowercase().contains(" query memory limit") && !said.contains("(for query)") => {
            Fault::Passing
        }
        Some(_) => Fault::Lasting,
    }
}

/// The first code; what the server quotes of another one comes later.
fn code(said: &str) -> Option<u32> {
    let (_, after) = said.split_once("Code: ")?;
    after.split_once('.')?.0.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As a server of version 26.3 says it; `tests/faults.rs` asks a server for those that it can be brought to.
    #[test]
    fn what_passes_is_told_from_what_lasts() {
        for said in [
            "Code: 202. DB::Exception: Too many simultaneous queries. Maximum: 100. (TOO_MANY_SIMULTANEOUS_QUERIES)",
            "Code: 241. DB::Exception: (total) memory limit exceeded: would use 8.01 GiB, maximum: 8.00 GiB. (MEMORY_LIMIT_EXCEEDED)",
            "Code: 241. DB::Exception: User memory limit exceeded: would use 8.01 GiB, maximum: 8.00 GiB. (MEMORY_LIMIT_EXCEEDED)",
            "Code: 243. DB::Exception: Cannot reserve 1.00 MiB, not enough space. (NOT_ENOUGH_SPACE)",
            "Code: 75. DB::Exception: Cannot write to file: , errno: 28, strerror: No space left on device. (CANNOT_WRITE_TO_FILE_DESCRIPTOR)",
            "Code: 252. DB::Exception: Too many parts (3000 with average size of 1.00 KiB) in table. (TOO_MANY_PARTS)",
            "Code: 394. DB::Exception: Query was cancelled. (QUERY_WAS_CANCELLED)",
            "Code: 242. DB::Exception: Table is in readonly mode. (TABLE_IS_READ_ONLY)",
            "Code: 209. DB::Exception: Timeout exceeded while reading from socket. (SOCKET_TIMEOUT)",
            "Code: 210. DB::Exception: Connection refused, Code: 62. (NETWORK_ERROR)",
            "<html><body>502 Bad Gateway</body></html>",
        ] {
            assert_eq!([false, true].map(|is_bounded| fault(said, is_bounded)), [Fault::Passing; 2], "{said}");
        }
        for said in [
            "Code: 62. DB::Exception: Syntax error",
            "Code: 241. DB::Exception: Query memory limit exceeded: would use 5.60 GiB, maximum: 5.59 GiB. (MEMORY_LIMIT_EXCEEDED)",
            "Code: 427. DB::Exception: OptimizedRegularExpression: cannot compile re2: (. (CANNOT_COMPILE_REGEXP)",
        ] {
            assert_eq!([false, true].map(|is_bounded| fault(said, is_bounded)), [Fault::Lasting; 2], "{said}");
        }
    }

    #[test]
    fn a_time_limit_is_the_fault_of_a_statement_that_was_given_it_for_its_cost() {
        let said =
            "Code: 159. DB::Exception: Timeout exceeded: elapsed 1000.1 ms, maximum: 1000 ms. (TIMEOUT_EXCEEDED)";
        assert_eq!((fault(said, true), fault(said, false)), (Fault::Lasting, Fault::Passing));
    }

    #[test]
    fn what_cannot_be_sent_lasts() {
        let of = |source| {
            let error = ShardError {
                shard: "0".to_owned(),
                url: "http://ch".to_owned(),
                database: "d".to_owned(),
                statement: "s",
                is_bounded: false,
                source: Box::new(source),
            };
            error.fault()
        };
        assert_eq!(of(Error::InvalidParams("failed to parse header value".into())), Fault::Lasting);
        assert_eq!(of(Error::Network("connection reset".into())), Fault::Passing);
    }

    #[test]
    fn rights_and_databases_are_nobodys_rules() {
        let said = "Code: 516. DB::Exception: default: Authentication failed. (AUTHENTICATION_FAILED)";
        assert_eq!(fault(said, true), Fault::Credentials);
        assert_eq!(fault("Code: 81. DB::Exception: Database x does not exist.", true), Fault::NoDatabase);
        assert_eq!(fault("Code: 60. DB::Exception: Table x.y does not exist.", true), Fault::NoDatabase);
    }
}
