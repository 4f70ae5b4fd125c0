//! WeChat Pay's fund-flow bills: any text.

#![no_main]

use fuzz::bills::{packed, read_in_pieces};
use libfuzzer_sys::fuzz_target;
use paydesk_wechatpay::{FundDirection, FundFlowBill, FundFlowRow};

fuzz_target!(
    init: {
        let seed = include_bytes!("../seeds/fund_flow_bill/basic");
        assert!(is_whole(seed), "true bills are not reached");
    },
    |data: &[u8]| {
        is_whole(data);
    }
);

fn is_whole(data: &[u8]) -> bool {
    let mut bill = FundFlowBill::new(data);
    let rows: Result<Vec<FundFlowRow>, _> = bill.by_ref().collect();
    assert!(bill.next().is_none(), "an end is an end");
    // Whole or in error, and never both.
    assert_eq!(rows.is_ok(), bill.totals().is_some());
    if let (Ok(rows), Some(totals)) = (&rows, bill.totals()) {
        let sums = |direction: FundDirection| {
            let these = rows.iter().filter(|row| row.direction == direction);
            these.fold((0_u64, 0_i64), |(count, fen), row| {
                (count + 1, fen + row.amount.fen())
            })
        };
        let stated = (totals.income_rows, totals.income.fen());
        assert_eq!(stated, sums(FundDirection::Income));
        let stated = (totals.expense_rows, totals.expense.fen());
        assert_eq!(stated, sums(FundDirection::Expense));
        assert_eq!(totals.rows, totals.income_rows + totals.expense_rows);
    }
    // However it arrives, it is the same bill.
    let rows = rows.map_err(|error| error.to_string());
    let of = |bill: FundFlowBill<_>| {
        bill.collect::<Result<Vec<_>, _>>()
            .map_err(|error| error.to_string())
    };
    assert_eq!(
        read_in_pieces(data, |pieces| of(FundFlowBill::new(pieces))),
        rows
    );
    let mut file = packed(data);
    let again: Result<Vec<FundFlowRow>, _> = file.fund_flows().collect();
    assert_eq!(again.map_err(|error| error.to_string()), rows);
    rows.is_ok()
}
