//! Bills as users read them: from bytes and a hash, through the public surface.

use std::fmt::Write as _;
use std::io::{self, Read, Write as _};

use flate2::Compression;
use flate2::write::GzEncoder;
use paydesk_money::{Cny, Fee};
use paydesk_wechatpay::{
    BillError, BillFile, BillLimits, BillPacking, BillTradeState, FundFlowBill, TradeBill,
};
use proptest::prelude::*;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

const SAMPLE: &str = include_str!("../../testdata/trade_bill_all.csv");
const SAMPLE_SHA1: &str = "193e7d17643ca6b57d9de788303e30c85c236844";

fn sha1(text: &[u8]) -> String {
    hex::encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, text))
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// A reader that gives a few bytes at a time, as a network does.
struct Drip<'a>(&'a [u8]);

impl Read for Drip<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = buffer.len().min(7);
        self.0.read(&mut buffer[..most])
    }
}

#[test]
fn a_saved_bill_is_read_again_with_its_hash() {
    let packed = gzip(SAMPLE.as_bytes());
    for (packing, saved) in [
        (BillPacking::Plain, SAMPLE.as_bytes()),
        (BillPacking::Gzip, packed.as_slice()),
    ] {
        let mut file = BillFile::read(Drip(saved), packing, SAMPLE_SHA1).unwrap();
        // As often as one likes.
        for _ in 0..2 {
            let mut bill = file.trades();
            let rows: Vec<_> = bill.by_ref().map(Result::unwrap).collect();
            assert_eq!(rows.len(), 2);
            assert_eq!(rows[0].ordered(), Cny::from_fen(990));
            assert_eq!(rows[1].refunded(), Cny::from_fen(990));
            assert_eq!(rows[1].trade_state, BillTradeState::Refund);
            assert_eq!(bill.totals().unwrap().rows, 2);
        }
        let mut text = String::new();
        file.reader().read_to_string(&mut text).unwrap();
        assert_eq!(text, SAMPLE);
        assert_eq!(file.sha1(), SAMPLE_SHA1);
    }
}

#[test]
fn without_the_right_hash_there_is_no_row() {
    let other = SAMPLE.replace("`9.90", "`0.01");
    for (packing, saved) in [
        (BillPacking::Plain, other.as_bytes().to_vec()),
        (BillPacking::Gzip, gzip(other.as_bytes())),
    ] {
        // No file, so nothing to read rows from.
        let error = BillFile::read(&saved[..], packing, SAMPLE_SHA1).unwrap_err();
        assert!(matches!(error, BillError::Hash), "{error}");
    }
}

#[test]
fn limits_are_ones_own() {
    let limits = BillLimits {
        downloaded_bytes: 100,
        ..BillLimits::default()
    };
    let error = BillFile::read_within(SAMPLE.as_bytes(), BillPacking::Plain, SAMPLE_SHA1, limits)
        .unwrap_err();
    assert_eq!(error.to_string(), "the download is larger than 100 bytes");
}

#[test]
fn a_reader_that_fails_is_not_the_end_of_the_bill() {
    struct Fails;
    impl Read for Fails {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::ConnectionReset.into())
        }
    }
    let saved = SAMPLE.as_bytes().chain(Fails);
    let error = BillFile::read(saved, BillPacking::Plain, SAMPLE_SHA1).unwrap_err();
    assert!(matches!(error, BillError::Io(_)), "{error}");
    let cut = io::BufReader::new(SAMPLE.as_bytes()[..300].chain(Fails));
    let error = TradeBill::new(cut).find_map(Result::err).unwrap();
    assert!(matches!(error, BillError::Io(_)), "{error}");
}

#[test]
fn a_fund_flow_bill_is_told_from_a_trade_bill() {
    let mut file = BillFile::read(SAMPLE.as_bytes(), BillPacking::Plain, SAMPLE_SHA1).unwrap();
    let error = file.fund_flows().next().unwrap().unwrap_err();
    assert!(
        matches!(error, BillError::MissingColumn { line: 1, .. }),
        "{error}"
    );
}

/// A day of payments with a refund among every ten, summed up by itself.
fn a_day(rows: u32) -> String {
    let mut lines = SAMPLE.lines();
    let mut text = format!("\u{feff}{}\r\n", lines.next().unwrap());
    let (mut paid, mut refunded, mut fees) = (0_i64, 0_i64, 0_i64);
    for row in 0..rows {
        let fen = i64::from(row % 99_991) + 1;
        let yuan = Cny::from_fen(fen);
        let fee = Fee::from_millifen(fen * 6);
        if row % 10 == 9 {
            refunded += fen;
            fees -= fen * 6;
            write!(
                text,
                "`2026-01-01 23:59:59,`wx1,`1900007291,`0,`,`42{row:026},`PO{row:014},`o,`NATIVE,\
                 `REFUND,`OTHERS,`CNY,`0.00,`0.00,`50{row:026},`RF{row:014},`{yuan},`0.00,\
                 `ORIGINAL,`SUCCESS,`AI点数包,`,`-{fee},`0.60%,`0.00,`{yuan},`\r\n"
            )
            .unwrap();
        } else {
            paid += fen;
            fees += fen * 6;
            write!(
                text,
                "`2026-01-01 00:00:00,`wx1,`1900007291,`0,`,`42{row:026},`PO{row:014},`o,`NATIVE,\
                 `SUCCESS,`OTHERS,`CNY,`{yuan},`0.00,`0,`0,`0.00,`0.00,`,`,`AI点数包,`,`{fee},\
                 `0.60%,`{yuan},`0.00,`\r\n"
            )
            .unwrap();
        }
    }
    let (paid, refunded) = (Cny::from_fen(paid), Cny::from_fen(refunded));
    let fees = Fee::from_millifen(fees);
    let summary = lines.nth(2).unwrap();
    write!(
        text,
        "{summary}\r\n`{rows},`{paid},`{refunded},`0.00,`{fees},`{paid},`{refunded}\r\n"
    )
    .unwrap();
    text
}

