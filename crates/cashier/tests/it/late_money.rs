//! R1: money for an order that nobody should have paid any more.

use cashier::testing::{FakeProvider, statement};
use cashier::{Checkout, ExceptionKind, PlaceError, Received, Settled, WorkKind};
use orders::{Fulfilment, LateMoney, OrderState, Paid, Purchase};
use paydesk_provider::{Channel, ProviderError, TradeState};
use payments::{RefundReason, RefundState};
use time::Duration;

use crate::{Bench, is_paid, wish};

/// Orders that ended in every way there is, each on a bench of its own.
async fn ended(policy: LateMoney) -> Vec<(Bench, Purchase)> {
    let mut all = Vec::new();
    for how in ["rejected", "closing", "closed"] {
        let mut bench = Bench::new().await;
        bench.shop.policy.late = policy;
        let purchase = if how == "rejected" {
            let refused = ProviderError::not_sent("refused");
            bench.shop.wechat.fail_create(refused);
            let error = bench.checkout().place(&wish()).await.unwrap_err();
            let PlaceError::Provider { order_no, .. } = error else {
                unreachable!("the platform refused")
            };
            bench.checkout().show(&order_no).await.unwrap().unwrap()
        } else {
            let purchase = bench.placed().await;
            if how == "closed" {
                let mut said = statement(&purchase.attempt, "none");
                said.state = TradeState::Closed;
                bench.shop.wechat.answer_query_with(said);
            }
            cancel(&bench.checkout(), &purchase).await
        };
        let expected = if how == "closing" {
            "closing"
        } else {
            "closed"
        };
        assert_eq!(purchase.order.state.as_str(), expected, "{how}");
        all.push((bench, purchase));
    }
    all
}

async fn cancel(checkout: &Checkout, purchase: &Purchase) -> Purchase {
    let number = &purchase.order.order_no;
    checkout.cancel(&wish().user_id, number).await.unwrap()
}

async fn pay_late(bench: &Bench, purchase: &Purchase) -> Purchase {
    for paid in [Paid::Late, Paid::Already] {
        let received = bench.paid(&purchase.attempt, "T1").await;
        let order_no = purchase.order.order_no.clone();
        let expected = Received::Settled(Settled::Order { order_no, paid });
        assert_eq!(received, expected);
    }
    bench.settle_down().await;
    let now = bench.now(purchase).await;
    assert!(is_paid(&now));
    assert_eq!(now.order.paid, now.order.amount);
    let kinds: Vec<_> = bench.shop.alerts.heard().iter().map(|e| e.kind).collect();
    assert_eq!(kinds, [ExceptionKind::LatePayment], "raised once");
    now
}

#[tokio::test]
async fn r1_late_money_goes_back_and_grants_nothing_by_default() {
    for (bench, purchase) in ended(LateMoney::Refund).await {
        let now = pay_late(&bench, &purchase).await;
        assert_eq!(now.order.fulfilment, Fulfilment::Revoked);
        assert_eq!(bench.points().await, 0);
        let owed = bench.owed(&purchase).await;
        assert_eq!(owed.len(), 1, "once, however often it is told");
        assert_eq!(owed[0].amount, purchase.order.amount, "in full");
        assert_eq!(owed[0].state, RefundState::Due);
        assert_eq!(owed[0].reason, RefundReason::LatePayment);
        assert_eq!(owed[0].transaction_id, "T1");
        // The work of sending it is there, for whoever does that.
        let mut tx = bench.database().begin().await.unwrap();
        let lease = Duration::minutes(1);
        let work = tx.claim_work(WorkKind::Refund, 10, lease).await.unwrap();
        assert_eq!(work.len(), 1);
        assert_eq!(work[0].subject, owed[0].refund_no.as_str());
    }
}

#[tokio::test]
async fn r1_late_money_is_granted_where_the_policy_says_so() {
    for (bench, purchase) in ended(LateMoney::Grant).await {
        let now = pay_late(&bench, &purchase).await;
        assert_eq!(now.order.fulfilment, Fulfilment::Granted);
        assert_eq!(bench.points().await, 1000);
        assert_eq!(bench.owed(&purchase).await, [], "never both");
    }
}

#[tokio::test]
async fn r1_late_money_that_has_gone_back_already_is_not_sent_back_again() {
    for (bench, purchase) in ended(LateMoney::Refund).await {
        let mut said = statement(&purchase.attempt, "T1");
        said.state = TradeState::Refunded;
        bench.told(&said).await.unwrap();
        bench.settle_down().await;
        assert_eq!(bench.owed(&purchase).await, []);
        let kinds: Vec<_> = bench.shop.alerts.heard().iter().map(|e| e.kind).collect();
        assert_eq!(kinds, [ExceptionKind::RefundedElsewhere]);
    }
}

#[tokio::test]
async fn r1_money_found_while_cancelling_is_in_time() {
    let bench = Bench::new().await;
    let purchase = bench.placed().await;
    let said = statement(&purchase.attempt, "T1");
    bench.shop.wechat.answer_query_with(said);
    let number = &purchase.order.order_no;
    let refused = bench.checkout().cancel(&wish().user_id, number).await;
    assert!(matches!(refused, Err(cashier::CancelError::Paid(_))));
    bench.settle_down().await;
    assert_eq!(bench.points().await, 1000);
    assert_eq!(bench.owed(&purchase).await, []);
}

#[tokio::test]
async fn r22_money_of_one_order_is_never_sent_back_for_another() {
    let bench = Bench::new().await;
    let first = bench.placed().await;
    bench.paid(&first.attempt, "T1").await;
    bench.settle_down().await;
    let second = bench.placed().await;
    bench.paid(&second.attempt, "T2").await;
    // Somebody says that the first one's money is the second one's, which is paid.
    let mixed_up = bench.told(&statement(&second.attempt, "T1")).await;
    assert!(mixed_up.is_err(), "{mixed_up:?}");
    bench.settle_down().await;
    for purchase in [&first, &second] {
        assert_eq!(bench.owed(purchase).await, []);
    }
    assert_eq!(bench.points().await, 2000);
}

#[tokio::test]
async fn r21_a_refund_or_the_end_of_refunds_told_later_changes_nothing() {
    let bench = Bench::new().await;
    let purchase = bench.placed().await;
    bench.paid(&purchase.attempt, "T1").await;
    bench.settle_down().await;
    let before = bench.now(&purchase).await;
    for event in ["refund", "TRADE_FINISHED", "TRADE_CLOSED"] {
        let noted = bench
            .call(Channel::Wechat, &FakeProvider::other_notice(event))
            .await;
        assert_eq!(noted.unwrap(), Received::Noted);
    }
    let mut refunded = statement(&purchase.attempt, "T1");
    refunded.state = TradeState::Refunded;
    bench.told(&refunded).await.unwrap();
    bench.settle_down().await;
    assert_eq!(bench.now(&purchase).await, before);
    assert!(matches!(before.order.state, OrderState::Paid { .. }));
    assert_eq!(bench.points().await, 1000);
    assert_eq!(bench.owed(&purchase).await, []);
}
