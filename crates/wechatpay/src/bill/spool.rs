//! Where a bill waits until its hash is known.

use std::fmt;
use std::io::Write;

use ring::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY};
use tempfile::SpooledTempFile;

use super::error::BillError;
use super::file::BillFile;
use super::gzip::Gunzip;
use super::kinds::BillPacking;

/// Larger bills wait in an unnamed file of the system's directory for temporary files.
const IN_MEMORY: usize = 256 * 1024;
/// Rows hold numbers nobody can guess, so a bill compresses about tenfold; gzip can do a thousand.
const RATIO: u64 = 250;
/// The ratio says nothing about a few lines.
const RATIO_FROM_BYTES: u64 = 1024 * 1024;

/// How large a bill may be before it is refused. A row takes about 350 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BillLimits {
    /// The most bytes that are downloaded, 1 GiB unless told.
    pub downloaded_bytes: u64,
    /// The most bytes of text, 4 GiB unless told: about ten million rows.
    pub unpacked_bytes: u64,
}

impl Default for BillLimits {
    fn default() -> Self {
        Self {
            downloaded_bytes: 1024 * 1024 * 1024,
            unpacked_bytes: 4 * 1024 * 1024 * 1024,
        }
    }
}

/// Takes a download as it comes: unpacks, hashes and keeps it. Writes to the disk without waiting
/// for a runtime.
pub(crate) struct Spool {
    limits: BillLimits,
    downloaded: u64,
    gzip: Option<Gunzip>,
    kept: Kept,
    broken: bool,
}

impl Spool {
    pub(crate) fn new(packing: BillPacking, limits: BillLimits) -> Self {
        Self {
            limits,
            downloaded: 0,
            gzip: match packing {
                BillPacking::Plain => None,
                BillPacking::Gzip => Some(Gunzip::new()),
            },
            kept: Kept {
                limit: limits.unpacked_bytes,
                size: 0,
                hash: Context::new(&SHA1_FOR_LEGACY_USE_ONLY),
                text: SpooledTempFile::new(IN_MEMORY),
            },
            broken: false,
        }
    }

    /// Takes the next bytes of the download, whatever their number.
    ///
    /// # Errors
    /// [`BillError::TooLarge`], [`BillError::Bomb`], [`BillError::Gzip`], [`BillError::Io`]; the bill
    /// is lost then, and every later call says so.
    pub(crate) fn push(&mut self, chunk: &[u8]) -> Result<(), BillError> {
        if self.broken {
            return Err(BillError::Broken);
        }
        let taken = self.take(chunk);
        self.broken = taken.is_err();
        taken
    }

    fn take(&mut self, chunk: &[u8]) -> Result<(), BillError> {
        self.downloaded = self.downloaded.saturating_add(length(chunk));
        if self.downloaded > self.limits.downloaded_bytes {
            return Err(BillError::TooLarge {
                what: "the download",
                limit: self.limits.downloaded_bytes,
            });
        }
        let most = self.downloaded.saturating_mul(RATIO).max(RATIO_FROM_BYTES);
        let kept = &mut self.kept;
        let Some(gzip) = &mut self.gzip else {
            return kept.take(chunk);
        };
        gzip.push(chunk, |text| {
            kept.take(text)?;
            if kept.size > most {
                return Err(BillError::Bomb { limit: RATIO });
            }
            Ok(())
        })
    }

    /// Gives the bill out, if it is the one that was stated: `expected` is the SHA-1 of its text in
    /// hexadecimal, of either case.
    ///
    /// # Errors
    /// [`BillError::Hash`] for another text, [`BillError::Gzip`] for a download that was cut,
    /// [`BillError::Broken`] after an error.
    pub(crate) fn finish(self, expected: &str) -> Result<BillFile, BillError> {
        if self.broken {
            return Err(BillError::Broken);
        }
        if let Some(gzip) = self.gzip {
            gzip.finish()?;
        }
        let Kept {
            size, hash, text, ..
        } = self.kept;
        let hash = hex::encode(hash.finish());
        if !hash.eq_ignore_ascii_case(expected) {
            return Err(BillError::Hash);
        }
        Ok(BillFile::vouched(text, size, hash))
    }
}

impl fmt::Debug for Spool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spool")
            .field("downloaded", &self.downloaded)
            .field("unpacked", &self.kept.size)
            .finish_non_exhaustive()
    }
}

/// The text so far.
struct Kept {
    limit: u64,
    size: u64,
    hash: Context,
    text: SpooledTempFile,
}

impl Kept {
    fn take(&mut self, text: &[u8]) -> Result<(), BillError> {
        self.size = self.size.saturating_add(length(text));
        if self.size > self.limit {
            return Err(BillError::TooLarge {
                what: "the bill",
                limit: self.limit,
            });
        }
        self.hash.update(text);
        self.text.write_all(text)?;
        Ok(())
    }
}

fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
