//! The second file of a bill: one row for each store or kind, and one for all of them.

use std::io::BufRead;

use paydesk_money::{Cny, Fee};

use super::BillKind;
use super::cells::{Cells, Column, Header, Shape};
use super::error::BillError;
use super::lines::Lines;
use super::sheet::{Line, Lists, row_or_end};
use super::values;

/// How the row for all begins.
const ALL: &str = "合计";

/// The row for all.
#[derive(Clone, Debug)]
pub(super) struct Summary {
    header: (u64, String),
    /// Without it there were no rows: nothing happened.
    all: Option<(u64, String)>,
}

impl Summary {
    pub(super) fn read(kind: BillKind, reader: impl BufRead) -> Result<Self, BillError> {
        let mut lines = Lines::new(reader);
        Lists::Summary.skip_to(kind, &mut lines)?;
        let header = lines
            .next_with_text()?
            .map(|(line, text)| (line, text.to_owned()));
        let header = header.ok_or(BillError::Cut {
            missing: "the names of its columns",
        })?;
        let (mut all, mut rows) = (None, 0_u64);
        loop {
            let (line, text) = match row_or_end(&mut lines, Lists::Summary.name(kind))? {
                Line::End => break,
                Line::Row(line, text) => (line, text),
            };
            rows += 1;
            let first = text.split(',').next().map(values::unpadded);
            if first == Some(ALL) && all.replace((line, text.to_owned())).is_some() {
                return Err(BillError::Row {
                    line,
                    problem: "states the totals for the second time",
                });
            }
        }
        if all.is_none() && rows > 0 {
            return Err(BillError::Cut {
                missing: "its totals (合计)",
            });
        }
        Ok(Self { header, all })
    }

    /// How many there are, by this column.
    pub(super) fn count(&self, name: &'static str) -> Result<u64, BillError> {
        self.cell(name, Shape::Plain, Cells::count)
            .map(Option::unwrap_or_default)
    }

    /// What they add up to, by this column.
    pub(super) fn cny(&self, name: &'static str) -> Result<Cny, BillError> {
        self.cell(name, Shape::Money, Cells::cny)
            .map(Option::unwrap_or_default)
    }

    /// The same for fees.
    pub(super) fn fee(&self, name: &'static str) -> Result<Fee, BillError> {
        self.cell(name, Shape::Money, Cells::fee)
            .map(Option::unwrap_or_default)
    }

    fn cell<'a, T>(
        &'a self,
        name: &'static str,
        shape: Shape,
        read: impl Fn(&Cells<'a>, Column) -> Result<T, BillError>,
    ) -> Result<Option<T>, BillError> {
        let read = || {
            let (line, text) = &self.header;
            let mut header = Header::split(*line, text);
            let column = header.require(&[name], shape)?;
            let Some((line, text)) = &self.all else {
                return Ok(None);
            };
            let cells = Cells::split(*line, text, header.shapes())?;
            read(&cells, column).map(Some)
        };
        read().map_err(|error| BillError::Summary(Box::new(error)))
    }
}
