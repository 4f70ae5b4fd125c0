//! The same request again, under its caller's key.

use cashier::{IdempotencyKey, KeptAnswer, KeyRun, PlaceError, PlaceOrder, Placed, Taken};
use kernel::OrderNo;
use orders::CloseReason;
use paydesk_provider::{Advice, Details, ProviderError};
use payments::AttemptState;
use time::Duration;

use crate::{Bench, wish};

fn a_key(key: &str) -> IdempotencyKey {
    IdempotencyKey {
        caller: wish().user_id,
        path: "/api/v1/payment/create-order".to_owned(),
        key: key.to_owned(),
        digest: "as asked".to_owned(),
    }
}

fn created() -> KeptAnswer {
    KeptAnswer {
        status: 201,
        body: "{}".to_owned(),
    }
}

impl Bench {
    async fn take(&self, key: &str) -> Taken {
        self.shop.idempotency().take(&a_key(key)).await.unwrap()
    }

    async fn taken_new(&self, key: &str) -> KeyRun {
        match self.take(key).await {
            Taken::New(run) => run,
            other => unreachable!("the key is new: {other:?}"),
        }
    }

    async fn place(&self, run: &KeyRun) -> Result<Placed, PlaceError> {
        let wish = PlaceOrder {
            key: Some(run.clone()),
            ..wish()
        };
        self.checkout().place(&wish).await
    }

    /// The order that an interrupted request under this key made.
    async fn timed_out(&self, key: &str) -> (KeyRun, OrderNo) {
        let timeout = ProviderError::timed_out("no answer");
        self.shop.wechat.fail_create(timeout);
        let run = self.taken_new(key).await;
        match self.place(&run).await.unwrap_err() {
            PlaceError::Provider { order_no, .. } => (run, order_no),
            other => unreachable!("the platform did not answer: {other}"),
        }
    }
}

#[tokio::test]
async fn an_answered_key_gives_its_answer_again() {
    let bench = Bench::new().await;
    let run = bench.taken_new("k").await;
    assert_eq!(bench.take("k").await, Taken::InProgress);
    let keys = bench.shop.idempotency();
    assert!(keys.finish(&run, &created()).await.unwrap());
    assert_eq!(bench.take("k").await, Taken::Replay(created()));
    assert!(!keys.release(&run).await.unwrap(), "it stays answered");
    assert_eq!(bench.take("k").await, Taken::Replay(created()));
}

#[tokio::test]
async fn another_request_under_the_same_key_is_refused() {
    let bench = Bench::new().await;
    let run = bench.taken_new("k").await;
    let keys = bench.shop.idempotency();
    let other = IdempotencyKey {
        digest: "something else".to_owned(),
        ..a_key("k")
    };
    assert_eq!(keys.take(&other).await.unwrap(), Taken::Reused);
    keys.finish(&run, &created()).await.unwrap();
    assert_eq!(keys.take(&other).await.unwrap(), Taken::Reused);
}

#[tokio::test]
async fn an_order_placed_without_an_answer_is_gone_on_with() {
    let bench = Bench::new().await;
    let (run, order_no) = bench.timed_out("k").await;
    assert_eq!(bench.take("k").await, Taken::InProgress);
    assert!(bench.shop.idempotency().release(&run).await.unwrap());
    let Taken::Continue(next, made) = bench.take("k").await else {
        unreachable!("an order was made")
    };
    assert_eq!(made, order_no);
    assert_ne!(next.run, run.run);
    let keys = bench.shop.idempotency();
    assert!(!keys.finish(&run, &created()).await.unwrap(), "it is over");

    let user = wish().user_id;
    let purchase = bench.checkout().resume(&user, &made).await.unwrap();
    assert_eq!(purchase.order.order_no, order_no);
    assert_eq!(purchase.attempt.state, AttemptState::Open);
    assert_eq!(purchase.attempt.retry_count, 1);
    let asked = bench.shop.wechat.created();
    assert_eq!(asked.len(), 2);
    assert_eq!(asked[0], asked[1], "the same number, the same parameters");
    let again = bench.checkout().resume(&user, &made).await.unwrap();
    assert_eq!(again, purchase);
    assert_eq!(bench.shop.wechat.created().len(), 2, "its code is at hand");
}

