//! `segmentctl validate`: what would be refused, without data or a server.

use std::io::{self, Write};

use crate::{
    args::ValidateArgs,
    exit::{self, Failure},
    files::Segments,
    inputs,
};

/// Prints every reason to refuse a Segment on stderr, and how many are fine.
pub(crate) fn validate(args: &ValidateArgs) -> Result<(), Failure> {
    inputs::check_stdin(&[&args.files])?;
    let segments = Segments::read(&args.files)?;
    for note in &segments.compiled.notes {
        eprintln!("note: {note}");
    }
    for refusal in segments.refusals() {
        eprintln!("{refusal}");
    }
    exit::written(writeln!(io::stdout().lock(), "{}", summary(segments.accepted(), segments.refused())))?;
    if segments.refused() == 0 { Ok(()) } else { Err(Failure::Refused) }
}

fn summary(accepted: usize, refused: usize) -> String {
    let count = |count: usize, verb: [&str; 2]| match count {
        1 => format!("1 Segment {}", verb[0]),
        _ => format!("{count} Segments {}", verb[1]),
    };
    let fine = count(accepted, ["is fine", "are fine"]);
    if refused == 0 { fine } else { format!("{fine}, {}", count(refused, ["is refused", "are refused"])) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_counts_both() {
        assert_eq!(summary(1, 0), "1 Segment is fine");
        assert_eq!(summary(0, 1), "0 Segments are fine, 1 Segment is refused");
        assert_eq!(summary(2, 3), "2 Segments are fine, 3 Segments are refused");
    }
}
