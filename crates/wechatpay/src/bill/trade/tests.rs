use time::macros::datetime;

use super::*;

const SAMPLE: &str = include_str!("../../../testdata/trade_bill_all.csv");

fn read(text: &str) -> Result<(Vec<TradeRow>, TradeTotals), BillError> {
    let mut bill = TradeBill::new(text.as_bytes());
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

fn error(text: &str) -> String {
    read(text).unwrap_err().to_string()
}

const fn fen(fen: i64) -> Cny {
    Cny::from_fen(fen)
}

#[test]
fn a_bill_of_everything_is_read_and_adds_up() {
    let (rows, totals) = read(SAMPLE).unwrap();
    let [payment, refund] = &rows[..] else {
        panic!("{rows:?}");
    };
    assert_eq!(
        *payment,
        TradeRow {
            traded_at: datetime!(2026-01-01 02:00 UTC),
            app_id: "wxd678efh567hg6787".to_owned(),
            merchant_id: "1900007291".to_owned(),
            sub_merchant_id: None,
            transaction_id: "4200000000202601010000000001".to_owned(),
            out_trade_no: "PO20260101000001".to_owned(),
            trade_type: "NATIVE".to_owned(),
            trade_state: BillTradeState::Success,
            currency: "CNY".to_owned(),
            settlement_amount: fen(990),
            order_amount: Some(fen(990)),
            coupon_amount: Some(Cny::ZERO),
            refund_id: None,
            out_refund_no: None,
            refund_amount: Some(Cny::ZERO),
            coupon_refund_amount: Some(Cny::ZERO),
            requested_refund_amount: Some(Cny::ZERO),
            refund_type: None,
            refund_state: None,
            refund_requested_at: None,
            refund_succeeded_at: None,
            description: "AI点数包-100点".to_owned(),
            attach: "pkg=100".to_owned(),
            fee: Fee::from_millifen(5940),
            rate: "0.60%".to_owned(),
            rate_note: None,
        }
    );
    assert_eq!(
        (payment.ordered(), payment.refunded()),
        (fen(990), Cny::ZERO)
    );
    assert_eq!(refund.trade_state, BillTradeState::Refund);
    assert_eq!(refund.traded_at, datetime!(2026-01-01 03:00 UTC));
    assert_eq!(
        refund.refund_id.as_deref(),
        Some("50300000000202601010000000001")
    );
    assert_eq!(refund.out_refund_no.as_deref(), Some("RF20260101000001"));
    assert_eq!(refund.refund_state, Some(BillRefundState::Success));
    assert_eq!(refund.refund_type.as_deref(), Some("ORIGINAL"));
    assert_eq!(refund.fee, Fee::from_millifen(-5940));
    assert_eq!((refund.ordered(), refund.refunded()), (Cny::ZERO, fen(990)));
    assert_eq!(
        totals,
        TradeTotals {
            rows: 2,
            settlement_amount: fen(990),
            order_amount: Some(fen(990)),
            refund_amount: Some(fen(990)),
            coupon_refund_amount: Some(Cny::ZERO),
            requested_refund_amount: Some(fen(990)),
            fee: Fee::ZERO,
        }
    );
}

#[test]
fn r28_a_row_tells_nothing_of_the_payer() {
    let (rows, _) = read(SAMPLE).unwrap();
    assert!(SAMPLE.contains("oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"));
    let printed = format!("{rows:?}");
    assert!(!printed.contains("oUpF8uMuAJO"), "the payer");
    assert!(!printed.contains("OTHERS"), "the bank");
}

#[test]
fn marks_and_ends_of_lines_make_no_difference() {
    let expected = read(SAMPLE).unwrap();
    let crlf = SAMPLE.replace('\n', "\r\n");
    assert_eq!(read(&crlf).unwrap(), expected);
    assert_eq!(read(&format!("\u{feff}{crlf}")).unwrap(), expected);
    assert_eq!(read(SAMPLE.trim_end()).unwrap(), expected);
    assert_eq!(read(&format!("{SAMPLE}\n\r\n")).unwrap(), expected);
}

/// The layout of SUCCESS bills. Their summary has four columns today, and seven in older files.
#[test]
fn a_bill_of_payments_has_no_columns_of_refunds() {
    let rows = "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,\
        交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,商品名称,商户数据包,手续费,\
        费率,订单金额,费率备注\n\
        `2026-01-01 10:00:00,`wx1,`19,`1600000001,`,`42,`PO1,`o1,`JSAPI,`SUCCESS,`CFT,`CNY,`8.90,\
        `1.00,`goods,`,`0.05000,`0.60%,`9.90,`\n";
    let four = "总交易单数,应结订单总金额,手续费总金额,订单总金额\n`1,`8.90,`0.05000,`9.90\n";
    let seven = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,\
        申请退款总金额\n`1,`8.90,`0.00,`0.00,`0.05000,`9.90,`0.00\n";
    let (read_rows, totals) = read(&format!("{rows}{four}")).unwrap();
    let row = &read_rows[0];
    assert_eq!(row.sub_merchant_id.as_deref(), Some("1600000001"));
    assert_eq!(row.refund_amount, None);
    assert_eq!(row.coupon_amount, Some(fen(100)));
    assert_eq!((row.settlement_amount, row.ordered()), (fen(890), fen(990)));
    assert_eq!(totals.order_amount, Some(fen(990)));
    assert_eq!(totals.refund_amount, None);

    let (_, totals) = read(&format!("{rows}{seven}")).unwrap();
    assert_eq!(totals.refund_amount, Some(Cny::ZERO));
    // A refund cannot be told without its amount.
    let refund = format!("{rows}{four}").replace("`SUCCESS,", "`REFUND,");
    assert_eq!(error(&refund), "line 2 ends before 退款金额");
}

#[test]
fn a_bill_of_refunds_has_the_times_of_each() {
    let text = "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,\
        交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,退款申请时间,退款成功时间,\
        微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,\
        手续费,费率,订单金额,申请退款金额,费率备注\n\
        `2026-01-01 20:53:36,`wx1,`19,`0,`,`42,`PO1,`o1,`JSAPI,`REFUND,`CFT,`CNY,`0.00,`0.00,\
        `2026-01-01 20:53:36,`2026-01-01 20:53:40,`50,`RF1,`1.00,`0.50,`ORIGINAL,`SUCCESS,`g,`,\
        `-0.01000,`0.60%,`0.00,`1.50,`\n\
        `2026-01-01 20:54:00,`wx1,`19,`0,`,`42,`PO1,`o1,`JSAPI,`REFUND,`CFT,`CNY,`0.00,`0.00,\
        `2026-01-01 20:54:00,`,`51,`RF2,`1.00,`0.00,`BALANCE,`PROCESSING,`g,`,`-0.01000,`0.60%,\
        `0.00,`1.00,`\n\
        总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额\n\
        `2,`0.00,`2.0,`0.5,`-0.02000,`0.0,`2.50\n";
    let (rows, totals) = read(text).unwrap();
    assert_eq!(
        rows[0].refund_requested_at,
        Some(datetime!(2026-01-01 12:53:36 UTC))
    );
    assert_eq!(
        rows[0].refund_succeeded_at,
        Some(datetime!(2026-01-01 12:53:40 UTC))
    );
    assert_eq!(rows[1].refund_succeeded_at, None);
    assert_eq!(rows[1].refund_state, Some(BillRefundState::Processing));
    assert_eq!(totals.refund_amount, Some(fen(200)));
    assert_eq!(totals.coupon_refund_amount, Some(fen(50)));
    assert_eq!(totals.requested_refund_amount, Some(fen(250)));
    assert_eq!(totals.fee, Fee::from_millifen(-2000));
}

#[test]
fn the_older_names_of_columns_are_understood() {
    for (coupon, coupon_refund) in [
        ("企业红包金额", "企业红包退款金额"),
        ("代金券或立减优惠金额", "代金券或立减优惠退款金额"),
    ] {
        let text = format!(
            "交易时间,公众账号ID,商户号,子商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,\
             交易状态,付款银行,货币种类,总金额,{coupon},微信退款单号,商户退款单号,退款金额,\
             {coupon_refund},退款类型,退款状态,商品名称,商户数据包,手续费,费率\n\
             `2018-05-07 10:45:37,`wx1,`14,`15,`,`42,`PO1,`o,`NATIVE,`SUCCESS,`CFT,`CNY,`0.02,`0.01,\
             `0,`0,`0.00,`0.00,`,`,`g,`3496--32,`0.00000,`0.60%\n\
             `2018-05-07 10:54:45,`wx1,`14,`15,`,`42,`PO1,`o,`NATIVE,`REFUND,`CFT,`CNY,`0.00,`0.00,\
             `50,`RF1,`0.02,`0.01,`ORIGINAL,`CHANGE,`g,`3496--32,`0.00000,`0.60%\n\
             总交易单数,总交易额,总退款金额,总{coupon_refund},手续费总金额\n\
             `2,`0.02,`0.02,`0.01,`0.00000\n"
        );
        let (rows, totals) = read(&text).unwrap();
        assert_eq!(rows[0].order_amount, None);
        assert_eq!(rows[0].ordered(), fen(2));
        assert_eq!(rows[0].coupon_amount, Some(fen(1)));
        assert_eq!(rows[0].sub_merchant_id.as_deref(), Some("15"));
        assert_eq!(rows[1].refunded(), fen(2));
        assert_eq!(rows[1].refund_state, Some(BillRefundState::Change));
        assert_eq!(totals.order_amount, None);
        assert_eq!(totals.coupon_refund_amount, Some(fen(1)));
    }
}

/// A header of what is needed and nothing else, one row, and its summary.
fn small(row: &str, summary: &str) -> String {
    format!(
        "交易时间,公众账号ID,商户号,微信订单号,商户订单号,交易类型,交易状态,货币种类,应结订单金额,\
         退款金额,手续费,费率备注\n{row}总交易单数,应结订单总金额,手续费总金额\n{summary}\n"
    )
}

const ROW: &str =
    "`2026-01-01 10:00:00,`wx1,`19,`42,`PO1,`NATIVE,`SUCCESS,`CNY,`9.90,`0.00,`0.05,`note\n";
const SUMMARY: &str = "`1,`9.90,`0.05";

#[test]
fn a_bill_without_rows_is_a_bill() {
    let (rows, totals) = read(&small("", "`0,`0.00,`0.00000")).unwrap();
    assert!(rows.is_empty());
    assert_eq!(totals.rows, 0);
    assert_eq!(
        error(&small("", "`1,`0.00,`0.00")),
        "总交易单数 is stated as 1, but the rows add up to 0"
    );
}

#[test]
fn new_columns_and_new_states_are_not_in_the_way() {
    let text = small(ROW, SUMMARY)
        .replace("交易时间,", "新列,交易时间,")
        .replace("`2026-01-01", "`new,`2026-01-01")
        .replace("手续费总金额", "手续费总金额,新总额")
        .replace("`1,`9.90,`0.05\n", "`1,`9.90,`0.05,`7\n")
        .replace("`SUCCESS", "`SETTLED")
        .replace("`NATIVE", "`PALM");
    let (rows, _) = read(&text).unwrap();
    assert_eq!(
        rows[0].trade_state,
        BillTradeState::Other("SETTLED".to_owned())
    );
    assert_eq!(rows[0].trade_type, "PALM");
}

#[test]
fn a_revoked_payment_counts_as_money_given_back() {
    let text = small(
        &format!(
            "{ROW}{}",
            ROW.replace("SUCCESS", "REVOKED")
                .replace("9.90,`0.00", "0.00,`9.90")
        ),
        "`2,`9.90,`0.10",
    );
    let (rows, _) = read(&text).unwrap();
    assert_eq!(rows[1].trade_state, BillTradeState::Revoked);
    assert_eq!(rows[1].refunded(), fen(990));
    assert_eq!(rows[1].refund_id, None);
}

#[test]
fn what_is_needed_and_missing_is_named() {
    for column in [
        "交易时间",
        "公众账号ID",
        "商户号",
        "微信订单号",
        "商户订单号",
        "交易类型",
        "交易状态",
        "货币种类",
        "应结订单金额",
        "手续费",
    ] {
        let text = small(ROW, SUMMARY).replacen(column, "别的", 1);
        let expected =
            format!("line 1 has no column {column}: this is another kind of bill, or none");
        assert_eq!(error(&text), expected);
    }
    for column in ["应结订单总金额", "手续费总金额"] {
        let text = small(ROW, SUMMARY).replacen(column, "别的", 1);
        let expected =
            format!("line 3 has no column {column}: this is another kind of bill, or none");
        assert_eq!(error(&text), expected);
    }
    let twice = small(ROW, SUMMARY).replacen("费率备注", "手续费", 1);
    assert_eq!(error(&twice), "line 1 has the column 手续费 twice");
    // Not a bill at all.
    for text in ["<html>\n", "{\"code\":\"PARAM_ERROR\"}", "\n", "`1,`2\n"] {
        assert!(
            error(text).starts_with("line 1 has no column 交易时间"),
            "{text}"
        );
    }
    assert!(matches!(read(""), Err(BillError::Cut)));
}

#[test]
fn only_what_may_be_missing_at_the_end_of_a_row_may_be_missing() {
    let (rows, _) = read(&small(&ROW.replace(",`note", ""), SUMMARY)).unwrap();
    assert_eq!(rows[0].rate_note, None);
    let short = small(&ROW.replace(",`0.05,`note", ""), SUMMARY);
    assert_eq!(error(&short), "line 2 ends before 手续费");
    let long = small(&ROW.replace(",`note", ",`note,`more"), SUMMARY);
    assert_eq!(
        error(&long),
        "line 2 has more fields than the header has columns"
    );
}

#[test]
fn commas_and_backticks_within_values_split_nothing() {
    let text = small(&ROW.replace("`note", "`a,b\\ ``c\"d\", `"), SUMMARY);
    let (rows, _) = read(&text).unwrap();
    assert_eq!(rows[0].rate_note.as_deref(), Some("a,b\\ ``c\"d\", `"));
}

#[test]
fn values_that_are_none_are_named_by_line_and_column() {
    for (good, bad, expected) in [
        (
            "`2026-01-01 10:00:00",
            "`2026-01-01",
            "交易时间 in line 2 is no time like 2026-01-01 10:00:00",
        ),
        ("`9.90", "`9.905", "应结订单金额 in line 2 is no amount"),
        ("`9.90", "`9.9e2", "应结订单金额 in line 2 is no amount"),
        ("`9.90", "`", "应结订单金额 in line 2 is no amount"),
        (
            "`9.90",
            "`92233720368547758.08",
            "应结订单金额 in line 2 is no amount",
        ),
        ("`0.00", "`free", "退款金额 in line 2 is no amount"),
        ("`0.05,", "`0.000001,", "手续费 in line 2 is no amount"),
        ("`0.05,", "`6e-05,", "手续费 in line 2 is no amount"),
    ] {
        assert_eq!(
            error(&small(&ROW.replace(good, bad), SUMMARY)),
            expected,
            "{bad}"
        );
    }
    for (bad, expected) in [
        (
            "`1.5,`9.90,`0.05",
            "总交易单数 in line 4 is no whole number",
        ),
        ("`1,`x,`0.05", "应结订单总金额 in line 4 is no amount"),
        ("`1,`9.90,`", "手续费总金额 in line 4 is no amount"),
        ("1,`9.90,`0.05", "line 4 does not begin with a backtick"),
    ] {
        assert_eq!(error(&small(ROW, bad)), expected);
    }
}

#[test]
fn r12_each_total_must_be_what_the_rows_add_up_to() {
    for (place, stated, field, counted) in [
        ("`2,", "`3,", "总交易单数", "2"),
        ("`2,`9.90", "`2,`9.91", "应结订单总金额", "9.90"),
        ("`2,`9.90,`9.90", "`2,`9.90,`0.00", "退款总金额", "9.90"),
        (
            "`9.90,`0.00,`0.00",
            "`9.90,`0.01,`0.00",
            "充值券退款总金额",
            "0.00",
        ),
        ("`0.00,`0.00,", "`0.00,`0.00001,", "手续费总金额", "0.00000"),
        (
            "`0.00,`9.90,`9.90\n",
            "`0.00,`9.89,`9.90\n",
            "订单总金额",
            "9.90",
        ),
        ("`9.90,`9.90\n", "`9.90,`-9.90\n", "申请退款总金额", "9.90"),
    ] {
        let (rows, summary) = SAMPLE.rsplit_once("总交易单数").unwrap();
        let altered = summary.replacen(place, stated, 1);
        assert_ne!(altered, summary, "{place}");
        let error = read(&format!("{rows}总交易单数{altered}")).unwrap_err();
        let BillError::Totals {
            field: named,
            counted: sum,
            ..
        } = &error
        else {
            panic!("{field}: {error}");
        };
        assert_eq!((*named, sum.as_str()), (field, counted));
    }
}

#[test]
fn a_row_that_is_missing_or_doubled_is_noticed() {
    let lines: Vec<&str> = SAMPLE.lines().collect();
    let missing = [lines[0], lines[1], lines[3], lines[4]].join("\n");
    let doubled = [lines[0], lines[1], lines[2], lines[2], lines[3], lines[4]].join("\n");
    for text in [missing, doubled] {
        let error = read(&text).unwrap_err();
        assert!(
            matches!(
                error,
                BillError::Totals {
                    field: "总交易单数",
                    ..
                }
            ),
            "{error}"
        );
    }
}

#[test]
fn a_file_that_ends_early_or_late_is_noticed() {
    let lines: Vec<&str> = SAMPLE.lines().collect();
    for kept in 0..lines.len() {
        let cut = lines[..kept].join("\n");
        assert!(matches!(read(&cut), Err(BillError::Cut)), "{kept}");
    }
    let within = SAMPLE.trim_end().rsplit_once(',').unwrap().0;
    assert!(matches!(read(within), Err(BillError::Cut)));
    for more in ["`1", SAMPLE, "\n\nx"] {
        let error = read(&format!("{SAMPLE}{more}")).unwrap_err();
        assert!(
            matches!(error, BillError::AfterSummary { line: 6.. }),
            "{error}"
        );
    }
    let between = SAMPLE.replacen("\n总交易单数", "\n\n总交易单数", 1);
    assert_eq!(error(&between), "line 4 is neither a row nor the summary");
}

#[test]
fn r15_sums_that_do_not_fit_are_an_error() {
    let most = ROW.replace("9.90", "92233720368547758.07");
    let text = small(&format!("{most}{ROW}"), SUMMARY);
    assert_eq!(error(&text), "the sum of 应结订单金额 does not fit");
    let fee = ROW.replace("`0.05,", "`92233720368547.75807,");
    assert_eq!(
        error(&small(&format!("{fee}{ROW}"), SUMMARY)),
        "the sum of 手续费 does not fit"
    );
}

#[test]
fn errors_do_not_repeat_what_a_row_says() {
    let text = small(&ROW.replace("`9.90", "`secret"), SUMMARY);
    let error = read(&text).unwrap_err();
    assert!(!format!("{error:?} {error}").contains("secret"));
}
