use cashier::Database;
use kernel::Tag;
use persistence::{CheckError, ConnectError, MigrateError, Store};
use sea_orm::{ConnectionTrait, Database as Driver};

use crate::{NOW, migrated, options};

fn tag(text: &str) -> Tag {
    text.parse().unwrap()
}

#[tokio::test]
async fn migrating_applies_every_step_once() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::connect(&options(folder.path(), true)).await.unwrap();
    let first = store.migrate(&tag("pd"), NOW).await.unwrap();
    assert_eq!(first.applied, migrations::steps());
    let again = store.migrate(&tag("pd"), NOW).await.unwrap();
    assert!(again.applied.is_empty());
    store.check(&tag("pd")).await.unwrap();
}

#[tokio::test]
async fn a_program_does_not_start_on_an_older_schema() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::connect(&options(folder.path(), true)).await.unwrap();
    let refused = store.check(&tag("pd")).await.unwrap_err();
    assert!(matches!(refused, CheckError::Pending(_)), "{refused}");
    assert!(refused.to_string().ends_with("run `paydesk-api migrate`"));
    assert!(
        store.check(&tag("pd")).await.is_err(),
        "looking changes nothing"
    );
}

#[tokio::test]
async fn r16_a_database_belongs_to_one_tag() {
    let (_folder, store) = migrated().await;
    let refused = store.check(&tag("dev")).await.unwrap_err();
    assert!(matches!(refused, CheckError::OtherTag { .. }), "{refused}");
    let refused = store.migrate(&tag("dev"), NOW).await.unwrap_err();
    assert!(
        matches!(refused, MigrateError::OtherTag { .. }),
        "{refused}"
    );
    store.check(&tag("pd")).await.unwrap();
}

#[tokio::test]
async fn a_newer_schema_is_left_alone() {
    let (folder, store) = migrated().await;
    let raw = Driver::connect(options(folder.path(), false).url)
        .await
        .unwrap();
    raw.execute_unprepared("INSERT INTO seaql_migrations VALUES ('m9999_later', 0)")
        .await
        .unwrap();
    assert!(matches!(
        store.check(&tag("pd")).await,
        Err(CheckError::Newer)
    ));
    let refused = store.migrate(&tag("pd"), NOW).await;
    assert!(matches!(refused, Err(MigrateError::Newer)));
}

#[tokio::test]
async fn only_migrating_makes_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let refused = Store::connect(&options(folder.path(), false)).await;
    assert!(matches!(refused, Err(ConnectError::Missing(_))));
    assert!(!folder.path().join("paydesk.db").exists());
}

#[tokio::test]
async fn two_commands_that_migrate_at_once_both_end_well() {
    let folder = tempfile::tempdir().unwrap();
    let one = Store::connect(&options(folder.path(), true)).await.unwrap();
    let two = Store::connect(&options(folder.path(), true)).await.unwrap();
    let pd = tag("pd");
    let (one, two) = tokio::join!(one.migrate(&pd, NOW), two.migrate(&pd, NOW));
    let applied = [one.unwrap().applied.len(), two.unwrap().applied.len()];
    assert_eq!(applied.iter().sum::<usize>(), migrations::steps().len());
}

#[tokio::test]
async fn closing_leaves_one_file() {
    let (folder, store) = migrated().await;
    store.ping().await.unwrap();
    store.close().await.unwrap();
    let names: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names, ["paydesk.db"]);
    assert!(store.ping().await.is_err());
}
