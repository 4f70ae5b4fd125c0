use cashier::testing::{a_fact, a_purchase, order_no, statement};
use cashier::{EventKind, ExceptionKind, FulfilError, Summary, WorkKind};
use orders::{Fulfilment, Granted};
use time::Duration;

use crate::{Bench, failed_before};

/// A paid order whose granting the process did not get to.
async fn left_over(bench: &Bench, n: u32) {
    let purchase = a_purchase(n);
    let mut tx = bench.database().begin().await.unwrap();
    tx.insert_order(&purchase.order).await.unwrap();
    tx.insert_attempt(&purchase.attempt).await.unwrap();
    tx.commit().await.unwrap();
    let said = statement(&purchase.attempt, &format!("T{n}"));
    let fact = a_fact(&purchase.attempt.account, said);
    bench.shop.settlement().settle(&fact, None).await.unwrap();
}

/// Makes work that was committed due at once, as it is some seconds later.
async fn due(bench: &Bench, subject: &str) {
    let mut tx = bench.database().begin().await.unwrap();
    tx.add_work(WorkKind::Fulfil, subject, Duration::ZERO)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn granting_twice_grants_once() {
    let bench = Bench::new().await;
    left_over(&bench, 1).await;
    let fulfilment = bench.shop.fulfilment();
    for expected in [Granted::Now, Granted::Already, Granted::Already] {
        assert_eq!(fulfilment.fulfil(&order_no(1)).await.unwrap(), expected);
    }
    assert_eq!(bench.points().await, 1000);
    let told = [EventKind::PaymentSuccess, EventKind::Fulfilled];
    assert_eq!(bench.events().await, told);
}

#[tokio::test]
async fn nothing_is_granted_for_nothing() {
    let bench = Bench::new().await;
    let purchase = bench.placed().await;
    let fulfilment = bench.shop.fulfilment();
    let refused = fulfilment.fulfil(&purchase.order.order_no).await;
    assert!(matches!(refused, Err(FulfilError::Refused(_))));
    let missing = fulfilment.fulfil(&order_no(1)).await;
    assert!(matches!(missing, Err(FulfilError::NoOrder(_))));
    assert_eq!(bench.points().await, 0);
}

#[tokio::test]
async fn the_process_that_settles_has_a_head_start() {
    let bench = Bench::new().await;
    left_over(&bench, 1).await;
    let nothing = bench.shop.fulfilment().run(10).await.unwrap();
    assert_eq!(nothing, Summary::default());
}

#[tokio::test]
async fn r4_the_work_of_granting_is_committed_with_the_payment() {
    let bench = Bench::new().await;
    left_over(&bench, 1).await;
    // Adding work that is there changes nothing, its time neither; only missing work becomes due.
    due(&bench, order_no(1).as_str()).await;
    let run = bench.shop.fulfilment().run(10).await.unwrap();
    assert_eq!(run, Summary::default(), "the work was there already");
}

#[tokio::test]
async fn run_picks_up_what_was_left() {
    let bench = Bench::new().await;
    // Work that is there already keeps its time, so that these are due before they are settled.
    for n in [1, 2] {
        due(&bench, order_no(n).as_str()).await;
        left_over(&bench, n).await;
    }
    let fulfilment = bench.shop.fulfilment();
    let all = Summary {
        claimed: 2,
        done: 2,
        failed: 0,
    };
    assert_eq!(fulfilment.run(10).await.unwrap(), all);
    assert_eq!(bench.points().await, 2000);
    for n in [1, 2] {
        let now = bench.now(&a_purchase(n)).await;
        assert_eq!(now.order.fulfilment, Fulfilment::Granted);
    }
    assert_eq!(fulfilment.run(10).await.unwrap(), Summary::default());
}

#[tokio::test]
async fn a_failing_grant_is_put_off_and_blocks_no_other() {
    let bench = Bench::new().await;
    due(&bench, "no order number").await;
    due(&bench, order_no(9).as_str()).await;
    due(&bench, order_no(1).as_str()).await;
    left_over(&bench, 1).await;
    let fulfilment = bench.shop.fulfilment();
    let one_of_three = Summary {
        claimed: 3,
        done: 1,
        failed: 2,
    };
    assert_eq!(fulfilment.run(10).await.unwrap(), one_of_three);
    assert_eq!(bench.points().await, 1000);
    let paused = fulfilment.run(10).await.unwrap();
    assert_eq!(
        paused,
        Summary::default(),
        "the others wait for their pause"
    );
    assert_eq!(bench.shop.alerts.heard(), []);
}

#[tokio::test]
async fn a_grant_that_keeps_failing_is_raised_once() {
    let bench = Bench::new().await;
    let subject = order_no(9);
    due(&bench, subject.as_str()).await;
    failed_before(&bench, WorkKind::Fulfil, 9).await;
    let summary = bench.shop.fulfilment().run(1).await.unwrap();
    assert_eq!(summary.failed, 1);
    let raised = bench.shop.alerts.heard();
    let kinds: Vec<_> = raised.iter().map(|exception| exception.kind).collect();
    assert_eq!(kinds, [ExceptionKind::StuckWork]);
    assert_eq!(raised[0].order_no, Some(subject));
}
