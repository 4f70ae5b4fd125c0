//! The backup host: for requests that found no connection to the first, and for nothing else.

use std::sync::atomic::Ordering;

use paydesk_provider::{Advice, PaymentProvider};
use paydesk_wechatpay::WechatPay;

use crate::platform::{FakePlatform, NOW, Script, an_order};
use crate::repeating::{READS, WRITES, call};

const FIRST: &str = "api.mch.weixin.qq.com";
const BACKUP: &str = "api2.mch.weixin.qq.com";

fn hosts(platform: &FakePlatform) -> Vec<String> {
    let sent = platform.sent();
    let host = |request: &paydesk_wechatpay::Request| request.url.host_str().unwrap().to_owned();
    sent.iter().map(host).collect()
}

fn pass(platform: &FakePlatform, seconds: i64) {
    platform.clock.store(NOW + seconds, Ordering::SeqCst);
}

#[tokio::test]
async fn without_a_connection_every_call_goes_to_the_backup_once() {
    for way in WRITES.into_iter().chain(READS) {
        let platform = FakePlatform::new();
        let client = platform.client();
        platform.unreachable(&[FIRST]);
        platform.script(Script::refused(400, "PARAM_ERROR"));
        let error = call(&client, way).await.unwrap_err();
        assert_eq!(error.details().status, Some(400), "{way:?}: {error}");
        assert_eq!(hosts(&platform), [BACKUP], "{way:?}");
    }
}

#[tokio::test]
async fn the_backup_goes_first_for_a_minute() {
    let platform = FakePlatform::new();
    let client = platform.client();
    let order = an_order("PO0001");
    client.create(&order).await.unwrap();
    assert_eq!(hosts(&platform), [FIRST]);
    platform.unreachable(&[FIRST]);
    client.create(&order).await.unwrap();
    platform.unreachable(&[]);
    for (seconds, host) in [(0, BACKUP), (59, BACKUP), (60, FIRST), (61, FIRST)] {
        platform.forget();
        pass(&platform, seconds);
        client.query("PO0001").await.unwrap();
        assert_eq!(hosts(&platform), [host], "after {seconds} s");
    }
}

#[tokio::test]
async fn when_the_backup_fails_meanwhile_the_first_is_tried_again() {
    let platform = FakePlatform::new();
    let client = platform.client();
    client.create(&an_order("PO0001")).await.unwrap();
    platform.unreachable(&[FIRST]);
    client.query("PO0001").await.unwrap();
    platform.forget();
    platform.unreachable(&[BACKUP]);
    for _ in 0..2 {
        client.query("PO0001").await.unwrap();
    }
    assert_eq!(hosts(&platform), [FIRST, FIRST], "and stays the first");
}

#[tokio::test]
async fn the_detour_is_the_accounts_and_not_a_clones() {
    let platform = FakePlatform::new();
    let client = platform.client();
    client.create(&an_order("PO0001")).await.unwrap();
    let clone = client.clone();
    platform.unreachable(&[FIRST]);
    client.query("PO0001").await.unwrap();
    platform.unreachable(&[]);
    platform.forget();
    clone.query("PO0001").await.unwrap();
    assert_eq!(hosts(&platform), [BACKUP]);
}

#[tokio::test]
async fn without_any_connection_it_did_not_happen() {
    let platform = FakePlatform::new();
    platform.unreachable(&[FIRST, BACKUP]);
    let client = platform.client();
    for way in WRITES.into_iter().chain(READS) {
        let error = call(&client, way).await.unwrap_err();
        assert!(error.did_not_happen(), "{way:?}: {error}");
        assert_eq!(error.advice(), Advice::RetrySame, "{way:?}");
    }
    assert!(platform.sent().is_empty());
    // With an address of one's own there is no backup.
    let base = "https://api.mch.weixin.qq.com";
    let alone = WechatPay::new(platform.config().base_url(base)).unwrap();
    platform.unreachable(&[FIRST]);
    for way in WRITES.into_iter().chain(READS) {
        let error = call(&alone, way).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.advice()),
            ("rejected", Advice::RetrySame)
        );
    }
    assert!(platform.sent().is_empty());
}

/// After an answer, a time-out or a broken exchange the first host may have acted.
#[tokio::test]
async fn r5_nothing_but_a_missing_connection_leads_to_the_backup() {
    let platform = FakePlatform::new();
    let client = platform.client();
    for way in WRITES.into_iter().chain(READS) {
        for script in [
            Script::timed_out(),
            Script::broken(),
            Script::refused(500, "SYSTEM_ERROR"),
            Script::unsigned(502, ""),
            Script::unsigned(503, ""),
            Script::refused(429, "FREQUENCY_LIMITED"),
            Script::unsigned(200, "{}"),
            Script::signed(200, "gibberish"),
            Script::unsigned(302, "").with("Location", "https://api2.mch.weixin.qq.com/"),
        ] {
            platform.forget();
            platform.script(script.clone());
            drop(call(&client, way).await);
            let hosts = hosts(&platform);
            assert!(!hosts.is_empty());
            assert!(hosts.iter().all(|host| host == FIRST), "{way:?} {script:?}");
        }
    }
}

/// Each request that leaves is signed for itself.
#[tokio::test]
async fn a_read_that_meets_every_trouble_is_sent_no_more_often_than_allowed() {
    let platform = FakePlatform::new();
    let client = platform.client();
    platform.unreachable(&[FIRST]);
    platform.script(Script::unsigned(502, ""));
    client.query("PO0001").await.unwrap_err();
    let sent = hosts(&platform);
    assert!((1..=3).contains(&sent.len()), "{sent:?}");
    assert!(sent.iter().all(|host| host == BACKUP));
}
