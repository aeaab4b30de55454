//! The whole demo on a part of the data, on real servers.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::process::Command;

use jiff::{Span, civil::Date};
use segment_demo::{
    DEMO_DAY,
    calendar::Calendar,
    customers::Customer,
    evaluate::{self, Evaluated},
    examples, ndjson,
    shop::Shop,
    steps, tour,
};
use segment_rules::Definition;

/// Enough for every example to have members, few enough for a test.
const CUSTOMERS: u32 = 2_000;

#[tokio::test]
async fn every_example_has_some_members_and_the_view_shows_them() {
    let customers = steps::chosen(Some(CUSTOMERS)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let files = ndjson::write(&customers, Calendar::of_1998(), folder.path()).unwrap();
    let [first, later] = tour::instants().unwrap();
    let shop = Shop::start().unwrap();
    let store = shop.make(first).await.unwrap();
    evaluate::load(&store, &files, first).await.unwrap();
    let compiled = examples::compiled().unwrap();
    let definitions = examples::definitions(&compiled);

    let before = evaluate::evaluate(&store, &compiled, first).await.unwrap();
    check_members(&shop, &definitions, &before).await;
    for definition in &definitions {
        let members = before.segments[&definition.segment].members;
        assert!(0 < members && members < customers.len() as u64, "{} has {members} members", definition.name);
    }
    let members = |name: &str| {
        let definition = definitions.iter().find(|definition| definition.name == name).unwrap();
        before.segments[&definition.segment].members
    };
    assert_eq!(members("ordered-last-30-days"), counted(&customers, ordered_last_30_days));
    assert_eq!(members("one-time-buyers"), counted(&customers, bought_once_long_ago));

    for definition in &definitions {
        let path = format!("{}/{}", definition.namespace, definition.name);
        let profile = shop.first_member(&path).await.unwrap().unwrap();
        let explanation = evaluate::explain(&store, &compiled, definition, &profile, first).await.unwrap();
        assert!(explanation.member, "{profile} is explained to be no member of {path}");
    }

    let after = evaluate::evaluate(&store, &compiled, later).await.unwrap();
    check_members(&shop, &definitions, &after).await;
    for definition in &definitions {
        let (was, is) = (before.segments[&definition.segment], after.segments[&definition.segment]);
        assert_eq!(was.members + is.entered, is.members + is.left, "{}", definition.name);
    }
    shop.leave().await.unwrap();
}

#[test]
fn the_program_runs_to_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_segment-demo"));
    let output = program.args(["--customers", "500", "--folder"]).arg(folder.path()).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{printed}{}", String::from_utf8_lossy(&output.stderr));
    for (name, _) in &examples::FILES[1..] {
        assert!(printed.contains(&format!("\n  {name} ")), "{name} is missing in\n{printed}");
    }
    assert!(printed.contains("\nDone in "), "{printed}");
}

async fn check_members(shop: &Shop, definitions: &[&Definition], evaluated: &Evaluated) {
    assert_eq!(evaluated.segments.len(), definitions.len());
    for definition in definitions {
        let path = format!("{}/{}", definition.namespace, definition.name);
        let members = evaluated.segments[&definition.segment].members;
        assert_eq!(shop.count_members(&path).await.unwrap(), members, "{path}");
    }
}

fn counted(customers: &[Customer], holds: impl Fn(&Customer) -> bool) -> u64 {
    customers.iter().filter(|customer| holds(customer)).count() as u64
}

/// Orders and the demo's instant are at the same time of day, so whole days will do.
fn days_ago(days: i64) -> Date {
    DEMO_DAY.checked_sub(Span::new().days(days)).unwrap()
}

fn ordered_last_30_days(customer: &Customer) -> bool {
    customer.orders.iter().any(|order| order.day > days_ago(30) && order.day <= DEMO_DAY)
}

fn bought_once_long_ago(customer: &Customer) -> bool {
    let known: Vec<_> = customer.orders.iter().filter(|order| order.day <= DEMO_DAY).collect();
    known.len() == 1 && known[0].day <= days_ago(180)
}
