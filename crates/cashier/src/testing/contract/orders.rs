//! Orders.

use std::sync::Arc;

use catalog::ItemKind;
use kernel::UserId;
use orders::{
    CloseReason, Fulfilment, Order, OrderFilter, OrderPlace, OrderState, OrderStatus, Purchase,
};
use paydesk_money::Cny;
use paydesk_provider::Channel;
use time::Duration;

use super::{begin, keep, read};
use crate::Database;
use crate::testing::{NOW, a_purchase, an_attempt, an_order, order_no, payment_no};

fn user(name: &str) -> UserId {
    name.parse().expect("a user id")
}

async fn shown(database: &Arc<dyn Database>, order: &Order) -> Option<Purchase> {
    let mut snapshot = read(database).await;
    let found = snapshot.find_purchase(&order.order_no).await;
    found.expect("a purchase is readable")
}

/// Every field in every state, stored at once or changed into.
pub async fn an_order_comes_back_whole_in_every_state(database: &Arc<dyn Database>) {
    let paid = OrderState::Paid {
        paid_at: NOW - Duration::microseconds(1),
        payment_no: payment_no(99),
        transaction_id: "4200000001".to_owned(),
    };
    let closed = OrderState::Closed {
        reason: CloseReason::Rejected,
        closed_at: NOW + Duration::microseconds(1),
    };
    let closing = |reason| OrderState::Closing { reason };
    let states = [
        (OrderState::Pending, Fulfilment::None),
        (closing(CloseReason::Cancelled), Fulfilment::Failed),
        (closed, Fulfilment::Revoked),
        (closing(CloseReason::Expired), Fulfilment::Granted),
        (paid, Fulfilment::Pending),
    ];
    let mut changed = a_purchase(100);
    keep(database, &changed).await;
    for (n, (state, fulfilment)) in (0_u32..).zip(states) {
        let mut stored = a_purchase(n);
        stored.order.state = state.clone();
        stored.order.fulfilment = fulfilment;
        stored.order.amount = Cny::from_fen(i64::MAX);
        stored.order.paid = Cny::from_fen(i64::from(n));
        stored.order.refunded = Cny::from_fen(1);
        let note = ("备注".to_owned(), "\"quoted\" \u{1f600}\n".to_owned());
        stored.order.metadata.extend([note]);
        keep(database, &stored).await;
        assert_eq!(shown(database, &stored.order).await, Some(stored));

        changed.order.state = state;
        changed.order.fulfilment = fulfilment;
        changed.order.paid = Cny::from_fen(i64::from(n));
        changed.order.refunded = Cny::from_fen(2);
        changed.order.version += 1;
        let mut tx = begin(database).await;
        tx.save_order(&changed.order).await.expect("saved");
        let locked = tx.lock_order(&changed.order.order_no).await;
        assert_eq!(locked.expect("locked").as_ref(), Some(&changed.order));
        tx.commit().await.expect("commit");
        assert_eq!(
            shown(database, &changed.order).await.as_ref(),
            Some(&changed)
        );
    }
    assert_eq!(shown(database, &an_order(77)).await, None);
    let mut tx = begin(database).await;
    assert_eq!(tx.lock_order(&order_no(77)).await.expect("none"), None);
}

/// A second order under a number is refused.
pub async fn an_order_number_is_stored_once(database: &Arc<dyn Database>) {
    keep(database, &a_purchase(1)).await;
    let mut tx = begin(database).await;
    assert!(tx.insert_order(&an_order(1)).await.is_err());
}

/// Compare and set: whoever read an older version is told so, as a conflict.
pub async fn an_order_is_saved_only_over_the_version_before(database: &Arc<dyn Database>) {
    let mut purchase = a_purchase(1);
    keep(database, &purchase).await;
    for wrong in [1, 3, 0] {
        let mut tx = begin(database).await;
        let order = Order {
            version: wrong,
            ..purchase.order.clone()
        };
        let refused = tx.save_order(&order).await.expect_err("another version");
        assert!(refused.is_conflict());
    }
    purchase.order.version = 2;
    let mut tx = begin(database).await;
    tx.save_order(&purchase.order)
        .await
        .expect("the next version");
    let again = tx
        .save_order(&purchase.order)
        .await
        .expect_err("saved twice");
    assert!(again.is_conflict());
    let missing = an_order(2);
    assert!(
        tx.save_order(&missing)
            .await
            .expect_err("no row")
            .is_conflict()
    );
}

/// Only one that matches in all.
pub async fn a_waiting_order_is_found_by_user_item_and_channel(database: &Arc<dyn Database>) {
    let waiting = a_purchase(1);
    keep(database, &waiting).await;
    let mut paid = a_purchase(2);
    paid.order.state = OrderState::Closing {
        reason: CloseReason::Expired,
    };
    keep(database, &paid).await;
    let code = waiting.order.item.code.clone();
    let mut snapshot = read(database).await;
    for (name, code, channel, expected) in [
        ("u1", code.as_str(), Channel::Wechat, Some(&waiting)),
        ("u2", code.as_str(), Channel::Wechat, None),
        ("U1", code.as_str(), Channel::Wechat, None),
        ("u1", "points-1", Channel::Wechat, None),
        ("u1", code.as_str(), Channel::Alipay, None),
    ] {
        let found = snapshot
            .find_pending(&user(name), ItemKind::Points, code, channel)
            .await;
        assert_eq!(
            found.expect("readable").as_ref(),
            expected,
            "{name} {code} {channel}"
        );
    }
}

