use std::sync::Mutex;

use cashier::testing::{
    NOW, a_fact, a_package, a_purchase, a_tier, order_no, payment_no, statement,
};
use cashier::{
    AccountStore, EventKind, EventReads, EventStore, ExceptionStore, NewEvent, RejectionCount,
    RejectionStore, WorkKind, WorkStore,
};
use catalog::{CatalogReads, ItemKind};
use kernel::RefundNo;
use membership::{MembershipReads, MembershipStore, Segment, SegmentState};
use orders::{LateMoney, OrderReads, OrderStore, Purchase};
use paydesk_money::Cny;
use paydesk_provider::Channel;
use payments::{
    Payment, PaymentReads, PaymentStore, Record, RecordKind, Refund, RefundReason, Verdict,
};
use points::PointReads;
use tempfile::TempDir;
use time::Duration;

use super::*;
use crate::{Options, Store};

/// Writes down every statement on its way.
#[derive(Debug)]
struct Overheard {
    inner: WriteTransaction,
    heard: Mutex<Vec<Statement>>,
}

impl Overheard {
    fn note(&self, statement: &Statement) {
        self.heard.lock().unwrap().push(statement.clone());
    }
}

#[async_trait]
impl ConnectionTrait for Overheard {
    fn get_database_backend(&self) -> DbBackend {
        self.inner.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.note(&statement);
        self.inner.execute_raw(statement).await
    }

    async fn execute_unprepared(&self, _sql: &str) -> Result<ExecResult, DbErr> {
        unreachable!("the stores prepare every statement")
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.note(&statement);
        self.inner.query_one_raw(statement).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.note(&statement);
        self.inner.query_all_raw(statement).await
    }
}

impl Session<Overheard> {
    fn heard(&self) -> Vec<Statement> {
        std::mem::take(&mut self.connection.heard.lock().unwrap())
    }

    /// How SQLite goes about a statement, a line for each loop.
    async fn plan(&self, statement: &Statement) -> Vec<String> {
        let explain = Statement {
            sql: format!("EXPLAIN QUERY PLAN {}", statement.sql),
            ..statement.clone()
        };
        let rows = self.connection.inner.query_all_raw(explain).await.unwrap();
        rows.iter()
            .map(|row| row.try_get("", "detail").unwrap())
            .collect()
    }
}

/// A new database, and a transaction on it that is listened to.
async fn overheard() -> (TempDir, Store, Session<Overheard>) {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        url: format!("sqlite://{}", folder.path().join("paydesk.db").display()),
        readers: 1,
        create: true,
    };
    let store = Store::connect(&options).await.unwrap();
    store.migrate(&"dev".parse().unwrap(), NOW).await.unwrap();
    let inner = store.write().await.unwrap();
    let heard = Mutex::default();
    let session = Session {
        connection: Overheard { inner, heard },
    };
    (folder, store, session)
}

#[tokio::test]
async fn settling_takes_one_statement_for_each_step() {
    let (_folder, _store, mut tx) = overheard().await;
    let mut purchase = a_purchase(1);
    tx.insert_order(&purchase.order).await.unwrap();
    tx.insert_attempt(&purchase.attempt).await.unwrap();
    assert_eq!(tx.heard().len(), 2);

    let number = &purchase.attempt.payment_no.clone();
    let order_no = tx.find_order_no(number).await.unwrap().unwrap();
    tx.lock_order(&order_no).await.unwrap().unwrap();
    tx.lock_attempt(number).await.unwrap().unwrap();
    let said = statement(&purchase.attempt, "T1");
    let fact = a_fact(&purchase.attempt.account, said);
    let money = purchase.attempt.admit(&fact).unwrap();
    purchase.order.mark_paid(&money, LateMoney::Refund);
    purchase.attempt.received(&money);
    tx.save_attempt(&purchase.attempt).await.unwrap();
    let payment = Payment::admitted(&fact, &money, Verdict::Settled);
    assert!(tx.insert_payment(&payment).await.unwrap());
    tx.save_order(&purchase.order).await.unwrap();
    let event = NewEvent {
        kind: EventKind::PaymentSuccess,
        purchase: &purchase,
        at: NOW,
    };
    tx.append_event(&event).await.unwrap();
    tx.add_work(WorkKind::Fulfil, order_no.as_str(), Duration::ZERO)
        .await
        .unwrap();
    let mut record = Record::new(NOW, RecordKind::Callback, "now").about(&purchase.attempt);
    record.once = Some("callback:1".to_owned());
    tx.append_record(&record).await.unwrap();
    let heard = tx.heard();
    assert_eq!(heard.len(), 9, "{heard:#?}");
}

fn money(purchase: &Purchase, verdict: Verdict) -> Payment {
    let said = statement(&purchase.attempt, "T1");
    let fact = a_fact(&purchase.attempt.account, said);
    let money = purchase.attempt.admit(&fact).unwrap();
    Payment::admitted(&fact, &money, verdict)
}

