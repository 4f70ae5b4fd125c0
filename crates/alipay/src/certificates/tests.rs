use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration as Pause;

use futures_util::future::join_all;
use paydesk_provider::Advice;
use proptest::prelude::*;
use time::Duration;
use time::macros::datetime;

use super::*;

macro_rules! pem {
    ($file:literal) => {
        include_str!(concat!("../../testdata/certificates/", $file, ".pem"))
    };
}

const APP: &str = pem!("app");
const ROOTS: &str = pem!("roots");
const ALIPAY: &str = pem!("alipay");
const CHAIN: &str = pem!("alipay_chain");
const NEXT: &str = pem!("next");
const AUTHORITY: &str = pem!("authority");
const NOW: OffsetDateTime = datetime!(2026-01-01 12:00 +8);

fn sn(pem: &str) -> String {
    Certificate::parse(pem).unwrap().sn().to_owned()
}

fn built(app: &str, roots: &str, alipay: &str) -> Result<AlipayCertificates, CertificatesError> {
    AlipayCertificates::new(app, roots, alipay)
}

fn certificates() -> AlipayCertificates {
    built(APP, ROOTS, CHAIN).unwrap()
}

/// What becomes of a download that brings this.
async fn learnt(asked: &str, brought: &str, at: OffsetDateTime) -> Result<(), LearnError> {
    let certificates = certificates();
    let fetch = || std::future::ready(Ok(brought.to_owned()));
    certificates.learn(asked, Why::Answer, at, fetch).await?;
    assert!(certificates.get(asked, at).is_some());
    Ok(())
}

#[test]
fn the_consoles_files_are_taken_with_and_without_the_authority() {
    let several = format!("{NEXT}{CHAIN}");
    for (alipay, held) in [(CHAIN, 1), (ALIPAY, 1), (&several, 2)] {
        for roots in [ROOTS, pem!("root")] {
            let certificates = built(APP, roots, alipay).unwrap();
            assert_eq!(certificates.held().len(), held);
            assert!(certificates.get(&sn(ALIPAY), NOW).is_some());
            assert!(certificates.get(&sn(ALIPAY).to_uppercase(), NOW).is_some());
            assert_eq!(certificates.keys(NOW).len(), held);
        }
    }
    assert_eq!(certificates().app().sn(), sn(APP));
    assert_eq!(certificates().root_sn().len(), 3 * 32 + 2);
    // Expired, and none the less what is configured: its number is all that is wanted of it here.
    let published = built(
        pem!("published/app"),
        pem!("published/roots"),
        pem!("published/alipay"),
    )
    .unwrap();
    assert!(published.keys(NOW).is_empty());
}

#[test]
fn files_in_each_others_places_are_named() {
    use CertificatesError::{Alipay, App, Roots};

    let refused = |app, roots, alipay| built(app, roots, alipay).unwrap_err();
    let problem = |error: CertificatesError| match error {
        App(FileError::Unfit { problem, .. }) => ("app", problem),
        Roots(FileError::Unfit { problem, .. }) => ("roots", problem),
        Alipay(FileError::Unfit { problem, .. }) => ("alipay", problem),
        other => panic!("{other:?}"),
    };
    for (error, expected) in [
        (refused(ROOTS, ROOTS, CHAIN), ("app", Unfit::Authority)),
        (
            refused(pem!("sealing_app"), ROOTS, CHAIN),
            ("app", Unfit::Purpose),
        ),
        (refused(APP, CHAIN, CHAIN), ("roots", Unfit::NotAuthority)),
        (refused(APP, ROOTS, ROOTS), ("alipay", Unfit::Authority)),
        (refused(APP, ROOTS, APP), ("alipay", Unfit::Own)),
        (
            refused(APP, ROOTS, pem!("sealing")),
            ("alipay", Unfit::Purpose),
        ),
    ] {
        assert_eq!(problem(error), expected);
    }
    let key = include_str!("../../testdata/app_key.pem");
    for (error, file) in [
        (refused(key, ROOTS, CHAIN), "appCertPublicKey"),
        (refused(APP, key, CHAIN), "alipayRootCert"),
        (refused(APP, ROOTS, key), "alipayCertPublicKey"),
        (refused(APP, pem!("ec_root"), CHAIN), "alipayRootCert"),
    ] {
        assert!(error.to_string().contains(file), "{error}");
        let secret = key.lines().nth(5).unwrap();
        assert!(!format!("{error:?}").contains(secret), "{error:?}");
    }
}

