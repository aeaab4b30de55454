//! Wrong usage, missing files, help and completion.

use anyhow::{Result, ensure};

use crate::support::{Call, segment};

#[test]
fn wrong_usage_is_2() -> Result<()> {
    let calls: [&[&str]; 9] = [
        &[],
        &["unknown"],
        &["eval", "segments.yaml"],
        &["eval", "--profiles", "p.ndjson"],
        &["eval", "--profiles", "p.ndjson", "-o", "yaml", "s.yaml"],
        &["eval", "--profiles", "p.ndjson", "--as-of", "yesterday", "s.yaml"],
        &["eval", "--profiles", "p.ndjson", "--as-of", "2026-06-15T12:00:00", "s.yaml"],
        &["eval", "--profiles", "-", "--events", "-", "s.yaml"],
        &["validate", "-", "-"],
    ];
    for arguments in calls {
        Call::new(arguments)?.run()?.ended(2)?.only_says(&[])?;
    }
    Ok(())
}

#[test]
fn a_missing_file_is_1() -> Result<()> {
    let segments = segment("a", "");
    for (arguments, name) in [
        (&["validate", "nowhere.yaml"][..], "nowhere.yaml"),
        (&["eval", "--profiles", "p.ndjson", "nowhere.yaml"], "nowhere.yaml"),
        (&["eval", "--profiles", "nowhere.ndjson", "s.yaml"], "nowhere.ndjson"),
        (&["eval", "--profiles", "p.ndjson", "--events", "nowhere.ndjson", "s.yaml"], "nowhere.ndjson"),
        (&["eval", "--profiles", ".", "s.yaml"], "directory"),
    ] {
        let call = Call::new(arguments)?.file("s.yaml", &segments)?.file("p.ndjson", "")?;
        call.run()?.ended(1)?.only_says(&["error: ", name])?;
    }
    Ok(())
}

#[test]
fn every_command_has_examples() -> Result<()> {
    for command in
        ["eval", "explain", "validate", "status", "members", "run", "suspend", "resume", "logs", "completion"]
    {
        let outcome = Call::new(&[command, "--help"])?.run()?.ended(0)?;
        ensure!(outcome.stdout.contains("Examples:\n  segmentctl "), "{outcome:?}");
    }
    let outcome = Call::new(&["--help"])?.run()?.ended(0)?;
    ensure!(outcome.stdout.contains("Exit codes: 0 done"), "{outcome:?}");
    Ok(())
}

#[test]
fn the_version_is_told() -> Result<()> {
    let outcome = Call::new(&["--version"])?.run()?.ended(0)?;
    ensure!(outcome.stdout == format!("segmentctl {}\n", env!("CARGO_PKG_VERSION")), "{outcome:?}");
    Ok(())
}

#[test]
fn shells_get_completions() -> Result<()> {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let outcome = Call::new(&["completion", shell])?.run()?.ended(0)?;
        ensure!(outcome.stdout.contains("validate"), "{outcome:?}");
    }
    Ok(())
}
