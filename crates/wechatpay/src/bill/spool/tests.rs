use std::io::{Read, Write};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::*;

const SAMPLE: &str = include_str!("../../../testdata/trade_bill_all.csv");
const SAMPLE_SHA1: &str = "193e7d17643ca6b57d9de788303e30c85c236844";

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn sha1(text: &[u8]) -> String {
    hex::encode(ring::digest::digest(&SHA1_FOR_LEGACY_USE_ONLY, text))
}

fn spool(packing: BillPacking) -> Spool {
    Spool::new(packing, BillLimits::default())
}

/// Everything in chunks of one size, and the outcome.
fn taken(
    packing: BillPacking,
    bytes: &[u8],
    chunk: usize,
    sha1: &str,
) -> Result<BillFile, BillError> {
    let mut spool = spool(packing);
    for part in bytes.chunks(chunk) {
        spool.push(part)?;
    }
    spool.finish(sha1)
}

fn text(mut file: BillFile) -> Vec<u8> {
    let mut text = Vec::new();
    file.reader().read_to_end(&mut text).unwrap();
    assert_eq!(file.size_bytes(), text.len() as u64);
    assert_eq!(file.sha1(), sha1(&text));
    text
}

#[test]
fn the_hash_is_that_of_the_plain_text_in_each_form_of_the_file() {
    let crlf = SAMPLE.replace('\n', "\r\n");
    for (form, size, hash) in [
        (
            format!("\u{feff}{crlf}"),
            1145,
            "61cf9507d57dc26cf202f8402a8ca3278b653008",
        ),
        (crlf, 1142, "03d9441e560a7bf43293203c3f15b9980a8e0216"),
        (SAMPLE.to_owned(), 1137, SAMPLE_SHA1),
    ] {
        let plain = form.as_bytes();
        assert_eq!(plain.len(), size);
        for chunk in [1, 7, 4096] {
            for (packing, bytes) in [
                (BillPacking::Plain, plain.to_vec()),
                (BillPacking::Gzip, gzip(plain)),
            ] {
                let file = taken(packing, &bytes, chunk, hash).unwrap();
                assert_eq!(text(file), plain);
                taken(packing, &bytes, chunk, &hash.to_uppercase()).unwrap();
            }
        }
    }
}

#[test]
fn another_text_is_not_given_out() {
    for stated in [
        "",
        "0",
        "61cf9507d57dc26cf202f8402a8ca3278b653008",
        " 193e7d17643ca6b57d9de788303e30c85c236844",
        "193e7d17643ca6b57d9de788303e30c85c236844 ",
        "193e7d17643ca6b57d9de788303e30c85c23684",
    ] {
        let outcome = taken(BillPacking::Plain, SAMPLE.as_bytes(), 99, stated);
        assert!(matches!(outcome, Err(BillError::Hash)), "{stated}");
    }
    let mut altered = SAMPLE.as_bytes().to_vec();
    for place in 0..altered.len() {
        altered[place] ^= 1;
        let outcome = taken(BillPacking::Plain, &altered, 4096, SAMPLE_SHA1);
        assert!(matches!(outcome, Err(BillError::Hash)), "{place}");
        altered[place] ^= 1;
    }
    // Asked for packed and sent plain, and the other way round.
    let outcome = taken(BillPacking::Gzip, SAMPLE.as_bytes(), 99, SAMPLE_SHA1);
    assert!(matches!(outcome, Err(BillError::Gzip(_))));
    let outcome = taken(
        BillPacking::Plain,
        &gzip(SAMPLE.as_bytes()),
        99,
        SAMPLE_SHA1,
    );
    assert!(matches!(outcome, Err(BillError::Hash)));
}

#[test]
fn a_gzip_stream_that_was_cut_or_altered_is_an_error() {
    let packed = gzip(SAMPLE.as_bytes());
    for length in 0..packed.len() {
        for chunk in [1, 4096] {
            let outcome = taken(BillPacking::Gzip, &packed[..length], chunk, SAMPLE_SHA1);
            assert!(matches!(outcome, Err(BillError::Gzip(_))), "{length}");
        }
    }
    // Its own checksum and length, the last eight bytes.
    for place in packed.len() - 8..packed.len() {
        let mut altered = packed.clone();
        altered[place] ^= 1;
        let outcome = taken(BillPacking::Gzip, &altered, 4096, SAMPLE_SHA1);
        assert!(matches!(outcome, Err(BillError::Gzip(_))), "{place}");
    }
}