#[test]
fn files_are_read_or_named() {
    let path = |name: &str| {
        format!(
            "{}/testdata/certificates/{name}",
            env!("CARGO_MANIFEST_DIR")
        )
    };
    let [app, roots, alipay] = ["app.pem", "roots.pem", "alipay_chain.pem"].map(path);
    let read = AlipayCertificates::from_files(&app, &roots, &alipay).unwrap();
    assert_eq!(read.root_sn(), certificates().root_sn());
    assert_eq!(read.roots().len(), 3);
    let error = AlipayCertificates::from_files(&app, &roots, path("none.pem")).unwrap_err();
    let CertificatesError::Alipay(FileError::Unreadable(error)) = error else {
        panic!("{error:?}");
    };
    assert!(error.to_string().contains("none.pem"), "{error}");
}

#[test]
fn an_authority_that_no_root_stands_behind_is_refused() {
    let foreign = format!(
        "{}{}",
        pem!("by_foreign_authority"),
        pem!("foreign_authority")
    );
    // Signed by somebody else under the authority's name, and by the authority of other roots.
    let forged = format!("{}{AUTHORITY}", pem!("by_foreign_authority"));
    for (roots, alipay) in [
        (ROOTS, &*foreign),
        (ROOTS, &forged),
        (pem!("foreign_root"), CHAIN),
        (pem!("published/roots"), CHAIN),
    ] {
        let error = built(APP, roots, alipay).unwrap_err();
        let CertificatesError::Alipay(FileError::Unfit { problem, .. }) = error else {
            panic!("{error:?}");
        };
        assert_eq!(problem, Unfit::NotIssued);
        // This is what the sandbox needs.
        let unchecked = AlipayCertificates::unchecked_and_never_renewed(APP, roots, alipay);
        assert_eq!(unchecked.unwrap().keys(NOW).len(), 1);
    }
}

#[test]
fn dates_count_within_five_minutes_and_those_above_too() {
    let certificates = certificates();
    let (from, until) = (
        datetime!(2021-02-01 00:00 UTC),
        datetime!(2026-02-01 00:00 UTC),
    );
    let skew = Duration::minutes(5);
    for (at, is_held) in [
        (from - skew, true),
        (from - skew - Duration::SECOND, false),
        (until + skew, true),
        (until + skew + Duration::SECOND, false),
    ] {
        assert_eq!(certificates.get(&sn(ALIPAY), at).is_some(), is_held, "{at}");
        assert_eq!(certificates.keys(at).len(), usize::from(is_held), "{at}");
    }
    let file = format!("{ALIPAY}{}", pem!("ended_authority"));
    let ended = built(APP, ROOTS, &file).unwrap();
    assert!(ended.get(&sn(ALIPAY), NOW).is_none());
    assert!(
        ended
            .get(&sn(ALIPAY), datetime!(2025-12-30 0:00 UTC))
            .is_some()
    );
    let file = format!("{file}{AUTHORITY}");
    let renewed = built(APP, ROOTS, &file).unwrap();
    assert!(renewed.get(&sn(ALIPAY), NOW).is_some());
    let unchecked =
        AlipayCertificates::unchecked_and_never_renewed(APP, ROOTS, pem!("ended")).unwrap();
    assert!(unchecked.get(&sn(pem!("ended")), NOW).is_some());
}

#[tokio::test]
async fn a_successor_is_learnt_with_and_without_its_authority() {
    for brought in [NEXT.to_owned(), format!("{NEXT}{AUTHORITY}")] {
        learnt(&sn(NEXT), &brought, NOW).await.unwrap();
    }
}

#[tokio::test]
async fn what_the_authority_gave_to_others_or_is_none_of_its_is_not_learnt() {
    let file = |one: &str, other: &str| format!("{one}{other}");
    for (certificate, brought, problem) in [
        (NEXT, CHAIN.to_owned(), Unfit::Another),
        // The app's own, and any other that was issued to apps, by name or by authority.
        (APP, file(APP, pem!("apps_authority")), Unfit::Own),
        (
            pem!("for_another"),
            pem!("for_another").to_owned(),
            Unfit::Foreign,
        ),
        (
            pem!("by_apps_authority"),
            file(pem!("by_apps_authority"), pem!("apps_authority")),
            Unfit::Foreign,
        ),
        (AUTHORITY, AUTHORITY.to_owned(), Unfit::Authority),
        (pem!("sealing"), pem!("sealing").to_owned(), Unfit::Purpose),
        (pem!("ended"), pem!("ended").to_owned(), Unfit::Ended),
        (
            pem!("by_foreign_authority"),
            pem!("by_foreign_authority").to_owned(),
            Unfit::NotIssued,
        ),
        (
            pem!("by_foreign_authority"),
            [
                pem!("by_foreign_authority"),
                pem!("foreign_authority"),
                pem!("foreign_root"),
            ]
            .concat(),
            Unfit::NotIssued,
        ),
        (
            pem!("by_leaf"),
            file(pem!("by_leaf"), CHAIN),
            Unfit::Foreign,
        ),
    ] {
        let asked = sn(certificate);
        let error = learnt(&asked, &brought, NOW).await.unwrap_err();
        let LearnError::Unusable(FileError::Unfit { problem: found, .. }) = &error else {
            panic!("{error:?}");
        };
        assert_eq!(*found, problem, "{error:?}");
    }
    let early = datetime!(2025-11-30 23:00 UTC);
    let error = learnt(&sn(NEXT), NEXT, early).await.unwrap_err();
    assert!(format!("{error:?}").contains("NotYet"), "{error:?}");
    for brought in ["", "no certificate", pem!("ec_root")] {
        let error = learnt(&sn(NEXT), brought, NOW).await.unwrap_err();
        assert!(matches!(error, LearnError::Unusable(_)), "{error:?}");
    }
}

