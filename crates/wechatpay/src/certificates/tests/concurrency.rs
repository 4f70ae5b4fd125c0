//! Many at a time, and some that go away.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::future::join_all;
use futures_util::poll;
use tokio::sync::{Barrier, Notify};

use super::*;

/// A store whose platform answers when it is told to.
#[derive(Default)]
struct Scene {
    store: PlatformCertificates,
    downloads: AtomicU32,
    answers: Notify,
}

impl Scene {
    async fn refresh(&self, why: Why<'_>, pems: &[&str]) -> Result<(), RefreshError> {
        self.refresh_at(NOW + Duration::MINUTE, why, Ok(pems)).await
    }

    async fn refresh_at(
        &self,
        now: OffsetDateTime,
        why: Why<'_>,
        result: Result<&[&str], RefreshError>,
    ) -> Result<(), RefreshError> {
        let fetch = async || {
            self.downloads.fetch_add(1, Ordering::SeqCst);
            self.answers.notified().await;
            fetched(&self.store, now, result?)
        };
        self.store.refresh(why, now, fetch).await
    }

    async fn holding(pems: &[&str]) -> Self {
        let store = holding(NOW, pems).await;
        Self {
            store,
            ..Self::default()
        }
    }

    fn downloads(&self) -> u32 {
        self.downloads.load(Ordering::SeqCst)
    }
}

