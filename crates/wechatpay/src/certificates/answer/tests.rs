use serde_json::{Value, json};
use time::macros::datetime;

use super::*;
use crate::certificates::tests::{CURRENT, NEXT, NOW, ROOT, answer, certificate, entry, key, seal};

const TWIN: &str = include_str!("../../../testdata/certificates/twin.pem");
const BY_NAMESAKE: &str = include_str!("../../../testdata/certificates/by_namesake.pem");
const EC: &str = include_str!("../../../testdata/certificates/ec.pem");
const SHORT: &str = include_str!("../../../testdata/certificates/short.pem");

fn read_at(
    now: OffsetDateTime,
    entries: impl IntoIterator<Item = Value>,
) -> Result<Vec<String>, CertificatesError> {
    let certificates = read(&answer(entries), &key(), None, now)?;
    let serials = certificates.iter().map(Certificate::serial);
    Ok(serials.map(str::to_owned).collect())
}

fn read_now(entries: impl IntoIterator<Item = Value>) -> Result<Vec<String>, CertificatesError> {
    read_at(NOW, entries)
}

/// The entry with one field of its sealed part changed.
fn resealed(pem: &str, field: &str, value: &Value) -> Value {
    let mut entry = entry(pem);
    entry["encrypt_certificate"][field] = value.clone();
    entry
}

#[test]
fn every_certificate_of_an_answer_is_opened() {
    let mut first = entry(CURRENT);
    first["news"] = json!({"of": ["no interest"]});
    assert_eq!(
        read_now([first, entry(NEXT)]).unwrap(),
        [
            "0A1B2C3D4E5F60718293A4B5C6D7E8F901020304",
            "F3E2D1C0B1A2938475665748392A1B0C0D0E0F10"
        ]
    );
    // The same one twice is one.
    assert_eq!(read_now([entry(NEXT), entry(NEXT)]).unwrap().len(), 1);
}

#[test]
fn the_associated_data_is_the_one_that_came() {
    let sealed = seal(b"abcdefghijkl", "", CURRENT.as_bytes());
    let mut without = resealed(CURRENT, "ciphertext", &json!(sealed));
    without["encrypt_certificate"]["associated_data"] = json!("");
    assert_eq!(read_now([without.clone()]).unwrap().len(), 1);
    without["encrypt_certificate"]["associated_data"] = Value::Null;
    assert_eq!(read_now([without.clone()]).unwrap().len(), 1);
    let sealed = without["encrypt_certificate"].as_object_mut().unwrap();
    sealed.remove("associated_data");
    assert_eq!(read_now([without]).unwrap().len(), 1);
}

#[test]
fn what_was_not_sealed_with_the_key_spoils_the_answer() {
    let serial = "0A1B2C3D4E5F60718293A4B5C6D7E8F901020304";
    for (field, value) in [
        ("associated_data", "Certificate"),
        ("associated_data", ""),
        ("nonce", "abcdefghijkm"),
        ("ciphertext", ""),
        ("ciphertext", "*"),
        ("ciphertext", "otxzQNtHtxed48eULD+6vn/8alvs"),
    ] {
        let changed = resealed(CURRENT, field, &json!(value));
        let error = read_now([entry(NEXT), changed]).unwrap_err();
        assert_eq!(error, CertificatesError::Undecryptable(serial.to_owned()));
    }
    let other = ApiV3Key::parse("0123456789ABCDEFGHIJKLMNOPQRSTUW").unwrap();
    let error = read(&answer([entry(CURRENT)]), &other, None, NOW).unwrap_err();
    assert!(error.to_string().contains("APIv3 key"), "{error}");
    for nonce in ["", "abcdefghijk", "abcdefghijklmnop"] {
        let error = read_now([resealed(CURRENT, "nonce", &json!(nonce))]).unwrap_err();
        assert!(matches!(error, CertificatesError::Nonce { .. }), "{error}");
    }
}

#[test]
fn a_certificate_bears_the_serial_it_was_announced_with() {
    for announced in [
        "F3E2D1C0B1A2938475665748392A1B0C0D0E0F10",
        "A1B2C3D4E5F60718293A4B5C6D7E8F901020304",
        "000A1B2C3D4E5F60718293A4B5C6D7E8F901020304",
        "secret",
        "",
    ] {
        let mut entry = entry(CURRENT);
        entry["serial_no"] = json!(announced);
        let error = read_now([entry]).unwrap_err();
        assert!(matches!(error, CertificatesError::Misnamed { .. }));
        assert!(!error.to_string().contains("secret"), "{error}");
    }
    let mut lower = entry(CURRENT);
    lower["serial_no"] = json!("0a1b2c3d4e5f60718293a4b5c6d7e8f901020304");
    assert_eq!(read_now([lower]).unwrap().len(), 1);
}

