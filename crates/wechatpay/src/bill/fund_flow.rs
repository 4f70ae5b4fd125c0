use std::fmt;
use std::io::BufRead;
use std::iter::FusedIterator;

use paydesk_money::Cny;
use time::OffsetDateTime;

use super::error::BillError;
use super::sheet::{Column, Fields, Header, Layout, Sheet, add, same};

/// The rows of a fund-flow bill: what moved on one account of the merchant.
///
/// As with [`TradeBill`](crate::TradeBill), nothing is certain before the end, where the rows are
/// compared with the bill's own summary; then [`FundFlowBill::totals`] is there. An error ends the
/// iteration.
pub struct FundFlowBill<R> {
    sheet: Sheet<R, FundFlowLayout>,
}

impl<R: BufRead> FundFlowBill<R> {
    /// Reads the plain text of a bill.
    pub fn new(reader: R) -> Self {
        Self {
            sheet: Sheet::new(reader),
        }
    }

    /// The totals, once every row was read and they were found to be right; `None` before, and after
    /// an error.
    pub fn totals(&self) -> Option<&FundFlowTotals> {
        self.sheet.totals()
    }
}

impl<R: BufRead> Iterator for FundFlowBill<R> {
    type Item = Result<FundFlowRow, BillError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.sheet.next_row()
    }
}

impl<R: BufRead> FusedIterator for FundFlowBill<R> {}

impl<R> fmt::Debug for FundFlowBill<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FundFlowBill").field(&self.sheet).finish()
    }
}

/// Which way money went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FundDirection {
    /// Onto the account, `收入`.
    Income,
    /// Off the account, `支出`.
    Expense,
    /// Something this version does not know. Such a row counts among all rows only.
    Other(String),
}

/// One movement on the account. Text stands as the bill writes it.
///
/// Who asked for it is left out: it may name an employee.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FundFlowRow {
    /// When it was booked.
    pub booked_at: OffsetDateTime,
    /// The platform's number of what caused it: of a payment, a refund, a withdrawal.
    pub business_id: String,
    /// The number of the movement.
    pub flow_id: String,
    /// What caused it, in the platform's words: `交易`, `退款`, ...
    pub business_name: String,
    /// What it is in particular: `交易`, `扣除交易手续费`, ...
    pub business_type: String,
    /// Which way the money went.
    pub direction: FundDirection,
    /// How much; the direction says which way.
    pub amount: Cny,
    /// What was on the account afterwards.
    pub balance: Cny,
    /// A remark, escaped by rules that are not published in full: never match on it.
    pub note: Option<String>,
    /// The merchant's number, for most movements; escaped likewise.
    pub voucher: Option<String>,
}

/// What a fund-flow bill states in its summary, and its rows add up to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FundFlowTotals {
    /// All rows.
    pub rows: u64,
    /// Rows of income.
    pub income_rows: u64,
    /// Their sum.
    pub income: Cny,
    /// Rows of expense.
    pub expense_rows: u64,
    /// Their sum.
    pub expense: Cny,
}

struct FundFlowLayout {
    booked_at: Column,
    business_id: Column,
    flow_id: Column,
    business_name: Column,
    business_type: Column,
    direction: Column,
    amount: Column,
    balance: Column,
    note: Option<Column>,
    voucher: Option<Column>,
    counted: FundFlowTotals,
}

impl FundFlowLayout {
    fn count(&mut self, row: &FundFlowRow) -> Result<(), BillError> {
        self.counted.rows += 1;
        let (rows, sum, column) = match row.direction {
            FundDirection::Income => (
                &mut self.counted.income_rows,
                &mut self.counted.income,
                "收入金额",
            ),
            FundDirection::Expense => (
                &mut self.counted.expense_rows,
                &mut self.counted.expense,
                "支出金额",
            ),
            FundDirection::Other(_) => return Ok(()),
        };
        *rows += 1;
        add(sum, row.amount, column, Cny::checked_add)
    }
}

impl Layout for FundFlowLayout {
    type Row = FundFlowRow;
    type Totals = FundFlowTotals;
    const SUMMARY: &'static str = "资金流水总笔数";

    fn find(header: &Header<'_>) -> Result<Self, BillError> {
        Ok(Self {
            booked_at: header.require(&["记账时间"])?,
            business_id: header.require(&["微信支付业务单号"])?,
            flow_id: header.require(&["资金流水单号"])?,
            business_name: header.require(&["业务名称"])?,
            business_type: header.require(&["业务类型"])?,
            direction: header.require(&["收支类型"])?,
            // The parentheses are half or full width, depending on the page.
            amount: header.require(&["收支金额(元)", "收支金额（元）"])?,
            balance: header.require(&["账户结余(元)", "账户结余（元）"])?,
            note: header.find(&["备注"])?,
            voucher: header.find(&["业务凭证号"])?,
            counted: FundFlowTotals {
                rows: 0,
                income_rows: 0,
                income: Cny::ZERO,
                expense_rows: 0,
                expense: Cny::ZERO,
            },
        })
    }

    fn read(&mut self, row: &Fields<'_>) -> Result<FundFlowRow, BillError> {
        let text = |column| row.text(column).map(str::to_owned);
        let optional = |column| row.optional(column).map(str::to_owned);
        let read = FundFlowRow {
            booked_at: row.time(self.booked_at)?,
            business_id: text(self.business_id)?,
            flow_id: text(self.flow_id)?,
            business_name: text(self.business_name)?,
            business_type: text(self.business_type)?,
            direction: direction(row.text(self.direction)?),
            amount: row.cny(self.amount)?,
            balance: row.cny(self.balance)?,
            note: optional(self.note),
            voucher: optional(self.voucher),
        };
        self.count(&read)?;
        Ok(read)
    }

    fn compare(
        &self,
        header: &Header<'_>,
        stated: &Fields<'_>,
    ) -> Result<FundFlowTotals, BillError> {
        let count = |name, counted| {
            let column = header.require(&[name])?;
            same(name, stated.count(column)?, counted)
        };
        let sum = |name, counted| {
            let column = header.require(&[name])?;
            same(name, stated.cny(column)?, counted)
        };
        Ok(FundFlowTotals {
            rows: count(Self::SUMMARY, self.counted.rows)?,
            income_rows: count("收入笔数", self.counted.income_rows)?,
            income: sum("收入金额", self.counted.income)?,
            expense_rows: count("支出笔数", self.counted.expense_rows)?,
            expense: sum("支出金额", self.counted.expense)?,
        })
    }
}

fn direction(name: &str) -> FundDirection {
    match name {
        "收入" => FundDirection::Income,
        "支出" => FundDirection::Expense,
        _ => FundDirection::Other(name.to_owned()),
    }
}

#[cfg(test)]
mod tests;
