//! When downloads happen, with a clock that is passed in.

use std::cell::Cell;

use super::*;

/// A store and a platform that counts what is asked of it.
struct Scene {
    store: PlatformCertificates,
    downloads: Cell<u32>,
}

impl Scene {
    fn new() -> Self {
        Self::with(PlatformCertificates::new())
    }

    fn with(store: PlatformCertificates) -> Self {
        let downloads = Cell::new(0);
        Self { store, downloads }
    }

    async fn holding(pems: &[&str]) -> Self {
        let scene = Self::new();
        scene.succeed(Why::Needed, NOW, pems).await;
        scene
    }

    /// Whether there was a download, and what became of the refresh.
    async fn ask(
        &self,
        why: Why<'_>,
        now: OffsetDateTime,
        result: Result<&[&str], RefreshError>,
    ) -> (bool, Result<(), RefreshError>) {
        let before = self.downloads.get();
        let fetch = async || {
            self.downloads.set(before + 1);
            fetched(&self.store, now, result?)
        };
        let outcome = self.store.refresh(why, now, fetch).await;
        (self.downloads.get() > before, outcome)
    }

    async fn succeed(&self, why: Why<'_>, now: OffsetDateTime, pems: &[&str]) -> bool {
        let (fetched, outcome) = self.ask(why, now, Ok(pems)).await;
        outcome.unwrap();
        fetched
    }

    async fn fail(&self, why: Why<'_>, now: OffsetDateTime) -> (bool, Result<(), RefreshError>) {
        self.ask(why, now, Err(unreachable())).await
    }
}

fn none_issued() -> RefreshError {
    RefreshError::from(ProviderError::Unknown {
        details: Details {
            status: Some(404),
            code: Some("RESOURCE_NOT_EXISTS".to_owned()),
            message: "无可用的平台证书".to_owned(),
            ..Details::default()
        },
        timed_out: false,
        advice: Advice::QueryFirst,
    })
}

#[tokio::test]
async fn certificates_are_fetched_when_needed_and_then_every_ten_hours() {
    let scene = Scene::new();
    assert!(scene.succeed(Why::Needed, NOW, &[NEXT]).await);
    for (after, expected) in [
        (Duration::SECOND, false),
        (Duration::hours(10) - Duration::SECOND, false),
        (Duration::hours(10), true),
        (Duration::hours(11), false),
        (Duration::hours(20), true),
    ] {
        let now = NOW + after;
        assert!(!scene.succeed(Why::Needed, now, &[NEXT]).await);
        assert_eq!(
            scene.succeed(Why::Due, now, &[NEXT]).await,
            expected,
            "{after}"
        );
    }
}

#[tokio::test]
async fn a_pinned_certificate_does_not_keep_others_from_being_fetched() {
    let store = PlatformCertificates::new().pinned(certificate(NEXT));
    let scene = Scene::with(store.unwrap());
    assert!(!scene.succeed(Why::Needed, NOW, &[NEXT]).await);
    assert!(scene.succeed(Why::Due, NOW, &[NEXT]).await);
}

#[tokio::test]
async fn a_successor_is_looked_for_every_hour_on_the_last_day() {
    let ends = certificate(CURRENT).not_after();
    let scene = Scene::holding(&[CURRENT]).await;
    let mut asked = Vec::new();
    for minutes in (0..2 * 24 * 60).rev() {
        let now = ends - Duration::minutes(minutes);
        if scene.succeed(Why::Due, now, &[CURRENT]).await {
            asked.push(minutes);
        }
    }
    // On the day before that it is every ten hours still.
    let day_before = asked.iter().filter(|at| **at > 24 * 60).count();
    assert_eq!(day_before, 3);
    let last_day: Vec<i64> = asked.iter().copied().filter(|at| *at <= 24 * 60).collect();
    assert_eq!(last_day.len(), 25);
    assert!(last_day.windows(2).all(|pair| pair[0] - pair[1] == 60));
    // With the successor the haste is over.
    let now = ends + Duration::MINUTE;
    assert!(scene.succeed(Why::Needed, now, &[NEXT]).await);
    assert!(
        !scene
            .succeed(Why::Due, now + Duration::hours(9), &[NEXT])
            .await
    );
}

