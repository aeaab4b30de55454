//! The lines to load, from a seed: what shops export. Few profiles have most of the events; events come in the order of
//! time, three metrics with the properties that the pairs of the benchmark name.

use std::{
    fs::{self, File},
    io::{BufWriter, Write},
    path::Path,
};

use anyhow::Result;
use jiff::Timestamp;

use crate::{
    args::DataArgs,
    bench::{AS_OF_MS, account_key},
    criteria::Dice,
};

/// Traits of a profile.
pub(super) const TRAITS: u64 = 3;
const SPAN_MS: u64 = 700 * 86_400_000;
const CITIES: [&str; 6] = ["Boston", "Chicago", "Denver", "New York", "Portland", "Seattle"];

/// Events of all profiles.
pub(super) fn events(args: &DataArgs) -> u64 {
    args.profiles * args.events
}

/// Writes both files, unless they are there.
pub(super) fn write(args: &DataArgs, profiles: &Path, events: &Path) -> Result<()> {
    for (path, write) in
        [(profiles, write_profiles as fn(&DataArgs, &mut dyn Write) -> Result<()>), (events, write_events)]
    {
        if path.is_file() {
            continue;
        }
        let unfinished = path.with_extension("unfinished");
        let mut file = BufWriter::new(File::create(&unfinished)?);
        write(args, &mut file)?;
        file.flush()?;
        fs::rename(unfinished, path)?;
    }
    Ok(())
}

fn write_profiles(args: &DataArgs, out: &mut dyn Write) -> Result<()> {
    let (account, mut dice) = (account_key(0), Dice::new(args.data_seed));
    for profile in 0..args.profiles {
        let city = dice.pick(&CITIES);
        let (spent, tier) = (dice.below(100_000), dice.below(4));
        writeln!(
            out,
            r#"{{"account":"{account}","id":"p{profile}","properties":{{"city":"{city}","lifetime_value":{}.{:02},"tier":"tier-{tier}"}}}}"#,
            spent / 100,
            spent % 100
        )?;
    }
    Ok(())
}

fn write_events(args: &DataArgs, out: &mut dyn Write) -> Result<()> {
    let (account, mut dice) = (account_key(0), Dice::new(args.data_seed ^ 1));
    let first_ms = u64::try_from(AS_OF_MS)? - SPAN_MS;
    for event in 0..events(args) {
        let ms = first_ms + u64::try_from(u128::from(event) * u128::from(SPAN_MS) / u128::from(events(args)))?;
        let time = Timestamp::from_millisecond(i64::try_from(ms)?)?;
        // The square of an even spread: a tenth of the profiles have a third of the events.
        let share = dice.below(1 << 31) as u64;
        let profile = u64::try_from((u128::from(share * share) * u128::from(args.profiles)) >> 62)?;
        let (campaign, cents) = (dice.below(40), dice.below(20_000));
        let (metric, properties) = match dice.below(10) {
            0 | 1 => (
                "Placed Order",
                format!(
                    r#"{{"value":{}.{:02},"campaign":"campaign-{campaign}","items":{}}}"#,
                    cents / 100,
                    cents % 100,
                    1 + cents % 7
                ),
            ),
            2..=4 => ("Clicked Email", format!(r#"{{"campaign":"campaign-{campaign}"}}"#)),
            _ => ("Viewed Product", format!(r#"{{"product":"product-{}"}}"#, cents % 5000)),
        };
        writeln!(
            out,
            r#"{{"account":"{account}","id":"e{event}","profile":"p{profile}","metric":"{metric}","time":"{time}","properties":{properties}}}"#
        )?;
    }
    Ok(())
}
