//! Many things at once.

use std::sync::Arc;
use std::time::Duration;

use cashier::testing::{FakeProvider, NOW, Shop, TAG, an_attempt, an_order, statement};
use cashier::{CancelError, EventKind, Received, WorkKind};
use orders::{Fulfilment, Purchase};
use paydesk_provider::Channel;
use persistence::{Options, Store};
use tempfile::TempDir;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::{Bench, is_paid, wish};

/// 32 identical callbacks, 4 questions and a cancellation, in an order that chance decides.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn r3_everything_at_once_pays_once_and_grants_once() {
    for _ in 0..5 {
        let bench = Bench::new().await;
        let purchase = bench.placed().await;
        let said = statement(&purchase.attempt, "T1");
        let number = purchase.order.order_no.clone();
        let mut crowd = JoinSet::new();
        for n in 0..32 {
            let (notices, notice) = (bench.shop.notices(), FakeProvider::notice(&said));
            crowd.spawn(async move {
                let request = format!("request-{n}");
                let received = notices.receive(Channel::Wechat, &notice, &request).await;
                assert!(matches!(received, Ok(Received::Settled(_))), "{received:?}");
            });
        }
        // The platform was paid before the first of these is asked.
        for _ in 0..10 {
            bench.shop.wechat.answer_query_with(said.clone());
        }
        for _ in 0..4 {
            let (checkout, number) = (bench.checkout(), number.clone());
            crowd.spawn(async move {
                let shown = checkout.status(&wish().user_id, &number, true).await;
                shown.unwrap();
            });
        }
        let (checkout, number) = (bench.checkout(), number.clone());
        crowd.spawn(async move {
            let cancelled = checkout.cancel(&wish().user_id, &number).await;
            assert!(
                matches!(cancelled, Err(CancelError::Paid(_))),
                "{cancelled:?}"
            );
        });
        while let Some(ended) = crowd.join_next().await {
            ended.unwrap();
        }
        bench.settle_down().await;
        let now = bench.now(&purchase).await;
        assert!(is_paid(&now));
        assert_eq!(now.order.fulfilment, Fulfilment::Granted);
        assert_eq!(now.order.version, 3, "paid once, granted once");
        let told = [EventKind::PaymentSuccess, EventKind::Fulfilled];
        assert_eq!(bench.events().await, told);
        assert_eq!(bench.points().await, 1000);
        assert_eq!(bench.owed(&purchase).await, []);
        assert_eq!(bench.shop.alerts.heard(), []);
    }
}

/// Two processes on one file: what serves callbacks, and what runs jobs.
struct TwoProcesses {
    api: Shop,
    jobs: Shop,
    _folder: TempDir,
}

impl TwoProcesses {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = Options {
            url: format!("sqlite://{}", folder.path().join("paydesk.db").display()),
            readers: 4,
            create: true,
        };
        let store = Store::connect(&options).await.unwrap();
        store.migrate(&TAG.parse().unwrap(), NOW).await.unwrap();
        let api = Shop::on(Arc::new(store));
        let other = Store::connect(&options).await.unwrap().deferring();
        let jobs = Shop::on(Arc::new(other));
        Self {
            api,
            jobs,
            _folder: folder,
        }
    }

    /// Orders, stored in few transactions, of which the first `due` have no time left.
    async fn keep(&self, count: u32, due: u32) -> Vec<Purchase> {
        let mut kept = Vec::new();
        let numbers: Vec<_> = (0..count).collect();
        for batch in numbers.chunks(500) {
            let mut tx = self.api.ports.database.begin().await.unwrap();
            for &n in batch {
                let order = an_order(n);
                let attempt = an_attempt(&order);
                tx.insert_order(&order).await.unwrap();
                tx.insert_attempt(&attempt).await.unwrap();
                if n < due {
                    let number = order.order_no.as_str();
                    tx.add_work(WorkKind::Expire, number, time::Duration::ZERO)
                        .await
                        .unwrap();
                }
                kept.push(Purchase { order, attempt });
            }
            tx.commit().await.unwrap();
        }
        kept
    }
}

/// With `--long` until the last of them has ended; otherwise as long as the callbacks take.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixty_four_callbacks_at_once_are_answered_in_time_while_ten_thousand_orders_expire() {
    let long = std::env::var_os("E2E_LONG").is_some();
    let house = TwoProcesses::new().await;
    let (due, waves) = (10_000, if long { 40 } else { 8 });
    let kept = house.keep(due + waves * 64, due).await;
    let expiry = house.jobs.expiry();
    let jobs = tokio::spawn(async move {
        let mut ended = 0;
        loop {
            let run = expiry.run(200).await.expect("no Busy reaches the job");
            assert_eq!(run.failed, 0);
            ended += run.done;
            if run.claimed == 0 {
                return ended;
            }
        }
    });
    let mut slowest = Duration::ZERO;
    for wave in kept[due as usize..].chunks(64) {
        let mut crowd = JoinSet::new();
        for purchase in wave {
            let transaction = format!("T{}", purchase.order.order_no);
            let notice = FakeProvider::notice(&statement(&purchase.attempt, &transaction));
            let notices = house.api.notices();
            crowd.spawn(async move {
                let begin = Instant::now();
                let received = notices.receive(Channel::Wechat, &notice, "crowd").await;
                received.expect("no Busy reaches a caller");
                begin.elapsed()
            });
        }
        while let Some(took) = crowd.join_next().await {
            slowest = slowest.max(took.unwrap());
        }
    }
    assert!(slowest < Duration::from_secs(5), "{slowest:?}");
    if long {
        assert_eq!(jobs.await.unwrap(), due as usize);
    } else {
        assert!(!jobs.is_finished(), "the crowd met the whole expiry");
        jobs.abort();
    }
    house.api.ports.tasks.finish().await;
    // What found no turn to be granted in at once, the backstop grants.
    let patience = Instant::now() + Duration::from_mins(1);
    while paid_points(&house.api).await < i64::from(waves) * 64 * 1000 {
        assert!(Instant::now() < patience, "not everything is granted");
        house.jobs.fulfilment().run(1000).await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    println!("slowest callback: {slowest:?}");
}

async fn paid_points(shop: &Shop) -> i64 {
    let user = wish().user_id;
    let mut snapshot = shop.ports.database.read().await.unwrap();
    points::spendable(&snapshot.find_lots(&user).await.unwrap(), NOW)
}
