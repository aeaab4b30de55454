//! Hashes of names, criteria and nodes: SipHash-2-4 with zero keys, which is ClickHouse's `sipHash64`.

use std::hash::Hasher;

use siphasher::sip::SipHasher24;
use siphasher::sip128::{Hasher128, SipHasher24 as SipHasher128};

/// ClickHouse's `sipHash64` of a text.
pub fn sip_hash_64(text: &str) -> u64 {
    let mut hasher = SipHasher24::new();
    hasher.write(text.as_bytes());
    hasher.finish()
}

/// The id of a Segment.
pub fn segment_id(namespace: &str, name: &str) -> u64 {
    sip_hash_64(&format!("{namespace}/{name}"))
}

/// An id made from a text; never 0.
pub(crate) fn id(text: &str) -> u64 {
    sip_hash_64(text).max(1)
}

/// A hash that no two definitions share.
pub(crate) fn wide(text: &str) -> u128 {
    let mut hasher = SipHasher128::new();
    hasher.write(text.as_bytes());
    hasher.finish128().as_u128()
}
