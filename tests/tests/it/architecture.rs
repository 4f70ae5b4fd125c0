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

/// Which crates may name a library behind a feature that nobody has to turn on.
const MAY_OFFER: &[(&str, &str, &[&str])] = &[(
    "actix-web",
    "actix",
    &["paydesk-wechatpay", "paydesk-alipay"],
)];

/// What cargo knows about each of our crates.
fn packages() -> Vec<Value> {
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
    let packages = metadata["packages"].as_array();
    packages.expect("there are packages").clone()
}

fn name(value: &Value) -> String {
    value["name"].as_str().expect("a name").to_owned()
}

/// Names of what each of our crates depends on, apart from tests and what it only offers.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    packages()
        .iter()
        .map(|package| {
            let named = package["dependencies"].as_array().expect("a list").iter();
            let named = named
                .filter(|dependency| {
                    dependency["kind"] != "dev" && !is_offered(package, dependency)
                })
                .map(name);
            (name(package), named.collect())
        })
        .collect()
}

/// Whether a dependency comes with one feature, the one allowed for it, and that is not on by itself.
fn is_offered(package: &Value, dependency: &Value) -> bool {
    let crate_name = name(package);
    let library = name(dependency);
    let mut offers = MAY_OFFER.iter();
    let Some((_, feature, _)) = offers
        .find(|(offered, _, crates)| *offered == library && crates.contains(&crate_name.as_str()))
    else {
        return false;
    };
    let features = package["features"].as_object().expect("features");
    let turned_on_by = |wanted: &str| {
        let on = |list: &Value| {
            list.as_array()
                .is_some_and(|it| it.iter().any(|on| on == wanted))
        };
        let names = features.iter().filter(|(_, list)| on(list));
        names.map(|(name, _)| name.as_str()).collect::<Vec<_>>()
    };
    dependency["optional"] == true
        && turned_on_by(&format!("dep:{library}")) == [*feature]
        && turned_on_by(feature).is_empty()
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
