use cashier::testing::statement;
use cashier::{Asked, ExceptionKind, PlaceError};
use orders::{Fulfilment, OrderState};
use paydesk_money::Cny;
use paydesk_provider::{Found, ProviderError, TradeState};
use payments::AttemptState;
use time::Duration;

use crate::{Bench, is_paid, wish};

#[tokio::test]
async fn a_query_settles_what_the_callback_did_not() {
    let bench = Bench::new().await;
    let purchase = bench.placed().await;
    let said = statement(&purchase.attempt, "T1");
    bench.shop.wechat.answer_query_with(said);
    let user = wish().user_id;
    let number = &purchase.order.order_no;
    let shown = bench.checkout().status(&user, number, true).await.unwrap();
    assert!(is_paid(&shown));
    bench.settle_down().await;
    assert_eq!(
        bench.now(&purchase).await.order.fulfilment,
        Fulfilment::Granted
    );
    // What is paid is not asked about again, and its callback changes nothing.
    bench.shop.clock.advance(Duration::seconds(6));
    bench.checkout().status(&user, number, true).await.unwrap();
    assert_eq!(bench.shop.wechat.queried().len(), 1);
    bench.paid(&purchase.attempt, "T1").await;
    bench.settle_down().await;
    assert_eq!(bench.points().await, 1000);
}

#[tokio::test]
async fn r20_a_query_compares_the_amount() {
    let bench = Bench::new().await;
    let purchase = bench.placed().await;
    let mut said = statement(&purchase.attempt, "T1");
    said.amount = Some(Cny::from_fen(1));
    bench.shop.wechat.answer_query_with(said);
    let asked = bench.shop.inquiry().ask(&purchase).await.unwrap();
    assert_eq!(asked, Asked::Unpaid);
    assert_eq!(bench.now(&purchase).await, purchase);
    let kinds: Vec<_> = bench.shop.alerts.heard().iter().map(|e| e.kind).collect();
    assert_eq!(kinds, [ExceptionKind::UnexpectedPayment]);
}

#[tokio::test]
async fn a_platform_is_asked_at_most_every_five_seconds() {
    let bench = Bench::new().await;
    let purchase = bench.placed().await;
    let user = wish().user_id;
    for (wait, asked) in [(0, 1), (1, 1), (3, 1), (1, 2), (4, 2), (1, 3)] {
        bench.shop.clock.advance(Duration::seconds(wait));
        let number = &purchase.order.order_no;
        bench.checkout().status(&user, number, true).await.unwrap();
        assert_eq!(
            bench.shop.wechat.queried().len(),
            asked,
            "after {wait} s more"
        );
    }
}

#[tokio::test]
async fn showing_without_refresh_asks_nobody() {
    let bench = Bench::new().await;
    let purchase = bench.placed().await;
    let number = &purchase.order.order_no;
    let user = wish().user_id;
    bench.checkout().status(&user, number, false).await.unwrap();
    assert_eq!(bench.shop.wechat.queried(), Vec::<String>::new());
}

#[tokio::test]
async fn an_answer_that_settles_nothing_changes_nothing() {
    let bench = Bench::new().await;
    let purchase = bench.placed().await;
    let wechat = &bench.shop.wechat;
    wechat.answer_query(Err(ProviderError::timed_out("no answer")));
    wechat.answer_query(Ok(Found::NoSuchPayment));
    let mut said = statement(&purchase.attempt, "T1");
    said.state = TradeState::Unpaid;
    wechat.answer_query_with(said);
    for _ in 0..3 {
        bench.shop.clock.advance(Duration::seconds(5));
        let asked = bench.shop.inquiry().ask(&purchase).await.unwrap();
        assert_eq!(asked, Asked::Unpaid);
    }
    assert_eq!(wechat.queried().len(), 3);
    let now = bench.now(&purchase).await;
    assert_eq!(now.order.state, OrderState::Pending);
    assert_eq!(bench.shop.alerts.heard(), []);
}

#[tokio::test]
async fn r2_a_code_that_never_came_is_asked_for_again_by_refreshing() {
    let bench = Bench::new().await;
    let lost = ProviderError::timed_out("no answer");
    bench.shop.wechat.fail_create(lost);
    let refused = bench.checkout().place(&wish()).await.unwrap_err();
    let PlaceError::Provider { order_no, .. } = refused else {
        unreachable!("the platform did not answer")
    };
    let buyer = wish().user_id;
    let checkout = bench.checkout();
    let shown = checkout.status(&buyer, &order_no, false).await.unwrap();
    assert_eq!(shown.attempt.state, AttemptState::Unknown);
    let refreshed = checkout.status(&buyer, &order_no, true).await.unwrap();
    assert_eq!(refreshed.attempt.state, AttemptState::Open);
    assert_eq!(refreshed.attempt.retry_count, 1);
    let created = bench.shop.wechat.created();
    assert_eq!(created.len(), 2);
    assert_eq!(created[0], created[1], "same number, same parameters");
}
