//! Orders that nobody pays: cancelled, expired, polled until the platform has promised it.

use cashier::testing::{NOW, a_purchase, statement};
use cashier::{Asked, CancelError, EventKind, Placed, Summary, WorkKind};
use orders::{CloseReason, OrderState, Purchase};
use paydesk_provider::{Advice, Closed, Details, Found, ProviderError, TradeState, Untrusted};
use payments::AttemptState;
use time::Duration;

use crate::{Bench, is_paid, wish};

fn closed_at_the_platform(bench: &Bench, purchase: &Purchase) {
    let mut said = statement(&purchase.attempt, "none");
    said.state = TradeState::Closed;
    said.transaction_id = None;
    bench.shop.wechat.answer_query_with(said);
}

async fn cancelled(bench: &Bench, purchase: &Purchase) -> Purchase {
    let number = &purchase.order.order_no;
    let outcome = bench.checkout().cancel(&wish().user_id, number).await;
    outcome.unwrap()
}

/// A bench whose work is due as soon as it is stored.
async fn hasty() -> Bench {
    let mut bench = Bench::new().await;
    bench.shop.terms.points_within = Duration::ZERO;
    bench.shop.terms.first_poll_after = Duration::ZERO;
    bench
}

#[tokio::test]
async fn a_cancelled_order_is_closed_once_the_platform_says_so() {
    let bench = Bench::new().await;
    let purchase = bench.placed().await;
    closed_at_the_platform(&bench, &purchase);
    let after = cancelled(&bench, &purchase).await;
    let OrderState::Closed { reason, .. } = after.order.state else {
        unreachable!("the platform promised it: {:?}", after.order.state)
    };
    assert_eq!(reason, CloseReason::Cancelled);
    assert_eq!(after.attempt.state, AttemptState::Closed);
    let number = purchase.attempt.payment_no.to_string();
    assert_eq!(bench.shop.wechat.closed(), [number]);
    assert_eq!(bench.events().await, [EventKind::OrderClosed]);
    assert_eq!(
        cancelled(&bench, &purchase).await,
        after,
        "repeating is fine"
    );
    assert_eq!(bench.shop.wechat.closed().len(), 1);
}

/// Every answer to closing and asking that promises nothing.
fn promises_nothing() -> Vec<(Result<Closed, ProviderError>, Result<Found, ProviderError>)> {
    let rejected = |code: &str, advice| ProviderError::Rejected {
        details: Details {
            code: Some(code.to_owned()),
            ..Details::default()
        },
        advice,
    };
    let untrusted = || ProviderError::Untrusted {
        reason: Untrusted::BadSignature,
        details: Details::default(),
    };
    let malformed = || ProviderError::Malformed {
        details: Details::default(),
    };
    let lost = || ProviderError::timed_out("no answer");
    vec![
        (Ok(Closed::Accepted), Err(lost())),
        (Ok(Closed::Accepted), Ok(Found::NoSuchPayment)),
        (Ok(Closed::NoSuchPayment), Ok(Found::NoSuchPayment)),
        (Err(lost()), Err(lost())),
        (Err(untrusted()), Err(untrusted())),
        (Err(malformed()), Err(malformed())),
        (
            Err(rejected("SYSTEM_ERROR", Advice::RetrySame)),
            Err(rejected("FREQUENCY_LIMITED", Advice::RetrySame)),
        ),
        (
            Err(rejected("A_CODE_OF_2031", Advice::Never)),
            Err(rejected("A_CODE_OF_2031", Advice::Never)),
        ),
    ]
}

#[tokio::test]
async fn r19_nothing_but_a_promise_closes_an_order() {
    for (close, query) in promises_nothing() {
        let bench = Bench::new().await;
        let purchase = bench.placed().await;
        bench.shop.wechat.answer_close(close.clone());
        bench.shop.wechat.answer_query(query.clone());
        let after = cancelled(&bench, &purchase).await;
        let reason = CloseReason::Cancelled;
        let what = format!("{close:?} {query:?}");
        assert_eq!(after.order.state, OrderState::Closing { reason }, "{what}");
        assert_eq!(after.attempt.state, AttemptState::Open, "{what}");
        // Asked again, the same answer still changes nothing.
        bench.shop.wechat.answer_query(query);
        let asked = bench.shop.inquiry().look(&after.attempt).await.unwrap();
        assert_eq!(asked, Asked::Unpaid, "{what}");
        assert_eq!(bench.now(&purchase).await, after, "{what}");
    }
}

#[tokio::test]
async fn r1_what_the_platform_calls_paid_is_not_ended_for_want_of_a_proof() {
    for by_expiry in [false, true] {
        let bench = hasty().await;
        let purchase = bench.placed().await;
        bench.shop.wechat.answer_close(Ok(Closed::AlreadyPaid));
        let lost = ProviderError::timed_out("lost");
        bench.shop.wechat.answer_query(Err(lost));
        if by_expiry {
            bench.shop.expiry().run(1).await.unwrap();
        } else {
            let number = &purchase.order.order_no;
            let refused = bench.checkout().cancel(&wish().user_id, number).await;
            assert!(matches!(refused, Err(CancelError::Paid(_))), "{refused:?}");
        }
        assert_eq!(
            bench.now(&purchase).await,
            purchase,
            "it waits for the proof"
        );
        bench.paid(&purchase.attempt, "T1").await;
        bench.settle_down().await;
        assert_eq!(bench.points().await, 1000);
        assert_eq!(bench.owed(&purchase).await, []);
    }
}

