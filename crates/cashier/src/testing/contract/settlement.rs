//! The use cases that money depends on, met by others of their kind.

use std::sync::Arc;

use orders::{Fulfilment, Granted, OrderState, Paid};
use payments::{Fact, Verdict};

use super::{keep, read};
use crate::testing::{NOW, Shop, a_fact, a_purchase, order_no, statement};
use crate::{Database, EventKind, Settled};

/// What the platform says of the first purchase.
fn told(transaction_id: &str) -> Fact {
    let attempt = a_purchase(1).attempt;
    a_fact(&attempt.account, statement(&attempt, transaction_id))
}

/// Settles both in tasks of their own, at once.
async fn settle_both(database: &Arc<dyn Database>, one: Fact, two: Fact) -> [Paid; 2] {
    keep(database, &a_purchase(1)).await;
    let shop = Shop::on(Arc::clone(database));
    let settle = |fact: Fact| {
        let settlement = shop.settlement();
        tokio::spawn(async move { settlement.settle(&fact, None).await })
    };
    let (one, two) = (settle(one), settle(two));
    let mut outcomes = Vec::new();
    for task in [one, two] {
        match task.await.expect("no panic").expect("settled") {
            Settled::Order { paid, .. } => outcomes.push(paid),
            Settled::DealtWith => unreachable!("nobody has dealt with it"),
        }
    }
    outcomes.sort_by_key(|paid| !paid.pays_the_order());
    outcomes.try_into().expect("two outcomes")
}

async fn kinds_told(database: &Arc<dyn Database>) -> Vec<EventKind> {
    let mut snapshot = read(database).await;
    let heads = snapshot.event_heads(0, 100).await.expect("heads");
    let ids: Vec<_> = heads.iter().map(|head| head.id).collect();
    let events = snapshot.load_events(&ids).await.expect("events");
    events.iter().map(|event| event.kind).collect()
}

/// A callback and its repeat, or a callback and the answer to a query.
pub async fn money_told_twice_at_once_pays_once(database: &Arc<dyn Database>) {
    let outcomes = settle_both(database, told("T1"), told("T1")).await;
    assert_eq!(outcomes, [Paid::Now, Paid::Already]);
    assert_eq!(kinds_told(database).await, [EventKind::PaymentSuccess]);
    let mut snapshot = read(database).await;
    let purchase = snapshot.find_purchase(&order_no(1)).await;
    let order = purchase.expect("readable").expect("stored").order;
    assert!(matches!(order.state, OrderState::Paid { .. }));
    assert_eq!(order.version, 2);
    assert_eq!(order.paid, order.amount);
}

/// One pays the order, the other is too much; both are kept.
pub async fn two_payments_at_once_pay_once(database: &Arc<dyn Database>) {
    let outcomes = settle_both(database, told("T1"), told("T2")).await;
    assert_eq!(outcomes, [Paid::Now, Paid::Twice]);
    assert_eq!(kinds_told(database).await, [EventKind::PaymentSuccess]);
    let attempt = a_purchase(1).attempt;
    let mut verdicts = Vec::new();
    let mut snapshot = read(database).await;
    for number in ["T1", "T2"] {
        let verdict = snapshot
            .find_verdict(attempt.channel, &attempt.merchant_id, number)
            .await;
        verdicts.push(verdict.expect("readable").expect("stored").0);
    }
    verdicts.sort_by_key(|verdict| verdict.as_str());
    assert_eq!(verdicts, [Verdict::Settled, Verdict::Surplus]);
}

/// By the process that settled and by the scheduler.
pub async fn goods_wanted_twice_at_once_are_granted_once(database: &Arc<dyn Database>) {
    keep(database, &a_purchase(1)).await;
    let shop = Shop::on(Arc::clone(database));
    let settled = shop.settlement().settle(&told("T1"), None).await;
    settled.expect("settled");
    let grant = || {
        let fulfilment = shop.fulfilment();
        tokio::spawn(async move { fulfilment.fulfil(&order_no(1)).await })
    };
    let (one, two) = (grant(), grant());
    let mut granted = Vec::new();
    for task in [one, two] {
        granted.push(task.await.expect("no panic").expect("granted"));
    }
    granted.sort_by_key(|granted| *granted == Granted::Already);
    assert_eq!(granted, [Granted::Now, Granted::Already]);
    let mut snapshot = read(database).await;
    let purchase = snapshot.find_purchase(&order_no(1)).await;
    let order = purchase.expect("readable").expect("stored").order;
    assert_eq!(order.fulfilment, Fulfilment::Granted);
    let lots = snapshot.find_lots(&order.user_id).await.expect("lots");
    assert_eq!(points::spendable(&lots, NOW), 1000);
    let told = kinds_told(database).await;
    assert_eq!(told, [EventKind::PaymentSuccess, EventKind::Fulfilled]);
}
