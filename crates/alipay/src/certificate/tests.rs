use super::*;
use crate::certificates::root_sn;

/// Issuer, serial and number of certificates that other libraries publish, some of which begin with a
/// zero.
const NUMBERS: &str = include_str!("../../testdata/certificates/published/numbers.tsv");
const ROOTS: &str = include_str!("../../testdata/certificates/published/roots.pem");
const APP: &str = include_str!("../../testdata/certificates/published/app.pem");
const ALIPAY: &str = include_str!("../../testdata/certificates/published/alipay.pem");
const MADE: &str = include_str!("../../testdata/certificates/roots.pem");

#[test]
fn the_published_serials_give_the_published_numbers() {
    let mut seen = 0;
    for line in NUMBERS.lines().skip(1) {
        let columns: Vec<_> = line.split('\t').collect();
        let [issuer, serial, expected] = columns[..] else {
            panic!("{line}");
        };
        assert_eq!(sn(issuer, serial), expected, "{line}");
        seen += 1;
    }
    assert_eq!(seen, 11);
}

#[test]
fn serials_of_any_length_are_written_in_decimal() {
    for (hexadecimal, expected) in [
        ("00", "0"),
        ("0A", "10"),
        ("69e2fec0170ac67b", "7629940819692799611"),
        (
            "2020051862039d4090897ba4d51c2126",
            "42701552708448241360226107228231049510",
        ),
        (
            "10c764e9d560384212d9c08fd10e373fdd0fb396",
            "95790491425698859646659490580052089075020051350",
        ),
    ] {
        assert_eq!(decimal(hexadecimal), expected);
    }
}

#[test]
fn the_published_files_have_the_published_numbers() {
    for text in [
        APP.to_owned(),
        APP.replace('\n', "\r\n"),
        APP.replace('\n', "\\n"),
    ] {
        let app = Certificate::parse(&text).unwrap();
        assert_eq!(app.sn(), "866efef280dec9137a87d047ac446315");
    }
    let alipay = Certificate::parse(ALIPAY).unwrap();
    assert_eq!(alipay.sn(), "7513daaaa48aa3ba2e4018d84402479c");
    // The first one of a file is the one it is about.
    let chain = format!("{ALIPAY}{ROOTS}");
    assert_eq!(Certificate::parse(&chain).unwrap(), alipay);
}

#[test]
fn of_the_roots_only_those_signed_with_rsa_are_counted() {
    let expected = "687b59193f3f462dd5336e5abf83c5d8_02941eef3187dddf3d3b83462e1dfcf6";
    let without_end = ROOTS.trim_end();
    let windows = ROOTS.replace('\n', "\r\n");
    for text in [ROOTS, without_end, &windows, &ROOTS.replace("\n\n", "\n")] {
        let roots = Certificate::parse_all(text).unwrap();
        assert_eq!(root_sn(&roots), expected);
    }
    let made = root_sn(&Certificate::parse_all(MADE).unwrap());
    assert!(
        made.len() == 3 * 32 + 2 && made.ends_with(expected),
        "{made}"
    );
}

#[test]
fn a_file_that_was_cut_off_or_is_another_is_named() {
    let (cut, _) = ROOTS.rsplit_once("-----END").unwrap();
    assert_eq!(
        Certificate::parse_all(cut),
        Err(CertificateError::NotEncoded)
    );
    let key = include_str!("../../testdata/app_key.pem");
    let error = Certificate::parse_all(key).unwrap_err().to_string();
    assert!(error.contains("appPrivateKey.txt"), "{error}");
    let ec = include_str!("../../testdata/certificates/ec_root.pem");
    assert_eq!(Certificate::parse_all(ec), Err(CertificateError::NotRsa));
    assert!(Certificate::parse_all("").is_err());
}

#[test]
fn nothing_but_numbers_and_dates_is_printed() {
    let printed = format!("{:?}", Certificate::parse(APP).unwrap());
    assert!(
        printed.starts_with("Certificate { sn: \"866efef2"),
        "{printed}"
    );
    assert!(!printed.contains("2088"), "{printed}");
}
