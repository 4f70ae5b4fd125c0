//! Several who want to write, in this process and in others.

use std::time::{Duration, Instant};

use cashier::testing::{a_purchase, order_no};
use cashier::{Database, Transaction};
use persistence::Store;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::{migrated, options};

async fn keep(mut tx: Box<dyn Transaction>, n: u32) {
    let purchase = a_purchase(n);
    tx.insert_order(&purchase.order).await.unwrap();
    tx.insert_attempt(&purchase.attempt).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn who_waits_too_long_is_told_that_the_store_is_busy() {
    let (_folder, store) = migrated().await;
    let held = store.begin().await.unwrap();
    let snapshots = [store.read().await.unwrap(), store.read().await.unwrap()];
    let before = Instant::now();
    let (write, read) = tokio::join!(store.begin(), store.read());
    assert!(write.err().unwrap().is_busy());
    assert!(read.err().unwrap().is_busy(), "both readers are taken");
    let waited = before.elapsed();
    assert!(
        (Duration::from_secs(2)..Duration::from_secs(4)).contains(&waited),
        "{waited:?}"
    );
    drop(held);
    drop(snapshots);
    keep(store.begin().await.unwrap(), 1).await;
    assert!(store.ping().await.is_ok());
}

#[tokio::test]
async fn reading_never_waits_for_a_writer() {
    let (_folder, store) = migrated().await;
    keep(store.begin().await.unwrap(), 1).await;
    let mut held = store.begin().await.unwrap();
    held.insert_order(&a_purchase(2).order).await.unwrap();
    let before = Instant::now();
    let found = store
        .read()
        .await
        .unwrap()
        .find_purchase(&order_no(1))
        .await;
    assert_eq!(found.unwrap(), Some(a_purchase(1)));
    assert!(before.elapsed() < Duration::from_secs(1));
}

#[tokio::test]
async fn a_snapshot_does_not_change_under_its_reader() {
    let (_folder, store) = migrated().await;
    let mut before = store.read().await.unwrap();
    assert_eq!(before.find_purchase(&order_no(1)).await.unwrap(), None);
    keep(store.begin().await.unwrap(), 1).await;
    assert_eq!(before.find_purchase(&order_no(1)).await.unwrap(), None);
    let mut after = store.read().await.unwrap();
    assert!(after.find_purchase(&order_no(1)).await.unwrap().is_some());
}

#[tokio::test]
async fn another_process_that_holds_the_file_is_waited_for_and_then_told_of() {
    let (folder, store) = migrated().await;
    let other = Store::connect(&options(folder.path(), false))
        .await
        .unwrap();
    let held = other.begin().await.unwrap();
    let before = Instant::now();
    let error = store.begin().await.err().unwrap();
    assert!(error.is_busy(), "{error:?}");
    assert!(before.elapsed() < Duration::from_secs(4));
    drop(held);
    keep(store.begin().await.unwrap(), 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_share_the_file() {
    let (folder, store) = migrated().await;
    let other = Store::connect(&options(folder.path(), false))
        .await
        .unwrap();
    let mut writers = JoinSet::new();
    for n in 0..40 {
        let store = if n % 2 == 0 { &store } else { &other }.clone();
        writers.spawn(async move { keep(store.begin().await.unwrap(), n).await });
    }
    while let Some(ended) = writers.join_next().await {
        ended.unwrap();
    }
    let mut snapshot = store.read().await.unwrap();
    for n in 0..40 {
        let found = snapshot.find_purchase(&order_no(n)).await.unwrap();
        assert_eq!(found, Some(a_purchase(n)));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_writes_without_pause_shuts_out_nobody() {
    let (folder, store) = migrated().await;
    let other = Store::connect(&options(folder.path(), false))
        .await
        .unwrap();
    let stop = CancellationToken::new();
    let mut busy = JoinSet::new();
    for n in 0..4 {
        let (store, stop) = (store.clone(), stop.clone());
        busy.spawn(async move {
            let user = format!("busy-{n}").parse().unwrap();
            while !stop.is_cancelled() {
                let mut tx = store.begin().await.unwrap();
                tx.lock_account(&user).await.unwrap();
                tx.commit().await.unwrap();
            }
        });
    }
    let mut slowest = Duration::ZERO;
    for n in 0..20 {
        let before = Instant::now();
        keep(other.begin().await.unwrap(), n).await;
        slowest = slowest.max(before.elapsed());
    }
    stop.cancel();
    while let Some(ended) = busy.join_next().await {
        ended.unwrap();
    }
    assert!(slowest < Duration::from_secs(1), "{slowest:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_gives_up_halfway_leaves_nothing_and_blocks_nobody() {
    let (_folder, store) = migrated().await;
    for micros in 0..200 {
        let attempt = async {
            let mut tx = store.begin().await.unwrap();
            let purchase = a_purchase(1);
            tx.insert_order(&purchase.order).await.unwrap();
            tx.insert_attempt(&purchase.attempt).await.unwrap();
            std::future::pending::<()>().await;
        };
        let patience = Duration::from_micros(micros * 10);
        tokio::time::timeout(patience, attempt).await.unwrap_err();
    }
    keep(store.begin().await.unwrap(), 1).await;
    let found = store
        .read()
        .await
        .unwrap()
        .find_purchase(&order_no(1))
        .await;
    assert_eq!(found.unwrap(), Some(a_purchase(1)));
}

#[tokio::test]
async fn what_was_committed_is_there_for_the_next_program() {
    let (folder, store) = migrated().await;
    keep(store.begin().await.unwrap(), 1).await;
    let lost = store.begin().await.unwrap();
    drop(lost);
    store.close().await.unwrap();
    let next = Store::connect(&options(folder.path(), false))
        .await
        .unwrap();
    let found = next.read().await.unwrap().find_purchase(&order_no(1)).await;
    assert_eq!(found.unwrap(), Some(a_purchase(1)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn processes_may_start_together_after_a_crash() {
    let (folder, store) = migrated().await;
    for n in 0..1500 {
        let mut tx = store.begin().await.unwrap();
        let user = format!("u{n}").parse().unwrap();
        tx.lock_account(&user).await.unwrap();
        if n % 10 == 0 {
            tx.commit().await.unwrap();
        }
    }
    for _ in 0..20 {
        // What a killed process leaves: the file and its log, and nobody who has mended it.
        let crashed = tempfile::tempdir().unwrap();
        for entry in std::fs::read_dir(folder.path()).unwrap() {
            let path = entry.unwrap().path();
            if !path.to_string_lossy().ends_with("-shm") {
                let name = path.file_name().unwrap();
                std::fs::copy(&path, crashed.path().join(name)).unwrap();
            }
        }
        let mut starting = JoinSet::new();
        for _ in 0..6 {
            let options = options(crashed.path(), false);
            starting.spawn(async move { Store::connect(&options).await.map(drop) });
        }
        while let Some(started) = starting.join_next().await {
            started.unwrap().unwrap();
        }
    }
}
