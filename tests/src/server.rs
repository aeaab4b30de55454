//! A ClickHouse server as a black box: the program `embedded-clickhouse serve`, and questions over HTTP.

use crate::evaluator::program;
use crate::json::Json;
use anyhow::{Context, Result, ensure};
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// Ends the server when standard input ends, which it does whatever becomes of the tests.
const GUARD: &str = r#""$@" & server=$!; exec >&-; cat >/dev/null; kill "$server"; wait "$server""#;

/// A server with data of its own, which go when it is dropped.
#[derive(Debug)]
pub struct Server {
    child: Option<Child>,
    url: String,
    folder: TempDir,
}

impl Server {
    /// Starts one.
    pub fn start() -> Result<Self> {
        let mut server = Self { child: None, url: String::new(), folder: tempfile::tempdir()? };
        server.serve(None)?;
        Ok(server)
    }

    /// Its address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Ends it; its data stay.
    pub fn stop(&mut self) -> Result<()> {
        if let Some(mut child) = self.child.take() {
            drop(child.stdin.take());
            child.wait()?;
        }
        Ok(())
    }

    /// Starts it again, at the same address.
    pub fn restart(&mut self) -> Result<()> {
        let port = self.url.rsplit_once(':').context("a port")?.1.trim_end_matches('/').to_owned();
        self.serve(Some(&port))
    }

    fn serve(&mut self, port: Option<&str>) -> Result<()> {
        let path = program("EMBEDDED_CLICKHOUSE", "embedded-clickhouse")?;
        let mut command = Command::new("sh");
        command.args(["-c", GUARD, "sh"]).arg(path).arg("serve").arg("--path").arg(self.folder.path());
        if let Some(port) = port {
            command.args(["--http-port", port]);
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let stdout = child.stdout.take().context("standard output")?;
        self.child = Some(child);
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        ensure!(line.starts_with("http://"), "the server did not start: {line}");
        line.trim().trim_end_matches('/').clone_into(&mut self.url);
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The guard ends the server even if nobody waits for it.
        let _ = self.stop();
    }
}

/// Runs a statement in a database and reads its rows; numbers of 64 bits come as texts.
pub fn rows(url: &str, database: &str, statement: &str) -> Result<Vec<Json>> {
    let body = ask(url, database, &format!("{statement} FORMAT JSONEachRow"))?;
    body.lines().map(|line| Json::parse(line).map_err(anyhow::Error::msg)).collect()
}

/// Runs a statement in a database.
pub fn ask(url: &str, database: &str, statement: &str) -> Result<String> {
    let host = url.strip_prefix("http://").context("an address")?;
    let mut request = String::new();
    // A server answers version 1.0 in one piece and closes the connection.
    write!(
        request,
        "POST /?database={database}&output_format_json_quote_64bit_integers=1 HTTP/1.0\r\nHost: {host}\r\n\
         Content-Length: {}\r\n\r\n{statement}",
        statement.len()
    )?;
    let mut connection = TcpStream::connect(host).with_context(|| format!("{url} does not answer"))?;
    connection.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer)?;
    let answer = String::from_utf8(answer).context("the answer is no UTF-8")?;
    let (head, body) = answer.split_once("\r\n\r\n").context("an answer without a head")?;
    let ok = head.lines().next().is_some_and(|status| status.contains(" 200"));
    ensure!(ok, "{statement}: {head}\n{body}");
    Ok(body.to_owned())
}