#[tokio::test]
async fn an_unknown_serial_is_asked_for_once_in_ten_minutes() {
    let scene = Scene::holding(&[CURRENT]).await;
    for (after, expected) in [
        // The first download was a moment ago.
        (59, false),
        (60, true),
        (61, false),
        (120, false),
        (659, false),
        (660, true),
        (661, false),
    ] {
        let why = Why::Unknown("abcd");
        let now = NOW + Duration::seconds(after);
        assert_eq!(
            scene.succeed(why, now, &[CURRENT]).await,
            expected,
            "{after}"
        );
        // However it is written.
        assert!(!scene.succeed(Why::Unknown("ABCD"), now, &[CURRENT]).await);
    }
}

#[tokio::test]
async fn an_unknown_serial_that_is_announced_by_a_message_is_found() {
    let scene = Scene::holding(&[CURRENT]).await;
    let next = certificate(NEXT);
    let now = NOW + Duration::MINUTE;
    let why = Why::Unknown(next.serial());
    assert!(scene.succeed(why, now, &[CURRENT, NEXT]).await);
    assert!(verifies(&scene.store, NEXT, NEXT_KEY, now));
    assert!(!scene.succeed(why, now + Duration::hours(1), &[NEXT]).await);
}

#[tokio::test]
async fn forged_serials_cause_one_download_a_minute_at_most() {
    let scene = Scene::holding(&[CURRENT]).await;
    for second in 0..1800 {
        let now = NOW + Duration::seconds(second);
        for forged in 0..4 {
            let serial = format!("{:08X}", second * 4 + forged);
            scene.succeed(Why::Unknown(&serial), now, &[CURRENT]).await;
        }
    }
    assert_eq!(scene.downloads.get(), 30);
}

#[tokio::test]
async fn what_cannot_be_a_serial_is_never_asked_for() {
    let scene = Scene::new();
    for text in [
        "PUB_KEY_ID_0119000072912026",
        "ABC",
        "",
        "AB CD",
        &"AB".repeat(33),
    ] {
        assert!(
            !scene.succeed(Why::Unknown(text), NOW, &[CURRENT]).await,
            "{text}"
        );
    }
}

#[tokio::test]
async fn a_failing_download_fails_nothing_while_a_certificate_is_in_force() {
    let scene = Scene::holding(&[NEXT]).await;
    for minutes in 0..3 * 24 * 60 {
        let now = NOW + Duration::minutes(minutes);
        for why in [Why::Due, Why::Needed, Why::Unknown("ABCD")] {
            scene.fail(why, now).await.1.unwrap();
        }
    }
    assert!(verifies(
        &scene.store,
        NEXT,
        NEXT_KEY,
        NOW + Duration::days(3)
    ));
    // Three days with one each hour at most, and a few more at the beginning.
    let downloads = scene.downloads.get();
    assert!((70..80).contains(&downloads), "{downloads}");
}

#[tokio::test]
async fn what_was_only_due_fails_nobody() {
    let scene = Scene::new();
    assert_eq!(scene.fail(Why::Due, NOW).await, (true, Ok(())));
    let (fetched, outcome) = scene.fail(Why::Needed, NOW).await;
    assert_eq!((fetched, outcome), (false, Err(unreachable())));
}

#[tokio::test]
async fn failures_are_followed_by_growing_pauses() {
    let scene = Scene::new();
    let mut at = Vec::new();
    for minutes in 0..300 {
        let (fetched, outcome) = scene
            .fail(Why::Asked, NOW + Duration::minutes(minutes))
            .await;
        assert_eq!(
            outcome.unwrap_err(),
            unreachable(),
            "the error of the last download"
        );
        if fetched {
            at.push(minutes);
        }
    }
    assert_eq!(at, [0, 1, 3, 7, 15, 31, 63, 123, 183, 243]);
    // A success ends them.
    let now = NOW + Duration::minutes(303);
    assert!(scene.succeed(Why::Needed, now, &[CURRENT]).await);
    let later = now + Duration::hours(10);
    assert!(scene.fail(Why::Due, later).await.0);
    assert!(!scene.fail(Why::Due, later + Duration::seconds(59)).await.0);
    assert!(scene.fail(Why::Due, later + Duration::MINUTE).await.0);
}

