//! `CLICKHOUSE_URL`: a server of somebody else is used and left as it was.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use anyhow::{Result, ensure};
use embedded_clickhouse::{Options, Server};

use crate::support::{Call, profiles, segment, with_servers};

#[test]
fn a_server_of_somebody_else_is_left_as_it_was() -> Result<()> {
    with_servers("server::a_server_of_somebody_else_is_left_as_it_was", on_a_server)
}

fn on_a_server() -> Result<()> {
    let server = Server::start(Options { ignore_url: true, ..Options::default() })?;
    let before = databases(&server)?;
    for (profile, code) in [("{}", 4), (&profiles(&[("p", "")]), 0)] {
        let call =
            Call::eval(&["--profiles", "-", "s.yaml"])?.stdin(profile).environment("CLICKHOUSE_URL", server.url());
        let outcome = call.file("s.yaml", segment("all", "timeZone: UTC"))?.run()?.ended(code)?;
        ensure!(outcome.members()?.len() == usize::from(code == 0), "{outcome:#?}");
        ensure!(databases(&server)? == before);
    }
    Ok(())
}

fn databases(server: &Server) -> Result<String> {
    let mut stream = TcpStream::connect(server.url().trim_start_matches("http://"))?;
    write!(stream, "GET /?query=SHOW%20DATABASES HTTP/1.0\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    ensure!(answer.contains("system"), "{answer}");
    Ok(answer.split("\r\n\r\n").skip(1).collect())
}
