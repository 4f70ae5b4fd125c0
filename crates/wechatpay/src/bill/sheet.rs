//! The form all bills share: a header, rows, and a summary that must add up.

use std::fmt;
use std::io::BufRead;

use paydesk_money::{AmountError, Cny, Fee};
use time::OffsetDateTime;

use super::error::BillError;
use super::lines::Lines;
use super::values;

/// What the lines of one kind of bill say, and what was counted of them so far.
pub(super) trait Layout: Sized {
    type Row;
    type Totals;
    /// The first column of the summary's header.
    const SUMMARY: &'static str;

    /// Finds the columns.
    fn find(header: &Header<'_>) -> Result<Self, BillError>;

    /// Reads a row and counts it.
    fn read(&mut self, row: &Fields<'_>) -> Result<Self::Row, BillError>;

    /// Compares the summary with what was counted.
    fn compare(&self, header: &Header<'_>, stated: &Fields<'_>) -> Result<Self::Totals, BillError>;
}

pub(super) struct Sheet<R, L: Layout> {
    lines: Lines<R>,
    state: State<L>,
}

enum State<L: Layout> {
    Unread,
    Rows { layout: L, width: usize },
    Whole(L::Totals),
    Failed,
}

impl<R: BufRead, L: Layout> Sheet<R, L> {
    pub(super) fn new(reader: R) -> Self {
        Self {
            lines: Lines::new(reader),
            state: State::Unread,
        }
    }

    /// What the rows add up to, once all of them were read and the summary agreed.
    pub(super) fn totals(&self) -> Option<&L::Totals> {
        match &self.state {
            State::Whole(totals) => Some(totals),
            State::Unread | State::Rows { .. } | State::Failed => None,
        }
    }

    /// The next row. After an error there is none.
    pub(super) fn next_row(&mut self) -> Option<Result<L::Row, BillError>> {
        let row = self.step();
        if row.is_err() {
            self.state = State::Failed;
        }
        row.transpose()
    }

    fn step(&mut self) -> Result<Option<L::Row>, BillError> {
        if matches!(self.state, State::Unread) {
            let (line, text) = self.lines.next()?.ok_or(BillError::Cut)?;
            let header = Header::split(line, text);
            self.state = State::Rows {
                layout: L::find(&header)?,
                width: header.names.len(),
            };
        }
        let State::Rows { layout, width } = &mut self.state else {
            return Ok(None);
        };
        let (line, text) = self.lines.next()?.ok_or(BillError::Cut)?;
        if text.starts_with('`') {
            return layout.read(&Fields::split(line, text, *width)?).map(Some);
        }
        if !text.starts_with(L::SUMMARY) {
            return Err(BillError::Row {
                line,
                problem: "is neither a row nor the summary",
            });
        }
        let names = text.to_owned();
        let header = Header::split(line, &names);
        let (line, text) = self.lines.next()?.ok_or(BillError::Cut)?;
        let stated = Fields::split(line, text, header.names.len())?;
        if stated.values.len() < header.names.len() {
            return Err(BillError::Cut);
        }
        let totals = layout.compare(&header, &stated)?;
        while let Some((line, text)) = self.lines.next()? {
            if !text.is_empty() {
                return Err(BillError::AfterSummary { line });
            }
        }
        self.state = State::Whole(totals);
        Ok(None)
    }
}

impl<R, L: Layout> fmt::Debug for Sheet<R, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            State::Unread => "unread",
            State::Rows { .. } => "within its rows",
            State::Whole(_) => "whole",
            State::Failed => "failed",
        };
        f.write_str(state)
    }
}

/// A column and where it stands. The name is today's, also where the bill uses an older one.
#[derive(Clone, Copy)]
pub(super) struct Column {
    pub(super) name: &'static str,
    at: usize,
}

/// A line of names. Columns are found by name, because the platform has renamed, moved and added
/// some over the years.
pub(super) struct Header<'a> {
    line: u64,
    names: Vec<&'a str>,
}

impl<'a> Header<'a> {
    fn split(line: u64, text: &'a str) -> Self {
        Self {
            line,
            names: text.split(',').collect(),
        }
    }

