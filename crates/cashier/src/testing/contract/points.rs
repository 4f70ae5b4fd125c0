//! Points.

use std::sync::Arc;

use kernel::{OrderNo, UserId};
use points::{Grant, Lot};
use time::{Duration, OffsetDateTime};

use super::{begin, read};
use crate::Database;
use crate::testing::{NOW, order_no};

fn user(name: &str) -> UserId {
    name.parse().expect("a user id")
}

fn a_lot(n: u32, expires_at: Option<OffsetDateTime>) -> Lot {
    Lot {
        lot_id: format!("lot-{n}"),
        user_id: user("u1"),
        order_no: order_no(n),
        granted: i64::MAX,
        remaining: i64::from(n),
        granted_at: NOW + Duration::seconds(i64::from(n)),
        expires_at,
    }
}

async fn lots(database: &Arc<dyn Database>, name: &str) -> Vec<Lot> {
    let lots = read(database).await.find_lots(&user(name)).await;
    lots.expect("lots are readable")
}

/// Never-expiring ones last, then the oldest; spent ones and strangers' not at all.
pub async fn lots_come_soonest_expiry_first(database: &Arc<dyn Database>) {
    let soon = NOW + Duration::days(1);
    let later = NOW + Duration::days(400);
    let in_order = [
        a_lot(5, Some(soon)),
        a_lot(2, Some(later)),
        a_lot(4, Some(later)),
        a_lot(1, None),
        a_lot(3, None),
    ];
    let spent = Lot {
        remaining: 0,
        ..a_lot(6, Some(soon))
    };
    let strangers = Lot {
        user_id: user("U1"),
        ..a_lot(7, None)
    };
    let mut tx = begin(database).await;
    let mut shuffled: Vec<_> = in_order.iter().chain([&spent, &strangers]).collect();
    shuffled.sort_by_key(|lot| &lot.lot_id);
    for lot in shuffled {
        assert!(tx.insert_lot(lot).await.expect("stored"));
    }
    tx.commit().await.expect("commit");
    assert_eq!(lots(database, "u1").await, in_order);
    assert_eq!(lots(database, "U1").await, [strangers]);
    assert_eq!(lots(database, "nobody").await, []);
}

/// The unique key says so, whatever the lot is called.
pub async fn an_order_grants_one_lot(database: &Arc<dyn Database>) {
    let first = a_lot(1, None);
    let second = Lot {
        order_no: first.order_no.clone(),
        ..a_lot(2, None)
    };
    let mut tx = begin(database).await;
    assert!(tx.insert_lot(&first).await.expect("stored"));
    assert!(!tx.insert_lot(&second).await.expect("the order has one"));
    tx.commit().await.expect("commit");
    assert_eq!(lots(database, "u1").await, [first]);
}

/// Also in a transaction of its own.
pub async fn granting_twice_changes_nothing(database: &Arc<dyn Database>) {
    let order: OrderNo = order_no(1);
    for n in [1, 2] {
        let grant = Grant {
            lot_id: format!("lot-{n}"),
            entry_id: format!("entry-{n}"),
            user_id: user("u1"),
            order_no: order.clone(),
            points: 1000,
            valid_days: Some(30),
            at: NOW,
        };
        let mut tx = begin(database).await;
        points::grant(&mut *tx, grant).await.expect("granted");
        tx.commit().await.expect("commit");
    }
    let lots = lots(database, "u1").await;
    let granted: Vec<_> = lots.iter().map(|lot| lot.lot_id.as_str()).collect();
    assert_eq!(granted, ["lot-1"]);
    assert_eq!(points::spendable(&lots, NOW), 1000);
}
