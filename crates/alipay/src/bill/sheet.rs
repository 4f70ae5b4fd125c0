//! The form that both bills share: lines about the bill, a list of rows between two lines that name
//! it, lines with totals that the rows must add up to.

use std::fmt;
use std::io::BufRead;

use encoding_rs::GB18030;

use super::BillKind;
use super::cells::{Cells, Header, Shape};
use super::error::BillError;
use super::footers::Footers;
use super::lines::Lines;
use super::summary::Summary;

/// Which of the two files a bill comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lists {
    Rows,
    Summary,
}

impl Lists {
    pub(super) const fn name(self, kind: BillKind) -> &'static str {
        match (self, kind) {
            (Self::Rows, BillKind::Trade) => "业务明细列表",
            (Self::Summary, BillKind::Trade) => "业务汇总列表",
            (Self::Rows, BillKind::Account) => "账务明细列表",
            (Self::Summary, BillKind::Account) => "账务汇总列表",
        }
    }

    /// What a file is, by the first line that names a list.
    pub(super) fn named_in(beginning: &[u8]) -> Option<(BillKind, Self)> {
        let (text, _) = GB18030.decode_without_bom_handling(beginning);
        let mut marks = text.lines().filter(|line| line.starts_with('#'));
        marks.find_map(|line| {
            [BillKind::Trade, BillKind::Account]
                .into_iter()
                .flat_map(|kind| [(kind, Self::Rows), (kind, Self::Summary)])
                .find(|(kind, list)| line.contains(list.name(*kind)))
        })
    }

    /// Reads up to the line that names the list; the next one is its header.
    pub(super) fn skip_to<R: BufRead>(
        self,
        kind: BillKind,
        lines: &mut Lines<R>,
    ) -> Result<(), BillError> {
        let list = self.name(kind);
        loop {
            match lines.next()? {
                None => return Err(BillError::NoList { list }),
                Some((_, text)) if text.starts_with('#') && text.contains(list) => return Ok(()),
                Some(_) => {}
            }
        }
    }
}

/// What stands where a row could.
pub(super) enum Line<'a> {
    Row(u64, &'a str),
    End,
}

/// The next row, or the end of the list.
pub(super) fn row_or_end<'a, R: BufRead>(
    lines: &'a mut Lines<R>,
    list: &'static str,
) -> Result<Line<'a>, BillError> {
    let Some((line, text)) = lines.next_with_text()? else {
        return Err(BillError::Cut {
            missing: "the end of its list",
        });
    };
    if !text.starts_with('#') {
        return Ok(Line::Row(line, text));
    }
    if text.contains(list) {
        return Ok(Line::End);
    }
    Err(BillError::Row {
        line,
        problem: "is neither a row nor the end of the list",
    })
}

/// What the rows of one kind of bill say, and what was counted of them so far.
pub(super) trait Layout: Sized {
    type Row;
    type Totals;
    const KIND: BillKind;
    /// What the lines with totals are about.
    const TOTALS: &'static [&'static str];

    /// Finds the columns.
    fn find(header: &mut Header) -> Result<Self, BillError>;

    /// Reads a row and counts it.
    fn read(&mut self, row: &Cells<'_>) -> Result<Self::Row, BillError>;

    /// Compares what is stated with what was counted.
    fn compare(
        &self,
        stated: &Footers,
        summary: Option<&Summary>,
    ) -> Result<Self::Totals, BillError>;
}

pub(super) struct Sheet<R, L: Layout> {
    lines: Lines<R>,
    summary: Option<Summary>,
    state: State<L>,
}

enum State<L: Layout> {
    Unread,
    Rows { layout: L, shapes: Vec<Shape> },
    Whole(L::Totals),
    Failed,
}

impl<R: BufRead, L: Layout> Sheet<R, L> {
    pub(super) const fn new(reader: R, summary: Option<Summary>) -> Self {
        Self {
            lines: Lines::new(reader),
            summary,
            state: State::Unread,
        }
    }

    /// What the rows add up to, once all of them were read and everything stated agreed.
    pub(super) const fn totals(&self) -> Option<&L::Totals> {
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
            Lists::Rows.skip_to(L::KIND, &mut self.lines)?;
            let (line, text) = self.lines.next_with_text()?.ok_or(BillError::Cut {
                missing: "the names of its columns",
            })?;
            let mut header = Header::split(line, text);
            self.state = State::Rows {
                layout: L::find(&mut header)?,
                shapes: header.into_shapes(),
            };
        }
        let State::Rows { layout, shapes } = &mut self.state else {
            return Ok(None);
        };
        match row_or_end(&mut self.lines, Lists::Rows.name(L::KIND))? {
            Line::Row(line, text) => layout.read(&Cells::split(line, text, shapes)?).map(Some),
            Line::End => {
                let stated = Footers::read(&mut self.lines, L::TOTALS)?;
                self.state = State::Whole(layout.compare(&stated, self.summary.as_ref())?);
                Ok(None)
            }
        }
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
