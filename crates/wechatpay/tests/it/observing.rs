//! What whoever watches the exchanges is told.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use paydesk_provider::{Exchange, Observer, PaymentProvider};
use paydesk_wechatpay::{TradeBillKind, WechatPay};
use serde_json::json;
use time::macros::{date, datetime};

use crate::platform::{API_V3_KEY, FakePlatform, MERCHANT_ID, Script, an_order};
use crate::repeating::{READS, WRITES, call};

const FIRST: &str = "api.mch.weixin.qq.com";
const BACKUP: &str = "api2.mch.weixin.qq.com";

/// Writes everything down.
#[derive(Debug, Default)]
struct Watcher {
    lines: Mutex<Vec<String>>,
    printed: Mutex<String>,
}

impl Observer for Watcher {
    fn exchanged(&self, exchange: &Exchange<'_>) {
        assert_eq!(exchange.merchant_id, MERCHANT_ID);
        assert!(exchange.duration < Duration::from_mins(1));
        let Exchange {
            operation,
            host,
            attempt,
            status,
            outcome,
            code,
            ..
        } = exchange;
        let status = status.map_or_else(|| "-".to_owned(), |status| status.to_string());
        let code = code.unwrap_or("-");
        let line = format!("{operation} {host} {attempt} {status} {outcome} {code}");
        self.lines.lock().unwrap().push(line);
        let id = exchange.request_id.unwrap_or("-");
        let printed = format!("{exchange:?} {id} {:?}\n", exchange.platform_time);
        self.printed.lock().unwrap().push_str(&printed);
    }
}

impl Watcher {
    fn taken(&self) -> Vec<String> {
        std::mem::take(&mut *self.lines.lock().unwrap())
    }
}

fn watched(platform: &Arc<FakePlatform>) -> (WechatPay, Arc<Watcher>) {
    let watcher = Arc::new(Watcher::default());
    let config = platform.config().observer(watcher.clone());
    (WechatPay::new(config).unwrap(), watcher)
}

#[tokio::test]
async fn every_attempt_is_told_with_its_end() {
    let platform = FakePlatform::new();
    let (client, watcher) = watched(&platform);
    for (script, ends) in [
        (
            Script::refused(400, "PARAM_ERROR"),
            "400 rejected PARAM_ERROR",
        ),
        (Script::refused(403, "INVENTED"), "403 unknown INVENTED"),
        (Script::unsigned(302, ""), "302 unknown -"),
        (
            Script::signed(202, "{\"code\":\"USER_PAYING\"}"),
            "202 unknown USER_PAYING",
        ),
        (Script::unsigned(200, "{}"), "200 untrusted -"),
        (Script::timed_out(), "- timeout -"),
        (Script::broken(), "- unknown -"),
    ] {
        platform.script(script.clone());
        for way in WRITES {
            drop(call(&client, way).await);
            let [line] = &watcher.taken()[..] else {
                panic!("{way:?} {script:?}: one attempt, one line");
            };
            assert!(line.contains(&format!(" {FIRST} 1 ")), "{line}");
            assert!(line.ends_with(ends), "{way:?} {script:?}: {line}");
        }
    }
}

#[tokio::test]
async fn operations_are_named() {
    let platform = FakePlatform::new();
    let (client, watcher) = watched(&platform);
    platform.script(Script::refused(400, "PARAM_ERROR"));
    let mut names = Vec::new();
    for way in WRITES.into_iter().chain(READS) {
        call(&client, way).await.unwrap_err();
        let line = watcher.taken().remove(0);
        names.push(line.split(' ').next().unwrap().to_owned());
    }
    assert_eq!(
        names,
        [
            "prepay",
            "prepay",
            "prepay",
            "prepay",
            "prepay",
            "close",
            "refund",
            "abnormal_refund",
            "raw_write",
            "query",
            "query",
            "refund_query",
            "bill",
            "bill",
            "raw_read",
        ]
    );
}

