//! What may be wrong with a shard or its store, and whether it mends itself. Pure.

use std::time::Duration;

use segment_jobs::{
    causes::chain,
    shards::{Fault, ShardError},
    store::StoreError,
};

use crate::names::reason;

/// Why a shard cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trouble {
    pub(crate) kind: TroubleKind,
    /// For a person.
    pub(crate) message: String,
}

/// What sort of trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum TroubleKind {
    /// It does not answer; tried again.
    Unreachable,
    /// It has no schema, or an old one: the schema Job mends that.
    SchemaMissing,
    /// It does not take the credentials, or they allow too little.
    Credentials,
    /// There is no TLS with it that can be trusted.
    Tls,
    /// The server is too old.
    OldServer,
    /// The database belongs to another store.
    Taken,
    /// The database does not fit the list of shards, or is none of ours.
    Foreign,
    /// The schema is that of a newer build.
    NewerSchema,
    /// It refuses for another reason.
    Refused,
}

impl TroubleKind {
    /// One word for conditions, events and metrics.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::Unreachable => reason::SHARD_UNREACHABLE,
            Self::SchemaMissing => reason::SCHEMA_MISSING,
            Self::Credentials => reason::CREDENTIALS_REFUSED,
            Self::Tls => reason::TLS_REFUSED,
            Self::OldServer => reason::SERVER_TOO_OLD,
            Self::Taken | Self::Foreign => reason::FOREIGN_DATABASE,
            Self::NewerSchema => reason::NEWER_SCHEMA,
            Self::Refused => reason::SHARD_REFUSED,
        }
    }

    /// Whether a person has to do something.
    pub(crate) fn needs_a_person(self) -> bool {
        !matches!(self, Self::Unreachable | Self::SchemaMissing)
    }
}

impl Trouble {
    pub(crate) fn of_store(error: &StoreError, version: u32) -> Self {
        let kind = match error {
            StoreError::Shard(error) => return Self::of_shard(error),
            StoreError::OldServer { .. } => TroubleKind::OldServer,
            StoreError::SchemaVersion { shard, found, .. } if *found > version => {
                let message = format!(
                    "shard {shard}: a newer build has given it schema version {found}, and this operator knows up to {version}; \
                     upgrade the operator and its image of segment-jobs"
                );
                return Self { kind: TroubleKind::NewerSchema, message };
            }
            StoreError::SchemaVersion { .. } => TroubleKind::SchemaMissing,
            StoreError::Foreign { .. } | StoreError::Shards(_) | StoreError::Several(_) => TroubleKind::Foreign,
        };
        Self { kind, message: error.to_string() }
    }

    pub(crate) fn of_shard(error: &ShardError) -> Self {
        let kind = of_fault(error.fault());
        let (shard, host) = (&error.shard, host(&error.url));
        let message = match error.no_tls() {
            Some(why) => format!(
                "shard {shard}: no TLS with {host}, because {why}; give the server a certificate for this host name, signed by an \
                 authority of Mozilla's list or of spec.clickhouse.caBundle, or mend the url (http:// is without TLS)"
            ),
            None if error.is_silent() => silent(shard, &error.url, &error.cause(), what_to_check(&chain(error))),
            None => chain(error),
        };
        Self { kind, message }
    }

    /// One that has not answered within a time.
    pub(crate) fn too_slow(shard: &str, url: &str, limit: Duration) -> Self {
        let why = format!("nothing within {} s", limit.as_secs());
        Self { kind: TroubleKind::Unreachable, message: silent(shard, url, &why, WAY) }
    }
}

const WAY: &str = "that the server runs, and that network policies and firewalls let the operator and its Jobs through";

fn silent(shard: &str, url: &str, why: &str, check: &str) -> String {
    format!("shard {shard}: {} does not answer: {why}; check {check}", host(url))
}

fn what_to_check(chain: &str) -> &'static str {
    if chain.contains("dns error") {
        "the host name in the shard's url"
    } else if chain.contains("Connection refused") {
        "that ClickHouse runs there, and the port in the shard's url"
    } else {
        WAY
    }
}

/// Host and port of an address; what stands before an @ is nobody's business.
fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let rest = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    rest.rsplit_once('@').map_or(rest, |(_, host)| host)
}

