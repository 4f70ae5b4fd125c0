//! Transactions and snapshots.

use std::sync::Arc;

use catalog::PointPackage;
use tokio::task::JoinSet;

use super::{begin, keep, read};
use crate::Database;
use crate::testing::{NOW, a_package, a_purchase, order_no};
use points::Lot;

async fn is_there(database: &Arc<dyn Database>, n: u32) -> bool {
    let found = read(database).await.find_purchase(&order_no(n)).await;
    found.expect("readable").is_some()
}

/// Whatever was written before.
pub async fn dropping_rolls_back(database: &Arc<dyn Database>) {
    let mut tx = begin(database).await;
    let purchase = a_purchase(1);
    tx.insert_order(&purchase.order).await.expect("stored");
    tx.insert_attempt(&purchase.attempt).await.expect("stored");
    drop(tx);
    assert!(!is_there(database, 1).await);
    // The next writer begins afresh, under the same numbers.
    keep(database, &purchase).await;
    assert!(is_there(database, 1).await);
}

/// A transaction sees its own rows, nobody else does.
pub async fn a_snapshot_sees_only_what_is_committed(database: &Arc<dyn Database>) {
    let mut tx = begin(database).await;
    let purchase = a_purchase(1);
    tx.insert_order(&purchase.order).await.expect("stored");
    tx.insert_attempt(&purchase.attempt).await.expect("stored");
    let own = tx.find_purchase(&order_no(1)).await;
    assert_eq!(own.expect("readable"), Some(purchase));
    assert!(!is_there(database, 1).await);
    tx.commit().await.expect("commit");
    assert!(is_there(database, 1).await);
}

/// A taken key refuses one row, not the transaction.
pub async fn what_was_refused_does_not_spoil_the_rest(database: &Arc<dyn Database>) {
    let lot = Lot {
        lot_id: "lot-1".to_owned(),
        user_id: a_purchase(1).order.user_id,
        order_no: order_no(1),
        granted: 1,
        remaining: 1,
        granted_at: NOW,
        expires_at: None,
    };
    let mut tx = begin(database).await;
    assert!(tx.insert_lot(&lot).await.expect("stored"));
    assert!(!tx.insert_lot(&lot).await.expect("known"));
    let purchase = a_purchase(1);
    tx.insert_order(&purchase.order).await.expect("stored");
    tx.insert_attempt(&purchase.attempt).await.expect("stored");
    tx.commit().await.expect("commit");
    assert!(is_there(database, 1).await);
    let lots = read(database).await.find_lots(&lot.user_id).await;
    assert_eq!(lots.expect("readable"), [lot]);
}

/// All at once, each in its own task.
pub async fn ten_writers_all_get_their_turn(database: &Arc<dyn Database>) {
    let mut writers = JoinSet::new();
    for n in 0..10 {
        let database = Arc::clone(database);
        writers.spawn(async move { keep(&database, &a_purchase(n)).await });
    }
    while let Some(ended) = writers.join_next().await {
        ended.expect("a writer got its turn");
    }
    for n in 0..10 {
        assert!(is_there(database, n).await, "order {n}");
    }
}

/// Each reads under the user's lock, then writes what follows from it: no update is lost.
pub async fn changes_of_many_writers_are_all_kept(database: &Arc<dyn Database>) {
    let mut writers = JoinSet::new();
    for _ in 0..8 {
        let database = Arc::clone(database);
        writers.spawn(async move { publish_next(&database).await });
    }
    while let Some(ended) = writers.join_next().await {
        ended.expect("a writer ended well");
    }
    let newest = read(database).await.find_point_package("shared").await;
    let newest = newest.expect("readable").expect("published");
    assert_eq!(newest.version, 8);
}

async fn publish_next(database: &Arc<dyn Database>) {
    let shared = "shared";
    let mut tx = begin(database).await;
    tx.lock_account(&shared.parse().expect("a user id"))
        .await
        .expect("locked");
    let before = tx.find_point_package(shared).await.expect("readable");
    let next = PointPackage {
        code: shared.to_owned(),
        version: before.map_or(1, |package| package.version + 1),
        ..a_package()
    };
    tx.insert_point_package(&next).await.expect("a new version");
    tx.commit().await.expect("commit");
}

/// The anchor row is made when missing, and is no obstacle when it is there.
pub async fn an_account_is_locked_again_and_again(database: &Arc<dyn Database>) {
    let user = "u1".parse().expect("a user id");
    for _ in 0..2 {
        let mut tx = begin(database).await;
        for _ in 0..2 {
            tx.lock_account(&user).await.expect("locked");
        }
        tx.commit().await.expect("commit");
    }
}

/// When asked whether it is there.
pub async fn the_database_answers(database: &Arc<dyn Database>) {
    database.ping().await.expect("an answer");
}
