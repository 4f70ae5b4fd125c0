use std::fmt;
use std::io::BufRead;
use std::iter::FusedIterator;

use paydesk_money::{AmountError, Cny};
use time::OffsetDateTime;

use super::BillKind;
use super::cells::{Cells, Column, Header, Shape};
use super::error::BillError;
use super::footers::Footers;
use super::sheet::{Layout, Sheet, add, same};
use super::summary::Summary;

/// The rows of an account bill (账务明细): what moved on the merchant's account. One payment may be
/// several rows: what was paid, and what the platform took.
///
/// As with [`TradeBill`](crate::TradeBill), nothing is certain before the end, where the rows are
/// compared with what the bill states; then [`AccountBill::totals`] is there. An error ends the
/// iteration.
pub struct AccountBill<R> {
    sheet: Sheet<R, AccountLayout>,
}

impl<R: BufRead> AccountBill<R> {
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
    pub const fn totals(&self) -> Option<&AccountTotals> {
        self.sheet.totals()
    }
}

impl<R: BufRead> Iterator for AccountBill<R> {
    type Item = Result<AccountRow, BillError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.sheet.next_row()
    }
}

impl<R: BufRead> FusedIterator for AccountBill<R> {}

impl<R> fmt::Debug for AccountBill<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AccountBill").field(&self.sheet).finish()
    }
}

/// One movement on the account. Text stands as the bill writes it: never match on it.
///
/// Whose account is on the other side is left out: it is personal data.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccountRow {
    /// The number of the movement (账务流水号).
    pub flow_no: String,
    /// The number of what caused it (业务流水号): of a payment it is the trade's.
    pub business_no: Option<String>,
    /// The merchant's number of the trade, where there is one.
    pub out_trade_no: Option<String>,
    /// What was bought.
    pub subject: String,
    /// When it was booked.
    pub booked_at: OffsetDateTime,
    /// What moved: positive onto the account, negative off it.
    pub amount: Cny,
    /// What was on the account afterwards.
    pub balance: Cny,
    /// By which way the trade was made (交易渠道).
    pub channel: Option<String>,
    /// What it is: `在线支付`, `收费`, `退款`, ...; more may appear.
    pub business_type: String,
    /// A remark.
    pub note: Option<String>,
}

/// What an account bill states about its rows, and they add up to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccountTotals {
    /// All rows.
    pub rows: u64,
    /// Rows of income.
    pub income_rows: u64,
    /// Their sum.
    pub income: Cny,
    /// Rows of expense.
    pub expense_rows: u64,
    /// Their sum, above zero.
    pub expense: Cny,
}

struct AccountLayout {
    flow_no: Column,
    business_no: Option<Column>,
    out_trade_no: Option<Column>,
    subject: Option<Column>,
    booked_at: Column,
    income: Column,
    expense: Column,
    balance: Column,
    channel: Option<Column>,
    business_type: Column,
    note: Option<Column>,
    counted: AccountTotals,
}

const INCOME: &str = "收入金额（+元）";
const EXPENSE: &str = "支出金额（-元）";
const INCOMES: &str = "收入合计";
const EXPENSES: &str = "支出合计";

impl AccountLayout {
    /// What came in and what went out, both above zero. An expense is written with a sign or without:
    /// its column says which way it goes.
    fn moved(&self, row: &Cells<'_>) -> Result<(Cny, Cny), BillError> {
        let income = row.optional_cny(Some(self.income))?.unwrap_or_default();
        let expense = row.optional_cny(Some(self.expense))?.unwrap_or_default();
        let expense = above_zero(expense).ok_or(BillError::Amount {
            line: row.line(),
            column: EXPENSE,
            source: AmountError::Overflow,
        })?;
        if income < Cny::ZERO {
            return Err(BillError::Value {
                line: row.line(),
                column: INCOME,
                expected: "amount that came in",
            });
        }
        if income.is_positive() && expense.is_positive() {
            return Err(BillError::Row {
                line: row.line(),
                problem: "moves money both ways",
            });
        }
        Ok((income, expense))
    }

