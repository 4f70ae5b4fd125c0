use std::io;

use paydesk_money::AmountError;

/// Why a bill is not what it should be. No variant repeats the content of a row.
///
/// Lines are counted from 1, the first line of the file; of the list of payments or movements, unless
/// it is said that they are of the summary.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BillError {
    /// The bytes are no archive of the platform's.
    #[error("this is no ZIP archive of a bill: {0}")]
    Zip(&'static str),
    /// A file of the archive is not what was packed: not a word of the bill may be believed.
    #[error("the archive is damaged: {0}")]
    Damaged(&'static str),
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
    /// None of the files in the archive is a list, or two of them are.
    #[error("the archive holds {0}")]
    Files(&'static str),
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
    /// The platform writes GBK.
    #[error("line {line} is UTF-8 text and not GBK: the file was written again by something else")]
    NotGbk {
        /// The line's number.
        line: u64,
    },
    /// The rows stand between two lines that name the list.
    #[error("there is no {list} in this text: this is another kind of bill, or none")]
    NoList {
        /// The list's name.
        list: &'static str,
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
    /// A line is no row, or has not the cells it must have.
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
    /// A time, a number or a count is not one.
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
    /// The file ends before what it states about its rows: a part of it is missing.
    #[error("the file ends before {missing}: a part of it is missing")]
    Cut {
        /// What should have come.
        missing: &'static str,
    },
    /// The rows are not those the totals were made of: some are missing, doubled or altered.
    #[error("{field} is stated as {stated}, but the rows add up to {counted}")]
    Totals {
        /// Which total.
        field: &'static str,
        /// What the bill says.
        stated: String,
        /// What the rows say.
        counted: String,
    },
    /// A row follows the end of the list: two files in one.
    #[error("line {line} follows the end of the list")]
    AfterList {
        /// The line's number.
        line: u64,
    },
    /// The summary, a file of its own beside the list, cannot be read. Lines are its lines.
    #[error("the summary cannot be read")]
    Summary(#[source] Box<Self>),
}