/// 64 callers on several threads, all at the same time.
async fn crowd(
    scene: &Arc<Scene>,
    result: Result<&'static [&'static str], RefreshError>,
    unknown: bool,
) -> Vec<Result<(), RefreshError>> {
    let barrier = Arc::new(Barrier::new(64));
    let callers = (0..64).map(|number| {
        let (scene, barrier, result) = (Arc::clone(scene), Arc::clone(&barrier), result.clone());
        tokio::spawn(async move {
            let serial = format!("{number:04X}");
            let why = if unknown {
                Why::Unknown(&serial)
            } else {
                Why::Needed
            };
            barrier.wait().await;
            scene.refresh_at(NOW + Duration::MINUTE, why, result).await
        })
    });
    let callers: Vec<_> = callers.collect();
    while scene.downloads() == 0 {
        tokio::task::yield_now().await;
    }
    scene.answers.notify_one();
    let outcomes = join_all(callers).await;
    outcomes.into_iter().map(Result::unwrap).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_who_need_a_certificate_cause_one_download() {
    let scene = Arc::new(Scene::default());
    let outcomes = crowd(&scene, Ok(&[CURRENT]), false).await;
    assert!(outcomes.iter().all(Result::is_ok));
    assert_eq!(scene.downloads(), 1);
    assert!(verifies(&scene.store, CURRENT, CURRENT_KEY, NOW));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_who_need_a_certificate_hear_of_one_failure() {
    let scene = Arc::new(Scene::default());
    let outcomes = crowd(&scene, Err(unreachable()), false).await;
    assert!(outcomes.into_iter().all(|it| it == Err(unreachable())));
    assert_eq!(scene.downloads(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_forged_serials_cause_one_download() {
    let scene = Arc::new(Scene::holding(&[CURRENT]).await);
    let outcomes = crowd(&scene, Ok(&[CURRENT]), true).await;
    assert!(outcomes.iter().all(Result::is_ok));
    assert_eq!(scene.downloads(), 1);
}

#[tokio::test]
async fn every_serial_that_waited_in_vain_is_remembered() {
    let scene = Scene::holding(&[CURRENT]).await;
    let serials: Vec<String> = (0..64).map(|number| format!("{number:04X}")).collect();
    let at = async |minutes, serial: &str| {
        let now = NOW + Duration::minutes(minutes);
        let why = Why::Unknown(serial);
        scene.refresh_at(now, why, Ok(&[CURRENT])).await.unwrap();
    };
    let mut waiting = Vec::new();
    for serial in &serials {
        let mut one = Box::pin(at(1, serial));
        assert!(poll!(one.as_mut()).is_pending());
        waiting.push(one);
    }
    scene.answers.notify_one();
    join_all(waiting).await;
    for serial in &serials {
        at(3, serial).await;
    }
    assert_eq!(scene.downloads(), 1);
}

#[tokio::test]
async fn with_a_certificate_in_force_nobody_waits_for_another_ones_download() {
    let scene = Scene::holding(&[CURRENT]).await;
    let first = scene.refresh(Why::Unknown("ABCD"), &[CURRENT]);
    let mut first = Box::pin(first);
    assert!(poll!(first.as_mut()).is_pending());
    let due = NOW + Duration::hours(10);
    scene.refresh_at(due, Why::Due, Ok(&[NEXT])).await.unwrap();
    scene.refresh(Why::Needed, &[NEXT]).await.unwrap();
    assert_eq!(scene.downloads(), 1);
}

#[tokio::test]
async fn a_message_with_an_unknown_serial_waits_for_the_download_that_brings_it() {
    let scene = Scene::holding(&[CURRENT]).await;
    let serial = certificate(NEXT).serial().to_owned();
    let mut first = Box::pin(scene.refresh(Why::Unknown("ABCD"), &[CURRENT, NEXT]));
    assert!(poll!(first.as_mut()).is_pending());
    let mut second = Box::pin(scene.refresh(Why::Unknown(&serial), &[]));
    assert!(poll!(second.as_mut()).is_pending());
    scene.answers.notify_one();
    first.await.unwrap();
    second.await.unwrap();
    assert_eq!(scene.downloads(), 1);
    assert!(verifies(&scene.store, NEXT, NEXT_KEY, NOW));
}

#[tokio::test]
async fn whoever_waits_takes_over_when_the_first_goes_away() {
    let scene = Scene::default();
    let mut first = Box::pin(scene.refresh(Why::Needed, &[CURRENT]));
    let mut second = Box::pin(scene.refresh(Why::Needed, &[CURRENT]));
    let mut third = Box::pin(scene.refresh(Why::Needed, &[CURRENT]));
    assert!(poll!(first.as_mut()).is_pending());
    assert!(poll!(second.as_mut()).is_pending());
    assert!(poll!(third.as_mut()).is_pending());
    assert_eq!(scene.downloads(), 1);
    drop(first);
    drop(second);
    assert!(poll!(third.as_mut()).is_pending());
    assert_eq!(scene.downloads(), 2);
    scene.answers.notify_one();
    third.await.unwrap();
    assert!(verifies(&scene.store, CURRENT, CURRENT_KEY, NOW));
}

#[tokio::test]
async fn a_download_that_nobody_waits_for_any_more_leaves_nothing_behind() {
    let scene = Scene::default();
    for _ in 0..3 {
        let mut gone = Box::pin(scene.refresh(Why::Needed, &[CURRENT]));
        assert!(poll!(gone.as_mut()).is_pending());
    }
    assert_eq!(scene.downloads(), 3);
    scene.answers.notify_one();
    scene.refresh(Why::Needed, &[CURRENT]).await.unwrap();
    assert!(verifies(&scene.store, CURRENT, CURRENT_KEY, NOW));
}

#[tokio::test]
async fn messages_that_are_given_up_cause_few_downloads_too() {
    let scene = Scene::holding(&[CURRENT]).await;
    for second in 60..120 {
        let now = NOW + Duration::seconds(second);
        let serial = format!("{second:04X}");
        let why = Why::Unknown(&serial);
        let mut gone = Box::pin(scene.refresh_at(now, why, Ok(&[CURRENT])));
        let first = poll!(gone.as_mut());
        assert_eq!(first.is_pending(), second % 5 == 0, "{second}");
    }
    assert_eq!(scene.downloads(), 12);
}

#[tokio::test]
async fn a_download_that_panics_leaves_nothing_behind() {
    let scene = Arc::new(Scene::default());
    let task = tokio::spawn({
        let scene = Arc::clone(&scene);
        async move {
            let fetch = async || panic!("on purpose");
            scene.store.refresh(Why::Needed, NOW, fetch).await
        }
    });
    assert!(task.await.unwrap_err().is_panic());
    scene.answers.notify_one();
    scene.refresh(Why::Needed, &[CURRENT]).await.unwrap();
}
