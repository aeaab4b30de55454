//! Writes the custom resource definitions and their kustomization into the folder of this crate.

use std::error::Error;
use std::path::Path;

use segment_crds::crd::generated_files;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    for file in generated_files()? {
        std::fs::write(folder.join(file.name), file.text)?;
    }
    Ok(())
}
