use time::macros::datetime;

use super::*;

const SAMPLE: &str = "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),\
    账户结余(元),资金变更提交申请人,备注,业务凭证号\n\
    `2026-02-01 13:54:01,`42,`F1,`交易,`交易,`收入,`9.90,`10.12,`system,`,`PO1\n\
    `2026-02-01 13:54:01,`42,`F2,`交易,`扣除交易手续费,`支出,`0.06,`10.06,`system,`结算手续费,`PO1\n\
    `2026-02-01 14:00:45,`50,`F3,`退款,`退款,`支出,`9.9,`0.16,`19API,`含手续费0.06元;a, b,`RF1\n\
    资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额\n\
    `3.0,`1.0,`9.9,`2.0,`9.96\n";

fn read(text: &str) -> Result<(Vec<FundFlowRow>, FundFlowTotals), BillError> {
    let mut bill = FundFlowBill::new(text.as_bytes());
    let rows = bill.by_ref().collect::<Result<_, _>>()?;
    Ok((rows, bill.totals().unwrap().clone()))
}

fn error(text: &str) -> String {
    read(text).unwrap_err().to_string()
}

#[test]
fn movements_are_read_and_add_up() {
    let (rows, totals) = read(SAMPLE).unwrap();
    assert_eq!(rows.len(), 3);
    assert_eq!(
        rows[1],
        FundFlowRow {
            booked_at: datetime!(2026-02-01 05:54:01 UTC),
            business_id: "42".to_owned(),
            flow_id: "F2".to_owned(),
            business_name: "交易".to_owned(),
            business_type: "扣除交易手续费".to_owned(),
            direction: FundDirection::Expense,
            amount: Cny::from_fen(6),
            balance: Cny::from_fen(1006),
            note: Some("结算手续费".to_owned()),
            voucher: Some("PO1".to_owned()),
        }
    );
    assert_eq!(rows[0].direction, FundDirection::Income);
    assert_eq!(rows[0].note, None);
    assert_eq!(rows[2].note.as_deref(), Some("含手续费0.06元;a, b"));
    assert_eq!(
        totals,
        FundFlowTotals {
            rows: 3,
            income_rows: 1,
            income: Cny::from_fen(990),
            expense_rows: 2,
            expense: Cny::from_fen(996),
        }
    );
    assert_eq!(read(&SAMPLE.replace("(元)", "（元）")).unwrap().0, rows);
    assert_eq!(read(&SAMPLE.replace('\n', "\r\n")).unwrap().0, rows);
}

#[test]
fn r28_who_moved_the_money_is_left_out() {
    let (rows, _) = read(SAMPLE).unwrap();
    assert!(!format!("{rows:?}").contains("19API"));
}

#[test]
fn a_direction_nobody_knows_counts_among_all_rows_only() {
    let text = SAMPLE
        .replace("`支出,`0.06", "`冻结,`0.06")
        .replace("`2.0,`9.96", "`1,`9.9");
    let (rows, totals) = read(&text).unwrap();
    assert_eq!(rows[1].direction, FundDirection::Other("冻结".to_owned()));
    assert_eq!((totals.rows, totals.expense_rows), (3, 1));
}

#[test]
fn r12_each_total_must_be_what_the_rows_add_up_to() {
    let summary = "`3.0,`1.0,`9.9,`2.0,`9.96";
    for (stated, field) in [
        ("`4,`1,`9.9,`2,`9.96", "资金流水总笔数"),
        ("`3,`2,`9.9,`2,`9.96", "收入笔数"),
        ("`3,`1,`9.91,`2,`9.96", "收入金额"),
        ("`3,`1,`9.9,`1,`9.96", "支出笔数"),
        ("`3,`1,`9.9,`2,`-9.96", "支出金额"),
    ] {
        let message = error(&SAMPLE.replace(summary, stated));
        assert!(
            message.starts_with(&format!("{field} is stated as")),
            "{message}"
        );
    }
}

#[test]
fn what_is_needed_and_missing_is_named() {
    for column in [
        "记账时间",
        "微信支付业务单号",
        "资金流水单号",
        "业务名称",
        "业务类型",
        "收支类型",
        "收支金额(元)",
        "账户结余(元)",
    ] {
        let message = error(&SAMPLE.replacen(column, "别的", 1));
        assert!(
            message.starts_with(&format!("line 1 has no column {column}")),
            "{message}"
        );
    }
    for column in ["收入笔数", "收入金额", "支出笔数", "支出金额"] {
        let message = error(&SAMPLE.replacen(column, "别的", 1));
        assert!(
            message.starts_with(&format!("line 5 has no column {column}")),
            "{message}"
        );
    }
    // A trade bill is another kind.
    let trades = include_str!("../../../testdata/trade_bill_all.csv");
    assert!(error(trades).starts_with("line 1 has no column 记账时间"));
}

#[test]
fn a_quiet_day_has_a_summary_too() {
    let header = SAMPLE.lines().next().unwrap();
    let text = format!(
        "{header}\n资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额\n`0,`0,`0.00,`0,`0.00\n"
    );
    let (rows, totals) = read(&text).unwrap();
    assert!(rows.is_empty());
    assert_eq!(totals.rows, 0);
    assert!(matches!(read(&format!("{header}\n")), Err(BillError::Cut)));
}

#[test]
fn r15_sums_that_do_not_fit_are_an_error() {
    let text = SAMPLE.replace("`0.06,", "`92233720368547758.07,");
    assert_eq!(error(&text), "the sum of 支出金额 does not fit");
}