#[tokio::test]
async fn attempts_are_counted_over_repeats_and_hosts() {
    let platform = FakePlatform::new();
    let (client, watcher) = watched(&platform);
    client.create(&an_order("PO0001")).await.unwrap();
    assert_eq!(watcher.taken(), [format!("prepay {FIRST} 1 200 ok -")]);
    platform.scripts([
        Script::refused(500, "SYSTEM_ERROR"),
        Script::unsigned(200, "{}"),
        Script::True,
    ]);
    client.query("PO0001").await.unwrap();
    assert_eq!(
        watcher.taken(),
        [
            format!("query {FIRST} 1 500 unknown SYSTEM_ERROR"),
            format!("query {FIRST} 2 200 untrusted -"),
            format!("query {FIRST} 3 200 ok -"),
        ]
    );
    platform.unreachable(&[FIRST]);
    client.query("PO0001").await.unwrap();
    assert_eq!(
        watcher.taken(),
        [
            format!("query {FIRST} 1 - rejected -"),
            format!("query {BACKUP} 2 200 ok -"),
        ]
    );
}

#[tokio::test]
async fn a_refusal_that_answers_the_question_is_told_apart() {
    let platform = FakePlatform::new();
    let (client, watcher) = watched(&platform);
    client.query("PO0001").await.unwrap();
    client.close("PO0001").await.unwrap();
    client.query_refund("RF0001").await.unwrap();
    let day = date!(2025 - 12 - 31);
    for code in ["NO_STATEMENT_EXIST", "STATEMENT_CREATING"] {
        platform.script(Script::refused(400, code));
        drop(client.trade_bill(day, TradeBillKind::All).await);
    }
    assert_eq!(
        watcher.taken(),
        [
            format!("query {FIRST} 1 404 told ORDER_NOT_EXIST"),
            format!("close {FIRST} 1 404 told ORDER_NOT_EXIST"),
            format!("refund_query {FIRST} 1 404 told RESOURCE_NOT_EXISTS"),
            format!("bill {FIRST} 1 400 told NO_STATEMENT_EXIST"),
            format!("bill {FIRST} 1 400 told STATEMENT_CREATING"),
        ]
    );
}

#[tokio::test]
async fn a_bills_file_is_told_too() {
    let platform = FakePlatform::new();
    let (client, watcher) = watched(&platform);
    let link = json!({
        "hash_type": "SHA1", "hash_value": "0".repeat(40),
        "download_url": "https://api.mch.weixin.qq.com/v3/billdownload/file?token=secret",
    });
    platform.script(Script::signed(200, &link.to_string()));
    let asked = client
        .trade_bill(date!(2025 - 12 - 31), TradeBillKind::All)
        .await;
    let link = asked.unwrap().value.unwrap();
    watcher.taken();
    for (script, ends) in [
        (Script::file(200, b"x".to_vec()), "200 ok -"),
        (Script::refused(403, "NO_AUTH"), "403 rejected NO_AUTH"),
        (
            Script::unsigned(400, &"x".repeat(1024 * 1024 + 1)),
            "400 unknown -",
        ),
        (Script::timed_out(), "- timeout -"),
        (Script::not_connected(), "- rejected -"),
    ] {
        platform.script(script);
        client.download_bill(&link).await.unwrap_err();
        assert_eq!(watcher.taken(), [format!("bill_file {FIRST} 1 {ends}")]);
    }
    let printed = watcher.printed.lock().unwrap();
    assert!(!printed.contains("secret"), "{printed}");
    assert_eq!(
        printed.matches("08F7-").count(),
        8,
        "twice for each answer: {printed}"
    );
}

#[tokio::test]
async fn the_platforms_id_and_time_are_told_and_nothing_secret() {
    let platform = FakePlatform::new();
    let (client, watcher) = watched(&platform);
    let date = "Thu, 01 Jan 2026 02:00:09 GMT";
    for way in WRITES.into_iter().chain(READS) {
        platform.script(Script::refused(400, "PARAM_ERROR").with("Date", date));
        call(&client, way).await.unwrap_err();
    }
    platform.forget();
    client.create(&an_order("PO0001")).await.unwrap();
    platform.pay("PO0001");
    client.query("PO0001").await.unwrap();
    let printed = watcher.printed.lock().unwrap();
    let then = format!("{:?}", Some(datetime!(2026-01-01 02:00:09 UTC)));
    assert_eq!(
        printed.matches(&then).count(),
        30,
        "twice for each of 15 calls"
    );
    assert!(printed.matches("08F7-").count() >= 32, "{printed}");
    for secret in [
        "WECHATPAY2",
        "signature",
        "Authorization",
        "weixin://",
        "oUpF8uMu",
        "点数",
        "PO0001",
        "原因",
        API_V3_KEY,
    ] {
        assert!(!printed.contains(secret), "{secret} is told: {printed}");
    }
}