#[test]
fn what_is_sealed_must_be_a_good_certificate() {
    let public = include_str!("../../../testdata/platform_public_key.pem");
    for text in [public.as_bytes(), SHORT.as_bytes(), b"secret", b"\xff", b""] {
        let sealed = seal(b"abcdefghijkl", "certificate", text);
        let error = read_now([resealed(CURRENT, "ciphertext", &json!(sealed))]).unwrap_err();
        assert!(matches!(error, CertificatesError::Certificate { .. }));
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("secret"), "{shown}");
    }
    let error = read_now([entry(CURRENT), entry(TWIN)]).unwrap_err();
    assert!(matches!(error, CertificatesError::Twice(_)), "{error}");
}

#[test]
fn other_algorithms_are_passed_over() {
    let sm4 = resealed(CURRENT, "algorithm", &json!("AEAD_SM4_GCM"));
    let mut ec = entry(CURRENT);
    ec["serial_no"] = json!("15");
    ec["encrypt_certificate"]["ciphertext"] =
        json!(seal(b"abcdefghijkl", "certificate", EC.as_bytes()));
    let read = read_now([sm4.clone(), ec.clone(), entry(NEXT)]).unwrap();
    assert_eq!(read, ["F3E2D1C0B1A2938475665748392A1B0C0D0E0F10"]);
    assert_eq!(
        read_now([sm4, ec]).unwrap_err(),
        CertificatesError::NoneInForce
    );
}

#[test]
fn one_certificate_at_least_is_in_force() {
    let none = CertificatesError::NoneInForce;
    assert_eq!(read_now([]).unwrap_err(), none);
    let early = datetime!(2021-01-31 23:59:59 UTC);
    assert_eq!(read_at(early, [entry(CURRENT)]).unwrap_err(), none);
    let late = datetime!(2026-02-01 00:00:01 UTC);
    assert_eq!(read_at(late, [entry(CURRENT)]).unwrap_err(), none);
    // One that has ended does not spoil the others.
    assert_eq!(
        read_at(late, [entry(CURRENT), entry(NEXT)]).unwrap().len(),
        2
    );
}

#[test]
fn the_platform_can_end_a_certificate_early_and_not_late() {
    let mut shortened = entry(CURRENT);
    shortened["expire_time"] = json!("2026-01-01T12:00:00+08:00");
    let mut prolonged = entry(NEXT);
    prolonged["expire_time"] = json!("2099-01-01T12:00:00+08:00");
    prolonged["effective_time"] = json!("2001-01-01T12:00:00.123+08:00");
    let read = read(&answer([shortened, prolonged]), &key(), None, NOW).unwrap();
    let (current, next) = (certificate(CURRENT), certificate(NEXT));
    let held = |serial: &str, now| read.get(serial, now).is_some();
    let end = datetime!(2026-01-01 04:00:00 UTC);
    assert!(held(current.serial(), end));
    assert!(!held(current.serial(), end + time::Duration::SECOND));
    for (now, expected) in [
        (next.not_before() - time::Duration::SECOND, false),
        (next.not_before(), true),
        (next.not_after(), true),
        (next.not_after() + time::Duration::SECOND, false),
    ] {
        assert_eq!(held(next.serial(), now), expected, "{now}");
    }
}

#[test]
fn what_is_no_list_of_certificates_is_refused_without_repeating_it() {
    let without = |field: &str| {
        let mut entry = entry(CURRENT);
        entry.as_object_mut().unwrap().remove(field);
        answer([entry])
    };
    let number = |field: &str| {
        let mut entry = entry(CURRENT);
        entry[field] = json!(1_528_425_296);
        answer([entry])
    };
    for body in [
        b"".to_vec(),
        b"secret".to_vec(),
        b"{}".to_vec(),
        b"{\"data\":null}".to_vec(),
        b"{\"data\":{}}".to_vec(),
        b"{\"data\":[\"secret\"]}".to_vec(),
        without("serial_no"),
        without("effective_time"),
        without("expire_time"),
        without("encrypt_certificate"),
        number("expire_time"),
        answer([resealed(CURRENT, "nonce", &Value::Null)]),
    ] {
        let error = read(&body, &key(), None, NOW).unwrap_err();
        assert!(matches!(error, CertificatesError::Unreadable(_)), "{error}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
    for field in ["effective_time", "expire_time"] {
        for text in ["", "secret", "2026-01-01 12:00:00", "1528425296"] {
            let mut entry = entry(CURRENT);
            entry[field] = json!(text);
            let error = read_now([entry]).unwrap_err();
            assert!(error.to_string().contains(field), "{error}");
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }
}

#[test]
fn a_root_vouches_for_every_certificate() {
    let root = certificate(ROOT);
    let read_by = |root: &Certificate, now, pem| {
        read(&answer([entry(NEXT), entry(pem)]), &key(), Some(root), now)
    };
    assert!(read_by(&root, NOW, CURRENT).is_ok());
    let foreign = CertificatesError::Foreign("11".to_owned());
    assert_eq!(read_by(&root, NOW, BY_NAMESAKE).unwrap_err(), foreign);
    assert!(read_now([entry(BY_NAMESAKE)]).is_ok(), "not without a root");
    let late = datetime!(2045-06-01 00:00:00 UTC);
    let expired = CertificatesError::Root("01".to_owned());
    assert_eq!(read_by(&root, late, CURRENT).unwrap_err(), expired);
}
