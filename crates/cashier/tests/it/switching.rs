//! Paying through another platform after all.

use cashier::testing::{FakeProvider, statement};
use cashier::{ExceptionKind, Received, Settled, SwitchError};
use orders::{Fulfilment, OrderState, Paid, Purchase};
use paydesk_provider::{Advice, Channel, Details, Found, ProviderError, TradeState};
use payments::{AttemptState, RefundReason};
use time::Duration;

use crate::{Bench, is_paid, wish};

async fn switched(bench: &Bench, purchase: &Purchase) -> Result<Purchase, SwitchError> {
    let number = &purchase.order.order_no;
    bench
        .checkout()
        .switch_channel(&wish().user_id, number, Channel::Alipay)
        .await
}

async fn attempt_state(bench: &Bench, purchase: &Purchase) -> AttemptState {
    let mut snapshot = bench.database().read().await.unwrap();
    let number = &purchase.attempt.payment_no;
    let attempt = snapshot.find_attempt(number).await.unwrap();
    attempt.unwrap().state
}

#[tokio::test]
async fn a_switched_order_has_another_number_and_code_on_the_same_terms() {
    let bench = Bench::new().await;
    let before = bench.placed().await;
    let after = switched(&bench, &before).await.unwrap();
    assert_eq!(after.order.order_no, before.order.order_no);
    assert_eq!(after.order.state, OrderState::Pending);
    assert_ne!(after.attempt.payment_no, before.attempt.payment_no);
    assert_eq!(after.attempt.channel, Channel::Alipay);
    assert_eq!(after.attempt.state, AttemptState::Open);
    assert_eq!(after.attempt.amount, before.attempt.amount);
    assert_eq!(after.attempt.expire_at, before.attempt.expire_at);
    assert_eq!(bench.now(&before).await, after);
    let left = before.attempt.payment_no.to_string();
    assert_eq!(bench.shop.wechat.closed(), [left]);
    let again = switched(&bench, &before).await.unwrap();
    assert_eq!(again, after, "it is there already");
    assert_eq!(bench.shop.alipay.created().len(), 1);
}

#[tokio::test]
async fn the_attempt_that_was_left_pays_if_its_money_comes_first() {
    let bench = Bench::new().await;
    let before = bench.placed().await;
    let after = switched(&bench, &before).await.unwrap();
    bench.paid(&before.attempt, "T1").await;
    bench.settle_down().await;
    let now = bench.now(&before).await;
    assert!(is_paid(&now));
    assert_eq!(now.attempt.payment_no, before.attempt.payment_no);
    assert_eq!(bench.shop.alerts.heard(), [], "it is in time");
    // Then the other one's money is too much, goes back, and changes nothing.
    let said = statement(&after.attempt, "A1");
    let notice = FakeProvider::notice(&said);
    for paid in [Paid::Twice, Paid::Twice] {
        let received = bench.call(Channel::Alipay, &notice).await.unwrap();
        let order_no = before.order.order_no.clone();
        assert_eq!(
            received,
            Received::Settled(Settled::Order { order_no, paid })
        );
    }
    bench.settle_down().await;
    assert_eq!(bench.points().await, 1000);
    assert_eq!(bench.now(&before).await, now);
    let owed = bench.owed(&after).await;
    assert_eq!(owed.len(), 1);
    assert_eq!(owed[0].reason, RefundReason::DoublePayment);
    assert_eq!(owed[0].channel, Channel::Alipay);
    assert_eq!(bench.owed(&before).await, []);
    let kinds: Vec<_> = bench.shop.alerts.heard().iter().map(|e| e.kind).collect();
    assert_eq!(kinds, [ExceptionKind::DoublePayment]);
}

