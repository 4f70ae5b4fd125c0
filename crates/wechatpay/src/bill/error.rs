use std::io;

use paydesk_money::AmountError;

/// Why a bill is not what it should be. No variant repeats the content of a row.
///
/// Lines are counted from 1, the header.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BillError {
    /// Not a word of this file may be believed.
    #[error("the file's SHA-1 is not the one stated: it is damaged, or another bill")]
    Hash,
    /// More came than was allowed, so the rest was not read.
    #[error("{what} is larger than {limit} bytes")]
    TooLarge {
        /// The download, or what was unpacked from it.
        what: &'static str,
        /// The limit that was passed.
        limit: u64,
    },
    /// A bill does not compress like this; a file made to fill a disk does.
    #[error("the download unpacks to more than {limit} times its size")]
    Bomb {
        /// The limit that was passed.
        limit: u64,
    },
    /// The bytes are not one whole gzip stream.
    #[error("{0}")]
    Gzip(&'static str),
    /// A part could not be taken before, so the whole is worth nothing.
    #[error("an earlier part of the bill could not be taken")]
    Broken,
    /// The temporary file, or the reader, failed.
    #[error("the bill could not be kept or read")]
    Io(#[from] io::Error),
    /// A line is longer than any row can be.
    #[error("line {line} is longer than {limit} bytes")]
    LongLine {
        /// The line's number.
        line: u64,
        /// The longest that is read.
        limit: usize,
    },
    /// A line is no UTF-8 text.
    #[error("line {line} is not UTF-8: the file was written again in another encoding")]
    NotUtf8 {
        /// The line's number.
        line: u64,
    },
    /// A header lacks a column: another kind of bill, or no bill.
    #[error("line {line} has no column {column}: this is another kind of bill, or none")]
    MissingColumn {
        /// The header's number.
        line: u64,
        /// The column's name today.
        column: &'static str,
    },
    /// A header has a column twice, so its rows cannot be told.
    #[error("line {line} has the column {column} twice")]
    RepeatedColumn {
        /// The header's number.
        line: u64,
        /// The column's name.
        column: &'static str,
    },
    /// A line is neither a row nor the header of the summary, or has not the fields it must have.
    #[error("line {line} {problem}")]
    Row {
        /// The line's number.
        line: u64,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A row ends before a column that must be there.
    #[error("line {line} ends before {column}")]
    MissingField {
        /// The line's number.
        line: u64,
        /// The column's name.
        column: &'static str,
    },
    /// An amount is not one.
    #[error("{column} in line {line} is no amount")]
    Amount {
        /// The line's number.
        line: u64,
        /// The column's name.
        column: &'static str,
        /// Why not.
        source: AmountError,
    },
    /// A time or a count is not one.
    #[error("{column} in line {line} is no {expected}")]
    Value {
        /// The line's number.
        line: u64,
        /// The column's name.
        column: &'static str,
        /// What it should be.
        expected: &'static str,
    },
    /// The rows add up to more than fits into 64 bits.
    #[error("the sum of {column} does not fit")]
    Overflow {
        /// The column's name.
        column: &'static str,
    },
    /// The file ends before its summary: a part of it is missing.
    #[error("the file ends before its summary: a part of it is missing")]
    Cut,
    /// The rows are not those the summary was made of: some are missing, doubled or altered.
    #[error("{field} is stated as {stated}, but the rows add up to {counted}")]
    Totals {
        /// The summary's column.
        field: &'static str,
        /// What the summary says.
        stated: String,
        /// What the rows say.
        counted: String,
    },
    /// Something follows the summary: two files in one.
    #[error("line {line} follows the summary")]
    AfterSummary {
        /// The line's number.
        line: u64,
    },
}
