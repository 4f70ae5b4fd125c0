//! What is for sale.

use std::sync::Arc;

use catalog::PointPackage;
use paydesk_money::Cny;

use super::{begin, read};
use crate::Database;
use crate::testing::a_package;

async fn publish(database: &Arc<dyn Database>, packages: &[PointPackage]) {
    let mut tx = begin(database).await;
    for package in packages {
        tx.insert_point_package(package)
            .await
            .expect("a new version");
    }
    tx.commit().await.expect("commit");
}

/// Every field, at its edges.
pub async fn a_package_comes_back_whole(database: &Arc<dyn Database>) {
    let plain = a_package();
    let edges = PointPackage {
        code: "edges".to_owned(),
        version: i32::MAX,
        price: Cny::from_fen(i64::MAX),
        points: i64::MAX,
        valid_days: Some(u32::MAX),
        listed: false,
        position: i32::MIN,
        ..a_package()
    };
    publish(database, &[plain.clone(), edges.clone()]).await;
    let mut snapshot = read(database).await;
    for package in [plain, edges] {
        let found = snapshot.find_point_package(&package.code).await;
        assert_eq!(found.expect("found"), Some(package));
    }
    let none = snapshot.find_point_package("none").await;
    assert_eq!(none.expect("not found"), None);
}

/// An older version is never sold, not even when the newest is not listed.
pub async fn the_newest_version_counts(database: &Arc<dyn Database>) {
    let version = |version, listed| PointPackage {
        version,
        listed,
        points: i64::from(version),
        ..a_package()
    };
    publish(
        database,
        &[version(1, true), version(10, true), version(9, true)],
    )
    .await;
    let mut snapshot = read(database).await;
    let newest = vec![version(10, true)];
    assert_eq!(
        snapshot.listed_point_packages().await.expect("list"),
        newest
    );
    drop(snapshot);

    publish(database, &[version(11, false)]).await;
    let mut snapshot = read(database).await;
    assert_eq!(
        snapshot.listed_point_packages().await.expect("list"),
        vec![]
    );
    let found = snapshot.find_point_package(&a_package().code).await;
    assert_eq!(found.expect("found"), Some(version(11, false)));
}

/// By position, then by code.
pub async fn listed_packages_come_in_order(database: &Arc<dyn Database>) {
    let package = |code: &str, position| PointPackage {
        code: code.to_owned(),
        position,
        ..a_package()
    };
    let (a, b, c) = (package("a", 2), package("b", 1), package("c", 1));
    publish(database, &[a.clone(), c.clone(), b.clone()]).await;
    let listed = read(database).await.listed_point_packages().await;
    assert_eq!(listed.expect("list"), vec![b, c, a]);
}

/// A published version never changes.
pub async fn a_version_is_stored_once(database: &Arc<dyn Database>) {
    publish(database, &[a_package()]).await;
    let dearer = PointPackage {
        price: Cny::from_fen(991),
        ..a_package()
    };
    let mut tx = begin(database).await;
    assert!(tx.insert_point_package(&dearer).await.is_err());
    drop(tx);
    let kept = read(database).await.find_point_package(&dearer.code).await;
    assert_eq!(kept.expect("found"), Some(a_package()));
}