    /// A column that must be there, under the first of these names that is found.
    pub(super) fn require(&self, names: &[&'static str]) -> Result<Column, BillError> {
        self.find(names)?.ok_or(BillError::MissingColumn {
            line: self.line,
            column: names.first().copied().unwrap_or_default(),
        })
    }

    /// A column that may be there.
    pub(super) fn find(&self, names: &[&'static str]) -> Result<Option<Column>, BillError> {
        for name in names {
            let mut places = (0..)
                .zip(&self.names)
                .filter_map(|(at, known)| (known == name).then_some(at));
            let Some(at) = places.next() else {
                continue;
            };
            if places.next().is_some() {
                return Err(BillError::RepeatedColumn {
                    line: self.line,
                    column: name,
                });
            }
            let name = names.first().copied().unwrap_or_default();
            return Ok(Some(Column { name, at }));
        }
        Ok(None)
    }
}

/// A line of values.
pub(super) struct Fields<'a> {
    line: u64,
    values: Vec<&'a str>,
}

impl<'a> Fields<'a> {
    /// Every value begins with a backtick, which is what tells the comma between two values from one
    /// within a value. A row may end early, where its last columns have nothing to say.
    fn split(line: u64, text: &'a str, width: usize) -> Result<Self, BillError> {
        let Some(text) = text.strip_prefix('`') else {
            return Err(BillError::Row {
                line,
                problem: "does not begin with a backtick",
            });
        };
        let mut values = Vec::with_capacity(width);
        values.extend(text.split(",`"));
        if values.len() > width {
            return Err(BillError::Row {
                line,
                problem: "has more fields than the header has columns",
            });
        }
        Ok(Self { line, values })
    }

    pub(super) fn text(&self, column: Column) -> Result<&'a str, BillError> {
        self.values
            .get(column.at)
            .copied()
            .ok_or(BillError::MissingField {
                line: self.line,
                column: column.name,
            })
    }

    /// What an optional column says; `None` where it says nothing.
    pub(super) fn optional(&self, column: Option<Column>) -> Option<&'a str> {
        let text = self.values.get(column?.at).copied()?;
        (!text.is_empty()).then_some(text)
    }

    pub(super) fn cny(&self, column: Column) -> Result<Cny, BillError> {
        let text = self.text(column)?;
        Cny::parse_signed_yuan(text).map_err(|source| self.no_amount(column, source))
    }

    pub(super) fn optional_cny(&self, column: Option<Column>) -> Result<Option<Cny>, BillError> {
        self.present(column)
            .map(|column| self.cny(column))
            .transpose()
    }

    pub(super) fn fee(&self, column: Column) -> Result<Fee, BillError> {
        let text = self.text(column)?;
        Fee::parse_signed_yuan(text).map_err(|source| self.no_amount(column, source))
    }

    pub(super) fn time(&self, column: Column) -> Result<OffsetDateTime, BillError> {
        values::time(self.text(column)?).ok_or(BillError::Value {
            line: self.line,
            column: column.name,
            expected: "time like 2026-01-01 10:00:00",
        })
    }

    pub(super) fn optional_time(
        &self,
        column: Option<Column>,
    ) -> Result<Option<OffsetDateTime>, BillError> {
        self.present(column)
            .map(|column| self.time(column))
            .transpose()
    }

    pub(super) fn count(&self, column: Column) -> Result<u64, BillError> {
        values::count(self.text(column)?).ok_or(BillError::Value {
            line: self.line,
            column: column.name,
            expected: "whole number",
        })
    }

    /// A number that names something else; `None` where there is nothing.
    pub(super) fn number(&self, column: Option<Column>) -> Option<String> {
        self.optional(column)
            .and_then(values::number)
            .map(str::to_owned)
    }

    pub(super) fn line(&self) -> u64 {
        self.line
    }

    fn present(&self, column: Option<Column>) -> Option<Column> {
        self.optional(column).and(column)
    }

    fn no_amount(&self, column: Column, source: AmountError) -> BillError {
        BillError::Amount {
            line: self.line,
            column: column.name,
            source,
        }
    }
}

/// Adds to a sum, which must not wrap.
pub(super) fn add<T>(
    sum: &mut T,
    more: T,
    column: &'static str,
    checked_add: impl FnOnce(T, T) -> Option<T>,
) -> Result<(), BillError>
where
    T: Copy,
{
    *sum = checked_add(*sum, more).ok_or(BillError::Overflow { column })?;
    Ok(())
}

/// Holds a stated total against the counted one.
pub(super) fn same<T>(field: &'static str, stated: T, counted: T) -> Result<T, BillError>
where
    T: Copy + PartialEq + fmt::Display,
{
    if stated == counted {
        return Ok(stated);
    }
    Err(BillError::Totals {
        field,
        stated: stated.to_string(),
        counted: counted.to_string(),
    })
}
