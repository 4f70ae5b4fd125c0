//! The use cases on a real database, with fake platforms.
#![cfg(test)]

mod crowd;
mod ending;
mod failing_grants;
mod fulfilment;
mod idempotency;
mod late_money;
mod memberships;
mod notices;
mod placing;
mod queries;
mod settling;
mod switching;
mod unexpected;

use std::collections::BTreeMap;
use std::sync::Arc;

use cashier::testing::{FakeProvider, NOW, Shop, TAG, a_package, statement};
use cashier::{Checkout, Database, EventKind, PlaceOrder, Placed, Received, Refusal, WorkKind};
use catalog::{ItemKind, Listing, PointPackage};
use orders::{OrderState, Purchase};
use paydesk_provider::{Channel, PaymentStatement, RawNotice, Scene};
use payments::{Attempt, Refund};
use persistence::{Options, Store};
use tempfile::TempDir;
use time::Duration;

/// A shop that sells one package, on a database of its own.
struct Bench {
    shop: Shop,
    _folder: TempDir,
}

impl Bench {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = Options {
            url: format!("sqlite://{}", folder.path().join("paydesk.db").display()),
            readers: 2,
            create: true,
        };
        let store = Store::connect(&options).await.unwrap();
        store.migrate(&TAG.parse().unwrap(), NOW).await.unwrap();
        let shop = Shop::on(Arc::new(store));
        let bench = Self {
            shop,
            _folder: folder,
        };
        bench.offer(a_package()).await;
        bench
    }

    /// Publishes a package.
    async fn offer(&self, package: PointPackage) {
        let listing = Listing {
            packages: vec![package],
            ..Listing::default()
        };
        self.shop.catalogue().publish(&listing).await.unwrap();
    }

    fn database(&self) -> &dyn Database {
        &*self.shop.ports.database
    }

    fn checkout(&self) -> Checkout {
        self.shop.checkout()
    }

    /// Places an order that succeeds.
    async fn placed(&self) -> Purchase {
        match self.checkout().place(&wish()).await.unwrap() {
            Placed::New(purchase) | Placed::Waiting(purchase) => purchase,
        }
    }

    /// The platform calls.
    async fn call(&self, channel: Channel, raw: &RawNotice) -> Result<Received, Refusal> {
        self.shop.notices().receive(channel, raw, "request-1").await
    }

    /// WeChat calls and says this.
    async fn told(&self, statement: &PaymentStatement) -> Result<Received, Refusal> {
        self.call(Channel::Wechat, &FakeProvider::notice(statement))
            .await
    }

    /// WeChat calls and says that the attempt was paid, which is believed.
    async fn paid(&self, attempt: &Attempt, transaction_id: &str) -> Received {
        self.told(&statement(attempt, transaction_id))
            .await
            .unwrap()
    }

    /// Waits for granting that was started on the side.
    async fn settle_down(&self) {
        self.shop.ports.tasks.finish().await;
    }

    /// The purchase as it is stored now.
    async fn now(&self, purchase: &Purchase) -> Purchase {
        let found = self.checkout().show(&purchase.order.order_no).await;
        found.unwrap().unwrap()
    }

    /// The points that the buyer can spend.
    async fn points(&self) -> i64 {
        let user = wish().user_id;
        let lots = self.database().read().await.unwrap().find_lots(&user).await;
        points::spendable(&lots.unwrap(), NOW)
    }

    /// What is owed back of what this purchase's current attempt brought in.
    async fn owed(&self, purchase: &Purchase) -> Vec<Refund> {
        let mut snapshot = self.database().read().await.unwrap();
        let number = &purchase.attempt.payment_no;
        snapshot.find_refunds(number).await.unwrap()
    }

    /// What was told to the buyer.
    async fn events(&self) -> Vec<EventKind> {
        let mut snapshot = self.database().read().await.unwrap();
        let heads = snapshot.event_heads(0, 100).await.unwrap();
        let ids: Vec<_> = heads.iter().map(|head| head.id).collect();
        let events = snapshot.load_events(&ids).await.unwrap();
        events.iter().map(|event| event.kind).collect()
    }
}

/// The one piece of work that is due has failed so many times, and is due again.
async fn failed_before(bench: &Bench, kind: WorkKind, times: u32) {
    for _ in 0..times {
        let mut tx = bench.database().begin().await.unwrap();
        let claims = tx.claim_work(kind, 10, Duration::ZERO).await.unwrap();
        let [claim] = claims.as_slice() else {
            unreachable!("one is due: {claims:?}")
        };
        tx.postpone_work(claim, Duration::ZERO, Some("it broke"))
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }
}

/// 1,000 points for `u1`, by WeChat.
fn wish() -> PlaceOrder {
    PlaceOrder {
        user_id: "u1".parse().unwrap(),
        kind: ItemKind::Points,
        code: a_package().code,
        channel: Channel::Wechat,
        scene: Scene::Qr,
        metadata: BTreeMap::new(),
        key: None,
    }
}

fn is_paid(purchase: &Purchase) -> bool {
    matches!(purchase.order.state, OrderState::Paid { .. })
}