#[tokio::test]
async fn money_found_while_switching_pays_and_refuses_the_switch() {
    let bench = Bench::new().await;
    let before = bench.placed().await;
    let said = statement(&before.attempt, "T1");
    bench.shop.wechat.answer_query_with(said);
    let refused = switched(&bench, &before).await;
    assert!(matches!(refused, Err(SwitchError::Paid(_))), "{refused:?}");
    bench.settle_down().await;
    let now = bench.now(&before).await;
    assert!(is_paid(&now));
    assert_eq!(now.order.fulfilment, Fulfilment::Granted);
    assert_eq!(bench.shop.alipay.created(), [], "no second code is made");
    let again = switched(&bench, &before).await;
    assert!(matches!(again, Err(SwitchError::Paid(_))));
}

#[tokio::test]
async fn an_order_is_closed_only_when_the_attempt_that_was_left_is_over_too() {
    let bench = Bench::new().await;
    let before = bench.placed().await;
    let after = switched(&bench, &before).await.unwrap();
    let mut said = statement(&after.attempt, "none");
    said.state = TradeState::Closed;
    bench.shop.alipay.answer_query_with(said);
    let number = &before.order.order_no;
    let cancelled = bench.checkout().cancel(&wish().user_id, number).await;
    assert_eq!(cancelled.unwrap().order.state.as_str(), "closing");
    let state = attempt_state(&bench, &before).await;
    assert_eq!(state, AttemptState::Open, "WeChat has not promised it");
    let mut said = statement(&before.attempt, "none");
    said.state = TradeState::Closed;
    bench.shop.wechat.answer_query_with(said);
    bench.shop.closing().start(before.attempt.clone());
    bench.settle_down().await;
    assert_eq!(bench.now(&before).await.order.state.as_str(), "closed");
}

#[tokio::test]
async fn the_end_of_the_attempt_that_was_left_is_not_the_orders() {
    let bench = Bench::new().await;
    let before = bench.placed().await;
    let mut said = statement(&before.attempt, "none");
    said.state = TradeState::Closed;
    bench.shop.wechat.answer_query_with(said);
    let after = switched(&bench, &before).await.unwrap();
    let state = attempt_state(&bench, &before).await;
    assert_eq!(state, AttemptState::Closed);
    assert_eq!(bench.now(&before).await, after, "it waits on the other");
}

#[tokio::test]
async fn a_platform_that_refuses_after_a_switch_ends_the_order() {
    let bench = Bench::new().await;
    let before = bench.placed().await;
    bench.shop.alipay.fail_create(ProviderError::Rejected {
        details: Details::message("no such merchant"),
        advice: Advice::Never,
    });
    let refused = switched(&bench, &before).await;
    assert!(matches!(refused, Err(SwitchError::Provider { .. })));
    // The first attempt may still bring money.
    assert_eq!(bench.now(&before).await.order.state.as_str(), "closing");
    bench.paid(&before.attempt, "T1").await;
    bench.settle_down().await;
    assert!(is_paid(&bench.now(&before).await));
}

#[tokio::test]
async fn what_has_ended_or_is_about_to_is_not_switched() {
    let bench = Bench::new().await;
    let purchase = bench.placed().await;
    bench
        .shop
        .clock
        .advance(Duration::minutes(29) + Duration::SECOND);
    let refused = switched(&bench, &purchase).await;
    assert!(matches!(refused, Err(SwitchError::Ended(_))));
    let number = &purchase.order.order_no;
    bench.shop.wechat.answer_query(Ok(Found::NoSuchPayment));
    let cancelled = bench.checkout().cancel(&wish().user_id, number).await;
    assert_eq!(cancelled.unwrap().order.state.as_str(), "closing");
    let refused = switched(&bench, &purchase).await;
    assert!(matches!(refused, Err(SwitchError::Ended(_))));
    let other = "u2".parse().unwrap();
    let refused = bench
        .checkout()
        .switch_channel(&other, number, Channel::Alipay)
        .await;
    assert!(matches!(refused, Err(SwitchError::NotFound)));
    assert_eq!(bench.shop.alipay.created(), []);
}