fn a_segment() -> Segment {
    Segment {
        segment_id: "s1".to_owned(),
        user_id: "u1".parse().unwrap(),
        order_no: order_no(1),
        tier: a_tier("basic"),
        from: NOW,
        until: NOW,
        anchor_day: 1,
        value: Cny::ZERO,
        version: 1,
        state: SegmentState::Live,
    }
}

#[tokio::test]
async fn no_query_reads_a_whole_table() {
    let (_folder, _store, mut tx) = overheard().await;
    let purchase = a_purchase(1);
    let user = &purchase.order.user_id;
    let kind = WorkKind::Fulfil;
    tx.find_purchase(&order_no(1)).await.unwrap();
    tx.find_pending(user, ItemKind::Points, "points-1000", Channel::Wechat)
        .await
        .unwrap();
    tx.find_pending_upgrade(user).await.unwrap();
    tx.recent_purchases(user, NOW, 10).await.unwrap();
    tx.find_attempt(&payment_no(1)).await.unwrap();
    tx.find_verdict(Channel::Wechat, "m", "T1").await.unwrap();
    tx.live_attempts(&order_no(1)).await.unwrap();
    tx.find_refunds(&payment_no(1)).await.unwrap();
    let first = RefundNo::nth(&payment_no(1), 1).unwrap();
    let reason = RefundReason::LatePayment;
    let refund = Refund::in_full(first, &purchase.attempt, "T1", reason, NOW);
    tx.insert_refund(&refund).await.unwrap();
    tx.find_point_package("points-1000").await.unwrap();
    tx.find_plan("pro-month").await.unwrap();
    tx.find_lots(user).await.unwrap();
    tx.find_segments(user).await.unwrap();
    tx.lock_segments(user).await.unwrap();
    tx.save_segment(&a_segment()).await.unwrap_err();
    tx.event_heads(7, 10).await.unwrap();
    tx.load_events(&[1, 2, 3]).await.unwrap();
    tx.lock_account(user).await.unwrap();
    tx.add_work(kind, "a", Duration::ZERO).await.unwrap();
    tx.hasten_work(kind, "a", Duration::ZERO).await.unwrap();
    let claims = tx.claim_work(kind, 10, Duration::ZERO).await.unwrap();
    tx.postpone_work(&claims[0], Duration::ZERO, None)
        .await
        .unwrap();
    tx.finish_work(kind, "a").await.unwrap();
    tx.claim_query(&payment_no(1), NOW, Duration::ZERO)
        .await
        .unwrap();
    let mut record = Record::new(NOW, RecordKind::Query, "unpaid");
    record.once = Some("query:1".to_owned());
    let count = RejectionCount {
        day: NOW.date(),
        channel: Channel::Wechat,
        reason: "bad_signature",
        count: 1,
        last_at: NOW,
    };
    for _ in 0..2 {
        tx.append_record(&record).await.unwrap();
        tx.add_rejections(&count).await.unwrap();
    }
    for payment in [Verdict::Settled, Verdict::Surplus].map(|verdict| money(&purchase, verdict)) {
        tx.settle_payment(&payment).await.unwrap();
    }
    tx.lock_order(&order_no(1)).await.unwrap();
    tx.lock_attempt(&payment_no(1)).await.unwrap();
    tx.find_order_no(&payment_no(1)).await.unwrap();
    tx.save_order(&purchase.order).await.unwrap_err();
    tx.save_attempt(&purchase.attempt).await.unwrap_err();
    tx.resolve_exception("key", "done", NOW).await.unwrap();
    let heard = tx.heard();
    assert!(heard.len() > 30);
    for statement in &heard {
        let plan = tx.plan(statement).await;
        let inserts = statement.sql.starts_with("INSERT");
        assert!(inserts || !plan.is_empty(), "{}", statement.sql);
        let scans = plan.iter().any(|step| step.starts_with("SCAN"));
        assert!(!scans, "{}: {plan:?}", statement.sql);
    }
}

#[tokio::test]
async fn lists_come_from_the_index_in_their_order() {
    let (_folder, _store, mut tx) = overheard().await;
    let user = &a_purchase(1).order.user_id;
    let code = a_package().code;
    tx.find_pending(user, ItemKind::Points, &code, Channel::Wechat)
        .await
        .unwrap();
    tx.recent_purchases(user, NOW, 10).await.unwrap();
    tx.event_heads(7, 10).await.unwrap();
    tx.find_segments(user).await.unwrap();
    tx.claim_work(WorkKind::Fulfil, 10, Duration::ZERO)
        .await
        .unwrap();
    for statement in tx.heard() {
        let plan = tx.plan(&statement).await;
        let sorts = plan.iter().any(|step| step.contains("TEMP B-TREE"));
        assert!(!sorts, "{}: {plan:?}", statement.sql);
    }
}
