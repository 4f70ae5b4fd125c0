use std::fmt;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

use tempfile::SpooledTempFile;

use super::BillKind;
use super::account::AccountBill;
use super::error::BillError;
use super::spool::{BillLimits, Spool};
use super::summary::Summary;
use super::trade::TradeBill;

const BUFFER: usize = 32 * 1024;

/// A bill that came whole: every file in its archive had its checksum. Nothing else makes one.
///
/// The platform signs where a bill is, not what is in it; nothing but the encrypted connection to its
/// host, and this checksum against damage, speaks for the text. A small bill is kept in memory, a
/// larger one in temporary files without a name, which are gone with this value. Reading it holds
/// one line at a time. All of it blocks on the disk.
///
/// ```
/// use paydesk_alipay::BillFile;
///
/// # fn example(saved: std::fs::File) -> Result<(), paydesk_alipay::BillError> {
/// let mut file = BillFile::read(saved)?;
/// let mut bill = file.trades();
/// for row in bill.by_ref() {
///     let row = row?;
///     println!("{} paid {}, got back {}", row.out_trade_no, row.ordered(), row.refunded());
/// }
/// // Every row was read, and they add up to what the bill states.
/// assert!(bill.totals().is_some());
/// # Ok(())
/// # }
/// ```
pub struct BillFile {
    kind: BillKind,
    list: Text,
    summary: Option<(Text, Summary)>,
}

impl BillFile {
    pub(super) const fn unpacked(
        kind: BillKind,
        list: Text,
        summary: Option<(Text, Summary)>,
    ) -> Self {
        Self {
            kind,
            list,
            summary,
        }
    }

    pub(super) fn summed_up(
        kind: BillKind,
        list: Text,
        mut summary: Text,
    ) -> Result<Self, BillError> {
        let stated = Summary::read(kind, summary.reader())
            .map_err(|error| BillError::Summary(Box::new(error)))?;
        Ok(Self::unpacked(kind, list, Some((summary, stated))))
    }

    /// Reads a bill that was saved before: the archive as it was downloaded, or as the platform's
    /// console gives it out.
    ///
    /// # Errors
    /// [`BillError::Zip`] and [`BillError::Damaged`] when it is no whole archive,
    /// [`BillError::Files`] when it holds no bill, [`BillError::TooLarge`] and [`BillError::Bomb`]
    /// beyond the default [`BillLimits`], [`BillError::Summary`] when the summary in it cannot be
    /// read, [`BillError::Io`] when the reader or the disk fails.
    pub fn read(saved: impl Read) -> Result<Self, BillError> {
        Self::read_within(saved, BillLimits::default())
    }

    /// Like [`BillFile::read`], with limits of one's own.
    ///
    /// # Errors
    /// As [`BillFile::read`].
    pub fn read_within(mut saved: impl Read, limits: BillLimits) -> Result<Self, BillError> {
        let mut spool = Spool::new(limits);
        let mut buffer = vec![0; BUFFER];
        loop {
            match saved.read(&mut buffer) {
                Ok(0) => return spool.finish(),
                Ok(read) => spool.push(buffer.get(..read).unwrap_or_default())?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Which bill it is, by what it says itself.
    pub const fn kind(&self) -> BillKind {
        self.kind
    }

    /// The rows of a bill of payments and refunds, from the first one.
    pub fn trades(&mut self) -> TradeBill<BufReader<BillReader<'_>>> {
        let summary = self.stated_by(BillKind::Trade);
        TradeBill::with_summary(self.list.reader(), summary)
    }

    /// The rows of a bill of the account's movements, from the first one.
    pub fn movements(&mut self) -> AccountBill<BufReader<BillReader<'_>>> {
        let summary = self.stated_by(BillKind::Account);
        AccountBill::with_summary(self.list.reader(), summary)
    }

    /// The text of the list (业务明细, 账务明细) in GBK, from its start.
    pub fn reader(&mut self) -> BufReader<BillReader<'_>> {
        self.list.reader()
    }

    /// The text of the summary (汇总) in GBK, from its start, where the archive holds one.
    pub fn summary_reader(&mut self) -> Option<BufReader<BillReader<'_>>> {
        self.summary.as_mut().map(|(text, _)| text.reader())
    }

    /// The size of the list's text in bytes.
    pub const fn size_bytes(&self) -> u64 {
        self.list.size
    }

    fn stated_by(&self, kind: BillKind) -> Option<Summary> {
        let stated = self.summary.as_ref().filter(|_| self.kind == kind);
        stated.map(|(_, summary)| summary.clone())
    }
}

impl fmt::Debug for BillFile {
    /// Without the text: it names people's purchases.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BillFile")
            .field("kind", &self.kind)
            .field("size", &self.list.size)
            .finish_non_exhaustive()
    }
}

/// One of the files, unpacked.
pub(super) struct Text {
    kept: SpooledTempFile,
    size: u64,
}

impl Text {
    pub(super) const fn new(kept: SpooledTempFile, size: u64) -> Self {
        Self { kept, size }
    }

    fn reader(&mut self) -> BufReader<BillReader<'_>> {
        let reader = BillReader {
            text: &mut self.kept,
            position: 0,
        };
        BufReader::with_capacity(BUFFER, reader)
    }
}

/// The text of one of the files of a [`BillFile`].
pub struct BillReader<'a> {
    text: &'a mut SpooledTempFile,
    /// Of its own, so that every reader begins at the start whatever the last one left.
    position: u64,
}

impl Read for BillReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.text.seek(SeekFrom::Start(self.position))?;
        let read = self.text.read(buffer)?;
        self.position += u64::try_from(read).unwrap_or(u64::MAX);
        Ok(read)
    }
}

impl fmt::Debug for BillReader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BillReader")
            .field("position", &self.position)
            .finish_non_exhaustive()
    }
}
