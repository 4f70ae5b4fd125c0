mod row;

use std::fmt;
use std::io::BufRead;
use std::iter::FusedIterator;

use paydesk_money::{Cny, Fee};

use super::error::BillError;
use super::sheet::{Column, Fields, Header, Layout, Sheet, add, same};

pub use row::{BillRefundState, BillTradeState, TradeRow, TradeTotals};

/// The rows of a trade bill, of any kind (ALL, SUCCESS, REFUND) and of old and new layouts.
///
/// Rows come as they are read. Whether the bill was whole is known at its end only: the last thing
/// this does is to add up what it read and to compare it with the bill's own summary. So keep what
/// you derive from the rows provisional until [`TradeBill::totals`] is there. An error ends the
/// iteration.
///
/// A text from elsewhere can be read too, without a hash to vouch for it; see
/// [`BillFile::trades`](crate::BillFile::trades) for one with.
pub struct TradeBill<R> {
    sheet: Sheet<R, TradeLayout>,
}

impl<R: BufRead> TradeBill<R> {
    /// Reads the plain text of a bill.
    pub fn new(reader: R) -> Self {
        Self {
            sheet: Sheet::new(reader),
        }
    }

    /// The totals, once every row was read and they were found to be right; `None` before, and after
    /// an error.
    pub fn totals(&self) -> Option<&TradeTotals> {
        self.sheet.totals()
    }
}

impl<R: BufRead> Iterator for TradeBill<R> {
    type Item = Result<TradeRow, BillError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.sheet.next_row()
    }
}

impl<R: BufRead> FusedIterator for TradeBill<R> {}

impl<R> fmt::Debug for TradeBill<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TradeBill").field(&self.sheet).finish()
    }
}

/// Each total is the sum of one column over all rows, whatever their state: a payment has zeros in
/// the columns of refunds, a refund and a revocation have zeros in those of payments.
struct TradeLayout {
    columns: TradeColumns,
    rows: u64,
    settlement: Cny,
    order: Cny,
    refund: Cny,
    coupon_refund: Cny,
    requested_refund: Cny,
    fee: Fee,
}

struct TradeColumns {
    traded_at: Column,
    app_id: Column,
    merchant_id: Column,
    sub_merchant_id: Option<Column>,
    transaction_id: Column,
    out_trade_no: Column,
    trade_type: Column,
    trade_state: Column,
    currency: Column,
    settlement: Column,
    order: Option<Column>,
    coupon: Option<Column>,
    refund_id: Option<Column>,
    out_refund_no: Option<Column>,
    refund: Option<Column>,
    coupon_refund: Option<Column>,
    requested_refund: Option<Column>,
    refund_type: Option<Column>,
    refund_state: Option<Column>,
    refund_requested_at: Option<Column>,
    refund_succeeded_at: Option<Column>,
    description: Option<Column>,
    attach: Option<Column>,
    fee: Column,
    rate: Option<Column>,
    rate_note: Option<Column>,
}

const REFUND: &str = "退款金额";

impl TradeColumns {
    /// The first name is today's, the others are those of merchants whose bills were never moved on.
    fn find(header: &Header<'_>) -> Result<Self, BillError> {
        Ok(Self {
            traded_at: header.require(&["交易时间"])?,
            app_id: header.require(&["公众账号ID"])?,
            merchant_id: header.require(&["商户号"])?,
            sub_merchant_id: header.find(&["特约商户号", "子商户号"])?,
            transaction_id: header.require(&["微信订单号"])?,
            out_trade_no: header.require(&["商户订单号"])?,
            trade_type: header.require(&["交易类型"])?,
            trade_state: header.require(&["交易状态"])?,
            currency: header.require(&["货币种类"])?,
            settlement: header.require(&["应结订单金额", "总金额"])?,
            order: header.find(&["订单金额"])?,
            coupon: header.find(&["代金券金额", "企业红包金额", "代金券或立减优惠金额"])?,
            refund_id: header.find(&["微信退款单号"])?,
            out_refund_no: header.find(&["商户退款单号"])?,
            refund: header.find(&[REFUND])?,
            coupon_refund: header.find(&[
                "充值券退款金额",
                "企业红包退款金额",
                "代金券或立减优惠退款金额",
            ])?,
            requested_refund: header.find(&["申请退款金额"])?,
            refund_type: header.find(&["退款类型"])?,
            refund_state: header.find(&["退款状态"])?,
            refund_requested_at: header.find(&["退款申请时间"])?,
            refund_succeeded_at: header.find(&["退款成功时间"])?,
            description: header.find(&["商品名称"])?,
            attach: header.find(&["商户数据包"])?,
            fee: header.require(&["手续费"])?,
            rate: header.find(&["费率"])?,
            rate_note: header.find(&["费率备注"])?,
        })
    }

