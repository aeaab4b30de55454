//! How figures are printed: the ratio first, then both its sides.

use std::{fs, thread, time::Duration};

/// Cores and memory of this machine.
pub(crate) fn machine() -> String {
    let cores = thread::available_parallelism().map_or(0, usize::from);
    let memory = kilobytes(&fs::read_to_string("/proc/meminfo").unwrap_or_default(), "MemTotal:");
    format!("{cores} cores, {} memory", bytes(memory))
}

/// Says so when this is no release build.
pub(crate) fn build() -> &'static str {
    if cfg!(debug_assertions) { ", debug build of the client (figures of the client are not final)" } else { "" }
}

/// A figure of a file such as `/proc/meminfo`, in bytes.
pub(crate) fn kilobytes(text: &str, name: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
    number.unwrap_or(0) * 1024
}

/// User and system time of a process from its `/proc/PID/stat`, in seconds; the kernel counts hundredths.
pub(crate) fn cpu_seconds(stat: &str) -> f64 {
    // The name of the program, in parentheses, may hold spaces.
    let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace();
    let ticks: u64 = fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    float(ticks) / 100.0
}

/// A figure: `name: ratio = left (what) : right (what)`.
pub(crate) fn figure(name: &str, left: (f64, &str), right: (f64, &str), unit: fn(f64) -> String) {
    println!("{name}: {} = {} {} : {} {}", ratio(left.0, right.0), unit(left.0), left.1, unit(right.0), right.1);
}

/// Left to right.
pub(crate) fn ratio(left: f64, right: f64) -> String {
    if right > 0.0 { format!("{:.3}", left / right) } else { "-".to_owned() }
}

/// Seconds, for [`figure`].
pub(crate) fn seconds(value: f64) -> String {
    format!("{value:.3} s")
}

/// Of sorted durations the one that a share of them does not pass.
pub(crate) fn quantile(sorted: &[Duration], share: f64) -> Duration {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small number of runs")]
    let rank = (share * float(sorted.len() as u64)).ceil() as usize;
    sorted.get(rank.clamp(1, sorted.len().max(1)) - 1).copied().unwrap_or_default()
}

/// Bytes in a unit that fits.
pub(crate) fn bytes(value: u64) -> String {
    let mut rest = float(value);
    for unit in ["B", "kB", "MB"] {
        if rest < 1000.0 {
            return format!("{rest:.1} {unit}");
        }
        rest /= 1000.0;
    }
    format!("{rest:.2} GB")
}

/// A count as a number to reckon with.
#[expect(clippy::cast_precision_loss, reason = "figures for people")]
pub(crate) fn float(value: u64) -> f64 {
    value as f64
}

/// Microseconds of the server's log in seconds.
pub(crate) fn from_us(value: u64) -> f64 {
    float(value) / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_ranks() {
        let sorted: Vec<Duration> = (1..=100).map(Duration::from_secs).collect();
        let at = |share| quantile(&sorted, share).as_secs();
        assert_eq!([at(0.0), at(0.5), at(0.9), at(0.99), at(1.0)], [1, 50, 90, 99, 100]);
        assert_eq!(quantile(&[], 0.5), Duration::ZERO);
    }

    #[test]
    fn times_of_processes_are_read() {
        let stat = "7 (a b) S 1 7 7 0 -1 4194560 1 2 3 4 150 50 9 9 20 0";
        assert!((cpu_seconds(stat) - 2.0).abs() < 1e-9);
    }

    #[test]
    fn figures_of_proc_are_read() {
        assert_eq!(kilobytes("MemFree: 1 kB\nMemTotal:   12 kB\n", "MemTotal:"), 12 * 1024);
        assert_eq!(kilobytes("", "MemTotal:"), 0);
    }
}
