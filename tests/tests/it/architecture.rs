//! The direction of dependencies. `docs/ARCHITECTURE.md` draws the same house.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

/// Which of our crates each of them may name, apart from tests.
const MAY_NAME: &[(&str, &[&str])] = &[
    ("paydesk-money", &[]),
    ("kernel", &[]),
    ("paydesk-provider", &["paydesk-money"]),
    ("paydesk-wechatpay", &["paydesk-money", "paydesk-provider"]),
    ("paydesk-alipay", &["paydesk-money", "paydesk-provider"]),
    ("catalog", &["kernel", "paydesk-money"]),
    ("payments", &["kernel", "paydesk-money", "paydesk-provider"]),
    (
        "orders",
        &[
            "kernel",
            "paydesk-money",
            "paydesk-provider",
            "catalog",
            "payments",
        ],
    ),
    ("membership", &["kernel", "paydesk-money", "catalog"]),
    ("points", &["kernel", "paydesk-money"]),
    (
        "cashier",
        &[
            "kernel",
            "paydesk-money",
            "paydesk-provider",
            "catalog",
            "orders",
            "payments",
            "membership",
            "points",
        ],
    ),
    ("migrations", &[]),
    (
        "persistence",
        &[
            "kernel",
            "paydesk-money",
            "paydesk-provider",
            "catalog",
            "orders",
            "payments",
            "membership",
            "points",
            "cashier",
            "migrations",
        ],
    ),
    (
        "bootstrap",
        &[
            "kernel",
            "paydesk-money",
            "paydesk-provider",
            "paydesk-wechatpay",
            "paydesk-alipay",
            "catalog",
            "payments",
            "cashier",
            "persistence",
        ],
    ),
    (
        "paydesk-api",
        &[
            "kernel",
            "paydesk-money",
            "paydesk-provider",
            "catalog",
            "orders",
            "payments",
            "membership",
            "points",
            "cashier",
            "bootstrap",
        ],
    ),
    ("paydesk-scheduler", &["kernel", "cashier", "bootstrap"]),
    ("paydesk-simulator", &[]),
    (
        "paydesk-demo",
        &[
            "kernel",
            "bootstrap",
            "paydesk-api",
            "paydesk-scheduler",
            "paydesk-simulator",
        ],
    ),
    ("e2e", &["paydesk-simulator"]),
];

/// Which crates may name a library that would tie the rest of the house to it.
const MAY_USE: &[(&str, &[&str])] = &[
    ("sea-orm", &["persistence"]),
    ("sea-orm-migration", &["migrations", "persistence"]),
    ("sqlx", &["persistence"]),
    (
        "actix-web",
        &["paydesk-api", "paydesk-simulator", "paydesk-demo"],
    ),
    ("actix-ws", &["paydesk-api"]),
    ("reqwest", &["paydesk-provider", "paydesk-simulator", "e2e"]),
    (
        "rsa",
        &["paydesk-provider", "paydesk-wechatpay", "paydesk-simulator"],
    ),
    ("config", &["bootstrap"]),
    ("utoipa", &["paydesk-api"]),
    ("utoipa-swagger-ui", &["paydesk-api"]),
];

/// Names of what each of our crates depends on, apart from tests.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version=1",
            "--no-deps",
            "--offline",
            "--manifest-path",
        ])
        .arg(manifest)
        .output()
        .expect("cargo runs");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("metadata is JSON");
    let packages = metadata["packages"].as_array().expect("there are packages");
    let name = |value: &Value| value["name"].as_str().expect("a name").to_owned();
    packages
        .iter()
        .map(|package| {
            let named = package["dependencies"].as_array().expect("a list").iter();
            let named = named
                .filter(|dependency| dependency["kind"] != "dev")
                .map(name);
            (name(package), named.collect())
        })
        .collect()
}

#[test]
fn arrows_point_inward_only() {
    let house = dependencies();
    let rooms: BTreeMap<_, _> = MAY_NAME.iter().copied().collect();
    assert_eq!(
        house.keys().map(String::as_str).collect::<BTreeSet<_>>(),
        rooms.keys().copied().collect(),
        "every room of the house has its rule"
    );
    for (room, named) in &house {
        for other in named.iter().filter(|name| house.contains_key(*name)) {
            let allowed = rooms[room.as_str()].contains(&other.as_str());
            assert!(allowed, "{room} must not know {other}");
        }
    }
}

#[test]
fn libraries_stay_in_their_rooms() {
    let house = dependencies();
    for (library, rooms) in MAY_USE {
        for (room, named) in &house {
            let allowed = !named.contains(*library) || rooms.contains(&room.as_str());
            assert!(allowed, "{room} must not use {library}");
        }
    }
}
