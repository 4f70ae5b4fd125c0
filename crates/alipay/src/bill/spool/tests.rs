use std::io::Read;

use super::*;
use crate::bill::BillKind;

const TRADES: &[u8] = include_bytes!("../../../testdata/trade_bill.zip");
const LIST: &[u8] = include_bytes!("../../../testdata/trade_bill.csv");
const SUMMARY: &[u8] = include_bytes!("../../../testdata/trade_bill_summary.csv");

/// Everything in chunks of one size, and the outcome.
fn taken(bytes: &[u8], chunk: usize, limits: BillLimits) -> Result<BillFile, BillError> {
    let mut spool = Spool::new(limits);
    for part in bytes.chunks(chunk) {
        spool.push(part)?;
    }
    spool.finish()
}

#[test]
fn a_bill_is_the_same_in_whatever_pieces_it_comes() {
    for chunk in [1, 7, 4096] {
        let mut file = taken(TRADES, chunk, BillLimits::default()).unwrap();
        assert_eq!(file.kind(), BillKind::Trade);
        assert_eq!(file.size_bytes(), LIST.len() as u64);
        // As often as one likes.
        for _ in 0..2 {
            let (mut list, mut summary) = (Vec::new(), Vec::new());
            file.reader().read_to_end(&mut list).unwrap();
            let reader = file.summary_reader();
            reader.unwrap().read_to_end(&mut summary).unwrap();
            assert_eq!((list.as_slice(), summary.as_slice()), (LIST, SUMMARY));
        }
        assert!(!format!("{file:?}").contains("po2026"));
    }
}

#[test]
fn what_is_too_large_is_refused_before_it_is_unpacked() {
    let both = (LIST.len() + SUMMARY.len()) as u64;
    let downloaded = TRADES.len() as u64;
    let of = |downloaded_bytes, unpacked_bytes| BillLimits {
        downloaded_bytes,
        unpacked_bytes,
    };
    assert!(taken(TRADES, 100, of(downloaded, both)).is_ok());
    for (limits, expected) in [
        (of(downloaded - 1, both), "the download is larger than"),
        (of(downloaded, both - 1), "the bill is larger than"),
    ] {
        let error = taken(TRADES, 100, limits).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    }
}

#[test]
fn after_an_error_there_is_no_bill() {
    let mut spool = Spool::new(BillLimits {
        downloaded_bytes: 10,
        ..BillLimits::default()
    });
    assert!(spool.push(&[0; 11]).is_err());
    assert!(matches!(spool.push(b""), Err(BillError::Broken)));
    assert!(matches!(spool.finish(), Err(BillError::Broken)));
}
