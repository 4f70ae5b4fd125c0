use cashier::testing::{FakeProvider, statement};
use cashier::{EventKind, ExceptionKind, PlaceError, Received, Settled};
use orders::{Fulfilment, Paid};
use paydesk_provider::{Advice, Channel, Details, ProviderError, TradeState};
use payments::{AttemptState, Mismatch, RefundReason, Verdict};

use crate::{Bench, is_paid, wish};

#[tokio::test]
async fn a_callback_pays_the_order_and_grants_its_goods() {
    let bench = Bench::new().await;
    let purchase = bench.placed().await;
    let received = bench.paid(&purchase.attempt, "T1").await;
    let order_no = purchase.order.order_no.clone();
    let paid = Paid::Now;
    assert_eq!(
        received,
        Received::Settled(Settled::Order { order_no, paid })
    );
    bench.settle_down().await;
    let now = bench.now(&purchase).await;
    assert!(is_paid(&now));
    assert_eq!(now.order.paid, now.order.amount);
    assert_eq!(now.order.fulfilment, Fulfilment::Granted);
    assert_eq!(now.attempt.state, AttemptState::Paid);
    assert_eq!(now.attempt.transaction_id.as_deref(), Some("T1"));
    assert_eq!(bench.points().await, 1000);
    let told = [EventKind::PaymentSuccess, EventKind::Fulfilled];
    assert_eq!(bench.events().await, told);
    assert_eq!(bench.shop.alerts.heard(), []);
}

/// Places an order whose callback overtakes the answer to create.
async fn overtaken(answer: Option<ProviderError>) -> (Bench, Result<(), PlaceError>) {
    let bench = Bench::new().await;
    let notices = bench.shop.notices();
    let database = bench.shop.ports.database.clone();
    bench
        .shop
        .wechat
        .before_create_answer(move |request| async move {
            let mut snapshot = database.read().await.unwrap();
            let number = request.payment_no.parse().unwrap();
            let attempt = snapshot.find_attempt(&number).await.unwrap().unwrap();
            drop(snapshot);
            let notice = FakeProvider::notice(&statement(&attempt, "T1"));
            let received = notices.receive(Channel::Wechat, &notice, "early").await;
            assert!(matches!(received, Ok(Received::Settled(_))), "{received:?}");
        });
    if let Some(error) = answer {
        bench.shop.wechat.fail_create(error);
    }
    let placed = bench.checkout().place(&wish()).await.map(|_| ());
    bench.settle_down().await;
    (bench, placed)
}

#[tokio::test]
async fn r2_callback_before_the_answer_pays_and_stays() {
    let refused = ProviderError::Rejected {
        details: Details::message("refused after all"),
        advice: Advice::Never,
    };
    for answer in [None, Some(ProviderError::timed_out("late")), Some(refused)] {
        let (bench, placed) = overtaken(answer.clone()).await;
        assert!(
            placed.is_ok(),
            "{answer:?} is of no interest on a paid order"
        );
        let recent = bench.checkout().recent(&wish().user_id, 10).await.unwrap();
        let [purchase] = recent.as_slice() else {
            unreachable!("one order was placed")
        };
        assert!(is_paid(purchase), "{answer:?}");
        assert_eq!(purchase.attempt.state, AttemptState::Paid);
        assert_eq!(purchase.attempt.code_url, None, "a late code is not kept");
        assert_eq!(purchase.order.fulfilment, Fulfilment::Granted);
        let told = [EventKind::PaymentSuccess, EventKind::Fulfilled];
        assert_eq!(bench.events().await, told);
    }
}

#[tokio::test]
async fn r18_a_replay_is_accepted_and_changes_nothing() {
    let bench = Bench::new().await;
    let purchase = bench.placed().await;
    bench.paid(&purchase.attempt, "T1").await;
    bench.settle_down().await;
    let before = bench.now(&purchase).await;
    for _ in 0..3 {
        let again = bench.paid(&purchase.attempt, "T1").await;
        let order_no = purchase.order.order_no.clone();
        let paid = Paid::Already;
        assert_eq!(again, Received::Settled(Settled::Order { order_no, paid }));
    }
    bench.settle_down().await;
    assert_eq!(bench.now(&purchase).await, before);
    assert_eq!(bench.points().await, 1000);
    assert_eq!(bench.events().await.len(), 2);
    assert_eq!(bench.shop.alerts.heard(), []);
}

