//! Puts shared parts into the statements: a line `-- @part` stands for the file `rule_join/part.sql`.

use std::{env, fs, io, path::Path};

fn main() -> io::Result<()> {
    let out = env::var("OUT_DIR").map_err(io::Error::other)?;
    for folder in ["schema", "rule_join", "commit", "run", "store", "publish", "load", "summary", "explain"] {
        println!("cargo:rerun-if-changed={folder}");
        let target = Path::new(&out).join(folder);
        fs::create_dir_all(&target)?;
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let name = path.file_name().ok_or_else(|| io::Error::other("a file without a name"))?;
            fs::write(target.join(name), expand(&fs::read_to_string(&path)?)?)?;
        }
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
