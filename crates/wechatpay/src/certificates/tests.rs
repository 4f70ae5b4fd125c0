mod concurrency;
mod policy;

use aes_gcm::Aes256Gcm;
use aes_gcm::aead::{Aead, KeyInit, Payload};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use paydesk_provider::keys::SigningKey;
use paydesk_provider::{Advice, Details};
use serde_json::{Value, json};
use time::Duration;
use time::format_description::well_known::Rfc3339;
use time::macros::datetime;

use super::*;
use crate::keys::PLATFORM_KEY;

/// Until February there is a rollover: both certificates are in force.
pub(super) const NOW: OffsetDateTime = datetime!(2026-01-01 02:00:00 UTC);
pub(super) const CURRENT: &str = include_str!("../../testdata/certificates/current.pem");
pub(super) const NEXT: &str = include_str!("../../testdata/certificates/next.pem");
pub(super) const ROOT: &str = include_str!("../../testdata/certificates/root.pem");
const CURRENT_KEY: &str = include_str!("../../testdata/platform_key.pem");
const NEXT_KEY: &str = include_str!("../../testdata/certificates/next_key.pem");
const API_V3_KEY: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUV";

pub(super) fn key() -> ApiV3Key {
    ApiV3Key::parse(API_V3_KEY).unwrap()
}

pub(super) fn certificate(pem: &str) -> Certificate {
    Certificate::parse(pem).unwrap()
}

pub(super) fn seal(nonce: &[u8; 12], associated_data: &str, text: &[u8]) -> String {
    let key: &[u8; 32] = API_V3_KEY.as_bytes().try_into().unwrap();
    let payload = Payload {
        msg: text,
        aad: associated_data.as_bytes(),
    };
    let sealed = Aes256Gcm::new(key.into()).encrypt(nonce.into(), payload);
    STANDARD.encode(sealed.unwrap())
}

/// An entry of the platform's answer for this certificate.
pub(super) fn entry(pem: &str) -> Value {
    let certificate = certificate(pem);
    json!({
        "serial_no": certificate.serial(),
        "effective_time": certificate.not_before().format(&Rfc3339).unwrap(),
        "expire_time": certificate.not_after().format(&Rfc3339).unwrap(),
        "encrypt_certificate": {
            "algorithm": "AEAD_AES_256_GCM",
            "nonce": "abcdefghijkl",
            "associated_data": "certificate",
            "ciphertext": seal(b"abcdefghijkl", "certificate", pem.as_bytes()),
        },
    })
}

pub(super) fn answer(entries: impl IntoIterator<Item = Value>) -> Vec<u8> {
    let data: Vec<Value> = entries.into_iter().collect();
    json!({ "data": data }).to_string().into_bytes()
}

/// What a download of these gives.
fn fetched(
    store: &PlatformCertificates,
    now: OffsetDateTime,
    pems: &[&str],
) -> Result<Certificates, RefreshError> {
    let body = answer(pems.iter().map(|pem| entry(pem)));
    Ok(store.read(&body, &key(), now)?)
}

fn unreachable() -> RefreshError {
    RefreshError::from(ProviderError::Rejected {
        details: Details::message("not sent: no connection"),
        advice: Advice::RetrySame,
    })
}

/// A store that holds these from the start, by a download.
async fn holding(now: OffsetDateTime, pems: &[&str]) -> PlatformCertificates {
    let store = PlatformCertificates::new();
    let fetch = async || fetched(&store, now, pems);
    store.refresh(Why::Needed, now, fetch).await.unwrap();
    store
}

fn serials(store: &PlatformCertificates) -> Vec<String> {
    let snapshot = store.snapshot();
    snapshot.iter().map(|it| it.serial().to_owned()).collect()
}

/// Whether a message signed with this key is verified by the certificate.
fn verifies(store: &PlatformCertificates, pem: &str, key: &str, now: OffsetDateTime) -> bool {
    let signature = SigningKey::parse(key, &PLATFORM_KEY)
        .unwrap()
        .sign(b"message")
        .unwrap();
    store
        .snapshot()
        .key(certificate(pem).serial(), now)
        .is_some_and(|key| key.verifies(b"message", &signature))
}

#[tokio::test]
async fn during_a_rollover_both_certificates_verify() {
    let store = holding(NOW, &[CURRENT, NEXT]).await;
    assert!(verifies(&store, CURRENT, CURRENT_KEY, NOW));
    assert!(verifies(&store, NEXT, NEXT_KEY, NOW));
    assert!(!verifies(&store, CURRENT, NEXT_KEY, NOW));
    assert!(!verifies(&store, NEXT, CURRENT_KEY, NOW));
}

