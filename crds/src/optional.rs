//! How absent fields are read: a field that is `null` is as absent, in whatever form Rust holds the absence.

use serde::{Deserialize, Deserializer};

/// Reads `null` as the type's default, for fields whose absence is an empty list or `false` rather than `None`.
pub(crate) fn null_as_absent<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: Deserialize<'de> + Default,
    D: Deserializer<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Whether a flag is off, and so need not be written.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's skip_serializing_if passes a reference")]
pub(crate) fn is_off(flag: &bool) -> bool {
    !flag
}
