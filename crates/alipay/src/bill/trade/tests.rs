use encoding_rs::{GB18030, GBK};
use time::macros::datetime;

use super::*;

const SAMPLE: &[u8] = include_bytes!("../../../testdata/trade_bill.csv");
const SUMMARY: &[u8] = include_bytes!("../../../testdata/trade_bill_summary.csv");

fn text(gbk: &[u8]) -> String {
    GB18030.decode(gbk).0.into_owned()
}

fn sample() -> String {
    text(SAMPLE)
}

fn gbk(text: &str) -> Vec<u8> {
    GBK.encode(text).0.into_owned()
}

fn read_bytes(
    list: &[u8],
    summary: Option<&[u8]>,
) -> Result<(Vec<TradeRow>, TradeTotals), BillError> {
    let summary = summary.map(|text| Summary::read(BillKind::Trade, text));
    let mut bill = TradeBill::with_summary(list, summary.transpose()?);
    let rows = bill.by_ref().collect::<Result<_, _>>();
    match rows {
        Ok(rows) => Ok((rows, bill.totals().unwrap().clone())),
        Err(error) => {
            assert_eq!(bill.totals(), None);
            assert!(bill.next().is_none(), "an error is the last word");
            Err(error)
        }
    }
}

fn read(list: &str) -> Result<(Vec<TradeRow>, TradeTotals), BillError> {
    read_bytes(&gbk(list), None)
}

fn error(list: &str) -> String {
    read(list).unwrap_err().to_string()
}

/// What is wrong with a summary beside a right list.
fn summary_error(summary: &str) -> BillError {
    read_bytes(SAMPLE, Some(&gbk(summary))).unwrap_err()
}

const fn fen(fen: i64) -> Cny {
    Cny::from_fen(fen)
}

#[test]
fn a_bill_is_read_and_adds_up_to_both_its_totals() {
    let (rows, totals) = read_bytes(SAMPLE, Some(SUMMARY)).unwrap();
    let [payment, worded, refund] = &rows[..] else {
        panic!("{rows:?}");
    };
    assert_eq!(
        *payment,
        TradeRow {
            trade_no: "2026010122001400000000000001".to_owned(),
            out_trade_no: "po20260101000001".to_owned(),
            kind: BillTradeKind::Payment,
            subject: "AI点数包-100点".to_owned(),
            created_at: datetime!(2026-01-01 04:01 UTC),
            finished_at: datetime!(2026-01-01 04:01:05 UTC),
            store_id: None,
            store_name: None,
            order_amount: fen(990),
            receipt_amount: fen(980),
            red_packet_amount: Some(Cny::ZERO),
            point_amount: Some(Cny::ZERO),
            alipay_discount: Some(Cny::ZERO),
            merchant_discount: Some(fen(10)),
            voucher_amount: Some(Cny::ZERO),
            voucher_name: None,
            merchant_red_packet_amount: Some(Cny::ZERO),
            card_amount: Some(Cny::ZERO),
            out_request_no: None,
            service_fee: Fee::from_millifen(-6000),
            profit_share: Some(Fee::ZERO),
            note: None,
        }
    );
    assert_eq!(
        (payment.ordered(), payment.refunded()),
        (fen(990), Cny::ZERO)
    );
    assert_eq!(worded.subject, "会员,月卡 \"新年\"");
    assert_eq!(worded.store_id.as_deref(), Some("S01"));
    assert_eq!(worded.store_name.as_deref(), Some("一号店"));
    assert_eq!(worded.finished_at, datetime!(2026-01-01 15:59:59 UTC));
    assert_eq!(refund.kind, BillTradeKind::Refund);
    assert_eq!(
        refund.out_request_no.as_deref(),
        Some("po20260101000002r01")
    );
    assert_eq!(refund.order_amount, fen(-1000));
    assert_eq!(
        (refund.ordered(), refund.refunded()),
        (Cny::ZERO, fen(1000))
    );
    assert_eq!(refund.service_fee, Fee::from_millifen(6000));
    assert_eq!(refund.note.as_deref(), Some("不要了, \"谢谢\""));
    assert_eq!(
        totals,
        TradeTotals {
            rows: 3,
            payment_rows: 2,
            payment_receipt: fen(3980),
            refund_rows: 1,
            refund_receipt: fen(-1000),
            order_amount: fen(2990),
            service_fee: Fee::from_millifen(-18_000),
        }
    );
    assert_eq!(read(&sample()).unwrap(), (rows, totals));
}

