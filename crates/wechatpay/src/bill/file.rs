use std::fmt;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

use tempfile::SpooledTempFile;

use super::error::BillError;
use super::fund_flow::FundFlowBill;
use super::kinds::BillPacking;
use super::spool::{BillLimits, Spool};
use super::trade::TradeBill;

const BUFFER: usize = 32 * 1024;

/// A bill whose text has the SHA-1 the platform stated. Nothing else makes one.
///
/// A small bill is kept in memory, a larger one in a temporary file without a name, which is gone
/// with this value. Reading it holds one line at a time. All of it blocks on the disk.
///
/// ```
/// use paydesk_wechatpay::{BillFile, BillPacking};
///
/// # fn example(saved: std::fs::File, sha1: &str) -> Result<(), paydesk_wechatpay::BillError> {
/// let mut file = BillFile::read(saved, BillPacking::Gzip, sha1)?;
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
    text: SpooledTempFile,
    size: u64,
    sha1: String,
}

impl BillFile {
    pub(super) fn vouched(text: SpooledTempFile, size: u64, sha1: String) -> Self {
        Self { text, size, sha1 }
    }

    /// Reads a bill that was saved before, and compares it with the hash that was saved with it:
    /// the SHA-1 of its plain text, in hexadecimal, also where the saved bytes are gzip.
    ///
    /// # Errors
    /// [`BillError::Hash`] when it is another text, [`BillError::Gzip`] when the bytes are not one
    /// whole stream, [`BillError::TooLarge`] and [`BillError::Bomb`] beyond the default
    /// [`BillLimits`], [`BillError::Io`] when the reader or the disk fails.
    pub fn read(saved: impl Read, packing: BillPacking, sha1: &str) -> Result<Self, BillError> {
        Self::read_within(saved, packing, sha1, BillLimits::default())
    }

    /// Like [`BillFile::read`], with limits of one's own.
    ///
    /// # Errors
    /// As [`BillFile::read`].
    pub fn read_within(
        mut saved: impl Read,
        packing: BillPacking,
        sha1: &str,
        limits: BillLimits,
    ) -> Result<Self, BillError> {
        let mut spool = Spool::new(packing, limits);
        let mut buffer = vec![0; BUFFER];
        loop {
            match saved.read(&mut buffer) {
                Ok(0) => return spool.finish(sha1),
                Ok(read) => spool.push(buffer.get(..read).unwrap_or_default())?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// The rows of a trade bill, from the first one.
    pub fn trades(&mut self) -> TradeBill<BufReader<BillReader<'_>>> {
        TradeBill::new(self.reader())
    }

    /// The rows of a fund-flow bill, from the first one.
    pub fn fund_flows(&mut self) -> FundFlowBill<BufReader<BillReader<'_>>> {
        FundFlowBill::new(self.reader())
    }

    /// The plain text, from its start.
    pub fn reader(&mut self) -> BufReader<BillReader<'_>> {
        let reader = BillReader {
            text: &mut self.text,
            position: 0,
        };
        BufReader::with_capacity(BUFFER, reader)
    }

    /// The size of the plain text in bytes.
    pub fn size_bytes(&self) -> u64 {
        self.size
    }

    /// The SHA-1 of the plain text, in lower-case hexadecimal.
    pub fn sha1(&self) -> &str {
        &self.sha1
    }
}

impl fmt::Debug for BillFile {
    /// Without the text: it names people's purchases.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BillFile")
            .field("size", &self.size)
            .field("sha1", &self.sha1)
            .finish_non_exhaustive()
    }
}

/// The plain text of a [`BillFile`].
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