#[tokio::test]
async fn r1_what_another_merchant_does_not_know_is_not_closed() {
    let bench = hasty().await;
    let mut purchase = a_purchase(1);
    // Since it was made, the account has been set up as another merchant.
    purchase.attempt.merchant_id = "1900009999".to_owned();
    let mut tx = bench.database().begin().await.unwrap();
    tx.insert_order(&purchase.order).await.unwrap();
    tx.insert_attempt(&purchase.attempt).await.unwrap();
    let number = purchase.attempt.payment_no.as_str();
    tx.add_work(WorkKind::Poll, number, Duration::ZERO)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    bench.shop.clock.advance(Duration::hours(1));
    bench.shop.polling().run(1).await.unwrap();
    assert_eq!(bench.now(&purchase).await, purchase);
    assert_eq!(bench.shop.wechat.queried(), Vec::<String>::new());
    assert_eq!(bench.shop.wechat.created(), []);
}

#[tokio::test]
async fn cancelling_what_is_paid_or_anothers_is_refused() {
    let bench = Bench::new().await;
    let purchase = bench.placed().await;
    let number = &purchase.order.order_no;
    let other = "u2".parse().unwrap();
    let refused = bench.checkout().cancel(&other, number).await;
    assert!(matches!(refused, Err(CancelError::NotFound)));
    bench.paid(&purchase.attempt, "T1").await;
    bench.settle_down().await;
    let refused = bench.checkout().cancel(&wish().user_id, number).await;
    assert!(matches!(refused, Err(CancelError::Paid(_))));
    assert!(is_paid(&bench.now(&purchase).await));
    assert_eq!(bench.shop.wechat.closed(), Vec::<String>::new());
}

#[tokio::test]
async fn what_nobody_paid_in_time_expires() {
    let bench = hasty().await;
    let purchase = bench.placed().await;
    closed_at_the_platform(&bench, &purchase);
    let one = Summary {
        claimed: 1,
        done: 1,
        failed: 0,
    };
    assert_eq!(bench.shop.expiry().run(100).await.unwrap(), one);
    let after = bench.now(&purchase).await;
    assert_eq!(after.order.state.close_reason(), Some(CloseReason::Expired));
    assert_eq!(after.order.state.as_str(), "closed");
    assert_eq!(bench.events().await, [EventKind::OrderClosed]);
    let nothing = Summary::default();
    assert_eq!(bench.shop.expiry().run(100).await.unwrap(), nothing);
}

#[tokio::test]
async fn what_has_time_left_does_not_expire() {
    let bench = Bench::new().await;
    bench.placed().await;
    let nothing = Summary::default();
    assert_eq!(bench.shop.expiry().run(100).await.unwrap(), nothing);
    assert_eq!(bench.shop.polling().run(100).await.unwrap(), nothing);
}

#[tokio::test]
async fn r1_an_order_paid_in_its_last_second_is_paid_and_not_expired() {
    let bench = hasty().await;
    let purchase = bench.placed().await;
    let said = statement(&purchase.attempt, "T1");
    bench.shop.wechat.answer_query_with(said);
    bench.shop.expiry().run(100).await.unwrap();
    bench.settle_down().await;
    assert!(is_paid(&bench.now(&purchase).await));
    assert_eq!(bench.points().await, 1000);
    assert_eq!(bench.owed(&purchase).await, []);
}

#[tokio::test]
async fn r1_an_expired_code_that_nobody_scanned_closes_when_its_silence_proves_it() {
    let mut bench = hasty().await;
    bench.shop.plan.young = Duration::ZERO;
    let purchase = bench.placed().await;
    bench.shop.expiry().run(100).await.unwrap();
    let closing = |purchase: Purchase| purchase.order.state.as_str() == "closing";
    assert!(closing(bench.now(&purchase).await));
    for minutes in [1, 8] {
        bench.shop.clock.advance(Duration::minutes(minutes));
        bench.shop.polling().run(1).await.unwrap();
        assert!(closing(bench.now(&purchase).await), "clocks may differ");
    }
    bench.shop.clock.advance(Duration::minutes(1));
    bench.shop.polling().run(1).await.unwrap();
    let after = bench.now(&purchase).await;
    assert_eq!(after.order.state.as_str(), "closed");
    assert_eq!(after.order.state.close_reason(), Some(CloseReason::Expired));
    assert_eq!(after.attempt.state, AttemptState::Closed);
    let told = [EventKind::OrderClosed, EventKind::OrderClosed];
    assert_eq!(bench.events().await, told, "closing, then closed");
    let nothing = Summary::default();
    assert_eq!(bench.shop.polling().run(100).await.unwrap(), nothing);
}