/// Of several that wait.
pub async fn the_newest_waiting_order_is_found(database: &Arc<dyn Database>) {
    for n in [2, 3, 1] {
        keep(database, &a_purchase(n)).await;
    }
    let code = &an_order(1).item.code;
    let found = read(database)
        .await
        .find_pending(&user("u1"), ItemKind::Points, code, Channel::Wechat)
        .await;
    assert_eq!(found.expect("readable"), Some(a_purchase(3)));
}

/// Of whatever plan and channel, but of no other kind and no longer waiting.
pub async fn a_waiting_upgrade_is_found_by_user(database: &Arc<dyn Database>) {
    let upgrade = |n: u32, code: &str, channel| {
        let mut purchase = a_purchase(n);
        purchase.order.item.kind = ItemKind::MembershipUpgrade;
        code.clone_into(&mut purchase.order.item.code);
        purchase.attempt.channel = channel;
        purchase
    };
    let mut closing = upgrade(3, "max-month", Channel::Wechat);
    closing.order.state = OrderState::Closing {
        reason: CloseReason::Cancelled,
    };
    let waiting = upgrade(2, "pro-month", Channel::Alipay);
    for purchase in [&closing, &waiting, &a_purchase(4)] {
        keep(database, purchase).await;
    }
    let mut snapshot = read(database).await;
    for (name, expected) in [("u1", Some(&waiting)), ("U1", None), ("u2", None)] {
        let found = snapshot.find_pending_upgrade(&user(name)).await;
        assert_eq!(found.expect("readable").as_ref(), expected, "{name}");
    }
}

/// Not with the first that was made.
pub async fn an_order_is_shown_with_its_current_attempt(database: &Arc<dyn Database>) {
    let mut purchase = a_purchase(1);
    keep(database, &purchase).await;
    purchase.order.payment_no = payment_no(2);
    purchase.order.version = 2;
    purchase.attempt = an_attempt(&purchase.order);
    let mut tx = begin(database).await;
    tx.insert_attempt(&purchase.attempt)
        .await
        .expect("another attempt");
    tx.save_order(&purchase.order).await.expect("saved");
    tx.commit().await.expect("commit");
    assert_eq!(shown(database, &purchase.order).await, Some(purchase));
}

/// The user's own, since an instant, and no more than asked for.
pub async fn recent_orders_come_newest_first(database: &Arc<dyn Database>) {
    for n in [3, 1, 4, 2] {
        keep(database, &a_purchase(n)).await;
    }
    let mut stranger = a_purchase(5);
    stranger.order.user_id = user("u2");
    keep(database, &stranger).await;
    let mut snapshot = read(database).await;
    for (since, limit, expected) in [
        (NOW, 10, vec![4, 3, 2, 1]),
        (NOW, 2, vec![4, 3]),
        (an_order(3).created_at, 10, vec![4, 3]),
        (
            an_order(4).created_at + Duration::microseconds(1),
            10,
            vec![],
        ),
    ] {
        let found = snapshot.recent_purchases(&user("u1"), since, limit).await;
        let expected: Vec<_> = expected.into_iter().map(a_purchase).collect();
        assert_eq!(found.expect("readable"), expected);
    }
}

async fn page(
    database: &Arc<dyn Database>,
    status: Option<OrderStatus>,
    after: Option<&Purchase>,
    limit: u64,
) -> Vec<Purchase> {
    let filter = OrderFilter {
        status,
        after: after.map(|purchase| OrderPlace::from(&purchase.order)),
        limit,
    };
    let mut snapshot = read(database).await;
    let found = snapshot.list_purchases(&user("u1"), &filter).await;
    found.expect("readable")
}

/// The user's own, newest first, each on one page, also those of one instant.
pub async fn a_list_of_orders_is_read_page_by_page(database: &Arc<dyn Database>) {
    let mut expected = Vec::new();
    for n in 1..=5 {
        let mut purchase = a_purchase(n);
        if n < 5 {
            purchase.order.created_at = NOW;
        }
        expected.insert(0, purchase);
    }
    for purchase in &expected {
        keep(database, purchase).await;
    }
    let mut stranger = a_purchase(6);
    stranger.order.user_id = user("U1");
    keep(database, &stranger).await;
    let mut seen: Vec<Purchase> = Vec::new();
    loop {
        let more = page(database, None, seen.last(), 2).await;
        assert!(more.len() <= 2);
        if more.is_empty() {
            break;
        }
        seen.extend(more);
    }
    assert_eq!(seen, expected);
    assert_eq!(page(database, None, None, 10).await, expected);
}

/// Whatever that is.
pub async fn a_list_of_orders_may_be_of_one_status(database: &Arc<dyn Database>) {
    let mut closing = a_purchase(2);
    closing.order.state = OrderState::Closing {
        reason: CloseReason::Expired,
    };
    for purchase in [&a_purchase(1), &closing, &a_purchase(3)] {
        keep(database, purchase).await;
    }
    let pending = Some(OrderStatus::Pending);
    assert_eq!(
        page(database, pending, None, 10).await,
        [a_purchase(3), a_purchase(1)]
    );
    let older = page(database, pending, Some(&closing), 10).await;
    assert_eq!(older, [a_purchase(1)]);
    let closing_only = page(database, Some(OrderStatus::Closing), None, 10).await;
    assert_eq!(closing_only, [closing]);
    assert_eq!(page(database, Some(OrderStatus::Paid), None, 10).await, []);
}
