//! Points.

use std::sync::Arc;

use kernel::{OrderNo, UserId};
use points::{Entry, EntryKind, EntryPlace, Grant, Lot};
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

/// The user's own, newest first, each on one page, also those of one instant.
pub async fn a_ledger_is_read_page_by_page(database: &Arc<dyn Database>) {
    let an_entry = |n: u32, name: &str, at: OffsetDateTime| Entry {
        entry_id: format!("entry-{n}"),
        user_id: user(name),
        lot_id: "lot-1".to_owned(),
        kind: EntryKind::Grant,
        points: i64::MIN + i64::from(n),
        at,
    };
    let later = NOW + Duration::microseconds(1);
    let expected = [
        an_entry(2, "u1", later),
        an_entry(5, "u1", NOW),
        an_entry(4, "u1", NOW),
        an_entry(3, "u1", NOW),
        an_entry(1, "u1", NOW),
    ];
    let mut tx = begin(database).await;
    tx.insert_lot(&a_lot(1, None)).await.expect("stored");
    for entry in expected.iter().chain([&an_entry(6, "U1", NOW)]) {
        tx.insert_entry(entry).await.expect("stored");
    }
    tx.commit().await.expect("commit");
    let mut snapshot = read(database).await;
    let mut seen: Vec<Entry> = Vec::new();
    loop {
        let after = seen.last().map(EntryPlace::from);
        let more = snapshot.find_entries(&user("u1"), after.as_ref(), 2).await;
        let more = more.expect("readable");
        assert!(more.len() <= 2);
        if more.is_empty() {
            break;
        }
        seen.extend(more);
    }
    assert_eq!(seen, expected);
}