#[tokio::test]
async fn going_on_tells_what_the_platform_does_now() {
    let bench = Bench::new().await;
    let (_, order_no) = bench.timed_out("k").await;
    let timeout = ProviderError::timed_out("no answer again");
    bench.shop.wechat.fail_create(timeout);
    let user = wish().user_id;
    let refused = bench.checkout().resume(&user, &order_no).await;
    assert!(matches!(refused, Err(PlaceError::Provider { .. })));
    bench.shop.clock.advance(Duration::minutes(31));
    let late = bench.checkout().resume(&user, &order_no).await.unwrap();
    assert_eq!(late.attempt.state, AttemptState::Unknown);
    assert_eq!(bench.shop.wechat.created().len(), 2, "its time is over");
    let stranger = "u2".parse().unwrap();
    let refused = bench.checkout().resume(&stranger, &order_no).await;
    assert!(matches!(refused, Err(PlaceError::Store(_))));
}

#[tokio::test]
async fn a_refused_order_stays_the_order_of_its_key() {
    let bench = Bench::new().await;
    bench.shop.wechat.fail_create(ProviderError::Rejected {
        details: Details::message("no such merchant"),
        advice: Advice::Never,
    });
    let run = bench.taken_new("k").await;
    bench.place(&run).await.unwrap_err();
    bench.shop.idempotency().release(&run).await.unwrap();
    let Taken::Continue(_, order_no) = bench.take("k").await else {
        unreachable!("an order was made")
    };
    let user = wish().user_id;
    let purchase = bench.checkout().resume(&user, &order_no).await.unwrap();
    let reason = purchase.order.state.close_reason();
    assert_eq!(reason, Some(CloseReason::Rejected));
    assert_eq!(bench.shop.wechat.created().len(), 1, "never asked again");
}

#[tokio::test]
async fn a_run_that_lost_its_key_places_nothing() {
    let bench = Bench::new().await;
    let lost = bench.taken_new("k").await;
    bench.shop.idempotency().release(&lost).await.unwrap();
    let holder = bench.taken_new("k").await;
    assert!(matches!(
        bench.place(&lost).await.unwrap_err(),
        PlaceError::Store(_)
    ));
    assert_eq!(bench.shop.wechat.created(), []);
    assert!(matches!(bench.place(&holder).await, Ok(Placed::New(_))));
    let recent = bench.checkout().recent(&wish().user_id, 10).await.unwrap();
    assert_eq!(recent.len(), 1);
}

#[tokio::test]
async fn every_key_has_an_order_of_its_own() {
    let bench = Bench::new().await;
    let first = bench.placed().await;
    for key in ["a", "b"] {
        let run = bench.taken_new(key).await;
        let placed = bench.place(&run).await.unwrap();
        assert!(matches!(placed, Placed::New(_)), "{placed:?}");
    }
    assert_eq!(bench.now(&first).await, first, "nothing is taken away");
    let recent = bench.checkout().recent(&wish().user_id, 10).await.unwrap();
    assert_eq!(recent.len(), 3);
}

#[tokio::test]
async fn keys_are_remembered_for_a_day() {
    let bench = Bench::new().await;
    bench.taken_new("k").await;
    let forgotten = bench.shop.idempotency().forget(10).await.unwrap();
    assert_eq!(forgotten, 0, "by the database's clock it was just written");
    bench.shop.clock.advance(Duration::days(2));
    let forgotten = bench.shop.idempotency().forget(10).await.unwrap();
    assert_eq!(forgotten, 0, "the process's clock is not asked");
    assert_eq!(bench.take("k").await, Taken::InProgress);
}
