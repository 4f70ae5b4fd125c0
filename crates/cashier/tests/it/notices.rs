use cashier::Received;
use cashier::testing::{FakeProvider, NOW, statement};
use paydesk_provider::{Channel, RawNotice};
use payments::{Mismatch, Record, RecordKind};

use crate::{Bench, is_paid};

#[tokio::test]
async fn r16_another_merchant_or_app_is_refused_and_only_counted() {
    let bench = Bench::new().await;
    let purchase = bench.placed().await;
    let mut merchant = statement(&purchase.attempt, "T1");
    merchant.merchant_id = "1900000009".to_owned();
    let mut app = statement(&purchase.attempt, "T2");
    app.app_id = "wx0000000000000009".to_owned();
    for (said, why) in [(merchant, Mismatch::Merchant), (app, Mismatch::App)] {
        let refused = bench.told(&said).await.unwrap_err();
        assert_eq!(refused.reason(), why.reason());
        let number = said.transaction_id.unwrap();
        let mut snapshot = bench.database().read().await.unwrap();
        let stored = snapshot
            .find_verdict(Channel::Wechat, &said.merchant_id, &number)
            .await;
        assert_eq!(stored.unwrap(), None);
    }
    assert_eq!(bench.shop.alerts.heard(), []);
    assert_eq!(bench.now(&purchase).await, purchase);
}

#[tokio::test]
async fn r18_what_is_not_signed_changes_nothing() {
    let bench = Bench::new().await;
    let purchase = bench.placed().await;
    let said = statement(&purchase.attempt, "T1");
    let unsigned = RawNotice {
        headers: Vec::new(),
        ..FakeProvider::notice(&said)
    };
    let truncated = RawNotice {
        body: FakeProvider::notice(&said).body.slice(..20),
        ..FakeProvider::notice(&said)
    };
    for (raw, reason) in [
        (FakeProvider::forged(&said), "bad_signature"),
        (unsigned, "missing_header"),
        (truncated, "malformed"),
    ] {
        let refused = bench.call(Channel::Wechat, &raw).await.unwrap_err();
        assert_eq!(refused.reason(), reason);
        assert!(!refused.is_store());
    }
    assert_eq!(bench.now(&purchase).await, purchase);
    assert_eq!(bench.events().await, []);
    assert_eq!(bench.shop.alerts.heard(), []);
}

#[tokio::test]
async fn an_unknown_key_is_fetched_once_and_the_notice_believed() {
    let bench = Bench::new().await;
    let purchase = bench.placed().await;
    let notice = FakeProvider::notice_by_new_key(&statement(&purchase.attempt, "T1"));
    bench.call(Channel::Wechat, &notice).await.unwrap();
    assert!(is_paid(&bench.now(&purchase).await));
}

#[tokio::test]
async fn a_notice_about_something_else_is_noted_once() {
    let bench = Bench::new().await;
    for _ in 0..2 {
        let notice = FakeProvider::other_notice("REFUND.SUCCESS");
        let received = bench.call(Channel::Wechat, &notice).await.unwrap();
        assert_eq!(received, Received::Noted);
    }
    let mut same = Record::new(NOW, RecordKind::Callback, "noted");
    same.once = Some("callback:wechat:notice:fake-notice".to_owned());
    let mut tx = bench.database().begin().await.unwrap();
    assert!(
        !tx.append_record(&same).await.unwrap(),
        "it is in the journal"
    );
}

#[tokio::test]
async fn a_notice_to_the_wrong_address_is_not_believed() {
    let bench = Bench::new().await;
    let purchase = bench.placed().await;
    let notice = FakeProvider::notice(&statement(&purchase.attempt, "T1"));
    let refused = bench.call(Channel::Alipay, &notice).await.unwrap_err();
    assert_eq!(refused.reason(), Mismatch::Merchant.reason());
    assert_eq!(bench.now(&purchase).await, purchase);
}
