//! What is for sale.

use std::sync::Arc;

use catalog::{Plan, PointPackage};
use paydesk_money::Cny;

use super::{begin, read};
use crate::Database;
use crate::testing::{a_package, a_plan, a_tier};

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

async fn publish_plans(database: &Arc<dyn Database>, plans: &[Plan]) {
    let mut tx = begin(database).await;
    for plan in plans {
        tx.insert_plan(plan).await.expect("a new version");
    }
    tx.commit().await.expect("commit");
}

/// Every field, at its edges. A package may have the same code.
pub async fn a_plan_comes_back_whole(database: &Arc<dyn Database>) {
    let plain = a_plan("basic");
    let mut edges = Plan {
        code: a_package().code,
        version: i32::MAX,
        price: Cny::from_fen(i64::MAX),
        tier: a_tier("pro"),
        months: u32::MAX,
        listed: false,
        position: i32::MIN,
        ..a_plan("pro")
    };
    edges.tier.rank = i32::MIN;
    publish(database, &[a_package()]).await;
    publish_plans(database, &[plain.clone(), edges.clone()]).await;
    let mut snapshot = read(database).await;
    for plan in [plain, edges] {
        let found = snapshot.find_plan(&plan.code).await;
        assert_eq!(found.expect("found"), Some(plan));
    }
    let none = snapshot.find_plan("none").await;
    assert_eq!(none.expect("not found"), None);
}

/// As with packages: by position, then by code, of the newest versions those that are listed.
pub async fn listed_plans_come_in_order(database: &Arc<dyn Database>) {
    let plan = |code: &str, version, position| Plan {
        code: code.to_owned(),
        version,
        position,
        ..a_plan("pro")
    };
    let (a, b, c) = (plan("a", 10, 2), plan("b", 1, 1), plan("c", 1, 1));
    let unlisted = Plan {
        listed: false,
        ..plan("d", 2, 0)
    };
    let all = [
        plan("d", 1, 0),
        a.clone(),
        plan("a", 9, 1),
        c.clone(),
        b.clone(),
        unlisted.clone(),
    ];
    publish_plans(database, &all).await;
    let mut snapshot = read(database).await;
    let listed = snapshot.listed_plans().await;
    assert_eq!(listed.expect("list"), vec![b, c, a]);
    let found = snapshot.find_plan("d").await;
    assert_eq!(found.expect("found"), Some(unlisted));
}

/// A published version never changes.
pub async fn a_version_of_a_plan_is_stored_once(database: &Arc<dyn Database>) {
    publish_plans(database, &[a_plan("pro")]).await;
    let dearer = Plan {
        price: Cny::from_fen(4991),
        ..a_plan("pro")
    };
    let mut tx = begin(database).await;
    assert!(tx.insert_plan(&dearer).await.is_err());
    drop(tx);
    let kept = read(database).await.find_plan(&dearer.code).await;
    assert_eq!(kept.expect("found"), Some(a_plan("pro")));
}
