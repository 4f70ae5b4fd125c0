//! What is in the columns: reports and operators read them without this program.

use std::sync::Arc;

use cashier::testing::{FakeProvider, NOW, Shop, a_fact, a_purchase, order_no, statement};
use cashier::{Database, Exception, ExceptionKind, RejectionCount};
use kernel::china;
use paydesk_money::Cny;
use paydesk_provider::Channel;
use sea_orm::{ConnectionTrait, Database as Driver, DatabaseConnection, Statement};

use crate::{migrated, options};

/// The one value that a query gives, as text; `-` for nothing.
async fn value(raw: &DatabaseConnection, query: &str) -> String {
    let query = format!("SELECT COALESCE(CAST(({query}) AS TEXT), '-')");
    let query = Statement::from_string(raw.get_database_backend(), query);
    let row = raw.query_one_raw(query).await.unwrap().unwrap();
    row.try_get_by_index(0).unwrap()
}

#[tokio::test]
async fn columns_of_the_old_system_keep_their_names() {
    let (folder, _store) = migrated().await;
    let raw = Driver::connect(options(folder.path(), false).url)
        .await
        .unwrap();
    for (table, column) in [
        ("orders", "payment_no"),
        ("orders", "expire_at"),
        ("attempts", "payment_no"),
        ("attempts", "qr_code_url"),
        ("attempts", "qr_code_expire_at"),
        ("attempts", "notify_url"),
        ("attempts", "expire_at"),
        ("attempts", "retry_count"),
        ("payments", "callback_data"),
    ] {
        let query =
            format!("SELECT COUNT(*) FROM pragma_table_info('{table}') WHERE name = '{column}'");
        assert_eq!(value(&raw, &query).await, "1", "{table}.{column}");
    }
    assert_eq!(
        value(&raw, "SELECT payment_tag FROM installation").await,
        "pd"
    );
}

#[tokio::test]
async fn ids_are_never_given_out_again() {
    let (folder, _store) = migrated().await;
    let raw = Driver::connect(options(folder.path(), false).url)
        .await
        .unwrap();
    for table in ["events", "payment_records", "exceptions"] {
        let query =
            format!("SELECT sql LIKE '%AUTOINCREMENT%' FROM sqlite_master WHERE name = '{table}'");
        assert_eq!(value(&raw, &query).await, "1", "{table}");
    }
}

/// What a settled and granted purchase leaves behind.
const SETTLED: &[(&str, &str)] = &[
    (
        "SELECT status || fulfilment || version FROM orders",
        "paidgranted3",
    ),
    // A second after the fixture's now, in microseconds.
    ("SELECT created_at FROM orders", "1767261601123456"),
    ("SELECT paid_at - created_at FROM orders", "60000000"),
    (
        "SELECT amount_fen || currency || paid_fen FROM orders",
        "990CNY990",
    ),
    ("SELECT kind || code FROM orders", "pointspoints-1000"),
    ("SELECT state || transaction_id FROM attempts", "paidT1"),
    ("SELECT updated_at > created_at FROM attempts", "1"),
    (
        "SELECT verdict || source || amount_fen FROM payments",
        "settledcallback990",
    ),
    (
        "SELECT callback_data FROM payments",
        "{\"trade_type\":\"NATIVE\"}",
    ),
    (
        "SELECT order_no FROM payments",
        "00000000000000000000000001",
    ),
    (
        "SELECT group_concat(kind) FROM payment_records",
        "callback,granted",
    ),
    (
        "SELECT repeats FROM payment_records WHERE kind = 'callback'",
        "2",
    ),
    (
        "SELECT request_id FROM payment_records WHERE kind = 'callback'",
        "request-1",
    ),
    (
        "SELECT last_repeat_at - at FROM payment_records WHERE kind = 'callback'",
        "0",
    ),
    (
        "SELECT last_repeat_at FROM payment_records WHERE kind = 'granted'",
        "-",
    ),
    (
        "SELECT group_concat(kind || seq) FROM events",
        "payment_success2,fulfilled3",
    ),
    (
        "SELECT kind || subject FROM work WHERE done_at >= created_at",
        "fulfil00000000000000000000000001",
    ),
    ("SELECT kind || points FROM point_entries", "grant1000"),
    (
        "SELECT l.lot_id = e.lot_id FROM point_lots l, point_entries e",
        "1",
    ),
];

