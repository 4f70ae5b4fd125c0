use cashier::testing::{a_package, payment_no, statement};
use cashier::{EventKind, OfferError, PlaceError, PlaceOrder, Placed, StatusError};
use catalog::PointPackage;
use orders::{CloseReason, OrderState};
use paydesk_money::Cny;
use paydesk_provider::{Advice, Channel, Details, ProviderError, Untrusted};
use payments::AttemptState;
use time::Duration;

use crate::{Bench, is_paid, wish};

fn refusal() -> ProviderError {
    ProviderError::Rejected {
        details: Details::message("no such merchant"),
        advice: Advice::Never,
    }
}

#[tokio::test]
async fn a_new_order_can_be_paid_and_is_stored_as_it_is_answered() {
    let bench = Bench::new().await;
    let mut wish = wish();
    wish.metadata.insert("seat".to_owned(), "7".to_owned());
    let Placed::New(purchase) = bench.checkout().place(&wish).await.unwrap() else {
        unreachable!("nothing was waiting")
    };
    assert_eq!(purchase.attempt.state, AttemptState::Open);
    assert!(purchase.attempt.code_url.is_some());
    assert_eq!(purchase.order.metadata, wish.metadata);
    assert_eq!(bench.now(&purchase).await, purchase);
    assert_eq!(bench.shop.wechat.created(), [purchase.attempt.request()]);
}

#[tokio::test]
async fn the_attempt_is_stored_before_the_request_leaves() {
    let bench = Bench::new().await;
    let database = bench.shop.ports.database.clone();
    bench
        .shop
        .wechat
        .before_create_answer(move |request| async move {
            let mut snapshot = database.read().await.unwrap();
            let number = request.payment_no.parse().unwrap();
            let attempt = snapshot.find_attempt(&number).await.unwrap().unwrap();
            assert_eq!(attempt.request(), request);
        });
    bench.placed().await;
}

#[tokio::test]
async fn placing_twice_returns_the_waiting_order() {
    let bench = Bench::new().await;
    let first = bench.placed().await;
    let Placed::Waiting(second) = bench.checkout().place(&wish()).await.unwrap() else {
        unreachable!("the first one waits")
    };
    assert_eq!(second, first);
    assert_eq!(bench.shop.wechat.created().len(), 1, "its code is at hand");
}

#[tokio::test]
async fn a_waiting_order_is_left_for_a_new_one_when_it_would_not_do() {
    let bench = Bench::new().await;
    let first = bench.placed().await;
    let other_channel = PlaceOrder {
        channel: Channel::Alipay,
        ..wish()
    };
    let Placed::New(other) = bench.checkout().place(&other_channel).await.unwrap() else {
        unreachable!("it is another channel")
    };
    let dearer = PointPackage {
        price: Cny::from_fen(991),
        ..a_package()
    };
    bench.offer(dearer).await;
    let Placed::New(second) = bench.checkout().place(&wish()).await.unwrap() else {
        unreachable!("the price is another")
    };
    assert_eq!(second.order.amount, Cny::from_fen(991));
    let replaced = bench.now(&first).await.order;
    assert_eq!(replaced.amount, Cny::from_fen(990));
    let reason = CloseReason::Cancelled;
    assert_eq!(replaced.state, OrderState::Closing { reason });
    assert_eq!(bench.now(&other).await.order.state, OrderState::Pending);
    bench
        .shop
        .clock
        .advance(Duration::minutes(29) + Duration::seconds(1));
    let third = bench.checkout().place(&wish()).await.unwrap();
    assert!(
        matches!(third, Placed::New(_)),
        "less than a minute is left"
    );
}

#[tokio::test]
async fn r1_an_order_that_was_paid_is_not_replaced() {
    let bench = Bench::new().await;
    let first = bench.placed().await;
    // Its callback is under way, and its terms are no longer the current ones.
    let said = statement(&first.attempt, "T1");
    bench.shop.wechat.answer_query_with(said);
    let more = PointPackage {
        points: 1001,
        ..a_package()
    };
    bench.offer(more).await;
    let Placed::Waiting(shown) = bench.checkout().place(&wish()).await.unwrap() else {
        unreachable!("the buyer has paid, and gets that")
    };
    assert_eq!(shown.order.order_no, first.order.order_no);
    assert!(is_paid(&shown));
    bench.settle_down().await;
    assert_eq!(bench.points().await, 1000);
    assert_eq!(bench.owed(&first).await, []);
    assert!(matches!(
        bench.checkout().place(&wish()).await,
        Ok(Placed::New(_))
    ));
}

#[tokio::test]
async fn r2_an_unknown_create_is_repeated_with_the_same_number_and_parameters() {
    let bench = Bench::new().await;
    let unknown = || {
        bench
            .shop
            .wechat
            .fail_create(ProviderError::timed_out("no answer"));
    };
    unknown();
    let refused = bench.checkout().place(&wish()).await.unwrap_err();
    let PlaceError::Provider { order_no, source } = refused else {
        unreachable!("the platform did not answer")
    };
    assert!(!source.did_not_happen());
    bench.shop.clock.advance(Duration::seconds(10));
    let purchase = bench.placed().await;
    assert_eq!(purchase.order.order_no, order_no);
    assert_eq!(purchase.attempt.state, AttemptState::Open);
    assert_eq!(purchase.attempt.retry_count, 1);
    let created = bench.shop.wechat.created();
    assert_eq!(created.len(), 2);
    assert_eq!(created[0], created[1]);
}

