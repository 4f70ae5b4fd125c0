mod row;

use std::fmt;
use std::io::BufRead;
use std::iter::FusedIterator;

use paydesk_money::{Cny, Fee};

use super::BillKind;
use super::cells::{Cells, Column, Header, Shape};
use super::error::BillError;
use super::footers::Footers;
use super::sheet::{Layout, Sheet, add, same};
use super::summary::Summary;

pub use row::{BillTradeKind, TradeRow, TradeTotals};

/// The rows of a trade bill (业务明细): payments and refunds, one each.
///
/// Rows come as they are read. Whether the bill was whole is known at its end only: the last thing
/// this does is to add up what it read and to compare it with what the bill itself states. So keep
/// what you derive from the rows provisional until [`TradeBill::totals`] is there. An error ends the
/// iteration.
///
/// A text from elsewhere can be read too, without its archive's checksum; see
/// [`BillFile::trades`](crate::BillFile::trades) for one with.
pub struct TradeBill<R> {
    sheet: Sheet<R, TradeLayout>,
}

impl<R: BufRead> TradeBill<R> {
    /// Reads the list of a bill in GBK, as the platform writes it. There is no summary to compare it
    /// with.
    pub const fn new(reader: R) -> Self {
        Self::with_summary(reader, None)
    }

    pub(super) const fn with_summary(reader: R, summary: Option<Summary>) -> Self {
        Self {
            sheet: Sheet::new(reader, summary),
        }
    }