#[test]
fn r28_a_row_tells_nothing_of_the_payer() {
    let (rows, _) = read(&sample()).unwrap();
    assert!(sample().contains("csq***@sandbox.com"));
    let printed = format!("{rows:?}");
    assert!(
        !printed.contains("csq") && !printed.contains("159***"),
        "{printed}"
    );
}

#[test]
fn ends_of_lines_and_padding_make_no_difference() {
    let expected = read(&sample()).unwrap();
    for other in [
        sample().replace("\r\n", "\n"),
        sample().replace("\r\n", "\r\n\r\n"),
        sample().replace('\t', ""),
        sample().replace(",0.00,", ",\t 0.00 \t,"),
        sample().trim_end().to_owned(),
        sample().replace('（', "(").replace('）', ")"),
        sample().replace("元\r\n", "元,,,,\r\n"),
    ] {
        assert_eq!(read(&other).unwrap(), expected, "{other}");
    }
}

/// One column of each line moved to the end, and one more that nobody knows.
fn rearranged(name: &str) -> String {
    let mut at = None;
    let sample = sample();
    let lines = sample.lines().map(|line| {
        if line.starts_with('#') {
            return line.to_owned();
        }
        // No commas within texts, so that moving is simple.
        let line = line
            .replace("会员,月卡", "会员月卡")
            .replace("不要了, ", "不要了");
        let mut cells: Vec<_> = line.split(',').map(str::to_owned).collect();
        let at = *at.get_or_insert_with(|| cells.iter().position(|cell| cell == name).unwrap());
        let moved = cells.remove(at);
        cells.push("新的".to_owned());
        cells.push(moved);
        cells.join(",")
    });
    lines.collect::<Vec<_>>().join("\r\n")
}

#[test]
fn columns_are_found_by_name_wherever_they_stand() {
    let plain = |list: &str| {
        let (mut rows, totals) = read(list).unwrap();
        for row in &mut rows {
            row.subject = row.subject.replace(',', "");
            row.note = None;
        }
        (rows, totals)
    };
    let header = sample().lines().nth(4).unwrap().to_owned();
    assert_eq!(header.split(',').count(), 25);
    for name in header.split(',') {
        assert_eq!(plain(&rearranged(name)), plain(&sample()), "{name}");
    }
}

#[test]
fn a_column_that_is_needed_is_named_when_it_is_missing_or_doubled() {
    for name in [
        "支付宝交易号",
        "商户订单号",
        "业务类型",
        "创建时间",
        "完成时间",
        "订单金额（元）",
        "商家实收（元）",
        "退款批次号/请求号",
        "服务费（元）",
    ] {
        let other = sample().replacen(name, "别的", 1);
        let problem = error(&other);
        assert!(
            problem.contains("line 5 has no column") && problem.contains(name),
            "{problem}"
        );
        let other = sample().replacen("备注", name, 1);
        assert!(error(&other).contains("twice"), "{name}");
    }
    for name in ["商品名称", "门店名称", "券名称", "分润（元）", "备注"] {
        let without = rearranged(name).replacen(name, "别的", 1);
        assert_eq!(
            read(&without).unwrap().1,
            read(&sample()).unwrap().1,
            "{name}"
        );
    }
}

#[test]
fn a_cell_that_cannot_be_read_is_named_with_its_line() {
    for (from, to, line, column) in [
        (",9.90,", ",9.905,", 6, "订单金额（元）"),
        (",9.90,", ",free,", 6, "订单金额（元）"),
        (",9.90,", ",,", 6, "订单金额（元）"),
        (",9.80,", ",1e1,", 6, "商家实收（元）"),
        (",-0.06,0.00,", ",-0.0600001,0.00,", 6, "服务费（元）"),
        (",-0.06,0.00,", ",-0.06,-,", 6, "分润（元）"),
        ("2026-01-01 12:01:05", "2026-02-30 12:01:05", 6, "完成时间"),
        ("2026-01-01 12:01:00", "", 6, "创建时间"),
        ("2026010122001400000000000001\t", "\t", 6, "支付宝交易号"),
        ("po20260101000001\t", "", 6, "商户订单号"),
    ] {
        let other = sample().replacen(from, to, 1);
        let problem = error(&other);
        assert!(
            problem.contains(&format!("line {line}")) && problem.contains(column),
            "{problem}"
        );
        assert!(
            !problem.contains(to) || to.len() < 3,
            "no content: {problem}"
        );
    }
    let short = sample().replacen(",-0.06,0.00,\r\n", "\r\n", 1);
    assert!(error(&short).contains("line 6 ends before 服务费（元）"));
}