    fn read(&self, row: &Fields<'_>) -> Result<TradeRow, BillError> {
        let text = |column| row.text(column).map(str::to_owned);
        let optional = |column| row.optional(column).map(str::to_owned);
        let read = TradeRow {
            traded_at: row.time(self.traded_at)?,
            app_id: text(self.app_id)?,
            merchant_id: text(self.merchant_id)?,
            sub_merchant_id: row.number(self.sub_merchant_id),
            transaction_id: text(self.transaction_id)?,
            out_trade_no: text(self.out_trade_no)?,
            trade_type: text(self.trade_type)?,
            trade_state: BillTradeState::named(row.text(self.trade_state)?),
            currency: text(self.currency)?,
            settlement_amount: row.cny(self.settlement)?,
            order_amount: row.optional_cny(self.order)?,
            coupon_amount: row.optional_cny(self.coupon)?,
            refund_id: row.number(self.refund_id),
            out_refund_no: row.number(self.out_refund_no),
            refund_amount: row.optional_cny(self.refund)?,
            coupon_refund_amount: row.optional_cny(self.coupon_refund)?,
            requested_refund_amount: row.optional_cny(self.requested_refund)?,
            refund_type: optional(self.refund_type),
            refund_state: row.optional(self.refund_state).map(BillRefundState::named),
            refund_requested_at: row.optional_time(self.refund_requested_at)?,
            refund_succeeded_at: row.optional_time(self.refund_succeeded_at)?,
            description: optional(self.description).unwrap_or_default(),
            attach: optional(self.attach).unwrap_or_default(),
            fee: row.fee(self.fee)?,
            rate: optional(self.rate).unwrap_or_default(),
            rate_note: optional(self.rate_note),
        };
        let gives_back = matches!(
            read.trade_state,
            BillTradeState::Refund | BillTradeState::Revoked
        );
        if gives_back && read.refund_amount.is_none() {
            return Err(BillError::MissingField {
                line: row.line(),
                column: REFUND,
            });
        }
        Ok(read)
    }
}

impl Layout for TradeLayout {
    type Row = TradeRow;
    type Totals = TradeTotals;
    const SUMMARY: &'static str = "总交易单数";

    fn find(header: &Header<'_>) -> Result<Self, BillError> {
        Ok(Self {
            columns: TradeColumns::find(header)?,
            rows: 0,
            settlement: Cny::ZERO,
            order: Cny::ZERO,
            refund: Cny::ZERO,
            coupon_refund: Cny::ZERO,
            requested_refund: Cny::ZERO,
            fee: Fee::ZERO,
        })
    }

    fn read(&mut self, row: &Fields<'_>) -> Result<TradeRow, BillError> {
        let read = self.columns.read(row)?;
        let or_zero = |amount: Option<Cny>| amount.unwrap_or(Cny::ZERO);
        for (sum, more, column) in [
            (&mut self.settlement, read.settlement_amount, "应结订单金额"),
            (&mut self.order, or_zero(read.order_amount), "订单金额"),
            (&mut self.refund, or_zero(read.refund_amount), REFUND),
            (
                &mut self.coupon_refund,
                or_zero(read.coupon_refund_amount),
                "充值券退款金额",
            ),
            (
                &mut self.requested_refund,
                or_zero(read.requested_refund_amount),
                "申请退款金额",
            ),
        ] {
            add(sum, more, column, Cny::checked_add)?;
        }
        add(&mut self.fee, read.fee, "手续费", Fee::checked_add)?;
        self.rows += 1;
        Ok(read)
    }

    fn compare(&self, header: &Header<'_>, stated: &Fields<'_>) -> Result<TradeTotals, BillError> {
        let rows = header.require(&[Self::SUMMARY])?;
        let settlement = header.require(&["应结订单总金额", "总交易额"])?;
        let fee = header.require(&["手续费总金额"])?;
        let optional = |names: &[&'static str], counted| {
            header
                .find(names)?
                .map(|column| same(column.name, stated.cny(column)?, counted))
                .transpose()
        };
        Ok(TradeTotals {
            rows: same(rows.name, stated.count(rows)?, self.rows)?,
            settlement_amount: same(settlement.name, stated.cny(settlement)?, self.settlement)?,
            order_amount: optional(&["订单总金额"], self.order)?,
            refund_amount: optional(&["退款总金额", "总退款金额"], self.refund)?,
            coupon_refund_amount: optional(
                &[
                    "充值券退款总金额",
                    "总企业红包退款金额",
                    "总代金券或立减优惠退款金额",
                ],
                self.coupon_refund,
            )?,
            requested_refund_amount: optional(&["申请退款总金额"], self.requested_refund)?,
            fee: same(fee.name, stated.fee(fee)?, self.fee)?,
        })
    }
}

#[cfg(test)]
mod tests;