#[tokio::test]
async fn a_settled_purchase_can_be_read_by_others() {
    let (folder, store) = migrated().await;
    let store: Arc<dyn Database> = Arc::new(store);
    let purchase = a_purchase(1);
    let mut tx = store.begin().await.unwrap();
    tx.insert_order(&purchase.order).await.unwrap();
    tx.insert_attempt(&purchase.attempt).await.unwrap();
    tx.commit().await.unwrap();
    let shop = Shop::on(store);
    let said = statement(&purchase.attempt, "T1");
    let fact = a_fact(&purchase.attempt.account, said);
    for _ in 0..3 {
        shop.settlement()
            .settle(&fact, Some("request-1"))
            .await
            .unwrap();
    }
    shop.fulfilment().fulfil(&order_no(1)).await.unwrap();

    let raw = Driver::connect(options(folder.path(), false).url)
        .await
        .unwrap();
    for (query, expected) in SETTLED {
        assert_eq!(value(&raw, query).await, *expected, "{query}");
    }
}

#[tokio::test]
async fn money_that_converges_takes_over_what_fits() {
    let (folder, store) = migrated().await;
    let store: Arc<dyn Database> = Arc::new(store);
    let shop = Shop::on(Arc::clone(&store));
    let purchase = a_purchase(1);
    let mut said = statement(&purchase.attempt, "T1");
    said.amount = Some(Cny::from_fen(1));
    let wrong = a_fact(&purchase.attempt.account, said);
    shop.settlement().settle(&wrong, None).await.unwrap_err();
    let raw = Driver::connect(options(folder.path(), false).url)
        .await
        .unwrap();
    let unexpected = "SELECT verdict || amount_fen || COALESCE(order_no, '-') FROM payments";
    assert_eq!(value(&raw, unexpected).await, "unexpected1-");
    let state = "SELECT state || COALESCE(resolution, '-') || seen FROM exceptions";
    assert_eq!(value(&raw, state).await, "open-1");

    let mut tx = store.begin().await.unwrap();
    tx.insert_order(&purchase.order).await.unwrap();
    tx.insert_attempt(&purchase.attempt).await.unwrap();
    tx.commit().await.unwrap();
    shop.settlement().settle(&wrong, None).await.unwrap_err();
    assert_eq!(value(&raw, state).await, "open-2");
    let said = statement(&purchase.attempt, "T1");
    let right = a_fact(&purchase.attempt.account, said);
    shop.settlement().settle(&right, None).await.unwrap();
    let settled = format!("settled990{}", order_no(1));
    assert_eq!(value(&raw, unexpected).await, settled);
    assert_eq!(value(&raw, state).await, "resolvedconverged2");
}

#[tokio::test]
async fn r18_refused_callbacks_are_all_counted_and_some_are_kept() {
    let (folder, store) = migrated().await;
    let store: Arc<dyn Database> = Arc::new(store);
    let shop = Shop::on(Arc::clone(&store));
    let forged = FakeProvider::forged(&statement(&a_purchase(1).attempt, "secret"));
    for _ in 0..25 {
        let refused = shop.notices().receive(Channel::Wechat, &forged, "r").await;
        assert_eq!(refused.unwrap_err().reason(), "bad_signature");
    }
    for _ in 0..2 {
        shop.rejections.flush(&*store).await.unwrap();
    }
    let raw = Driver::connect(options(folder.path(), false).url)
        .await
        .unwrap();
    let counted = "SELECT reason || count FROM callback_rejections";
    assert_eq!(value(&raw, counted).await, "bad_signature25");
    let kept = "SELECT kind || outcome || COUNT(*) FROM payment_records";
    assert_eq!(value(&raw, kept).await, "callback_refusedbad_signature20");
    let redacted = "SELECT COUNT(*) FROM payment_records WHERE detail LIKE '%secret%'";
    assert_eq!(value(&raw, redacted).await, "0");
}

#[tokio::test]
async fn repeats_are_counted() {
    let (folder, store) = migrated().await;
    let exception = Exception {
        kind: ExceptionKind::StuckWork,
        key: "stuck_grant:1".to_owned(),
        order_no: None,
        payment_no: None,
        transaction_id: None,
        amount: None,
        detail: serde_json::Value::Null,
        at: NOW,
    };
    for count in [3, 4] {
        let count = RejectionCount {
            day: china::day(NOW),
            channel: Channel::Wechat,
            reason: "bad_signature",
            count,
            last_at: NOW,
        };
        let mut tx = store.begin().await.unwrap();
        tx.add_rejections(&count).await.unwrap();
        tx.raise_exception(&exception).await.unwrap();
        tx.commit().await.unwrap();
    }
    let raw = Driver::connect(options(folder.path(), false).url)
        .await
        .unwrap();
    let counted = "SELECT day || channel || reason || count FROM callback_rejections";
    assert_eq!(value(&raw, counted).await, "2026-01-01wechatbad_signature7");
    assert_eq!(value(&raw, "SELECT seen FROM exceptions").await, "2");
}