/// Bytes that are no character: a name cut in two must not cost the day, a number must be whole.
#[test]
fn what_is_no_text_spoils_only_what_must_be_exact() {
    let replaced = |from: &str, to: &[u8]| {
        let from = gbk(from);
        let at = SAMPLE
            .windows(from.len())
            .position(|bytes| bytes == from)
            .unwrap();
        [&SAMPLE[..at], to, &SAMPLE[at + from.len()..]].concat()
    };
    let (rows, _) = read_bytes(&replaced("点,2026", b"\xB5,2026"), None).unwrap();
    assert_eq!(rows[0].subject, "AI点数包-100\u{FFFD}");
    let broken = replaced("po20260101000001", b"po2026\xFF01000001");
    let problem = read_bytes(&broken, None).unwrap_err().to_string();
    assert!(problem.contains("商户订单号 in line 6"), "{problem}");
}

/// Somebody who names goods writes no payments.
#[test]
fn a_name_that_looks_like_a_row_is_not_read_as_one() {
    let sly = "月卡,2026-01-01 00:00:00,2026-01-01 00:00:00,,,,,a***,0.01,0.01,0.00,0.00,0.00,0.00,\
               0.00,,0.00,0.00,,0.00,0.00,x";
    let other = sample().replacen("AI点数包-100点", sly, 1);
    assert!(error(&other).contains("line 6 has more commas than columns"));
}

#[test]
fn rows_that_are_missing_doubled_or_altered_do_not_add_up() {
    let row = |at: usize| sample().lines().nth(at).unwrap().to_owned() + "\r\n";
    for (other, field) in [
        (sample().replacen(&row(5), "", 1), "交易合计"),
        (sample().replacen(&row(7), "", 1), "退款合计"),
        (sample().replacen(&row(5), &row(5).repeat(2), 1), "交易合计"),
        (sample().replacen(",9.80,", ",9.79,", 1), "交易合计"),
        (sample().replacen(",0.10,", ",0.11,", 1), "交易合计"),
        (
            sample().replacen("-10.00,-10.00", "-10.00,-10.01", 1),
            "退款合计",
        ),
        (sample().replacen("退款,会员", "交易,会员", 1), "交易合计"),
        (sample().replacen("交易,AI", "转账,AI", 1), "交易合计"),
        (sample().replacen("合计：2笔", "合计：3笔", 1), "交易合计"),
        (sample().replacen("共39.80元", "共39.81元", 1), "交易合计"),
        (
            sample().replacen("优惠退款共0.00", "优惠退款共-0.01", 1),
            "退款合计",
        ),
    ] {
        let error = read(&other).unwrap_err();
        assert!(
            matches!(error, BillError::Totals { field: named, .. } if named == field),
            "{error}"
        );
    }
}

#[test]
fn the_summary_is_compared_too() {
    for (from, to) in [
        ("合计,,2,", "合计,,3,"),
        (",2,1,29.90", ",2,2,29.90"),
        (",29.90,29.80", ",29.91,29.80"),
        (",29.90,29.80", ",29.90,29.81"),
        (",-0.18,", ",-0.19,"),
    ] {
        let other = text(SUMMARY).replacen(from, to, 1);
        let error = summary_error(&other);
        assert!(matches!(error, BillError::Totals { .. }), "{from}: {error}");
    }
    // Before refunds are taken off: what another reading of the same rows gives.
    let gross = text(SUMMARY).replacen(",29.90,29.80,", ",39.90,39.80,", 1);
    let gross = gross.replacen(",-0.18,", ",-0.24,", 1);
    assert!(read_bytes(SAMPLE, Some(&gbk(&gross))).is_ok());
    // What only the summary knows of.
    let fees = sample().replacen(",-0.06,0.00,", ",-0.05,0.00,", 1);
    assert!(read(&fees).is_ok());
    let error = read_bytes(&gbk(&fees), Some(SUMMARY)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "服务费（元） is stated as -0.18000, but the rows add up to -0.17000"
    );
}

