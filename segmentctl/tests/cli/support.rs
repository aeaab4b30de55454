//! Calls of the program in a directory of their own.

use std::{
    fmt::Write as _,
    fs,
    io::Write as _,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// The instant of the evaluations.
pub(crate) const AS_OF: &str = "2026-06-15T12:00:00Z";

/// A directory with files, and calls in it.
pub(crate) struct Call {
    directory: tempfile::TempDir,
    command: Command,
    stdin: Option<String>,
}

/// Runs a test, by its name, in a process of its own, in which the program under test is what starts servers. A process learns of
/// that by its environment.
pub(crate) fn with_servers(name: &str, test: impl FnOnce() -> Result<()>) -> Result<()> {
    const PROGRAM: &str = "EMBEDDED_CLICKHOUSE_BIN";
    if std::env::var_os(PROGRAM).is_some() {
        return test();
    }
    let mut again = Command::new(std::env::current_exe()?);
    let status = again.args(["--exact", name]).env(PROGRAM, env!("CARGO_BIN_EXE_segmentctl")).status()?;
    ensure!(status.success());
    Ok(())
}

/// What a call gave.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Call {
    pub(crate) fn new(arguments: &[&str]) -> Result<Self> {
        let directory = tempfile::tempdir()?;
        let mut command = Command::new(env!("CARGO_BIN_EXE_segmentctl"));
        command.args(arguments).current_dir(directory.path()).env_remove("CLICKHOUSE_URL");
        Ok(Self { directory, command, stdin: None })
    }

    /// `eval` of `segments.yaml` over `profiles.ndjson`, as of [`AS_OF`].
    pub(crate) fn eval(arguments: &[&str]) -> Result<Self> {
        let mut call = Self::new(&["eval", "--as-of", AS_OF])?;
        call.command.args(arguments);
        Ok(call)
    }

    pub(crate) fn file(self, name: &str, text: impl AsRef<[u8]>) -> Result<Self> {
        fs::write(self.directory.path().join(name), text)?;
        Ok(self)
    }

    pub(crate) fn environment(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn stdin(mut self, text: &str) -> Self {
        self.stdin = Some(text.to_owned());
        self
    }

    pub(crate) fn run(mut self) -> Result<Outcome> {
        let stdin = if self.stdin.is_some() { Stdio::piped() } else { Stdio::null() };
        let mut child = self.command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        if let Some(text) = &self.stdin {
            // The program may end before it has read everything.
            let _ = child.stdin.take().context("no standard input")?.write_all(text.as_bytes());
        }
        let output = child.wait_with_output()?;
        Ok(Outcome {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout)?,
            stderr: String::from_utf8(output.stderr)?,
        })
    }
}

impl Outcome {
    /// The call ended with this code.
    pub(crate) fn ended(self, code: i32) -> Result<Self> {
        ensure!(self.code == Some(code), "not {code}: {self:#?}");
        Ok(self)
    }

    /// It printed nothing, and this among its errors.
    pub(crate) fn only_says(&self, parts: &[&str]) -> Result<()> {
        ensure!(self.stdout.is_empty(), "{self:#?}");
        self.says(parts)
    }

    /// It said this on standard error.
    pub(crate) fn says(&self, parts: &[&str]) -> Result<()> {
        for part in parts {
            ensure!(self.stderr.contains(part), "no `{part}`: {self:#?}");
        }
        Ok(())
    }

    /// The members that it printed, as `segment/profile` in their order.
    pub(crate) fn members(&self) -> Result<Vec<String>> {
        let text = |value: &Value, field: &str| value[field].as_str().map(str::to_owned).context("no text");
        let member = |line| {
            let value: Value = serde_json::from_str(line)?;
            Ok(format!("{}/{}", text(&value, "segment")?, text(&value, "profile")?))
        };
        self.stdout.lines().map(member).collect()
    }
}

/// A document of a Segment of the account 42 with further lines of its spec.
pub(crate) fn segment(name: &str, spec: &str) -> String {
    segment_in("default", name, spec)
}

/// As [`segment`], in a namespace.
pub(crate) fn segment_in(namespace: &str, name: &str, spec: &str) -> String {
    let mut text = format!(
        "---\napiVersion: segmentation.dev/v1alpha1\nkind: Segment\nmetadata: {{name: {name}, namespace: {namespace}}}\n\
         spec:\n  storeRef: {{name: main}}\n  account: \"42\"\n"
    );
    for line in spec.lines() {
        let _ = writeln!(text, "  {line}");
    }
    text
}

/// Lines of profiles of the account 42, each with further fields.
pub(crate) fn profiles(fields: &[(&str, &str)]) -> String {
    lines(fields.iter().map(|(id, fields)| (format!("\"id\":\"{id}\""), *fields)))
}

/// Lines of events of the account 42: id, profile, metric, time, further fields.
pub(crate) fn events(fields: &[(&str, &str, &str, &str, &str)]) -> String {
    lines(fields.iter().map(|(id, profile, metric, time, fields)| {
        let named = format!("\"id\":\"{id}\",\"profile\":\"{profile}\",\"metric\":\"{metric}\",\"time\":\"{time}\"");
        (named, *fields)
    }))
}

fn lines<'a>(objects: impl Iterator<Item = (String, &'a str)>) -> String {
    objects.fold(String::new(), |mut text, (named, fields)| {
        let comma = if fields.is_empty() { "" } else { "," };
        let _ = writeln!(text, "{{\"account\":\"42\",{named}{comma}{fields}}}");
        text
    })
}
