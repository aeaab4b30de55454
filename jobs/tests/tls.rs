//! A server behind TLS, with a certificate that nobody but an authority of its own has signed.

#![expect(clippy::unwrap_used, reason = "what helpers of tests cannot do fails the test")]

use std::{path::PathBuf, process::Output, sync::Arc};

use embedded_clickhouse::{Options, Server};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    process::Command,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::ring::default_provider, pki_types::PrivateKeyDer},
};

/// An authority; its certificate as PEM.
fn authority() -> (CertifiedIssuer<'static, KeyPair>, String) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let pem = issuer.pem();
    (issuer, pem)
}

/// Ends TLS for a server, with a certificate for `localhost`. The address that it listens at.
async fn in_front_of(server: String, issuer: &CertifiedIssuer<'_, KeyPair>) -> String {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(["localhost".to_owned()]).unwrap().signed_by(&key, issuer).unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let acceptor = TlsAcceptor::from(Arc::new(config.with_single_cert(vec![certificate.der().clone()], key).unwrap()));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, server) = (acceptor.clone(), server.clone());
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let mut server = TcpStream::connect(server).await.unwrap();
                let _ = copy_bidirectional(&mut stream, &mut server).await;
            });
        }
    });
    address
}

/// Calls the program for a store at this address, with further arguments.
async fn called(mode: &[&str], url: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_segment-jobs"));
    command.args(mode).args(["--shard", &format!("0={url}/segments")]).args(arguments).output().await.unwrap()
}

fn file(name: &str, text: &str) -> String {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_whose_certificate_is_of_an_authority_that_is_named_is_worked_on() {
    let started = || Server::start(Options { ignore_url: true, ..Options::default() });
    let server = tokio::task::spawn_blocking(started).await.unwrap().unwrap();
    let ((issuer, pem), (_, other)) = (authority(), authority());
    let url = in_front_of(server.url().trim_start_matches("http://").to_owned(), &issuer).await;
    let (named, others) = (file("named.pem", &(other.clone() + &pem)), file("others.pem", &other));
    for arguments in [&["--ca", &named][..], &["--ca", &others], &[]] {
        let output = called(&["schema", "apply"], &url, arguments).await;
        let said = String::from_utf8_lossy(&output.stderr);
        if arguments.contains(&named.as_str()) {
            assert!(output.status.success(), "{said}");
        } else {
            assert_eq!(output.status.code(), Some(11), "another try gives the same: {said}");
            assert!(said.contains("shard 0"), "{said}");
        }
    }
    assert!(called(&["schema", "check"], &url, &["--ca", &named]).await.status.success());
    let none = called(&["schema", "check"], &url, &["--ca", &file("none.pem", "no certificate")]).await;
    let said = String::from_utf8_lossy(&none.stderr);
    assert!(none.status.code() == Some(11) && said.contains("none.pem: there is no certificate in it"), "{said}");
}
