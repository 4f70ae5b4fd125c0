use std::sync::Arc;

use cashier::testing::{NOW, Shop, a_fact, a_purchase, a_tier, an_order, order_no, statement};
use cashier::{Database, EventKind, ExceptionKind, NewEvent, WorkKind};
use kernel::StoreError;
use membership::{Segment, SegmentState};
use orders::Fulfilment;
use paydesk_money::Cny;
use sea_orm::{ConnectionTrait, Database as Driver, DatabaseConnection};
use time::Duration;

use crate::{migrated, options};

async fn damage(raw: &DatabaseConnection, how: &str) {
    let changed = raw.execute_unprepared(how).await.unwrap();
    assert_eq!(changed.rows_affected(), 1, "{how}");
}

fn is_corrupt<T>(outcome: Result<T, StoreError>) -> bool {
    outcome.is_err_and(|error| error.to_string() == "stored data cannot be read back")
}

#[tokio::test]
async fn an_order_that_means_nothing_is_no_order() {
    let (folder, store) = migrated().await;
    let raw = Driver::connect(options(folder.path(), false).url)
        .await
        .unwrap();
    for (n, how) in (0_u32..).zip([
        "status = 'refunding'",
        "status = 'PENDING'",
        "status = 'paid'",
        "status = 'paid', paid_at = 0, transaction_id = 'T1'",
        "status = 'paid', paid_at = 0, transaction_id = 'T1', paid_payment_no = 'x'",
        "status = 'closing'",
        "status = 'closed', close_reason = 'expired'",
        "status = 'closed', close_reason = 'tired', closed_at = 0",
        "fulfilment = ''",
        "item = '{}'",
        "item = 'points'",
        "metadata = '[]'",
        "user_id = ''",
        "created_at = 9223372036854775807",
        "amount_fen = 'much'",
        "payment_no = 'dev00000000000000000000000099'",
    ]) {
        let purchase = a_purchase(n);
        let mut tx = store.begin().await.unwrap();
        tx.insert_order(&purchase.order).await.unwrap();
        tx.insert_attempt(&purchase.attempt).await.unwrap();
        tx.commit().await.unwrap();
        let number = order_no(n);
        let healthy = store.read().await.unwrap().find_purchase(&number).await;
        assert_eq!(healthy.unwrap(), Some(purchase));
        damage(
            &raw,
            &format!("UPDATE orders SET {how} WHERE order_no = '{number}'"),
        )
        .await;
        let found = store.read().await.unwrap().find_purchase(&number).await;
        assert!(is_corrupt(found), "{how}");
    }
}

#[tokio::test]
async fn an_attempt_or_event_that_means_nothing_is_none() {
    let (folder, store) = migrated().await;
    let raw = Driver::connect(options(folder.path(), false).url)
        .await
        .unwrap();
    let purchase = a_purchase(1);
    let mut tx = store.begin().await.unwrap();
    tx.insert_order(&purchase.order).await.unwrap();
    tx.insert_attempt(&purchase.attempt).await.unwrap();
    let event = NewEvent {
        kind: EventKind::PaymentSuccess,
        purchase: &purchase,
        at: NOW,
    };
    tx.append_event(&event).await.unwrap();
    tx.commit().await.unwrap();
    damage(&raw, "UPDATE events SET kind = 'payment_failed'").await;
    let mut snapshot = store.read().await.unwrap();
    // Passed over, so that it stops nobody who follows the events.
    assert_eq!(snapshot.load_events(&[1]).await.unwrap(), []);
    drop(snapshot);
    for how in [
        "channel = 'cash'",
        "channel = 'wechat', state = 'won'",
        "scene = 'nfc'",
    ] {
        damage(&raw, &format!("UPDATE attempts SET {how}")).await;
        let mut snapshot = store.read().await.unwrap();
        let found = snapshot.find_attempt(&an_order(1).payment_no).await;
        assert!(is_corrupt(found), "{how}");
    }
}

#[tokio::test]
async fn a_segment_that_means_nothing_is_no_membership() {
    let (folder, store) = migrated().await;
    let raw = Driver::connect(options(folder.path(), false).url)
        .await
        .unwrap();
    let segment = Segment {
        segment_id: "s1".to_owned(),
        user_id: "u1".parse().unwrap(),
        order_no: order_no(1),
        tier: a_tier("pro"),
        from: NOW,
        until: NOW,
        anchor_day: 1,
        value: Cny::ZERO,
        version: 1,
        state: SegmentState::Live,
    };
    let mut tx = store.begin().await.unwrap();
    assert!(tx.insert_segment(&segment).await.unwrap());
    tx.commit().await.unwrap();
    let healthy = "state = 'live', anchor_day = 1, consumed_by = NULL, was_until_at = NULL";
    for how in [
        "state = 'gone'",
        "state = 'consumed'",
        "state = 'consumed', consumed_by = 'x', was_until_at = 0, credit_fen = 0",
        "state = 'consumed', was_until_at = 0, credit_fen = 0",
        "anchor_day = 256",
        "until_at = 9223372036854775807",
    ] {
        for how in [healthy, how] {
            damage(&raw, &format!("UPDATE membership_segments SET {how}")).await;
        }
        let mut snapshot = store.read().await.unwrap();
        let found = snapshot.find_segments(&segment.user_id).await;
        assert!(is_corrupt(found), "{how}");
    }
}

#[tokio::test]
async fn r26_an_order_that_cannot_be_read_stops_no_other_grant() {
    let (folder, store) = migrated().await;
    let raw = Driver::connect(options(folder.path(), false).url)
        .await
        .unwrap();
    let shop = Shop::on(Arc::new(store));
    for n in [1, 2] {
        let purchase = a_purchase(n);
        let mut tx = shop.ports.database.begin().await.unwrap();
        tx.insert_order(&purchase.order).await.unwrap();
        tx.insert_attempt(&purchase.attempt).await.unwrap();
        let number = purchase.order.order_no.as_str();
        tx.add_work(WorkKind::Fulfil, number, Duration::ZERO)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let said = statement(&purchase.attempt, &format!("T{n}"));
        let fact = a_fact(&purchase.attempt.account, said);
        shop.settlement().settle(&fact, None).await.unwrap();
    }
    // Sold by a newer program: goods of a kind that this one does not know. It has failed before.
    let number = order_no(1);
    let newer = format!("UPDATE orders SET item = '{{\"goods\":1}}' WHERE order_no = '{number}'");
    damage(&raw, &newer).await;
    let failed = format!("UPDATE work SET failures = 9 WHERE subject = '{number}'");
    damage(&raw, &failed).await;
    let run = shop.fulfilment().run(10).await.unwrap();
    assert_eq!((run.claimed, run.done, run.failed), (2, 1, 1));
    let mut snapshot = shop.ports.database.read().await.unwrap();
    let healthy = snapshot.find_purchase(&order_no(2)).await.unwrap().unwrap();
    assert_eq!(healthy.order.fulfilment, Fulfilment::Granted);
    let kinds: Vec<_> = shop.alerts.heard().iter().map(|e| e.kind).collect();
    assert_eq!(kinds, [ExceptionKind::StuckWork], "and a person is told");
    shop.ports.tasks.finish().await;
}
