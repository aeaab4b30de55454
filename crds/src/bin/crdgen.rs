//! Writes the custom resource definitions and their kustomization into the folder of this crate, and their reference into
//! docs/.

use std::error::Error;
use std::path::Path;

use segment_crds::{crd::generated_files, reference::reference};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    for file in generated_files()?.into_iter().chain([reference()]) {
        std::fs::write(folder.join(file.name), file.text)?;
    }
    Ok(())
}
