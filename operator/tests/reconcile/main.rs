//! The operator's whole work against an API server in memory and a real ClickHouse: what the Jobs do is done by the test.

#![expect(clippy::unwrap_used, reason = "what helpers of tests cannot do fails the test")]

mod api;
mod shop;

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use self::shop::{NO_IMAGE, Shop, sms};

#[tokio::test(flavor = "multi_thread")]
async fn a_segment_becomes_ready_changes_and_goes() {
    let shop = Shop::open("lifecycle").await;
    shop.make_schema().await;
    shop.segment("subscribers", &sms("subscribed"));
    shop.wait_for("subscribers", "Evaluated", 2).await;
    shop.segment("subscribers", &sms("unsubscribed"));
    let changed = shop.wait_for("subscribers", "Evaluated", 1).await;
    assert_eq!(changed["status"]["observedGeneration"], 2);
    assert_eq!(changed["status"]["lastEvaluation"]["exited"], 2);
    assert_eq!(shop.members("subscribers").await, 1);
    shop.api.delete("segments", "shop", "subscribers");
    shop.wait_until("its members have left", async || shop.members("subscribers").await == 0).await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_tells_what_its_shards_run() {
    let shop = Shop::open("versions").await;
    shop.make_schema().await;
    let condition = shop.store_condition("ShardsReachable");
    let version = shop.server_version().await;
    let schema = segment_sql::schema::VERSION;
    let listed = json!([{"name": "0", "answers": true, "clickhouse": version, "schema": schema}]);
    assert_eq!((&condition["status"], &shop.store_status()["shardVersions"]), (&json!("True"), &listed));
    assert_eq!(condition["message"], format!("shard 0 with ClickHouse {version}, schema {schema}"));
    shop.store_with(&json!({"shards": [{"name": "0", "urls": ["http://127.0.0.1:1"]}]}));
    shop.wait_until("it is down", async || shop.store_condition("ShardsReachable")["status"] == "False").await;
    assert_eq!(shop.store_status()["shardVersions"], json!([{"name": "0", "answers": false}]));
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn segments_that_refer_to_each_other_change_together() {
    let shop = Shop::open("references").await;
    shop.make_schema().await;
    shop.segment("a", &sms("subscribed"));
    shop.segment("b", &json!([{"name": "x", "segment": {"name": "a"}}]));
    shop.wait_for("b", "Evaluated", 2).await;
    shop.segment("a", &sms("unsubscribed"));
    shop.wait_for("b", "Evaluated", 1).await;
    shop.wait_for("a", "Evaluated", 1).await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_segment_is_stalled_and_the_others_are_ready() {
    let shop = Shop::open("refusals").await;
    shop.make_schema().await;
    shop.segment("bad", &json!([{"name": "x", "event": {"metric": "m", "within": {"last": "9y"}}}]));
    shop.segment("malformed", &json!({"not": "a list"}));
    shop.segment("refers", &json!([{"name": "x", "segment": {"name": "bad"}}]));
    shop.segment("good", &sms("subscribed"));
    shop.wait_for("good", "Evaluated", 2).await;
    let bad = shop.wait_for_reason("bad", "SpecRefused").await;
    let stalled = bad["status"]["conditions"][2].clone();
    assert_eq!((&stalled["type"], &stalled["status"]), (&json!("Stalled"), &json!("True")));
    assert!(stalled["message"].as_str().unwrap().starts_with("spec.criteria[0].event.within.last: "), "{stalled}");
    shop.wait_for_reason("malformed", "SpecRefused").await;
    shop.wait_for_reason("refers", "SpecRefused").await;
    shop.segment("bad", &sms("subscribed"));
    shop.wait_for("refers", "Evaluated", 2).await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_segment_keeps_its_members_and_is_evaluated_when_it_is_resumed() {
    let shop = Shop::open("suspension").await;
    shop.make_schema().await;
    shop.segment("a", &sms("subscribed"));
    shop.wait_for("a", "Evaluated", 2).await;
    shop.suspended_segment("a", &sms("unsubscribed"));
    shop.wait_for_reason("a", "Suspended").await;
    assert_eq!(shop.members("a").await, 2);
    shop.segment("a", &sms("unsubscribed"));
    shop.wait_for("a", "Evaluated", 1).await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quiet_store_is_not_written_to_and_a_new_operator_starts_no_run() {
    let mut shop = Shop::open("quiet").await;
    shop.make_schema().await;
    for number in 0..20 {
        shop.segment(&format!("s{number}"), &sms("subscribed"));
    }
    for number in 0..20 {
        shop.wait_for(&format!("s{number}"), "Evaluated", 2).await;
    }
    shop.settle().await;
    let (writes, runs) = (shop.api.writes(), shop.runs());
    assert_eq!(runs, 1, "all of them in one run: {writes:?}");
    shop.wake_often().await;
    shop.restart_operator().await;
    shop.wake_often().await;
    assert_eq!(shop.api.writes()[writes.len()..], Vec::<String>::new());
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quiet_shard_is_asked_little_and_what_it_lost_is_noticed() {
    let shop = Shop::open("pulse").await;
    shop.make_schema().await;
    shop.segment("a", &sms("subscribed"));
    shop.wait_for("a", "Evaluated", 2).await;
    // A look in 30 seconds, of which the first few are whole.
    let rests = async || {
        let (few, all) = (shop.statements("published").await, shop.statements("served").await);
        shop.wait_until("it is looked at again", async || shop.statements("published").await > few).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        shop.statements("served").await == all
    };
    shop.wait_until("nothing has changed, so nothing else is asked", rests).await;
    shop.lose("definitions").await;
    shop.wait_until("it is published again", async || shop.rows("definitions").await > 0).await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_annotation_asks_for_one_more_evaluation() {
    let shop = Shop::open("request").await;
    shop.make_schema().await;
    shop.segment("a", &sms("subscribed"));
    let before = shop.wait_for("a", "Evaluated", 2).await;
    shop.annotate("a", "segmentation.dev/evaluate", "now");
    let after = shop.wait_for_status("it was handled", "a", |status| status["handledRequest"] == "now").await;
    assert_ne!(before["status"]["lastEvaluation"]["asOf"], after["status"]["lastEvaluation"]["asOf"]);
    assert_eq!(shop.runs(), 2);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_evaluation_that_is_asked_for_and_fails_is_tried_again_with_patience() {
    let shop = Shop::open("asked").await;
    shop.make_schema().await;
    shop.segment("a", &sms("subscribed"));
    shop.wait_for("a", "Evaluated", 2).await;
    shop.fail_next_jobs(1);
    shop.annotate("a", "segmentation.dev/evaluate", &"now".repeat(100));
    let failed = shop.wait_for_reason("a", "RunFailed").await;
    let evaluated = failed["status"]["conditions"][4].clone();
    assert_eq!((&evaluated["type"], &evaluated["status"]), (&json!("Evaluated"), &json!("True")));
    shop.wake_often().await;
    assert_eq!(shop.runs(), 2, "it is not tried again at once");
    let request = &"now".repeat(100)[..256];
    shop.wait_for_status("it was handled", "a", |status| status["handledRequest"] == request).await;
    let after = shop.wait_for("a", "Evaluated", 2).await;
    assert_eq!((shop.runs(), &after["status"]["failedRuns"]), (3, &Value::Null));
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_the_server_refuses_after_a_load_is_stalled_until_another_load() {
    let shop = Shop::open("loaded").await;
    shop.make_schema().await;
    shop.segment("a", &json!([{"name": "plan", "property": {"name": "plan", "matches": "g.*d"}}]));
    shop.wait_for("a", "Evaluated", 1).await;
    shop.break_pattern("g.*d").await;
    for runs in [2, 3] {
        shop.load().await;
        shop.wait_until("it is tried", async || shop.runs() == runs).await;
        let failed = shop.wait_for_reason("a", "EvaluationFailed").await;
        assert_eq!(failed["status"]["conditions"][4]["status"], "True", "it has the members of its definition");
        shop.settle().await;
        shop.wake_often().await;
        assert_eq!(shop.runs(), runs, "once for each load");
    }
    assert_eq!(shop.members("a").await, 1);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_has_evaluated_again_is_told() {
    let shop = Shop::open("another").await;
    shop.make_schema().await;
    shop.segment("a", &sms("subscribed"));
    let before = shop.wait_for("a", "Evaluated", 2).await;
    shop.evaluate_by_hand().await;
    let is_new = |status: &Value| status["lastEvaluation"]["asOf"] != before["status"]["lastEvaluation"]["asOf"];
    shop.wait_for_status("its numbers are new", "a", is_new).await;
    assert_eq!(shop.runs(), 1);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_segment_that_is_made_again_is_evaluated_again() {
    let shop = Shop::open("again").await;
    shop.make_schema().await;
    shop.segment("a", &sms("subscribed"));
    shop.wait_for("a", "Evaluated", 2).await;
    shop.api.delete("segments", "shop", "a");
    shop.new_segment("a", &sms("subscribed"));
    shop.wait_for("a", "Evaluated", 2).await;
    assert!(shop.runs() >= 2, "its members are not those of the Segment before it");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_removals_wait_until_they_are_confirmed() {
    let shop = Shop::open("brake").await;
    shop.make_schema().await;
    for number in 0..30 {
        shop.segment(&format!("s{number}"), &sms("subscribed"));
    }
    shop.wait_for("s29", "Evaluated", 2).await;
    for number in 0..25 {
        shop.api.delete("segments", "shop", &format!("s{number}"));
    }
    shop.wait_until("the store says so", async || shop.store_condition("RemovalHeld")["status"] == "True").await;
    assert_eq!(shop.members("s0").await, 2);
    shop.annotate_store("segmentation.dev/confirm-removal", "25");
    shop.wait_until("the members have left", async || shop.members("s0").await == 0).await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_fails_is_tried_again_and_says_why() {
    let shop = Shop::open("setback").await;
    shop.make_schema().await;
    shop.fail_next_jobs(1);
    shop.segment("a", &sms("subscribed"));
    let failed = shop.wait_for_reason("a", "RunFailed").await;
    let message = failed["status"]["conditions"][0]["message"].as_str().unwrap().to_owned();
    assert!(message.contains("BackoffLimitExceeded"), "{message}");
    shop.wait_for("a", "Evaluated", 2).await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_whose_pod_is_killed_says_so_while_it_tries_again() {
    let shop = Shop::open("killed").await;
    shop.make_schema().await;
    shop.kill_pods(true);
    shop.segment("a", &sms("subscribed"));
    let says_so = |status: &Value| {
        let ready = &status["conditions"][0];
        ready["reason"] == "Evaluating"
            && ready["message"]
                .as_str()
                .is_some_and(|message| message.ends_with("tries again: OOMKilled (exit code 137)"))
    };
    shop.wait_for_status("it says so", "a", says_so).await;
    shop.kill_pods(false);
    shop.wait_for("a", "Evaluated", 2).await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_store_lacks_is_said() {
    let shop = Shop::open("troubles").await;
    shop.segment("a", &sms("subscribed"));
    shop.store_with(&json!({"credentialsSecretRef": {"name": "missing"}}));
    shop.wait_until("the Secret is missed", async || shop.store_condition("Stalled")["reason"] == "SecretMissing")
        .await;
    shop.wait_for_reason("a", "StoreNotReady").await;
    shop.store_with(&json!({"shards": [{"name": "0", "urls": ["http://127.0.0.1:1"]}]}));
    shop.wait_until("it is down", async || shop.store_condition("Reconciling")["reason"] == "ShardUnreachable").await;
    shop.wait_for_reason("a", "ShardUnreachable").await;
    shop.api.delete("segmentstores", "shop", "main");
    shop.wait_for_reason("a", "StoreNotFound").await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_cannot_be_read_is_told_of_once() {
    let shop = Shop::open("malformed").await;
    shop.make_schema().await;
    shop.store_spec(&json!({"clickhouse": ["not", "an object"]}));
    shop.wait_until("it is told of", async || shop.events("Malformed") == 1).await;
    assert_eq!(shop.store_condition("Stalled")["reason"], "Malformed");
    shop.wake_often().await;
    let told = shop.api.writes().iter().filter(|write| write.starts_with("PATCH events/")).count();
    assert_eq!((shop.events("Malformed"), told), (1, 0), "{:?}", shop.api.writes());
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_made_again_before_its_members_left_is_evaluated_again() {
    let shop = Shop::open("swift").await;
    shop.make_schema().await;
    shop.segment("a", &sms("subscribed"));
    shop.segment("b", &sms("subscribed"));
    shop.wait_for("a", "Evaluated", 2).await;
    shop.wait_for("b", "Evaluated", 2).await;
    shop.store_spec(&json!({"manual": {"debounce": "3s"}}));
    shop.settle().await;
    // The edit of another Segment of the account has the removal wait for the debounce, and meanwhile it is undone.
    shop.segment("b", &sms("unsubscribed"));
    shop.api.delete("segments", "shop", "a");
    tokio::time::sleep(Duration::from_millis(1500)).await;
    shop.new_segment("a", &sms("subscribed"));
    shop.wait_for("b", "Evaluated", 1).await;
    shop.wait_for("a", "Evaluated", 2).await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_that_sees_one_namespace_retires_nothing_of_others() {
    let mut shop = Shop::open("scope").await;
    shop.api.put("namespaces", json!({"metadata": {"name": "blog", "labels": {"team": "blog"}}}));
    let of = |team: &str| json!({"namespaceSelector": {"matchLabels": {"team": team}}, "accounts": ["1"]});
    shop.store_spec(&json!({"access": [of("shop"), of("blog")]}));
    shop.make_schema().await;
    shop.segment("a", &sms("subscribed"));
    shop.segment("b", &sms("subscribed"));
    shop.segment_in("blog", "c", &sms("subscribed"));
    shop.wait_for("b", "Evaluated", 2).await;
    shop.wait_until("c has members", async || shop.members_in("blog", "c").await == 2).await;
    shop.restart_operator_within("shop").await;
    shop.api.delete("segments", "shop", "a");
    shop.wait_until("a has none", async || shop.members("a").await == 0).await;
    assert_eq!(shop.members_in("blog", "c").await, 2);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_operator_does_not_take_an_old_failed_job_for_its_own() {
    let mut shop = Shop::open("old_job").await;
    shop.make_schema().await;
    shop.fail_next_jobs(2);
    shop.segment("a", &sms("subscribed"));
    let twice = |status: &Value| status["failedRuns"]["count"] == 2 && status["conditions"][0]["reason"] == "RunFailed";
    shop.wait_for_status("two runs failed", "a", twice).await;
    shop.restart_operator().await;
    let restarted = Instant::now();
    assert_eq!(shop.runs(), 2);
    shop.wait_until("it is tried again", async || shop.runs() == 3).await;
    let waited = restarted.elapsed();
    assert!(waited > Duration::from_secs(25), "as if it had just failed for the second time, not after {waited:?}");
    let after = shop.wait_for("a", "Evaluated", 2).await;
    assert_eq!(after["status"]["failedRuns"], Value::Null);
    // Each names its Job; an operator that took them for its own would tell of them again.
    assert_eq!((shop.runs(), shop.events("RunFailed")), (3, 2));
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_job_that_failed_is_made_again_when_the_store_is_changed() {
    let shop = Shop::open("mended").await;
    shop.fail_next_jobs(1);
    shop.wait_until("it is stalled", async || shop.store_condition("Stalled")["reason"] == "SchemaFailed").await;
    shop.store_spec(&json!({"timeZone": "Europe/Berlin"}));
    shop.wait_until("it is ready", async || shop.store_condition("Ready")["status"] == "True").await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_job_that_makes_too_little_is_not_made_for_ever() {
    let shop = Shop::open("idle").await;
    shop.idle_schema_jobs(true);
    shop.wait_until("it is stalled", async || shop.store_condition("Stalled")["reason"] == "SchemaFailed").await;
    let message = shop.store_condition("Stalled")["message"].as_str().unwrap().to_owned();
    assert!(message.contains("jobs:1 may be the image of an older one"), "{message}");
    shop.idle_schema_jobs(false);
    shop.store_spec(&json!({"pods": {"image": "jobs:2"}}));
    shop.wait_until("it is ready", async || shop.store_condition("Ready")["status"] == "True").await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_schema_is_brought_up_to_date_before_any_run_though_another_shard_is_down() {
    let shop = Shop::open("upgrade").await;
    shop.make_schema().await;
    let nowhere = json!({"name": "1", "urls": ["http://127.0.0.1:1"]});
    shop.store_with(&json!({"shards": [shop.shard(), nowhere]}));
    shop.wait_until("one is down", async || shop.store_status()["troubledShards"][0]["name"] == "1").await;
    let version = segment_sql::schema::VERSION;
    let made = || shop.api.writes().iter().filter(|write| write.starts_with("POST jobs/main-schema-")).count();
    for jobs in [2, 3] {
        shop.set_schema_version(version - 1).await;
        shop.wait_until("the schema is new", async || shop.schema_version().await == version).await;
        assert_eq!(made(), jobs, "one that ended well before does not stand in its way");
    }
    let arguments = shop.arguments("schema");
    assert!(arguments.iter().any(|arguments| arguments[6..] == ["--shards", "0"]), "{arguments:?}");
    shop.segment("a", &sms("subscribed"));
    shop.wait_until("it has members", async || shop.members("a").await == 2).await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_of_a_newer_build_is_left_alone_and_says_what_to_upgrade() {
    let shop = Shop::open("newer").await;
    shop.make_schema().await;
    let newer = segment_sql::schema::VERSION + 1;
    shop.set_schema_version(newer).await;
    shop.store_spec(&json!({"timeZone": "Europe/Berlin"}));
    shop.wait_until("it is stalled", async || shop.store_condition("Stalled")["reason"] == "NewerSchema").await;
    let message = shop.store_condition("Stalled")["message"].as_str().unwrap().to_owned();
    assert!(message.starts_with("shard 0: ") && message.contains("upgrade the operator"), "{message}");
    assert_eq!(shop.store_status()["shardVersions"][0]["schema"], newer);
    assert_eq!(shop.schema_version().await, newer);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_without_its_image_says_so_and_is_made_anew_with_another() {
    let shop = Shop::open("image").await;
    shop.make_schema().await;
    shop.store_spec(&json!({"pods": {"image": NO_IMAGE}}));
    shop.segment("a", &sms("subscribed"));
    let blocked = shop.wait_for_reason("a", "JobBlocked").await;
    let message = blocked["status"]["conditions"][0]["message"].as_str().unwrap().to_owned();
    assert!(message.ends_with("does not begin: ImagePullBackOff: jobs:none"), "{message}");
    shop.store_spec(&json!({"pods": {"image": "jobs:2"}}));
    shop.wait_for("a", "Evaluated", 2).await;
    assert_eq!(shop.events("RunFailed"), 0);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_is_taken_over_from_the_store_that_is_named_and_from_no_other() {
    let shop = Shop::open("adoption").await;
    shop.make_schema().await;
    shop.segment("a", &sms("subscribed"));
    shop.wait_for("a", "Evaluated", 2).await;
    shop.named_store("heir", &json!({}), &json!({}));
    let reason = |store| shop.condition_of(store, "Stalled")["reason"].clone();
    shop.wait_until("it is another's", async || reason("heir") == "ForeignDatabase").await;
    let message = shop.condition_of("heir", "Stalled")["message"].as_str().unwrap().to_owned();
    let (_, old) = message.split_once("segmentation.dev/adopt=").unwrap();
    assert!(old.ends_with("/shop/main"), "{message}");
    shop.annotate_named_store("heir", "segmentation.dev/adopt", "true");
    // What it says of a generation that has the annotation it says after having seen that.
    let mut heir = shop.api.get("segmentstores", "shop", "heir").unwrap();
    heir["spec"]["timeZone"] = json!("Europe/Berlin");
    shop.api.put("segmentstores", heir);
    shop.wait_until("it was looked at", async || shop.status_of("heir")["observedGeneration"] == 2).await;
    assert_eq!(reason("heir"), "ForeignDatabase", "nobody is named");
    shop.annotate_named_store("heir", "segmentation.dev/adopt", old);
    shop.wait_until("it has it", async || shop.condition_of("heir", "Ready")["status"] == "True").await;
    shop.annotate_store("segmentation.dev/adopt", old);
    shop.wait_until("the other has not", async || reason("main") == "ForeignDatabase").await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_the_server_refuses_to_evaluate_is_stalled_and_the_rest_of_its_run_is_ready() {
    let shop = Shop::open("evaluation").await;
    shop.make_schema().await;
    shop.kill_pods(true);
    shop.segment("good", &sms("subscribed"));
    shop.segment("bad", &json!([{"name": "plan", "property": {"name": "plan", "matches": "g.*d"}}]));
    shop.wait_for_reason("good", "Evaluating").await;
    shop.wait_for_reason("bad", "Evaluating").await;
    shop.break_pattern("g.*d").await;
    shop.kill_pods(false);
    let failed = shop.wait_for_reason("bad", "EvaluationFailed").await;
    let message = failed["status"]["conditions"][2]["message"].as_str().unwrap().to_owned();
    assert!(message.contains("open("), "{message}");
    shop.wait_for("good", "Evaluated", 2).await;
    shop.settle().await;
    let runs = shop.runs();
    shop.annotate("bad", "segmentation.dev/evaluate", "now");
    shop.wait_for_status("it was tried again", "bad", |status| status["handledRequest"] == "now").await;
    shop.wake_often().await;
    assert_eq!(shop.runs(), runs + 1, "once");
    shop.close().await;
}
