//! Paying through another platform after all.

use cashier::testing::{FakeProvider, statement};
use cashier::{ExceptionKind, PlaceError, Received, Settled, SwitchError};
use orders::{Fulfilment, OrderState, Paid, Purchase};
use paydesk_provider::{Advice, Channel, Closed, Details, Found, ProviderError, TradeState};
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
    // The code that is on the screen is closed at once, not when its turn would have come.
    assert_eq!(bench.shop.polling().run(10).await.unwrap().done, 1);
    let overtaken = after.attempt.payment_no.to_string();
    assert_eq!(bench.shop.alipay.closed(), [overtaken]);
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

#[tokio::test]
async fn r1_choosing_again_while_the_first_request_is_under_way_is_a_repeat() {
    let bench = Bench::new().await;
    let (database, other) = (bench.shop.ports.database.clone(), bench.checkout());
    let wechat = &bench.shop.wechat;
    // The first request gets through, and its answer does not; the second one is refused.
    wechat.fail_create(ProviderError::timed_out("no answer"));
    wechat.fail_create(ProviderError::Rejected {
        details: Details::message("refused"),
        advice: Advice::Never,
    });
    wechat.before_create_answer(move |request| async move {
        let number = request.payment_no.parse().unwrap();
        let mut snapshot = database.read().await.unwrap();
        let attempt = snapshot.find_attempt(&number).await.unwrap().unwrap();
        drop(snapshot);
        let (user, number) = (wish().user_id, attempt.order_no);
        let again = other.switch_channel(&user, &number, Channel::Wechat).await;
        again.unwrap_err();
    });
    let error = bench.checkout().place(&wish()).await.unwrap_err();
    let PlaceError::Provider { order_no, .. } = error else {
        unreachable!("the platform did not answer")
    };
    assert_eq!(bench.shop.wechat.created().len(), 2);
    let now = bench.checkout().show(&order_no).await.unwrap().unwrap();
    assert_eq!(now.order.state, OrderState::Pending, "nothing is proven");
    assert_eq!(now.attempt.state, AttemptState::Unknown);
}

#[tokio::test]
async fn an_answer_shows_the_attempt_that_the_order_shows() {
    let bench = Bench::new().await;
    let before = bench.placed().await;
    let number = before.order.order_no.clone();
    let (other, again) = (bench.checkout(), number.clone());
    // While Alipay is asked for a code, the buyer goes back to WeChat.
    bench.shop.alipay.before_create_answer(move |_| async move {
        let user = wish().user_id;
        let back = other.switch_channel(&user, &again, Channel::Wechat).await;
        assert!(back.unwrap().attempt.code_url.is_some());
    });
    let shown = switched(&bench, &before).await.unwrap();
    assert_eq!(shown.order.payment_no, shown.attempt.payment_no);
    assert_eq!(shown.attempt.channel, Channel::Wechat);
    assert_eq!(bench.now(&before).await, shown);
}

#[tokio::test]
async fn no_second_code_is_shown_for_what_the_platform_calls_paid() {
    let bench = Bench::new().await;
    let before = bench.placed().await;
    bench.shop.wechat.answer_close(Ok(Closed::AlreadyPaid));
    let lost = ProviderError::timed_out("no answer");
    bench.shop.wechat.answer_query(Err(lost));
    let refused = switched(&bench, &before).await;
    assert!(matches!(refused, Err(SwitchError::Paid(_))), "{refused:?}");
    assert_eq!(bench.shop.alipay.created(), []);
}