#[test]
fn a_summary_that_cannot_be_read_is_an_error() {
    let stated = text(SUMMARY);
    for other in [
        stated.replacen("\r\n合计", "\r\n其他", 1),
        stated.replacen("业务汇总列表", "账务汇总列表", 2),
        stated.replacen("\r\nS01", "\r\n合计", 1),
        stated
            .split("#---")
            .take(2)
            .collect::<Vec<_>>()
            .join("#---"),
    ] {
        let summary = Summary::read(BillKind::Trade, &gbk(&other)[..]);
        assert!(summary.is_err(), "{other}");
    }
    for (from, to) in [
        ("服务费", "别的"),
        ("合计,,2", "合计,,x"),
        (",-0.18,", ",,"),
    ] {
        let error = summary_error(&stated.replacen(from, to, 1));
        assert!(matches!(error, BillError::Summary(_)), "{from}: {error}");
    }
}

#[test]
fn an_empty_day_adds_up_to_nothing() {
    let list = sample();
    let empty: String = list
        .split_inclusive("\r\n")
        .filter(|line| !line.starts_with("2026"))
        .map(|line| {
            line.replace(
                "2笔，商家实收共39.80元，商家优惠共0.10",
                "0笔，商家实收共0.00元，商家优惠共0.00",
            )
            .replace("1笔，商家实收退款共-10.00", "0笔，商家实收退款共0.00")
        })
        .collect();
    let (rows, totals) = read(&empty).unwrap();
    assert_eq!((rows.len(), totals.rows), (0, 0));
    let stated = text(SUMMARY);
    let no_rows: String = stated
        .split_inclusive("\r\n")
        .filter(|line| line.starts_with(['#', '门']))
        .collect();
    assert!(read_bytes(&gbk(&empty), Some(&gbk(&no_rows))).is_ok());
    let error = summary_error(&no_rows);
    assert!(matches!(error, BillError::Totals { .. }), "{error}");
}

#[test]
fn a_bill_that_ends_early_is_not_whole() {
    let whole = gbk(sample().split("#导出").next().unwrap());
    assert!(read_bytes(&whole, None).is_ok());
    for length in 0..whole.len() - 4 {
        let error = read_bytes(&whole[..length], None);
        assert!(error.is_err(), "cut after {length}");
    }
    for (missing, from) in [("交易合计", "#交易合计"), ("退款合计", "#退款合计")] {
        let other = sample().replacen(from, "#别的", 1);
        assert!(error(&other).contains(&format!("ends before {missing}")));
    }
}

#[test]
fn what_is_no_such_bill_is_told() {
    let of_account = include_bytes!("../../../testdata/account_bill.csv");
    for other in [
        &of_account[..],
        SUMMARY,
        b"",
        b"a,b\r\n1,2\r\n",
        b"<html></html>",
    ] {
        let error = read_bytes(other, None).unwrap_err();
        assert!(matches!(error, BillError::NoList { .. }), "{error}");
    }
    let error = read_bytes(sample().as_bytes(), None).unwrap_err();
    assert!(matches!(error, BillError::NotGbk { line: 1 }), "{error}");
}

#[test]
fn nothing_follows_the_end() {
    let row = sample().lines().nth(5).unwrap().to_owned();
    let two = sample() + &row;
    assert!(error(&two).contains("line 13 follows the end"));
    let totals = sample() + "#交易合计：2笔，商家实收共39.80元，商家优惠共0.10元\r\n";
    assert!(error(&totals).contains("second time"));
    let marked = sample().replacen(
        "#-----------------------------------------业务明细列表结束",
        "#业务",
        1,
    );
    assert!(error(&marked).contains("neither a row nor the end"));
}

#[test]
fn sums_never_wrap() {
    let most = Cny::from_fen(i64::MAX).to_string();
    let other = sample().replace(",9.90,", &format!(",{most},"));
    assert!(error(&other).contains("the sum of 订单金额（元） does not fit"));
}