    fn count(&mut self, income: Cny, expense: Cny) -> Result<(), BillError> {
        self.counted.rows += 1;
        // What moves nothing is on neither side.
        self.counted.income_rows += u64::from(income.is_positive());
        self.counted.expense_rows += u64::from(expense.is_positive());
        add(&mut self.counted.income, income, INCOME, Cny::checked_add)?;
        add(
            &mut self.counted.expense,
            expense,
            EXPENSE,
            Cny::checked_add,
        )
    }
}

impl Layout for AccountLayout {
    type Row = AccountRow;
    type Totals = AccountTotals;
    const KIND: BillKind = BillKind::Account;
    const TOTALS: &'static [&'static str] = &[INCOMES, EXPENSES];

    fn find(header: &mut Header) -> Result<Self, BillError> {
        use Shape::{Digits, Free, MaybeMoney, Money, Plain, Time};
        Ok(Self {
            flow_no: header.require(&["账务流水号"], Digits)?,
            business_no: header.find(&["业务流水号"], Plain)?,
            out_trade_no: header.find(&["商户订单号"], Plain)?,
            subject: header.find(&["商品名称"], Free)?,
            booked_at: header.require(&["发生时间"], Time)?,
            income: header.require(&[INCOME], MaybeMoney)?,
            expense: header.require(&[EXPENSE], MaybeMoney)?,
            balance: header.require(&["账户余额（元）"], Money)?,
            channel: header.find(&["交易渠道"], Plain)?,
            business_type: header.require(&["业务类型"], Plain)?,
            note: header.find(&["备注"], Free)?,
            counted: AccountTotals::default(),
        })
    }

    fn read(&mut self, row: &Cells<'_>) -> Result<AccountRow, BillError> {
        let (income, expense) = self.moved(row)?;
        let amount = income.checked_sub(expense);
        let read = AccountRow {
            flow_no: row.number(self.flow_no)?,
            business_no: row.optional_number(self.business_no)?,
            out_trade_no: row.optional_number(self.out_trade_no)?,
            subject: row.words(self.subject).unwrap_or_default(),
            booked_at: row.time(self.booked_at)?,
            amount: amount.ok_or(BillError::Overflow { column: INCOME })?,
            balance: row.cny(self.balance)?,
            channel: row.words(self.channel),
            business_type: row.text(self.business_type)?.to_owned(),
            note: row.words(self.note),
        };
        self.count(income, expense)?;
        Ok(read)
    }

    fn compare(
        &self,
        stated: &Footers,
        summary: Option<&Summary>,
    ) -> Result<AccountTotals, BillError> {
        let counted = &self.counted;
        let spent = |stated| above_zero(stated).ok_or(BillError::Overflow { column: EXPENSE });
        let count = |label, counted| same(label, stated.count(label)?, counted);
        count(INCOMES, counted.income_rows)?;
        same(INCOMES, stated.sum(INCOMES, "")?, counted.income)?;
        count(EXPENSES, counted.expense_rows)?;
        same(EXPENSES, spent(stated.sum(EXPENSES, "")?)?, counted.expense)?;
        if let Some(summary) = summary {
            let count = |name, counted| same(name, summary.count(name)?, counted);
            count("收入笔数", counted.income_rows)?;
            same(INCOME, summary.cny(INCOME)?, counted.income)?;
            count("支出笔数", counted.expense_rows)?;
            same(EXPENSE, spent(summary.cny(EXPENSE)?)?, counted.expense)?;
        }
        Ok(counted.clone())
    }
}

fn above_zero(amount: Cny) -> Option<Cny> {
    if amount < Cny::ZERO {
        Cny::ZERO.checked_sub(amount)
    } else {
        Some(amount)
    }
}

#[cfg(test)]
mod tests;
