//! Columns by their names, and cells by their columns.

use paydesk_money::{AmountError, Cny, Fee};
use time::OffsetDateTime;

use super::error::BillError;
use super::fit::rejoined;
use super::values;

/// What a cell of a column can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Words, with commas in them perhaps. Nothing else is known of a column that is new to us.
    Free,
    /// Numbers and names that hold no comma.
    Plain,
    /// A number of the platform's.
    Digits,
    Time,
    Money,
    /// An amount, or nothing.
    MaybeMoney,
}

impl Shape {
    pub(super) fn fits(self, cell: &str) -> bool {
        match self {
            Self::Free | Self::Plain => true,
            Self::Digits => !cell.is_empty() && cell.bytes().all(|byte| byte.is_ascii_digit()),
            Self::Time => values::time(cell).is_some(),
            Self::Money => Fee::parse_signed_yuan(cell).is_ok(),
            Self::MaybeMoney => cell.is_empty() || Self::Money.fits(cell),
        }
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
pub(super) struct Header {
    line: u64,
    names: Vec<String>,
    shapes: Vec<Shape>,
}

impl Header {
    pub(super) fn split(line: u64, text: &str) -> Self {
        let names: Vec<_> = text.split(',').map(plain_name).collect();
        Self {
            line,
            shapes: vec![Shape::Free; names.len()],
            names,
        }
    }

    /// A column that must be there, under the first of these names that is found.
    pub(super) fn require(
        &mut self,
        names: &[&'static str],
        shape: Shape,
    ) -> Result<Column, BillError> {
        self.find(names, shape)?.ok_or(BillError::MissingColumn {
            line: self.line,
            column: names.first().copied().unwrap_or_default(),
        })
    }

    /// A column that may be there.
    pub(super) fn find(
        &mut self,
        names: &[&'static str],
        shape: Shape,
    ) -> Result<Option<Column>, BillError> {
        for name in names {
            let plain = plain_name(name);
            let mut places = (0..)
                .zip(&self.names)
                .filter_map(|(at, known)| (*known == plain).then_some(at));
            let Some(at) = places.next() else {
                continue;
            };
            if places.next().is_some() {
                return Err(BillError::RepeatedColumn {
                    line: self.line,
                    column: name,
                });
            }
            if let Some(place) = self.shapes.get_mut(at) {
                *place = shape;
            }
            let name = names.first().copied().unwrap_or_default();
            return Ok(Some(Column { name, at }));
        }
        Ok(None)
    }

    pub(super) fn into_shapes(self) -> Vec<Shape> {
        self.shapes
    }

    pub(super) fn shapes(&self) -> &[Shape] {
        &self.shapes
    }
}

/// The platform's own files and copies of them differ in the width of brackets and signs.
fn plain_name(name: &str) -> String {
    name.chars()
        .filter(|char| !char.is_whitespace())
        .map(|char| match char {
            '（' => '(',
            '）' => ')',
            '＋' => '+',
            '－' => '-',
            char => char,
        })
        .collect()
}

/// A line of values.
pub(super) struct Cells<'a> {
    line: u64,
    cells: Vec<&'a str>,
}

impl<'a> Cells<'a> {
    /// Cells are padded with tabs and spaces, so that a spreadsheet takes numbers for text. They are
    /// never quoted: a line with more commas than it has columns holds some in its texts. A row may
    /// end early, where its last columns have nothing to say.
    pub(super) fn split(line: u64, text: &'a str, shapes: &[Shape]) -> Result<Self, BillError> {
        let mut cells = Vec::with_capacity(shapes.len());
        cells.extend(text.split(',').map(values::unpadded));
        if cells.len() > shapes.len() {
            cells = rejoined(text, shapes, &cells).ok_or(BillError::Row {
                line,
                problem: "has more commas than columns, and cannot be read in one way only",
            })?;
        }
        Ok(Self { line, cells })
    }

    pub(super) fn text(&self, column: Column) -> Result<&'a str, BillError> {
        self.cells
            .get(column.at)
            .copied()
            .ok_or(BillError::MissingField {
                line: self.line,
                column: column.name,
            })
    }

    /// What an optional column says; `None` where it says nothing.
    pub(super) fn optional(&self, column: Option<Column>) -> Option<&'a str> {
        let text = self.cells.get(column?.at).copied()?;
        (!text.is_empty()).then_some(text)
    }

    /// The same as a text of one's own.
    pub(super) fn words(&self, column: Option<Column>) -> Option<String> {
        self.optional(column).map(str::to_owned)
    }

    /// A number that names something, whole.
    pub(super) fn number(&self, column: Column) -> Result<String, BillError> {
        let text = self.text(column)?;
        if text.is_empty() {
            return Err(self.no(column, "number"));
        }
        self.readable(column, text)
    }

    /// The same where there may be none.
    pub(super) fn optional_number(
        &self,
        column: Option<Column>,
    ) -> Result<Option<String>, BillError> {
        let (Some(column), Some(text)) = (column, self.optional(column)) else {
            return Ok(None);
        };
        self.readable(column, text).map(Some)
    }

    pub(super) fn cny(&self, column: Column) -> Result<Cny, BillError> {
        let text = self.text(column)?;
        Cny::parse_signed_yuan(text).map_err(|source| self.no_amount(column, source))
    }

    pub(super) fn optional_cny(&self, column: Option<Column>) -> Result<Option<Cny>, BillError> {
        let present = self.optional(column).and(column);
        present.map(|column| self.cny(column)).transpose()
    }

    pub(super) fn fee(&self, column: Column) -> Result<Fee, BillError> {
        let text = self.text(column)?;
        Fee::parse_signed_yuan(text).map_err(|source| self.no_amount(column, source))
    }

    pub(super) fn optional_fee(&self, column: Option<Column>) -> Result<Option<Fee>, BillError> {
        let present = self.optional(column).and(column);
        present.map(|column| self.fee(column)).transpose()
    }

    pub(super) fn time(&self, column: Column) -> Result<OffsetDateTime, BillError> {
        values::time(self.text(column)?)
            .ok_or_else(|| self.no(column, "time like 2026-01-01 10:00:00"))
    }

    pub(super) fn count(&self, column: Column) -> Result<u64, BillError> {
        values::count(self.text(column)?).ok_or_else(|| self.no(column, "whole number"))
    }

    pub(super) const fn line(&self) -> u64 {
        self.line
    }

    fn readable(&self, column: Column, text: &str) -> Result<String, BillError> {
        if text.contains(char::REPLACEMENT_CHARACTER) {
            return Err(self.no(column, "readable number"));
        }
        Ok(text.to_owned())
    }

    const fn no(&self, column: Column, expected: &'static str) -> BillError {
        BillError::Value {
            line: self.line,
            column: column.name,
            expected,
        }
    }

    const fn no_amount(&self, column: Column, source: AmountError) -> BillError {
        BillError::Amount {
            line: self.line,
            column: column.name,
            source,
        }
    }
}
