//! kubectl, for the cluster of KUBECONFIG.

use std::{
    io::BufReader,
    process::{Child, Command, Stdio},
    thread,
};

use anyhow::{Context, ensure};
use segment_crds::Segment;
use tokio::{io::AsyncWriteExt, process, sync::mpsc};

/// With the group, for kubectl may have kept a category of the same name, and it watches no categories.
const RESOURCE: &str = "segments.segmentation.dev";

/// Runs kubectl and gives what it prints.
pub(super) async fn kubectl(arguments: &[&str]) -> anyhow::Result<String> {
    give(arguments, "").await
}

/// Applies objects, as YAML or JSON.
pub(super) async fn apply(objects: &str) -> anyhow::Result<String> {
    give(&["apply", "--server-side", "--filename", "-"], objects).await
}

async fn give(arguments: &[&str], input: &str) -> anyhow::Result<String> {
    let mut command = process::Command::new("kubectl");
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().context("start kubectl; is it on PATH?")?;
    let mut stdin = child.stdin.take().context("kubectl has no input")?;
    stdin.write_all(input.as_bytes()).await.context("write to kubectl")?;
    drop(stdin);
    let output = child.wait_with_output().await.context("wait for kubectl")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "kubectl {}: {}", arguments.join(" "), said.trim());
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The Segments of a namespace: each as it is, and again whenever it changes.
pub(super) struct Watch {
    child: Child,
    segments: mpsc::Receiver<Segment>,
}

/// Begins to watch. kubectl prints one object after the other.
pub(super) fn watch_segments(namespace: &str) -> anyhow::Result<Watch> {
    let mut command = Command::new("kubectl");
    command.args(["get", RESOURCE, "--watch", "--output", "json", "--namespace", namespace]);
    let mut child = command.stdout(Stdio::piped()).spawn().context("start kubectl")?;
    let printed = BufReader::new(child.stdout.take().context("kubectl has no output")?);
    let (give, segments) = mpsc::channel(64);
    // It ends with kubectl.
    thread::spawn(move || {
        let objects = serde_json::Deserializer::from_reader(printed).into_iter::<Segment>();
        for segment in objects.map_while(Result::ok) {
            if give.blocking_send(segment).is_err() {
                return;
            }
        }
    });
    Ok(Watch { child, segments })
}

impl Watch {
    /// The next change; none when kubectl has ended.
    pub(super) async fn next(&mut self) -> Option<Segment> {
        self.segments.recv().await
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
