//! Bills as users read them: from the bytes of an archive, through the public surface.

use std::fmt::Write as _;
use std::io::{self, Read, Write as _};

use encoding_rs::GBK;
use flate2::Compression;
use flate2::Crc;
use flate2::write::DeflateEncoder;
use paydesk_alipay::{
    AccountBill, BillError, BillFile, BillKind, BillLimits, BillTradeKind, TradeBill,
};
use paydesk_money::{Cny, Fee};
use proptest::prelude::*;

const TRADES: &[u8] = include_bytes!("../../testdata/trade_bill.zip");
const TRADE_LIST: &[u8] = include_bytes!("../../testdata/trade_bill.csv");
const TRADE_SUMMARY: &[u8] = include_bytes!("../../testdata/trade_bill_summary.csv");
const MOVEMENTS: &[u8] = include_bytes!("../../testdata/account_bill.zip");
const MOVEMENT_LIST: &[u8] = include_bytes!("../../testdata/account_bill.csv");
const MOVEMENT_SUMMARY: &[u8] = include_bytes!("../../testdata/account_bill_summary.csv");

/// A reader that gives a few bytes at a time, as a network does.
struct Drip<'a>(&'a [u8]);

impl Read for Drip<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = buffer.len().min(7);
        self.0.read(&mut buffer[..most])
    }
}

/// An archive of these, with sizes and checksums behind the bytes, as a program writes one that does
/// not know them before.
pub(crate) fn zip(files: &[&[u8]]) -> Vec<u8> {
    let (mut zip, mut directory) = (Vec::new(), Vec::new());
    for text in files {
        let at = u32::try_from(zip.len()).unwrap();
        let mut packed = DeflateEncoder::new(Vec::new(), Compression::default());
        packed.write_all(text).unwrap();
        let packed = packed.finish().unwrap();
        let mut crc = Crc::new();
        crc.update(text);
        let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap();
        let numbers = [crc.sum(), length(&packed), length(text)].map(u32::to_le_bytes);
        let head = b"\x14\x00\x08\x00\x08\x00\x00\x00\x00\x00";
        zip.extend([b"PK\x03\x04", &head[..], &[0; 12], &[1, 0, 0, 0], b"x"].concat());
        zip.extend([&packed, &b"PK\x07\x08"[..], &numbers.concat()].concat());
        directory.extend([b"PK\x01\x02\x14\x00", &head[..], &numbers.concat()].concat());
        directory.extend([&[1, 0][..], &[0; 12], &at.to_le_bytes(), b"x"].concat());
    }
    let count = u16::try_from(files.len()).unwrap().to_le_bytes();
    let numbers = [directory.len(), zip.len()].map(|n| u32::try_from(n).unwrap().to_le_bytes());
    let end = [
        b"PK\x05\x06\0\0\0\0",
        &count[..],
        &count,
        &numbers.concat(),
        &[0, 0],
    ]
    .concat();
    [zip, directory, end].concat()
}

#[test]
fn a_saved_bill_is_read_again() {
    let mut file = BillFile::read(Drip(TRADES)).unwrap();
    assert_eq!(file.kind(), BillKind::Trade);
    // As often as one likes.
    for _ in 0..2 {
        let mut bill = file.trades();
        let rows: Vec<_> = bill.by_ref().map(Result::unwrap).collect();
        assert_eq!(rows.len(), 3);
        assert_eq!(rows[0].ordered(), Cny::from_fen(990));
        assert_eq!(rows[2].refunded(), Cny::from_fen(1000));
        assert_eq!(rows[2].kind, BillTradeKind::Refund);
        assert_eq!(bill.totals().unwrap().rows, 3);
    }
    let mut file = BillFile::read(Drip(MOVEMENTS)).unwrap();
    assert_eq!(file.kind(), BillKind::Account);
    let mut bill = file.movements();
    assert_eq!(bill.by_ref().map(Result::unwrap).count(), 4);
    assert_eq!(bill.totals().unwrap().expense, Cny::from_fen(1006));
}