#[tokio::test]
async fn outside_its_dates_a_certificate_neither_verifies_nor_encrypts() {
    let store = holding(NOW, &[CURRENT, NEXT]).await;
    let (before, after) = (
        datetime!(2025-11-30 23:54:59 UTC),
        datetime!(2026-02-01 00:05:01 UTC),
    );
    let (current, next) = (certificate(CURRENT), certificate(NEXT));
    let preferred = |now| store.snapshot().preferred(now).cloned();
    assert_eq!(preferred(before), Some(current));
    assert!(!verifies(&store, NEXT, NEXT_KEY, before));
    assert_eq!(preferred(NOW), Some(next.clone()));
    assert_eq!(preferred(after), Some(next));
    assert!(!verifies(&store, CURRENT, CURRENT_KEY, after));
    assert!(verifies(&store, NEXT, NEXT_KEY, after));
    assert_eq!(preferred(datetime!(2031-01-01 00:00:00 UTC)), None);
    // R7: for verifying, a clock may be some minutes off.
    assert!(verifies(
        &store,
        NEXT,
        NEXT_KEY,
        datetime!(2025-11-30 23:56:00 UTC)
    ));
    assert!(verifies(
        &store,
        CURRENT,
        CURRENT_KEY,
        datetime!(2026-02-01 00:04:00 UTC)
    ));
}

#[tokio::test]
async fn serials_are_compared_in_any_case_and_with_their_zeros() {
    let store = holding(NOW, &[CURRENT]).await;
    let held = |serial: &str| store.snapshot().get(serial, NOW).is_some();
    assert!(held("0A1B2C3D4E5F60718293A4B5C6D7E8F901020304"));
    assert!(held("0a1b2c3d4e5f60718293a4b5c6d7e8f901020304"));
    assert!(!held("A1B2C3D4E5F60718293A4B5C6D7E8F901020304"));
    assert!(!held("000A1B2C3D4E5F60718293A4B5C6D7E8F901020304"));
    assert!(!held(""));
}

#[tokio::test]
async fn a_download_replaces_what_is_not_pinned() {
    let store = PlatformCertificates::new()
        .pinned(certificate(CURRENT))
        .unwrap();
    assert!(verifies(&store, CURRENT, CURRENT_KEY, NOW), "without any");
    let refresh = async |now, pems: &[&str]| {
        let fetch = async || fetched(&store, now, pems);
        store.refresh(Why::Due, now, fetch).await.unwrap();
    };
    let g1 = include_str!("../../testdata/g1_certificate.pem");
    refresh(NOW, &[NEXT, g1]).await;
    let (own, next) = (certificate(CURRENT), certificate(NEXT));
    assert_eq!(
        serials(&store),
        [own.serial(), "D7CE59D1F522D701", next.serial()]
    );
    // A reader keeps what it began with.
    let before = store.snapshot();
    refresh(NOW + Duration::hours(10), &[NEXT]).await;
    assert_eq!(serials(&store), [own.serial(), next.serial()]);
    assert_eq!(before.iter().count(), 3);
    // It has ended: pinned or not.
    refresh(datetime!(2026-02-02 00:00:00 UTC), &[NEXT]).await;
    assert_eq!(serials(&store), [next.serial()]);
}

#[test]
fn a_pinned_certificate_is_not_replaced_under_its_serial() {
    let twin = include_str!("../../testdata/certificates/twin.pem");
    let store = PlatformCertificates::new()
        .pinned(certificate(CURRENT))
        .unwrap();
    let twice = CertificatesError::Twice(certificate(CURRENT).serial().to_owned());
    assert_eq!(
        fetched(&store, NOW, &[twin]).unwrap_err(),
        RefreshError::Unusable(twice.clone())
    );
    assert_eq!(store.pinned(certificate(twin)).unwrap_err(), twice);
}

#[test]
fn a_configured_root_is_asked() {
    let by_namesake = include_str!("../../testdata/certificates/by_namesake.pem");
    let store = PlatformCertificates::new().issued_by(certificate(ROOT));
    assert!(fetched(&store, NOW, &[CURRENT, NEXT]).is_ok());
    let foreign = CertificatesError::Foreign("11".to_owned());
    assert_eq!(
        fetched(&store, NOW, &[by_namesake]).unwrap_err(),
        RefreshError::Unusable(foreign)
    );
}

#[test]
fn printing_the_store_shows_serials_and_no_key() {
    let store = PlatformCertificates::new()
        .pinned(certificate(CURRENT))
        .unwrap();
    let printed = format!("{store:?}");
    assert!(
        printed.starts_with("{Certificate { serial: \"0A1B2C3D"),
        "{printed}"
    );
    assert!(printed.len() < 200, "{printed}");
}