#[tokio::test]
async fn our_own_calls_do_not_wait_long_after_the_network_is_back() {
    let scene = Scene::new();
    let mut at = Vec::new();
    for second in 0..3600 {
        let now = NOW + Duration::seconds(second);
        if scene.fail(Why::Needed, now).await.0 {
            at.push(second);
        }
    }
    assert!(at.windows(2).all(|pair| pair[1] - pair[0] == 5), "{at:?}");
    let back = NOW + Duration::seconds(3600);
    assert!(scene.succeed(Why::Needed, back, &[CURRENT]).await);
}

#[tokio::test]
async fn having_no_certificates_is_told_to_the_operator_and_asked_once_an_hour() {
    let scene = Scene::new();
    for (minutes, expected) in [(0, true), (1, false), (59, false), (60, true), (61, false)] {
        let now = NOW + Duration::minutes(minutes);
        let (fetched, outcome) = scene.ask(Why::Needed, now, Err(none_issued())).await;
        assert_eq!(fetched, expected, "{minutes}");
        let error = outcome.unwrap_err();
        assert_eq!(error, RefreshError::NoneIssued);
        assert!(error.to_string().contains("pub_key.pem"), "{error}");
    }
    // Whoever holds one goes on.
    let scene = Scene::holding(&[NEXT]).await;
    let later = NOW + Duration::hours(10);
    let (fetched, outcome) = scene.ask(Why::Due, later, Err(none_issued())).await;
    assert_eq!((fetched, outcome), (true, Ok(())));
}

#[tokio::test]
async fn only_that_code_with_that_status_means_that_there_are_none() {
    for (status, code) in [(404, "NOT_FOUND"), (500, "RESOURCE_NOT_EXISTS")] {
        let error = ProviderError::Unknown {
            details: Details {
                status: Some(status),
                code: Some(code.to_owned()),
                ..Details::default()
            },
            timed_out: false,
            advice: Advice::QueryFirst,
        };
        assert_eq!(
            RefreshError::from(error.clone()),
            RefreshError::Call(Box::new(error))
        );
    }
}

#[tokio::test]
async fn an_answer_that_cannot_be_used_is_a_failure_and_changes_nothing() {
    let scene = Scene::holding(&[CURRENT]).await;
    let late = datetime!(2026-02-02 00:00:00 UTC);
    let (fetched, outcome) = scene.ask(Why::Needed, late, Ok(&[CURRENT])).await;
    let unusable = RefreshError::Unusable(CertificatesError::NoneInForce);
    assert_eq!((fetched, outcome), (true, Err(unusable)));
    assert_eq!(serials(&scene.store), [certificate(CURRENT).serial()]);
}

#[tokio::test]
async fn without_a_certificate_it_can_still_be_too_early() {
    let scene = Scene::holding(&[CURRENT]).await;
    let ends = certificate(CURRENT).not_after();
    assert!(scene.succeed(Why::Due, ends, &[CURRENT]).await);
    let now = ends + Duration::SECOND;
    let (fetched, outcome) = scene.ask(Why::Needed, now, Ok(&[NEXT])).await;
    assert_eq!((fetched, outcome), (false, Err(RefreshError::TooEarly)));
    assert!(
        scene
            .succeed(Why::Needed, ends + Duration::MINUTE, &[NEXT])
            .await
    );
}

#[tokio::test]
async fn a_clock_that_was_set_back_holds_nothing_up() {
    let scene = Scene::new();
    let wrong = NOW + Duration::days(365);
    assert!(scene.succeed(Why::Due, wrong, &[NEXT]).await);
    assert!(scene.succeed(Why::Due, NOW, &[NEXT]).await);
    assert!(!scene.succeed(Why::Due, NOW, &[NEXT]).await);
}