    /// The totals, once every row was read and they were found to be right; `None` before, and after
    /// an error.
    pub const fn totals(&self) -> Option<&TradeTotals> {
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

/// What rows add up to. Refunds are negative in every column.
#[derive(Default)]
struct Counted {
    all: Side,
    payments: Side,
    refunds: Side,
}

/// What the rows of one kind, or all, add up to.
#[derive(Default)]
struct Side {
    rows: u64,
    order: Cny,
    receipt: Cny,
    merchant_discount: Cny,
    service_fee: Fee,
}

struct TradeLayout {
    columns: TradeColumns,
    counted: Counted,
}

struct TradeColumns {
    trade_no: Column,
    out_trade_no: Column,
    kind: Column,
    subject: Option<Column>,
    created_at: Column,
    finished_at: Column,
    store_id: Option<Column>,
    store_name: Option<Column>,
    order: Column,
    receipt: Column,
    red_packet: Option<Column>,
    points: Option<Column>,
    alipay_discount: Option<Column>,
    merchant_discount: Option<Column>,
    voucher: Option<Column>,
    voucher_name: Option<Column>,
    merchant_red_packet: Option<Column>,
    card: Option<Column>,
    out_request_no: Column,
    service_fee: Column,
    profit_share: Option<Column>,
    note: Option<Column>,
}

const PAYMENTS: &str = "交易合计";
const REFUNDS: &str = "退款合计";
const ORDER: &str = "订单金额（元）";
const RECEIPT: &str = "商家实收（元）";
const DISCOUNT: &str = "商家优惠（元）";
const SERVICE_FEE: &str = "服务费（元）";

impl TradeColumns {
    fn find(header: &mut Header) -> Result<Self, BillError> {
        use Shape::{Digits, Free, MaybeMoney, Money, Plain, Time};
        Ok(Self {
            trade_no: header.require(&["支付宝交易号"], Digits)?,
            out_trade_no: header.require(&["商户订单号"], Plain)?,
            kind: header.require(&["业务类型"], Plain)?,
            subject: header.find(&["商品名称"], Free)?,
            created_at: header.require(&["创建时间"], Time)?,
            finished_at: header.require(&["完成时间"], Time)?,
            store_id: header.find(&["门店编号"], Plain)?,
            store_name: header.find(&["门店名称"], Free)?,
            order: header.require(&[ORDER], Money)?,
            receipt: header.require(&[RECEIPT], Money)?,
            red_packet: header.find(&["支付宝红包（元）"], MaybeMoney)?,
            points: header.find(&["集分宝（元）"], MaybeMoney)?,
            alipay_discount: header.find(&["支付宝优惠（元）"], MaybeMoney)?,
            merchant_discount: header.find(&[DISCOUNT], MaybeMoney)?,
            voucher: header.find(&["券核销金额（元）"], MaybeMoney)?,
            voucher_name: header.find(&["券名称"], Free)?,
            merchant_red_packet: header.find(&["商家红包消费金额（元）"], MaybeMoney)?,
            card: header.find(&["卡消费金额（元）"], MaybeMoney)?,
            out_request_no: header.require(&["退款批次号/请求号"], Plain)?,
            service_fee: header.require(&[SERVICE_FEE], Money)?,
            profit_share: header.find(&["分润（元）"], MaybeMoney)?,
            note: header.find(&["备注"], Free)?,
        })
    }

    fn read(&self, row: &Cells<'_>) -> Result<TradeRow, BillError> {
        Ok(TradeRow {
            trade_no: row.number(self.trade_no)?,
            out_trade_no: row.number(self.out_trade_no)?,
            kind: BillTradeKind::named(row.text(self.kind)?),
            subject: row.words(self.subject).unwrap_or_default(),
            created_at: row.time(self.created_at)?,
            finished_at: row.time(self.finished_at)?,
            store_id: row.words(self.store_id),
            store_name: row.words(self.store_name),
            order_amount: row.cny(self.order)?,
            receipt_amount: row.cny(self.receipt)?,
            red_packet_amount: row.optional_cny(self.red_packet)?,
            point_amount: row.optional_cny(self.points)?,
            alipay_discount: row.optional_cny(self.alipay_discount)?,
            merchant_discount: row.optional_cny(self.merchant_discount)?,
            voucher_amount: row.optional_cny(self.voucher)?,
            voucher_name: row.words(self.voucher_name),
            merchant_red_packet_amount: row.optional_cny(self.merchant_red_packet)?,
            card_amount: row.optional_cny(self.card)?,
            out_request_no: row.optional_number(Some(self.out_request_no))?,
            service_fee: row.fee(self.service_fee)?,
            profit_share: row.optional_fee(self.profit_share)?,
            note: row.words(self.note),
        })
    }
}

impl Counted {
    fn add(&mut self, row: &TradeRow) -> Result<(), BillError> {
        self.all.add(row)?;
        match row.kind {
            BillTradeKind::Payment => self.payments.add(row),
            BillTradeKind::Refund => self.refunds.add(row),
            BillTradeKind::Other(_) => Ok(()),
        }
    }
}

impl Side {
    fn add(&mut self, row: &TradeRow) -> Result<(), BillError> {
        self.rows += 1;
        let discount = row.merchant_discount.unwrap_or_default();
        for (sum, more, column) in [
            (&mut self.order, row.order_amount, ORDER),
            (&mut self.receipt, row.receipt_amount, RECEIPT),
            (&mut self.merchant_discount, discount, DISCOUNT),
        ] {
            add(sum, more, column, Cny::checked_add)?;
        }
        let fee = &mut self.service_fee;
        add(fee, row.service_fee, SERVICE_FEE, Fee::checked_add)
    }
}

impl Layout for TradeLayout {
    type Row = TradeRow;
    type Totals = TradeTotals;
    const KIND: BillKind = BillKind::Trade;
    const TOTALS: &'static [&'static str] = &[PAYMENTS, REFUNDS];

    fn find(header: &mut Header) -> Result<Self, BillError> {
        Ok(Self {
            columns: TradeColumns::find(header)?,
            counted: Counted::default(),
        })
    }

    fn read(&mut self, row: &Cells<'_>) -> Result<TradeRow, BillError> {
        let read = self.columns.read(row)?;
        self.counted.add(&read)?;
        Ok(read)
    }

    fn compare(
        &self,
        stated: &Footers,
        summary: Option<&Summary>,
    ) -> Result<TradeTotals, BillError> {
        let Counted {
            all,
            payments,
            refunds,
        } = &self.counted;
        let count = |label, counted| same(label, stated.count(label)?, counted);
        let sum = |label, of, counted| same(label, stated.sum(label, of)?, counted);
        let totals = TradeTotals {
            rows: all.rows,
            payment_rows: count(PAYMENTS, payments.rows)?,
            payment_receipt: sum(PAYMENTS, "商家实收", payments.receipt)?,
            refund_rows: count(REFUNDS, refunds.rows)?,
            refund_receipt: sum(REFUNDS, "商家实收退款", refunds.receipt)?,
            order_amount: all.order,
            service_fee: all.service_fee,
        };
        if self.columns.merchant_discount.is_some() {
            sum(PAYMENTS, "商家优惠", payments.merchant_discount)?;
            sum(REFUNDS, "商家优惠退款", refunds.merchant_discount)?;
        }
        if let Some(summary) = summary {
            self.compare_summary(summary)?;
        }
        Ok(totals)
    }
}

impl TradeLayout {
    /// The summary is made apart from the list, and is the only one to state fees. Whether it takes
    /// refunds off its sums is written nowhere, so both are right: either is the sum of rows that all
    /// were read, and their numbers are stated beside it.
    fn compare_summary(&self, summary: &Summary) -> Result<(), BillError> {
        let Counted {
            all,
            payments,
            refunds,
        } = &self.counted;
        let count = |name, counted| same(name, summary.count(name)?, counted);
        count("交易订单总笔数", payments.rows)?;
        count("退款订单总笔数", refunds.rows)?;
        either(ORDER, summary.cny(ORDER)?, [all.order, payments.order])?;
        either(
            RECEIPT,
            summary.cny(RECEIPT)?,
            [all.receipt, payments.receipt],
        )?;
        let fees = [all.service_fee, payments.service_fee];
        either(SERVICE_FEE, summary.fee(SERVICE_FEE)?, fees)
    }
}

fn either<T>(field: &'static str, stated: T, [net, gross]: [T; 2]) -> Result<(), BillError>
where
    T: Copy + PartialEq + fmt::Display,
{
    if stated == gross {
        return Ok(());
    }
    same(field, stated, net).map(drop)
}

#[cfg(test)]
mod tests;
