//! Alipay's bills: any text as a list of payments or of movements, and any as its summary.

#![no_main]

use fuzz::alipay_bills::{taken, zip};
use fuzz::bills::read_in_pieces;
use fuzz::choice;
use libfuzzer_sys::fuzz_target;
use paydesk_alipay::{AccountBill, AccountRow, BillTradeKind, TradeBill, TradeRow};
use paydesk_money::Fee;

fuzz_target!(
    init: {
        for seed in [
            include_bytes!("../seeds/alipay_bill_list/trades").as_slice(),
            include_bytes!("../seeds/alipay_bill_list/movements"),
        ] {
            assert!(is_whole(seed), "true bills are not reached");
        }
    },
    |data: &[u8]| {
        is_whole(data);
    }
);

/// A list, and behind a zero the summary.
fn is_whole(data: &[u8]) -> bool {
    let Some((kind, data)) = choice(data, 2) else {
        return false;
    };
    let mut texts = data.splitn(2, |&byte| byte == 0);
    let list = texts.next().unwrap_or_default();
    let mut files = vec![list];
    files.extend(texts.next());
    match kind {
        0 => is_whole_trades(list, &files),
        _ => is_whole_account(list, &files),
    }
}

fn is_whole_trades(list: &[u8], files: &[&[u8]]) -> bool {
    let mut bill = TradeBill::new(list);
    let rows: Result<Vec<TradeRow>, _> = bill.by_ref().collect();
    assert!(bill.next().is_none(), "an end is an end");
    // Whole or in error, and never both.
    assert_eq!(rows.is_ok(), bill.totals().is_some());
    if let (Ok(rows), Some(totals)) = (&rows, bill.totals()) {
        let sums = |kind: &BillTradeKind| {
            let these = rows.iter().filter(|row| row.kind == *kind);
            these.fold((0_u64, 0_i64), |(count, fen), row| {
                (count + 1, fen + row.receipt_amount.fen())
            })
        };
        let stated = (totals.payment_rows, totals.payment_receipt.fen());
        assert_eq!(stated, sums(&BillTradeKind::Payment));
        let stated = (totals.refund_rows, totals.refund_receipt.fen());
        assert_eq!(stated, sums(&BillTradeKind::Refund));
        assert_eq!(totals.rows, u64::try_from(rows.len()).expect("a number"));
        let fees = rows.iter().map(|row| row.service_fee.millifen()).sum();
        assert_eq!(totals.service_fee, Fee::from_millifen(fees));
    }
    // However it arrives, it is the same bill.
    let rows = rows.map_err(|error| error.to_string());
    let of = |bill: TradeBill<_>| {
        bill.collect::<Result<Vec<_>, _>>()
            .map_err(|error| error.to_string())
    };
    assert_eq!(
        read_in_pieces(list, |pieces| of(TradeBill::new(pieces))),
        rows
    );
    let Some(mut file) = taken(&zip(files)) else {
        return false;
    };
    let again: Result<Vec<TradeRow>, _> = file.trades().collect();
    // A summary can only add a difference.
    match again {
        Ok(again) => assert_eq!(Ok(again), rows),
        Err(error) if files.len() == 1 => assert_eq!(Err(error.to_string()), rows),
        Err(_) => return false,
    }
    rows.is_ok()
}

fn is_whole_account(list: &[u8], files: &[&[u8]]) -> bool {
    let mut bill = AccountBill::new(list);
    let rows: Result<Vec<AccountRow>, _> = bill.by_ref().collect();
    assert!(bill.next().is_none(), "an end is an end");
    assert_eq!(rows.is_ok(), bill.totals().is_some());
    if let (Ok(rows), Some(totals)) = (&rows, bill.totals()) {
        let moved: i64 = rows.iter().map(|row| row.amount.fen()).sum();
        assert_eq!(totals.income.fen() - totals.expense.fen(), moved);
        assert!(totals.income_rows + totals.expense_rows <= totals.rows);
    }
    let rows = rows.map_err(|error| error.to_string());
    let of = |bill: AccountBill<_>| {
        bill.collect::<Result<Vec<_>, _>>()
            .map_err(|error| error.to_string())
    };
    assert_eq!(
        read_in_pieces(list, |pieces| of(AccountBill::new(pieces))),
        rows
    );
    let Some(mut file) = taken(&zip(files)) else {
        return false;
    };
    let again: Result<Vec<AccountRow>, _> = file.movements().collect();
    match again {
        Ok(again) => assert_eq!(Ok(again), rows),
        Err(error) if files.len() == 1 => assert_eq!(Err(error.to_string()), rows),
        Err(_) => return false,
    }
    rows.is_ok()
}
