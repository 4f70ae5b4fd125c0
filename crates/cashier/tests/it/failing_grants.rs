//! R26: goods that cannot be granted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use cashier::testing::TAG;
use cashier::{EventKind, ExceptionKind, Summary, Ungrantable, WorkKind};
use kernel::{Numbers, OrderNo, PaymentNo, UuidNumbers};
use orders::{Fulfilment, Granted, Purchase};
use payments::{RefundReason, RefundState};
use time::Duration;

use crate::{Bench, failed_before};

/// Every second row gets a name that is taken: the line of the ledger cannot be written.
#[derive(Debug)]
struct WornOut {
    numbers: UuidNumbers,
    rows: AtomicU32,
}

impl Numbers for WornOut {
    fn order_no(&self) -> OrderNo {
        self.numbers.order_no()
    }

    fn payment_no(&self) -> PaymentNo {
        self.numbers.payment_no()
    }

    fn row_id(&self) -> String {
        match self.rows.fetch_add(1, Ordering::Relaxed) % 2 {
            0 => self.numbers.row_id(),
            _ => "taken".to_owned(),
        }
    }
}

/// A bench on which one grant has worked and none will any more, with a paid order.
async fn worn_out(ungrantable: Ungrantable) -> (Bench, Purchase) {
    let mut bench = Bench::new().await;
    bench.shop.policy.ungrantable = ungrantable;
    bench.shop.ports.numbers = Arc::new(WornOut {
        numbers: UuidNumbers::new(TAG.parse().unwrap()),
        rows: AtomicU32::new(0),
    });
    let first = bench.placed().await;
    bench.paid(&first.attempt, "T1").await;
    bench.settle_down().await;
    assert_eq!(bench.points().await, 1000);
    let purchase = bench.placed().await;
    // Left by whoever settled, and due at once.
    let mut tx = bench.database().begin().await.unwrap();
    let number = purchase.order.order_no.as_str();
    tx.add_work(WorkKind::Fulfil, number, Duration::ZERO)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    bench.paid(&purchase.attempt, "T2").await;
    bench.settle_down().await;
    (bench, purchase)
}

const FAILED: Summary = Summary {
    claimed: 1,
    done: 0,
    failed: 1,
};

#[tokio::test]
async fn r26_a_grant_that_failed_ten_times_is_given_up_and_its_money_goes_back() {
    let (bench, purchase) = worn_out(Ungrantable::Refund).await;
    failed_before(&bench, WorkKind::Fulfil, 9).await;
    assert_eq!(
        bench.now(&purchase).await.order.fulfilment,
        Fulfilment::Pending
    );
    assert_eq!(bench.shop.fulfilment().run(10).await.unwrap(), FAILED);
    let order = bench.now(&purchase).await.order;
    assert_eq!(order.fulfilment, Fulfilment::Failed);
    let owed = bench.owed(&purchase).await;
    assert_eq!(owed.len(), 1);
    assert_eq!(owed[0].reason, RefundReason::GrantFailed);
    assert_eq!(owed[0].state, RefundState::Due);
    assert_eq!(owed[0].amount, order.paid);
    let raised = bench.shop.alerts.heard();
    let kinds: Vec<_> = raised.iter().map(|exception| exception.kind).collect();
    assert_eq!(kinds, [ExceptionKind::GrantFailed]);
    assert_eq!(raised[0].order_no.as_ref(), Some(&order.order_no));
    assert_eq!(
        bench.events().await.last(),
        Some(&EventKind::FulfilmentFailed)
    );
    // And that is the end of it.
    let nothing = Summary::default();
    assert_eq!(bench.shop.fulfilment().run(10).await.unwrap(), nothing);
    assert_eq!(bench.points().await, 1000);
}

#[tokio::test]
async fn r26_the_ninth_failure_is_not_the_last() {
    let (bench, purchase) = worn_out(Ungrantable::Refund).await;
    failed_before(&bench, WorkKind::Fulfil, 8).await;
    assert_eq!(bench.shop.fulfilment().run(10).await.unwrap(), FAILED);
    assert_eq!(
        bench.now(&purchase).await.order.fulfilment,
        Fulfilment::Pending
    );
    assert_eq!(bench.owed(&purchase).await, []);
    assert_eq!(bench.shop.alerts.heard(), []);
}

#[tokio::test]
async fn r26_claims_of_processes_that_died_are_no_failures() {
    let (bench, purchase) = worn_out(Ungrantable::Refund).await;
    for _ in 0..20 {
        let mut tx = bench.database().begin().await.unwrap();
        let claims = tx.claim_work(WorkKind::Fulfil, 1, Duration::ZERO).await;
        assert_eq!(claims.unwrap().len(), 1);
        tx.commit().await.unwrap();
    }
    assert_eq!(bench.shop.fulfilment().run(10).await.unwrap(), FAILED);
    let order = bench.now(&purchase).await.order;
    assert_eq!(order.fulfilment, Fulfilment::Pending);
    assert_eq!(bench.owed(&purchase).await, []);
}

#[tokio::test]
async fn r26_the_money_is_held_where_the_policy_says_so() {
    let (bench, purchase) = worn_out(Ungrantable::Hold).await;
    failed_before(&bench, WorkKind::Fulfil, 9).await;
    assert_eq!(bench.shop.fulfilment().run(10).await.unwrap(), FAILED);
    assert_eq!(
        bench.now(&purchase).await.order.fulfilment,
        Fulfilment::Failed
    );
    assert_eq!(bench.owed(&purchase).await, []);
    let kinds: Vec<_> = bench.shop.alerts.heard().iter().map(|e| e.kind).collect();
    assert_eq!(kinds, [ExceptionKind::GrantFailed]);
}

#[tokio::test]
async fn r26_what_is_owed_back_is_never_granted() {
    let (mut bench, purchase) = worn_out(Ungrantable::Refund).await;
    failed_before(&bench, WorkKind::Fulfil, 9).await;
    bench.shop.fulfilment().run(10).await.unwrap();
    // Now it would work.
    bench.shop.ports.numbers = Arc::new(UuidNumbers::new(TAG.parse().unwrap()));
    let number = &purchase.order.order_no;
    let refused = bench.shop.fulfilment().fulfil(number).await;
    assert!(refused.is_err(), "{refused:?}");
    assert_eq!(bench.points().await, 1000);
    assert_eq!(bench.owed(&purchase).await.len(), 1);

    // And the other way round: what is granted is not given up any more.
    let (mut bench, purchase) = worn_out(Ungrantable::Refund).await;
    failed_before(&bench, WorkKind::Fulfil, 9).await;
    let late = bench.shop.fulfilment();
    bench.shop.ports.numbers = Arc::new(UuidNumbers::new(TAG.parse().unwrap()));
    let fulfilment = bench.shop.fulfilment();
    let granted = fulfilment.fulfil(&purchase.order.order_no).await;
    assert_eq!(granted.unwrap(), Granted::Now);
    late.run(10).await.unwrap();
    assert_eq!(bench.points().await, 2000);
    assert_eq!(bench.owed(&purchase).await, []);
    assert_eq!(bench.shop.alerts.heard(), []);
}
