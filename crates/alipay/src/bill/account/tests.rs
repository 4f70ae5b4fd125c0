use encoding_rs::{GB18030, GBK};
use time::macros::datetime;

use super::*;

const SAMPLE: &[u8] = include_bytes!("../../../testdata/account_bill.csv");
const SUMMARY: &[u8] = include_bytes!("../../../testdata/account_bill_summary.csv");

fn text(gbk: &[u8]) -> String {
    GB18030.decode(gbk).0.into_owned()
}

fn read(list: &str, summary: &str) -> Result<(Vec<AccountRow>, AccountTotals), BillError> {
    let gbk = |text: &str| GBK.encode(text).0.into_owned();
    let (list, summary) = (gbk(list), gbk(summary));
    let summary = Summary::read(BillKind::Account, &summary[..])?;
    let mut bill = AccountBill::with_summary(&list[..], Some(summary));
    let rows = bill.by_ref().collect::<Result<_, _>>()?;
    Ok((rows, bill.totals().unwrap().clone()))
}

fn listed(list: &str) -> Result<(Vec<AccountRow>, AccountTotals), BillError> {
    read(list, &text(SUMMARY))
}

const fn fen(fen: i64) -> Cny {
    Cny::from_fen(fen)
}

#[test]
fn movements_are_read_and_add_up() {
    let (rows, totals) = listed(&text(SAMPLE)).unwrap();
    let amounts: Vec<_> = rows.iter().map(|row| row.amount).collect();
    assert_eq!(amounts, [fen(980), fen(-6), fen(3000), fen(-1000)]);
    let balances: Vec<_> = rows.iter().map(|row| row.balance).collect();
    assert_eq!(balances, [fen(10980), fen(10974), fen(13974), fen(12974)]);
    assert_eq!(
        rows[1],
        AccountRow {
            flow_no: "300100000002".to_owned(),
            business_no: Some("2026010122001400000000000001".to_owned()),
            out_trade_no: Some("po20260101000001".to_owned()),
            subject: String::new(),
            booked_at: datetime!(2026-01-01 04:01:06 UTC),
            amount: fen(-6),
            balance: fen(10974),
            channel: Some("支付宝".to_owned()),
            business_type: "收费".to_owned(),
            note: Some("服务费[2026010122001400000000000001]".to_owned()),
        }
    );
    assert_eq!(rows[2].subject, "会员,月卡");
    assert_eq!(rows[3].note.as_deref(), Some("不要了, \"谢谢\""));
    assert_eq!(
        totals,
        AccountTotals {
            rows: 4,
            income_rows: 2,
            income: fen(3980),
            expense_rows: 2,
            expense: fen(1006),
        }
    );
    let printed = format!("{rows:?}");
    assert!(
        !printed.contains("csq***") && !printed.contains("159***"),
        "r28: {printed}"
    );
}

/// The newer layout: more columns, in another order.
#[test]
fn newer_columns_are_no_harm() {
    let list = text(SAMPLE)
        .replace("会员,月卡", "会员月卡")
        .replace("不要了, ", "不要了");
    let expected = listed(&list).unwrap();
    let newer: Vec<_> = list
        .lines()
        .map(|line| match line.split(',').collect::<Vec<_>>() {
            cells if line.starts_with('#') => cells.join(","),
            cells if cells[0] == "账务流水号" => {
                let [booked, rest @ ..] = &cells[4..] else {
                    panic!()
                };
                format!(
                    "{booked},{},{},业务基础订单号,业务订单号,业务账单来源,业务描述",
                    rest.join(","),
                    cells[..4].join(",")
                )
            }
            cells => format!(
                "{},{},{},T1\t,T1\t,商户\t,在线支付 ",
                cells[4],
                cells[5..].join(","),
                cells[..4].join(",")
            ),
        })
        .collect();
    assert_eq!(listed(&newer.join("\r\n")).unwrap(), expected);
}

/// The column says which way money went; what is written with a sign and without is the same.
#[test]
fn expenses_have_a_sign_or_none() {
    let plain = text(SAMPLE)
        .replace(",-0.06,", ",0.06,")
        .replace(",-10.00,", ",10.00,")
        .replace("共-10.06元", "共10.06元");
    assert_eq!(listed(&plain).unwrap(), listed(&text(SAMPLE)).unwrap());
}

#[test]
fn rows_that_are_altered_do_not_add_up() {
    for (from, to, field) in [
        (",9.80,0.00,", ",9.81,0.00,", "收入合计"),
        (",0.00,-0.06,", ",0.00,-0.07,", "支出合计"),
        (",0.00,-0.06,", ",0.06,0.00,", "收入合计"),
        ("收入合计：2笔", "收入合计：3笔", "收入合计"),
        ("共-10.06元", "共-10.07元", "支出合计"),
    ] {
        let error = listed(&text(SAMPLE).replacen(from, to, 1)).unwrap_err();
        assert!(
            matches!(error, BillError::Totals { field: named, .. } if named == field),
            "{from}: {error}"
        );
    }
    for (from, to, field) in [
        ("合计,2,", "合计,1,", "收入笔数"),
        ("合计,2,39.80", "合计,2,39.81", INCOME),
        (",39.80,2,-10.06", ",39.80,3,-10.06", "支出笔数"),
        (",39.80,2,-10.06", ",39.80,2,-10.07", EXPENSE),
    ] {
        let summary = text(SUMMARY).replacen(from, to, 1);
        let error = read(&text(SAMPLE), &summary).unwrap_err();
        assert!(
            matches!(error, BillError::Totals { field: named, .. } if named == field),
            "{from}: {error}"
        );
    }
}

#[test]
fn a_movement_goes_one_way() {
    for (from, to, problem) in [
        (
            ",9.80,0.00,",
            ",9.80,-0.01,",
            "line 6 moves money both ways",
        ),
        (",9.80,0.00,", ",-9.80,0.00,", "收入金额（+元） in line 6"),
        (",109.80,", ",,", "账户余额（元） in line 6"),
        ("300100000001", "", "账务流水号 in line 6"),
    ] {
        let error = listed(&text(SAMPLE).replacen(from, to, 1)).unwrap_err();
        assert!(error.to_string().starts_with(problem), "{error}");
    }
}