#[test]
fn nothing_may_follow_the_gzip_stream() {
    let packed = gzip(SAMPLE.as_bytes());
    for more in [
        b"\0".to_vec(),
        b"\n".to_vec(),
        gzip(b""),
        gzip(b"x"),
        packed.clone(),
    ] {
        let bytes = [packed.clone(), more].concat();
        for chunk in [1, packed.len(), bytes.len()] {
            let outcome = taken(BillPacking::Gzip, &bytes, chunk, SAMPLE_SHA1);
            assert!(matches!(outcome, Err(BillError::Gzip(_))), "{chunk}");
        }
    }
    let mut spool = spool(BillPacking::Gzip);
    spool.push(&packed).unwrap();
    spool.push(b"").unwrap();
    spool.finish(SAMPLE_SHA1).unwrap();
}

#[test]
fn a_gzip_bomb_is_given_up_early() {
    let zeros = vec![0; 8 * 1024 * 1024];
    let bomb = gzip(&zeros);
    assert!(bomb.len() < 16 * 1024, "8 MiB in {} bytes", bomb.len());
    for chunk in [512, bomb.len()] {
        let mut spool = spool(BillPacking::Gzip);
        let outcome = bomb.chunks(chunk).try_for_each(|part| spool.push(part));
        assert!(matches!(outcome, Err(BillError::Bomb { limit: RATIO })));
        assert!(spool.kept.size <= RATIO * bomb.len() as u64 + 32 * 1024);
    }

    let limits = BillLimits {
        unpacked_bytes: 100_000,
        ..BillLimits::default()
    };
    let mut spool = Spool::new(BillPacking::Gzip, limits);
    let error = spool.push(&bomb).unwrap_err();
    assert!(matches!(
        error,
        BillError::TooLarge {
            what: "the bill",
            limit: 100_000
        }
    ));
    assert!(spool.kept.size <= 100_000 + 32 * 1024);
}

#[test]
fn neither_a_download_nor_a_bill_may_pass_its_limit() {
    let size = SAMPLE.len() as u64;
    let limits = |downloaded_bytes, unpacked_bytes| BillLimits {
        downloaded_bytes,
        unpacked_bytes,
    };
    let outcome = |packing, bytes: &[u8], limits| {
        let mut spool = Spool::new(packing, limits);
        bytes.chunks(100).try_for_each(|part| spool.push(part))
    };
    let plain = SAMPLE.as_bytes();
    let packed = gzip(plain);
    let packed_size = packed.len() as u64;
    outcome(BillPacking::Plain, plain, limits(size, size)).unwrap();
    outcome(BillPacking::Gzip, &packed, limits(packed_size, size)).unwrap();
    for (packing, bytes, limits) in [
        (BillPacking::Plain, plain, limits(size - 1, size)),
        (BillPacking::Plain, plain, limits(size, size - 1)),
        (BillPacking::Gzip, &packed, limits(packed_size - 1, size)),
        (BillPacking::Gzip, &packed, limits(packed_size, size - 1)),
    ] {
        let error = outcome(packing, bytes, limits).unwrap_err();
        assert!(matches!(error, BillError::TooLarge { .. }), "{error}");
    }
}

#[test]
fn after_an_error_the_bill_is_lost() {
    let packed = gzip(SAMPLE.as_bytes());
    let mut spool = spool(BillPacking::Gzip);
    spool.push(&packed).unwrap();
    spool.push(b"more").unwrap_err();
    assert!(matches!(spool.push(b""), Err(BillError::Broken)));
    assert!(matches!(spool.finish(SAMPLE_SHA1), Err(BillError::Broken)));
}

#[test]
fn a_large_bill_waits_on_the_disk_and_a_small_one_does_not() {
    let mut spool = spool(BillPacking::Plain);
    spool.push(SAMPLE.as_bytes()).unwrap();
    assert!(!spool.kept.text.is_rolled());
    let large = SAMPLE.repeat(300);
    spool.push(large.as_bytes()).unwrap();
    assert!(spool.kept.text.is_rolled());
    let whole = SAMPLE.repeat(301);
    let file = spool.finish(&sha1(whole.as_bytes())).unwrap();
    assert_eq!(text(file), whole.as_bytes());
}

#[test]
fn what_is_printed_of_a_bill_is_not_its_text() {
    let mut spool = spool(BillPacking::Plain);
    spool.push(SAMPLE.as_bytes()).unwrap();
    assert_eq!(
        format!("{spool:?}"),
        "Spool { downloaded: 1137, unpacked: 1137, .. }"
    );
    let mut file = spool.finish(SAMPLE_SHA1).unwrap();
    let mut printed = vec![format!("{file:?}"), format!("{:?}", file.fund_flows())];
    printed.push(format!("{:?}", file.reader()));
    let mut trades = file.trades();
    trades.next().unwrap().unwrap();
    printed.push(format!("{trades:?}"));
    for printed in printed {
        assert!(!printed.contains("PO2026"), "{printed}");
    }
}