#[tokio::test]
async fn polling_finds_the_money_whose_callback_did_not_come() {
    let bench = hasty().await;
    let purchase = bench.placed().await;
    let said = statement(&purchase.attempt, "T1");
    bench.shop.wechat.answer_query_with(said);
    bench.shop.polling().run(100).await.unwrap();
    bench.settle_down().await;
    assert!(is_paid(&bench.now(&purchase).await));
    assert_eq!(bench.points().await, 1000);
    assert_eq!(bench.shop.wechat.closed(), Vec::<String>::new());
}

#[tokio::test]
async fn r2_polling_repeats_an_unknown_create_to_the_letter_until_its_time_is_up() {
    let mut bench = hasty().await;
    bench.shop.terms.points_within = Duration::minutes(30);
    bench.shop.plan.waiting = Duration::ZERO;
    bench.shop.plan.create_retries = 3;
    for _ in 0..3 {
        let lost = ProviderError::timed_out("no answer");
        bench.shop.wechat.fail_create(lost);
    }
    bench.checkout().place(&wish()).await.unwrap_err();
    for tries in [2, 3, 4, 4] {
        bench.shop.polling().run(1).await.unwrap();
        assert_eq!(bench.shop.wechat.created().len(), tries);
    }
    let created = bench.shop.wechat.created();
    assert!(created.iter().all(|again| *again == created[0]));
    let purchase = bench.placed().await;
    assert_eq!(purchase.attempt.state, AttemptState::Open);
    assert_eq!(purchase.attempt.retry_count, 3);

    let late = Bench::new().await;
    let lost = ProviderError::timed_out("no answer");
    late.shop.wechat.fail_create(lost);
    late.checkout().place(&wish()).await.unwrap_err();
    late.shop.clock.advance(Duration::minutes(30));
    late.shop.polling().run(1).await.unwrap();
    assert_eq!(late.shop.wechat.created().len(), 1, "its time is up");
}

#[tokio::test]
async fn r9_a_platform_that_does_not_answer_is_asked_for_days() {
    let mut bench = hasty().await;
    bench.shop.plan.young = Duration::ZERO;
    bench.shop.plan.old = Duration::ZERO;
    bench.shop.plan.oldest = Duration::ZERO;
    let purchase = bench.placed().await;
    let mut asked = 0;
    for hours in [0, 1, 24, 48] {
        bench.shop.clock.advance(Duration::hours(hours));
        let silence = ProviderError::timed_out("no answer");
        bench.shop.wechat.answer_close(Err(silence.clone()));
        bench.shop.wechat.answer_query(Err(silence));
        if asked == 0 {
            bench.shop.expiry().run(100).await.unwrap();
        } else {
            bench.shop.polling().run(1).await.unwrap();
        }
        asked += 1;
        assert_eq!(bench.shop.wechat.queried().len(), asked);
        assert_eq!(bench.now(&purchase).await.order.state.as_str(), "closing");
    }
    let said = statement(&purchase.attempt, "T1");
    bench.shop.wechat.answer_query_with(said);
    bench.shop.polling().run(1).await.unwrap();
    assert!(is_paid(&bench.now(&purchase).await), "three days later");
}

#[tokio::test]
async fn an_order_that_somebody_closed_at_the_platform_ends_here_too() {
    for by_refreshing in [true, false] {
        let mut bench = hasty().await;
        bench.shop.terms.points_within = Duration::minutes(30);
        let purchase = bench.placed().await;
        closed_at_the_platform(&bench, &purchase);
        if by_refreshing {
            let number = &purchase.order.order_no;
            let shown = bench.checkout().status(&wish().user_id, number, true).await;
            assert_eq!(shown.unwrap().order.state.as_str(), "closed");
        } else {
            bench.shop.polling().run(100).await.unwrap();
        }
        let after = bench.now(&purchase).await.order.state;
        assert_eq!(after.as_str(), "closed");
        assert_eq!(after.close_reason(), Some(CloseReason::Cancelled));
    }
}

#[tokio::test]
async fn a_replaced_order_is_closed_at_the_platform() {
    let bench = Bench::new().await;
    let first = bench.placed().await;
    bench
        .shop
        .clock
        .advance(Duration::minutes(29) + Duration::SECOND);
    closed_at_the_platform(&bench, &first);
    let second = bench.checkout().place(&wish()).await.unwrap();
    assert!(matches!(second, Placed::New(_)));
    bench.settle_down().await;
    assert_eq!(bench.now(&first).await.order.state.as_str(), "closed");
    assert_eq!(first.order.created_at, NOW);
}

#[tokio::test]
async fn r23_a_changed_price_leaves_open_orders_alone() {
    let bench = Bench::new().await;
    let purchase = bench.placed().await;
    let dearer = catalog::PointPackage {
        price: paydesk_money::Cny::from_fen(5000),
        points: 1,
        ..cashier::testing::a_package()
    };
    bench.offer(dearer).await;
    assert_eq!(bench.now(&purchase).await, purchase);
    bench.paid(&purchase.attempt, "T1").await;
    bench.settle_down().await;
    assert_eq!(bench.points().await, 1000, "what was sold is granted");
}
