//! Whose certificates are taken: those of Mozilla's list, and those of authorities that are named beside it.

use std::{fmt, sync::Arc, time::Duration};

use clickhouse::Client;
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::{
    client::legacy::{Client as HttpClient, connect::HttpConnector},
    rt::TokioExecutor,
};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject},
};

/// As long as the library's own client keeps a connection that nobody uses. Servers close theirs after three seconds.
const IDLE: Duration = Duration::from_secs(2);
/// How often the machine looks whether a silent connection is still there.
const KEEPALIVE: Duration = Duration::from_mins(1);

/// Authorities that are trusted beside those of Mozilla's list; by default none.
#[derive(Clone, Default)]
pub struct Authorities(Option<Arc<Named>>);

struct Named {
    pem: String,
    config: ClientConfig,
}

/// Why a text names no authorities.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadAuthorities {
    /// There is nothing in it.
    #[error("there is no certificate in it; write PEM, from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----")]
    None,
    /// There is more in it than may be.
    #[error(
        "there is a private key in it; write certificates only, and give the server another key: this one was read"
    )]
    Key,
    /// One is broken.
    #[error("its certificate number {number} cannot be read: {reason}; copy it whole")]
    Certificate {
        /// From 1.
        number: usize,
        /// What is wrong.
        reason: String,
    },
    /// The library refuses.
    #[error("no TLS can be set up: {0}")]
    Tls(String),
}

impl Authorities {
    /// Those whose certificates a text holds as PEM.
    pub fn of_pem(pem: &str) -> Result<Self, BadAuthorities> {
        if pem.contains("PRIVATE KEY-----") {
            return Err(BadAuthorities::Key);
        }
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let known = roots.len();
        for (number, certificate) in (1..).zip(CertificateDer::pem_slice_iter(pem.as_bytes())) {
            let bad = |reason: String| BadAuthorities::Certificate { number, reason };
            let certificate = certificate.map_err(|error| bad(error.to_string()))?;
            roots.add(certificate).map_err(|error| bad(error.to_string()))?;
        }
        if roots.len() == known {
            return Err(BadAuthorities::None);
        }
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| BadAuthorities::Tls(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self(Some(Arc::new(Named { pem: pem.to_owned(), config }))))
    }

    /// The text that names them, if there are any.
    pub fn pem(&self) -> Option<&str> {
        self.0.as_ref().map(|named| named.pem.as_str())
    }

    /// A client that trusts them. Without any it is the library's own.
    pub(super) fn client(&self) -> Client {
        let Some(named) = &self.0 else { return Client::default() };
        let mut connector = HttpConnector::new();
        connector.set_keepalive(Some(KEEPALIVE));
        connector.enforce_http(false);
        let builder = HttpsConnectorBuilder::new().with_tls_config(named.config.clone());
        let connector = builder.https_or_http().enable_http1().wrap_connector(connector);
        let http = HttpClient::builder(TokioExecutor::new()).pool_idle_timeout(IDLE).build(connector);
        Client::with_http_client(http)
    }
}

impl PartialEq for Authorities {
    fn eq(&self, other: &Self) -> bool {
        self.pem() == other.pem()
    }
}

impl fmt::Debug for Authorities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Authorities").field(&self.pem().map(str::len)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(pem: &str) -> BadAuthorities {
        Authorities::of_pem(pem).unwrap_err()
    }

    #[test]
    fn what_names_no_authority_is_refused() {
        for text in ["", "ca.pem", "-----BEGIN TRUSTED CERTIFICATE-----\nAAAA\n-----END TRUSTED CERTIFICATE-----\n"] {
            assert_eq!(refused(text), BadAuthorities::None, "{text}");
        }
        let certificate = |text: &str| format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n");
        for text in ["AAAA", "?"] {
            let bad = refused(&certificate(text));
            assert!(matches!(bad, BadAuthorities::Certificate { number: 1, .. }), "{bad}");
        }
        let half = refused("-----BEGIN CERTIFICATE-----\nAAAA\n");
        assert!(matches!(half, BadAuthorities::Certificate { number: 1, .. }), "{half}");
        for kind in ["PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY"] {
            let key = format!("-----BEGIN {kind}-----\nAAAA\n-----END {kind}-----\n");
            assert_eq!(refused(&(certificate("AAAA") + &key)), BadAuthorities::Key);
        }
    }
}