fn of_fault(fault: Fault) -> TroubleKind {
    match fault {
        Fault::Passing => TroubleKind::Unreachable,
        Fault::Credentials => TroubleKind::Credentials,
        Fault::Tls => TroubleKind::Tls,
        Fault::NoDatabase => TroubleKind::SchemaMissing,
        Fault::Lasting => TroubleKind::Refused,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use segment_jobs::{
        shards::{Authorities, Credentials, Shard, ShardAddress},
        store,
    };
    use tokio::{io::AsyncWriteExt, net::TcpListener};
    use tokio_rustls::{
        TlsAcceptor,
        rustls::{ServerConfig, pki_types::PrivateKeyDer},
    };

    use super::*;

    #[test]
    fn a_schema_of_a_newer_build_says_what_to_upgrade() {
        let of = |found| {
            let error = StoreError::SchemaVersion { shard: "a".to_owned(), found, mend: "use a newer build" };
            Trouble::of_store(&error, 60)
        };
        let newer = of(61);
        assert!(newer.kind == TroubleKind::NewerSchema && newer.kind.needs_a_person());
        assert!(newer.message.starts_with("shard a: ") && newer.message.contains("upgrade the operator"), "{newer:?}");
        assert_eq!(of(59).kind, TroubleKind::SchemaMissing);
    }

    fn address(url: &str) -> ShardAddress {
        ShardAddress { name: "a".to_owned(), url: url.to_owned(), database: "d".to_owned() }
    }

    async fn trouble_with(url: &str) -> Trouble {
        trouble_if(url, Authorities::default()).await
    }

    /// The trouble if these authorities are trusted.
    async fn trouble_if(url: &str, authorities: Authorities) -> Trouble {
        let shard = Shard::new(address(url), &Credentials { authorities, ..Credentials::default() });
        match store::check_server(&shard).await.unwrap_err() {
            StoreError::Shard(error) => Trouble::of_shard(&error),
            other => panic!("{other}"),
        }
    }

    #[tokio::test]
    async fn one_that_cannot_be_reached_is_named() {
        // Nobody else gets the port while it is held, and nobody listens on it.
        let held = tokio::net::TcpSocket::new_v4().unwrap();
        held.bind(([127, 0, 0, 1], 0).into()).unwrap();
        let host = held.local_addr().unwrap();
        let refused = trouble_with(&format!("http://{host}")).await;
        assert_eq!(refused.kind, TroubleKind::Unreachable);
        assert!(refused.message.starts_with(&format!("shard a: {host} does not answer: ")), "{}", refused.message);
    }

    #[test]
    fn what_the_client_says_tells_what_to_check() {
        for (chain, check) in [
            ("network error: client error: dns error: no such name", "the host name in the shard's url"),
            (
                "network error: tcp connect error: Connection refused (os error 111)",
                "that ClickHouse runs there, and the port",
            ),
            ("network error: connection reset", "that the server runs, and that network policies"),
        ] {
            assert!(what_to_check(chain).starts_with(check), "{chain}");
        }
        let message = silent("a", "http://ch:8123/", "no such name", "the host name");
        assert_eq!(message, "shard a: ch:8123 does not answer: no such name; check the host name");
    }

    #[test]
    fn of_an_address_only_the_host_is_told() {
        for url in ["http://user:pass@ch:8123/x?y", "ch:8123", "https://ch:8123/"] {
            assert_eq!(host(url), "ch:8123");
        }
    }

    /// A listener with a certificate that it has signed itself, and that certificate. Whoever takes it is refused as a user.
    async fn tls_listener(name: &str) -> (u16, String) {
        let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let config = config.with_no_client_auth().with_single_cert(vec![made.cert.der().clone()], key).unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let Ok(mut stream) = acceptor.accept(stream).await else { continue };
                let said = "Code: 516. DB::Exception: Authentication failed";
                let answer = format!("HTTP/1.1 403 Forbidden\r\ncontent-length: {}\r\n\r\n{said}", said.len());
                let _ = stream.write_all(answer.as_bytes()).await;
                let _ = stream.shutdown().await;
            }
        });
        (port, made.cert.pem())
    }

    #[tokio::test]
    async fn a_certificate_that_nobody_trusts_needs_a_person() {
        let url = format!("https://localhost:{}", tls_listener("localhost").await.0);
        let trouble = trouble_with(&url).await;
        assert!(trouble.kind == TroubleKind::Tls && trouble.kind.needs_a_person(), "{trouble:?}");
        let named = trouble.message.starts_with("shard a: no TLS with localhost:");
        assert!(named && trouble.message.contains("nobody who is trusted has signed its certificate"), "{trouble:?}");
        assert_eq!(trouble_with(&url).await, trouble, "the same is told each time");
    }

    #[tokio::test]
    async fn a_certificate_of_an_authority_that_is_named_is_taken_for_its_own_host_alone() {
        let ((port, pem), (other, _)) = (tls_listener("localhost").await, tls_listener("localhost").await);
        let trusted = Authorities::of_pem(&pem).unwrap();
        let trouble =
            async |host: &str, port: u16| trouble_if(&format!("https://{host}:{port}"), trusted.clone()).await;
        assert_eq!(trouble("localhost", port).await.kind, TroubleKind::Credentials, "TLS is no trouble any more");
        assert_eq!(trouble("127.0.0.1", port).await.kind, TroubleKind::Tls, "a certificate for another host");
        assert_eq!(trouble("localhost", other).await.kind, TroubleKind::Tls, "of somebody else");
    }

    #[tokio::test]
    async fn a_port_without_tls_needs_a_person() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
            }
        });
        let trouble = trouble_with(&format!("https://localhost:{port}")).await;
        assert_eq!(trouble.kind, TroubleKind::Tls, "{trouble:?}");
    }

    #[test]
    fn a_shard_that_is_down_or_busy_needs_nobody() {
        assert!(!of_fault(Fault::Passing).needs_a_person());
        assert!(!of_fault(Fault::NoDatabase).needs_a_person());
        assert!(of_fault(Fault::Credentials).needs_a_person());
        assert!(of_fault(Fault::Lasting).needs_a_person());
    }
}