/// What a file is stands in it; its place and its name say nothing.
#[test]
fn files_are_told_by_what_is_in_them() {
    let note = b"#\xCB\xB5\xC3\xF7\r\nread me";
    for files in [
        &[TRADE_LIST, TRADE_SUMMARY][..],
        &[TRADE_SUMMARY, note, TRADE_LIST],
        &[TRADE_LIST],
    ] {
        let mut file = BillFile::read(&zip(files)[..]).unwrap();
        assert_eq!(file.trades().map(Result::unwrap).count(), 3);
        assert_eq!(file.summary_reader().is_some(), files.len() > 1);
    }
    for (files, expected) in [
        (&[][..], "no list"),
        (&[&note[..]], "no list"),
        (&[TRADE_SUMMARY], "no list"),
        (&[TRADE_LIST, TRADE_LIST], "two lists"),
        (&[TRADE_LIST, MOVEMENT_LIST], "two lists"),
        (&[TRADE_LIST, MOVEMENT_SUMMARY], "another kind"),
    ] {
        let error = BillFile::read(&zip(files)[..]).unwrap_err();
        assert!(matches!(error, BillError::Files(_)), "{error}");
        assert!(error.to_string().contains(expected), "{error}");
    }
}

/// An altered bill keeps no checksum, and with one its two totals still must agree.
#[test]
fn r12_no_row_of_a_damaged_archive_is_read() {
    for at in 0..TRADES.len() {
        let mut damaged = TRADES.to_vec();
        damaged[at] ^= 0x10;
        let Ok(mut file) = BillFile::read(&damaged[..]) else {
            continue;
        };
        // A name, a date, a note: not the texts.
        let (mut list, mut summary) = (Vec::new(), Vec::new());
        file.reader().read_to_end(&mut list).unwrap();
        let reader = file.summary_reader();
        reader.unwrap().read_to_end(&mut summary).unwrap();
        assert_eq!(
            (&list[..], &summary[..]),
            (TRADE_LIST, TRADE_SUMMARY),
            "byte {at}"
        );
    }
    for length in 0..TRADES.len() {
        let error = BillFile::read(&TRADES[..length]).unwrap_err();
        assert!(matches!(error, BillError::Zip(_)), "{length}: {error}");
    }
}

#[test]
fn a_summary_of_other_rows_is_a_difference() {
    let mut other = TRADE_SUMMARY.to_vec();
    let at = other
        .windows(5)
        .position(|bytes| bytes == b"29.80")
        .unwrap();
    other[at..at + 5].copy_from_slice(b"29.79");
    let mut file = BillFile::read(&zip(&[TRADE_LIST, &other])[..]).unwrap();
    let mut bill = file.trades();
    let (rows, errors): (Vec<_>, Vec<_>) = bill.by_ref().partition(Result::is_ok);
    assert_eq!((rows.len(), errors.len(), bill.totals()), (3, 1, None));
    assert_eq!(
        errors[0].as_ref().unwrap_err().to_string(),
        "商家实收（元） is stated as 29.79, but the rows add up to 29.80"
    );
}

#[test]
fn limits_are_ones_own() {
    let limits = BillLimits {
        downloaded_bytes: 100,
        ..BillLimits::default()
    };
    let error = BillFile::read_within(TRADES, limits).unwrap_err();
    assert_eq!(error.to_string(), "the download is larger than 100 bytes");
}

#[test]
fn a_small_archive_does_not_become_a_large_file() {
    let bomb = zip(&[TRADE_LIST, &vec![b'0'; 8 * 1024 * 1024]]);
    assert!(bomb.len() < 64 * 1024);
    let error = BillFile::read(&bomb[..]).unwrap_err();
    assert!(matches!(error, BillError::Bomb { limit: 250 }), "{error}");
}

#[test]
fn a_reader_that_fails_is_not_the_end_of_the_bill() {
    struct Fails;
    impl Read for Fails {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::ConnectionReset.into())
        }
    }
    let error = BillFile::read(TRADES.chain(Fails)).unwrap_err();
    assert!(matches!(error, BillError::Io(_)), "{error}");
    let cut = io::BufReader::new(TRADE_LIST[..800].chain(Fails));
    let error = TradeBill::new(cut).find_map(Result::err).unwrap();
    assert!(matches!(error, BillError::Io(_)), "{error}");
}

#[test]
fn one_kind_of_bill_is_not_read_as_the_other() {
    let mut trades = BillFile::read(TRADES).unwrap();
    let error = trades.movements().next().unwrap().unwrap_err();
    assert!(matches!(error, BillError::NoList { .. }), "{error}");
    let mut movements = BillFile::read(MOVEMENTS).unwrap();
    let error = movements.trades().next().unwrap().unwrap_err();
    assert!(matches!(error, BillError::NoList { .. }), "{error}");
}

