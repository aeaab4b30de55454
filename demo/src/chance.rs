//! Chance by rule: what is made up about a customer follows from a seed and the customer's id, so that it is the same on
//! every machine and at every run.

use segment_rules::sip_hash_64;

/// Another seed makes up other customers.
const SEED: &str = "cdnow-demo-1";

/// A number in [0, 1) for a customer and a topic.
#[expect(clippy::cast_precision_loss, reason = "53 bits are kept, and Float64 holds so many")]
pub(crate) fn share(topic: &str, customer: &str) -> f64 {
    (sip_hash_64(&format!("{SEED}/{topic}/{customer}")) >> 11) as f64 / (1_u64 << 53) as f64
}

/// A whole number from 0 up to but not including `bound`; 0 if `bound` is 0.
pub(crate) fn below(topic: &str, customer: &str, bound: u64) -> u64 {
    sip_hash_64(&format!("{SEED}/{topic}/{customer}")).checked_rem(bound).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_question_has_the_same_answer() {
        assert_eq!(below("zip", "00001", 1000), below("zip", "00001", 1000));
        assert_ne!(below("zip", "00001", 1000), below("zip", "00002", 1000));
    }

    #[test]
    fn shares_are_spread_over_the_unit_interval() {
        let shares: Vec<f64> = (0..1000).map(|customer| share("topic", &customer.to_string())).collect();
        assert!(shares.iter().all(|share| (0.0..1.0).contains(share)));
        let low = shares.iter().filter(|share| **share < 0.25).count();
        assert!((200..300).contains(&low), "{low}");
    }
}