#[test]
fn r12_a_day_of_a_hundred_thousand_rows_adds_up() {
    const ROWS: u32 = 100_000;
    let text = a_day(ROWS);
    let hash = sha1(text.as_bytes());
    let mut file = BillFile::read(&gzip(text.as_bytes())[..], BillPacking::Gzip, &hash).unwrap();
    let mut bill = file.trades();
    let (mut paid, mut refunded) = (Cny::ZERO, Cny::ZERO);
    for row in bill.by_ref() {
        let row = row.unwrap();
        paid = paid.checked_add(row.ordered()).unwrap();
        refunded = refunded.checked_add(row.refunded()).unwrap();
    }
    let totals = bill.totals().unwrap();
    assert_eq!(totals.rows, u64::from(ROWS));
    assert_eq!(totals.order_amount, Some(paid));
    assert_eq!(totals.refund_amount, Some(refunded));
    assert!(totals.fee > Fee::ZERO);
}

/// Reads to the end, whatever it is: an error is the last word, and totals mean that there was none.
fn read_all(bytes: &[u8]) {
    let mut trades = TradeBill::new(bytes);
    let failed = trades.by_ref().filter(Result::is_err).count();
    assert_eq!(trades.totals().is_some(), failed == 0);
    assert!(failed <= 1 && trades.next().is_none());
    let mut flows = FundFlowBill::new(bytes);
    let failed = flows.by_ref().filter(Result::is_err).count();
    assert_eq!(flows.totals().is_some(), failed == 0);
    assert!(failed <= 1 && flows.next().is_none());
}

const FLOWS: &str = "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),\
    账户结余(元),资金变更提交申请人,备注,业务凭证号\n\
    `2026-02-01 13:54:01,`42,`F1,`交易,`交易,`收入,`9.90,`10.12,`system,`,`PO1\n\
    资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额\n`1,`1,`9.90,`0,`0.00\n";

/// A bill with a few bytes replaced, left out or put in.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let bytes = prop_oneof![
        any::<u8>(),
        proptest::sample::select(b"`,\n\r.-0159\xEF\xBB\xBF\x01".to_vec()),
    ];
    let edit = (
        any::<prop::sample::Index>(),
        0..20_usize,
        prop::collection::vec(bytes, 0..20),
    );
    let edits = prop::collection::vec(edit, 1..4);
    let bills = prop_oneof![Just(SAMPLE), Just(FLOWS)];
    (bills, edits).prop_map(|(text, edits)| {
        let mut text = text.as_bytes().to_vec();
        for (at, removed, put_in) in edits {
            let at = at.index(text.len() + 1);
            let end = (at + removed).min(text.len());
            text.splice(at..end, put_in);
        }
        text
    })
}

proptest! {
    #[test]
    fn bytes_that_are_no_bill_are_errors(bytes in prop::collection::vec(any::<u8>(), 0..500)) {
        read_all(&bytes);
        let mut bill = TradeBill::new(&bytes[..]);
        prop_assert!(bill.next().unwrap().is_err());
    }

    #[test]
    fn an_altered_bill_is_read_or_refused_and_never_panics(bytes in mutated()) {
        read_all(&bytes);
    }

    #[test]
    fn values_out_of_anything_never_panic(
        values in prop::collection::vec("\\PC{0,30}|[-0-9: .]{0,20}", 27)
    ) {
        let mut lines = SAMPLE.lines();
        let header = lines.next().unwrap();
        let summary = lines.nth(2).unwrap();
        let row = values.join(",`");
        let stated = values[..7].join(",`");
        read_all(format!("{header}\n`{row}\n{summary}\n`{stated}\n").as_bytes());
    }

    #[test]
    fn an_altered_download_is_refused(
        at: prop::sample::Index,
        altered in 1_u8..,
        cut: bool,
    ) {
        let mut packed = gzip(SAMPLE.as_bytes());
        let at = at.index(packed.len());
        if cut {
            packed.truncate(at);
        } else {
            packed[at] ^= altered;
        }
        // Bytes of the gzip header that say nothing of the text may differ.
        if let Ok(mut file) = BillFile::read(&packed[..], BillPacking::Gzip, SAMPLE_SHA1) {
            let mut text = String::new();
            file.reader().read_to_string(&mut text).unwrap();
            prop_assert_eq!(text, SAMPLE);
        }
    }

    #[test]
    fn a_download_of_anything_is_refused(bytes in prop::collection::vec(any::<u8>(), 0..500)) {
        for packing in [BillPacking::Plain, BillPacking::Gzip] {
            let outcome = BillFile::read(&bytes[..], packing, SAMPLE_SHA1);
            prop_assert!(outcome.is_err());
        }
        // A stream that begins well.
        let begun = [gzip(SAMPLE.as_bytes())[..10].to_vec(), bytes].concat();
        let outcome = BillFile::read(&begun[..], BillPacking::Gzip, SAMPLE_SHA1);
        prop_assert!(outcome.is_err());
    }
}