#[tokio::test]
async fn a_rejected_first_create_closes_the_order() {
    let bench = Bench::new().await;
    bench.shop.wechat.fail_create(refusal());
    let error = bench.checkout().place(&wish()).await.unwrap_err();
    let PlaceError::Provider { order_no, .. } = error else {
        unreachable!("the platform refused")
    };
    let purchase = bench.checkout().show(&order_no).await.unwrap().unwrap();
    assert_eq!(purchase.attempt.state, AttemptState::Rejected);
    let reason = purchase.order.state.close_reason();
    assert_eq!(reason, Some(CloseReason::Rejected));
    assert!(matches!(purchase.order.state, OrderState::Closed { .. }));
    assert_eq!(bench.events().await, [EventKind::OrderClosed]);
    let next = bench.checkout().place(&wish()).await.unwrap();
    assert!(matches!(next, Placed::New(_)));
}

#[tokio::test]
async fn r1_a_rejected_repeat_does_not_close_the_order() {
    let bench = Bench::new().await;
    bench
        .shop
        .wechat
        .fail_create(ProviderError::timed_out("no answer"));
    bench.checkout().place(&wish()).await.unwrap_err();
    bench.shop.wechat.fail_create(refusal());
    let error = bench.checkout().place(&wish()).await.unwrap_err();
    let PlaceError::Provider { order_no, .. } = error else {
        unreachable!("the platform refused")
    };
    let purchase = bench.checkout().show(&order_no).await.unwrap().unwrap();
    assert_eq!(purchase.order.state, OrderState::Pending);
    assert_eq!(purchase.attempt.state, AttemptState::Unknown);
    assert_eq!(bench.events().await, []);
}

#[tokio::test]
async fn an_answer_that_cannot_be_believed_leaves_the_order_waiting() {
    let bench = Bench::new().await;
    bench.shop.wechat.fail_create(ProviderError::Untrusted {
        reason: Untrusted::BadSignature,
        details: Details::default(),
    });
    bench.checkout().place(&wish()).await.unwrap_err();
    let recent = bench.checkout().recent(&wish().user_id, 10).await.unwrap();
    let states: Vec<_> = recent
        .iter()
        .map(|purchase| &purchase.order.state)
        .collect();
    assert_eq!(states, [&OrderState::Pending]);
}

#[tokio::test]
async fn what_is_not_for_sale_places_nothing() {
    let bench = Bench::new().await;
    let unlisted = PointPackage {
        listed: false,
        ..a_package()
    };
    bench.offer(unlisted).await;
    let unknown = PlaceOrder {
        code: "points-1".to_owned(),
        ..wish()
    };
    for wish in [wish(), unknown] {
        let error = bench.checkout().place(&wish).await.unwrap_err();
        assert!(
            matches!(error, PlaceError::Offer(OfferError::UnknownItem { .. })),
            "{error}"
        );
    }
    assert_eq!(bench.shop.wechat.created(), []);
    let recent = bench.checkout().recent(&wish().user_id, 10).await.unwrap();
    assert_eq!(recent, []);
}

#[tokio::test]
async fn an_order_is_shown_to_its_buyer_only() {
    let bench = Bench::new().await;
    let purchase = bench.placed().await;
    let number = &purchase.order.order_no;
    let own = bench
        .checkout()
        .status(&wish().user_id, number, false)
        .await;
    assert_eq!(own.unwrap(), purchase);
    for refresh in [false, true] {
        let other = "u2".parse().unwrap();
        let refused = bench.checkout().status(&other, number, refresh).await;
        assert!(matches!(refused, Err(StatusError::NotFound)));
    }
    assert_eq!(bench.shop.wechat.queried(), Vec::<String>::new());
    let other = "u2".parse().unwrap();
    assert_eq!(bench.checkout().recent(&other, 10).await.unwrap(), []);
}

#[tokio::test]
async fn recent_orders_are_those_of_one_day() {
    let bench = Bench::new().await;
    let first = bench.placed().await;
    bench.shop.clock.advance(Duration::hours(23));
    let second = bench.placed().await;
    let user = wish().user_id;
    // The first one was replaced, which is seen to on the side.
    bench.settle_down().await;
    let first = bench.now(&first).await;
    let recent = bench.checkout().recent(&user, 10).await.unwrap();
    assert_eq!(recent, [second.clone(), first]);
    bench.shop.clock.advance(Duration::hours(2));
    assert_eq!(bench.checkout().recent(&user, 10).await.unwrap(), [second]);
}

#[tokio::test]
async fn r16_every_order_has_numbers_of_its_own() {
    let bench = Bench::new().await;
    let first = bench.placed().await;
    bench.shop.clock.advance(Duration::minutes(30));
    let second = bench.placed().await;
    assert_ne!(first.order.order_no, second.order.order_no);
    assert!(first.attempt.payment_no < second.attempt.payment_no);
    assert_eq!(first.attempt.payment_no.tag(), payment_no(1).tag());
}