/// A day of payments with a refund among every ten, summed up by itself.
fn a_day(rows: u32) -> [Vec<u8>; 2] {
    let (list, _) = GBK.decode_without_bom_handling(TRADE_LIST);
    let head: Vec<_> = list.lines().take(5).collect();
    let mut text = head.join("\r\n") + "\r\n";
    let (mut sums, mut counts) = ([0_i64; 2], [0_u32; 2]);
    for row in 0..rows {
        let refund = row % 10 == 9;
        let fen = i64::from(row % 99_991) + 1;
        let amount = Cny::from_fen(if refund { -fen } else { fen });
        let fee = Fee::from_millifen(-amount.fen() * 10);
        let (kind, request) = if refund {
            ("退款", format!("R{row:09}\t"))
        } else {
            ("交易", String::new())
        };
        sums[usize::from(refund)] += amount.fen();
        counts[usize::from(refund)] += 1;
        let time = format!(
            "2026-01-01 {:02}:{:02}:{:02}",
            row / 3600 % 24,
            row / 60 % 60,
            row % 60
        );
        write!(
            text,
            "2026010122001{row:015}\t,po{row:012}\t,{kind},点数,包 {row},{time},{time},,,,,a***\t,\
             {amount},{amount},0.00,0.00,0.00,0.00,0.00,,0.00,0.00,{request},{fee},0.00,\r\n"
        )
        .unwrap();
    }
    let [paid, back] = sums.map(Cny::from_fen);
    let total = Cny::from_fen(sums[0] + sums[1]);
    let fees = Fee::from_millifen(-total.fen() * 10);
    write!(
        text,
        "#---业务明细列表结束---\r\n#交易合计：{}笔，商家实收共{paid}元，商家优惠共0.00元\r\n\
         #退款合计：{}笔，商家实收退款共{back}元，商家优惠退款共0.00元\r\n",
        counts[0], counts[1]
    )
    .unwrap();
    let summary = format!(
        "#支付宝业务汇总查询\r\n#---业务汇总列表---\r\n门店编号,门店名称,交易订单总笔数,退款订单总笔数,\
         订单金额（元）,商家实收（元）,服务费（元）\r\n合计,,{},{},{total},{total},{fees}\r\n\
         #---业务汇总列表结束---\r\n",
        counts[0], counts[1]
    );
    [text, summary].map(|text| GBK.encode(&text).0.into_owned())
}

/// The rule that `alipay_bill_memory` measures with a million rows, with some: nothing grows with them.
#[test]
fn a_large_bill_waits_in_a_file_and_is_read_line_by_line() {
    let [list, summary] = a_day(20_000);
    assert!(list.len() > 3_000_000);
    let mut file = BillFile::read(&zip(&[&summary, &list])[..]).unwrap();
    let mut bill = file.trades();
    let refunds = bill
        .by_ref()
        .map(Result::unwrap)
        .filter(|row| row.kind == BillTradeKind::Refund);
    assert_eq!(refunds.count(), 2000);
    let totals = bill.totals().unwrap();
    assert_eq!((totals.rows, totals.payment_rows), (20_000, 18_000));
}

proptest! {
    #[test]
    fn any_bytes_are_a_bill_or_an_error(bytes: Vec<u8>) {
        prop_assert!(BillFile::read(&bytes[..]).is_err());
        prop_assert!(TradeBill::new(&bytes[..]).any(|row| row.is_err()));
        prop_assert!(AccountBill::new(&bytes[..]).any(|row| row.is_err()));
    }

    #[test]
    fn one_altered_byte_is_an_error_or_none_of_what_is_added_up(
        at in 0..TRADE_LIST.len(),
        byte: u8,
    ) {
        let mut altered = TRADE_LIST.to_vec();
        altered[at] = byte;
        let mut file = BillFile::read(&zip(&[&altered, TRADE_SUMMARY])[..]);
        if let Ok(file) = &mut file {
            let mut bill = file.trades();
            let rows: Result<Vec<_>, _> = bill.by_ref().collect();
            if let (Ok(rows), Some(totals)) = (rows, bill.totals()) {
                prop_assert_eq!(rows.len(), 3);
                prop_assert_eq!(totals.payment_receipt, Cny::from_fen(3980));
                prop_assert_eq!(totals.refund_receipt, Cny::from_fen(-1000));
                prop_assert_eq!(totals.order_amount, Cny::from_fen(2990));
            }
        }
    }
}