#[tokio::test]
async fn a_refund_told_first_still_proves_the_payment() {
    let bench = Bench::new().await;
    let purchase = bench.placed().await;
    let mut refunded = statement(&purchase.attempt, "T1");
    refunded.state = TradeState::Refunded;
    for _ in 0..2 {
        bench.told(&refunded).await.unwrap();
    }
    bench.settle_down().await;
    let now = bench.now(&purchase).await;
    assert!(is_paid(&now));
    assert_eq!(now.order.fulfilment, Fulfilment::Revoked);
    assert_eq!(bench.points().await, 0, "goods are withheld");
    let kinds: Vec<_> = bench.shop.alerts.heard().iter().map(|e| e.kind).collect();
    assert_eq!(
        kinds,
        [ExceptionKind::RefundedElsewhere],
        "and a person decides"
    );
}

#[tokio::test]
async fn one_payment_never_pays_two_orders() {
    let bench = Bench::new().await;
    let first = bench.placed().await;
    bench.paid(&first.attempt, "T1").await;
    bench.settle_down().await;
    let second = bench.placed().await;
    assert_ne!(first.order.order_no, second.order.order_no);
    let said = statement(&second.attempt, "T1");
    for _ in 0..2 {
        let refused = bench.told(&said).await.unwrap_err();
        assert_eq!(refused.reason(), Mismatch::Spent.reason());
    }
    assert_eq!(bench.now(&second).await, second);
    assert_eq!(bench.points().await, 1000);
    assert_eq!(bench.shop.alerts.heard().len(), 1);
    // Its own money still pays it.
    bench.paid(&second.attempt, "T2").await;
    bench.settle_down().await;
    assert_eq!(bench.points().await, 2000);
}

#[tokio::test]
async fn r22_a_second_payment_is_kept_and_raised_and_grants_nothing() {
    let bench = Bench::new().await;
    let purchase = bench.placed().await;
    bench.paid(&purchase.attempt, "T1").await;
    bench.settle_down().await;
    let before = bench.now(&purchase).await;
    for paid in [Paid::Twice, Paid::Twice] {
        let received = bench.paid(&purchase.attempt, "T2").await;
        let order_no = purchase.order.order_no.clone();
        assert_eq!(
            received,
            Received::Settled(Settled::Order { order_no, paid })
        );
    }
    bench.settle_down().await;
    let raised = bench.shop.alerts.heard();
    assert_eq!(raised.len(), 1, "one exception for one surplus");
    assert_eq!(raised[0].kind, ExceptionKind::DoublePayment);
    assert_eq!(raised[0].transaction_id.as_deref(), Some("T2"));
    let owed = bench.owed(&purchase).await;
    assert_eq!(owed.len(), 1, "and it is owed back once");
    assert_eq!(
        owed[0].refund_no.as_str(),
        format!("{}r01", purchase.attempt.payment_no)
    );
    assert_eq!(owed[0].transaction_id, "T2");
    assert_eq!(owed[0].amount, purchase.order.amount);
    assert_eq!(owed[0].reason, RefundReason::DoublePayment);
    assert_eq!(bench.now(&purchase).await.order, before.order);
    assert_eq!(bench.points().await, 1000);
    let mut snapshot = bench.database().read().await.unwrap();
    for (number, verdict) in [("T1", Verdict::Settled), ("T2", Verdict::Surplus)] {
        let merchant = &purchase.attempt.merchant_id;
        let found = snapshot
            .find_verdict(Channel::Wechat, merchant, number)
            .await;
        let order_no = purchase.order.order_no.clone();
        assert_eq!(found.unwrap(), Some((verdict, Some(order_no))));
    }
}
