//! WeChat Pay's trade bills: any text.

#![no_main]

use fuzz::bills::{packed, read_in_pieces};
use libfuzzer_sys::fuzz_target;
use paydesk_money::{Cny, Fee};
use paydesk_wechatpay::{BillFile, TradeBill, TradeRow};

fuzz_target!(
    init: {
        let seed = include_bytes!("../../../crates/wechatpay/testdata/trade_bill_all.csv");
        assert!(is_whole(seed), "true bills are not reached");
    },
    |data: &[u8]| {
        is_whole(data);
    }
);

fn is_whole(data: &[u8]) -> bool {
    let mut bill = TradeBill::new(data);
    let rows: Result<Vec<TradeRow>, _> = bill.by_ref().collect();
    assert!(bill.next().is_none(), "an end is an end");
    // Whole or in error, and never both.
    assert_eq!(rows.is_ok(), bill.totals().is_some());
    if let (Ok(rows), Some(totals)) = (&rows, bill.totals()) {
        assert_eq!(totals.rows, u64::try_from(rows.len()).expect("a number"));
        let fen = |of: fn(&TradeRow) -> Cny| rows.iter().map(|row| of(row).fen()).sum::<i64>();
        assert_eq!(
            totals.settlement_amount.fen(),
            fen(|row| row.settlement_amount)
        );
        if let Some(total) = totals.order_amount {
            assert_eq!(
                total.fen(),
                fen(|row| row.order_amount.unwrap_or(Cny::ZERO))
            );
        }
        if let Some(total) = totals.refund_amount {
            assert_eq!(
                total.fen(),
                fen(|row| row.refund_amount.unwrap_or(Cny::ZERO))
            );
        }
        if let Some(total) = totals.requested_refund_amount {
            let sum = fen(|row| row.requested_refund_amount.unwrap_or(Cny::ZERO));
            assert_eq!(total.fen(), sum);
        }
        let fees = rows.iter().map(|row| row.fee.millifen()).sum();
        assert_eq!(totals.fee, Fee::from_millifen(fees));
    }
    // However it arrives, it is the same bill.
    let rows = rows.map_err(|error| error.to_string());
    let of = |bill: TradeBill<_>| {
        bill.collect::<Result<Vec<_>, _>>()
            .map_err(|error| error.to_string())
    };
    assert_eq!(
        read_in_pieces(data, |pieces| of(TradeBill::new(pieces))),
        rows
    );
    let mut file: BillFile = packed(data);
    let again: Result<Vec<TradeRow>, _> = file.trades().collect();
    assert_eq!(again.map_err(|error| error.to_string()), rows);
    rows.is_ok()
}
