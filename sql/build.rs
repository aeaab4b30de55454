//! Puts shared parts into the statements: a line `-- @part` stands for the file `rule_join/part.sql`. And gives each step
//! of the schema its ephemeral form, see `ephemeral_schema` in `src/lib.rs`.

use std::{env, ffi::OsStr, fs, io, path::Path};

/// Tables that rows only pass through on their way to those that follow, where nobody reads them.
const ENTRANCES: [&str; 4] = ["accounts", "profiles", "traits_by_profile", "events_by_profile"];

fn main() -> io::Result<()> {
    let out = env::var("OUT_DIR").map_err(io::Error::other)?;
    for folder in
        ["schema", "rule_join", "commit", "run", "store", "publish", "load", "summary", "explain", "ephemeral"]
    {
        println!("cargo:rerun-if-changed={folder}");
        let target = Path::new(&out).join(folder);
        fs::create_dir_all(&target)?;
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let name = path.file_name().ok_or_else(|| io::Error::other("a file without a name"))?;
            fs::write(target.join(name), expand(&fs::read_to_string(&path)?)?)?;
        }
    }
    let target = Path::new(&out).join("ephemeral_schema");
    fs::create_dir_all(&target)?;
    for entry in fs::read_dir("schema")? {
        let path = entry?.path();
        let name = path.file_name().and_then(OsStr::to_str).ok_or_else(|| io::Error::other("a file without a name"))?;
        fs::write(target.join(name), ephemeral(name, &fs::read_to_string(&path)?))?;
    }
    Ok(())
}

fn expand(text: &str) -> io::Result<String> {
    let mut expanded = String::new();
    for line in text.lines() {
        if let Some(part) = line.trim().strip_prefix("-- @") {
            let part = fs::read_to_string(Path::new("rule_join").join(part).with_extension("sql"))?;
            expanded.push_str(&expand(&part)?);
        } else {
            expanded.push_str(line);
            expanded.push('\n');
        }
    }
    Ok(expanded)
}

/// The same columns under another engine. What is staged, or only added up, is held in memory. What is replaced keeps its
/// engine, which reads each key once, but one part for all partitions, since one process inserts all there is.
fn ephemeral(name: &str, text: &str) -> String {
    let Some((columns, storage)) = text.split_once("\nENGINE = ") else { return text.to_owned() };
    let table = name
        .trim_end_matches(".sql")
        .trim_start_matches(|character: char| character.is_ascii_digit() || character == '_');
    if ENTRANCES.contains(&table) {
        return format!("{columns}\nENGINE = Null\n");
    }
    if !storage.starts_with("ReplacingMergeTree") {
        let engine = if storage.starts_with("Null") { "Null" } else { "Memory" };
        return format!("{columns}\nENGINE = {engine}\n");
    }
    let kept = storage.lines().filter(|line| !line.starts_with("PARTITION BY ") && !line.starts_with("COMMENT "));
    format!("{columns}\nENGINE = {}\n", kept.collect::<Vec<_>>().join("\n"))
}