/// Without the authority in the configured file the download must bring it.
#[tokio::test]
async fn a_chain_with_a_gap_is_not_learnt() {
    let bare = built(APP, ROOTS, ALIPAY).unwrap();
    let fetch = |brought: String| move || std::future::ready(Ok(brought));
    let error = bare
        .learn(&sn(NEXT), Why::Answer, NOW, fetch(NEXT.to_owned()))
        .await
        .unwrap_err();
    assert!(format!("{error:?}").contains("NotIssued"), "{error:?}");
    let later = NOW + Duration::MINUTE;
    let brought = format!("{NEXT}{AUTHORITY}");
    bare.learn(&sn(NEXT), Why::Answer, later, fetch(brought))
        .await
        .unwrap();
    assert_eq!(bare.held().len(), 2);
    assert_eq!(bare.keys(later).len(), 2);
}

#[tokio::test]
async fn many_who_miss_the_same_certificate_cause_one_download() {
    let (certificates, asked) = (certificates(), sn(NEXT));
    let downloads = AtomicUsize::new(0);
    let learning = (0..20).map(|_| {
        certificates.learn(&asked, Why::Answer, NOW, || async {
            downloads.fetch_add(1, Ordering::SeqCst);
            tokio::time::sleep(Pause::from_millis(1)).await;
            Ok(NEXT.to_owned())
        })
    });
    for learnt in join_all(learning).await {
        learnt.unwrap();
    }
    assert_eq!(downloads.load(Ordering::SeqCst), 1);
    // Clones share it.
    assert!(certificates.clone().get(&asked, NOW).is_some());
}

#[tokio::test]
async fn what_is_no_number_or_is_held_causes_none() {
    let certificates = certificates();
    let none = || async { panic!("nothing is to be fetched") };
    for sn in [
        "",
        "PUB_KEY_ID_1",
        &sn(NEXT).to_uppercase(),
        &"0".repeat(31),
        &sn(ALIPAY),
    ] {
        certificates
            .learn(sn, Why::Notice, NOW, none)
            .await
            .unwrap();
    }
    // Nor when it has ended: the platform has no other under this number.
    let ended = NOW + Duration::days(60);
    assert!(certificates.get(&sn(ALIPAY), ended).is_none());
    certificates
        .learn(&sn(ALIPAY), Why::Answer, ended, none)
        .await
        .unwrap();
    let unchecked = AlipayCertificates::unchecked_and_never_renewed(APP, ROOTS, CHAIN).unwrap();
    let error = unchecked.learn(&sn(NEXT), Why::Answer, NOW, none).await;
    assert_eq!(error.unwrap_err(), LearnError::Unchecked);
}

#[tokio::test]
async fn a_download_that_failed_is_tried_again_after_a_minute() {
    let (certificates, asked) = (certificates(), sn(NEXT));
    let failed = ProviderError::Rejected {
        details: paydesk_provider::Details::message("no connection"),
        advice: Advice::RetrySame,
    };
    let fail = || std::future::ready(Err(failed.clone()));
    let error = certificates.learn(&asked, Why::Answer, NOW, fail).await;
    assert!(matches!(error, Err(LearnError::Call(_))), "{error:?}");
    let fetch = || std::future::ready(Ok(NEXT.to_owned()));
    let early = NOW + Duration::seconds(59);
    let error = certificates.learn(&asked, Why::Answer, early, fetch).await;
    assert_eq!(error.unwrap_err(), LearnError::TooEarly);
    let later = NOW + Duration::MINUTE;
    certificates
        .learn(&asked, Why::Answer, later, fetch)
        .await
        .unwrap();
}

proptest! {
    // Each of them reads a dozen keys.
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_file_panics(text in ".*", at in 0..CHAIN.len(), byte in any::<u8>()) {
        let mut broken = CHAIN.as_bytes().to_vec();
        broken[at] = byte;
        let broken = String::from_utf8_lossy(&broken);
        for file in [&*text, &*broken] {
            drop(built(file, ROOTS, CHAIN));
            drop(built(APP, file, CHAIN));
            drop(built(APP, ROOTS, file));
            drop(certificates().admit(&sn(NEXT), file, NOW));
        }
    }
}
