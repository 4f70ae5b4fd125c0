//! Where a bill waits until it has come whole.

use std::fmt;
use std::io::{Read, Seek, Write};

use tempfile::SpooledTempFile;

use super::archive::{self, Entry};
use super::error::BillError;
use super::file::{BillFile, Text};
use super::sheet::Lists;

/// Larger files wait in unnamed ones of the system's directory for temporary files.
const IN_MEMORY: usize = 256 * 1024;
/// Rows hold numbers nobody can guess, so a bill compresses about tenfold; deflate can do a thousand.
const RATIO: u64 = 250;
/// The ratio says nothing about a few lines.
const RATIO_FROM_BYTES: u64 = 1024 * 1024;
/// The lines that tell what a file is are its first few.
const BEGINNING: usize = 4 * 1024;

/// How large a bill may be before it is refused. A row takes about 250 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BillLimits {
    /// The most bytes that are downloaded, 1 GiB unless told.
    pub downloaded_bytes: u64,
    /// The most bytes of text in all files together, 4 GiB unless told: more than ten million rows.
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

/// Takes a download as it comes and keeps it. A ZIP archive has its directory at its end, so nothing
/// is unpacked before all of it is there. Writes to the disk without waiting for a runtime.
pub(super) struct Spool {
    limits: BillLimits,
    downloaded: u64,
    archive: SpooledTempFile,
    broken: bool,
}

impl Spool {
    pub(super) fn new(limits: BillLimits) -> Self {
        Self {
            limits,
            downloaded: 0,
            archive: SpooledTempFile::new(IN_MEMORY),
            broken: false,
        }
    }

    /// Takes the next bytes of the download, whatever their number.
    ///
    /// # Errors
    /// [`BillError::TooLarge`], [`BillError::Io`]; the bill is lost then, and every later call says so.
    pub(super) fn push(&mut self, chunk: &[u8]) -> Result<(), BillError> {
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
        self.archive.write_all(chunk)?;
        Ok(())
    }

    /// Unpacks the bill and gives it out, if every file in it has its checksum.
    ///
    /// # Errors
    /// [`BillError::Zip`], [`BillError::Damaged`], [`BillError::Bomb`], [`BillError::TooLarge`],
    /// [`BillError::Files`], [`BillError::Summary`], [`BillError::Io`]; [`BillError::Broken`] after
    /// an error.
    pub(super) fn finish(mut self) -> Result<BillFile, BillError> {
        if self.broken {
            return Err(BillError::Broken);
        }
        let entries = archive::entries(&mut self.archive)?;
        self.refuse_if_larger(entries.iter().map(Entry::size))?;
        let mut list = None;
        let mut summary = None;
        for entry in &entries {
            let text = text(&mut self.archive, entry)?;
            let place = match text.1 {
                Some((kind, Lists::Rows)) => list.replace((kind, text.0)).is_some(),
                Some((kind, Lists::Summary)) => summary.replace((kind, text.0)).is_some(),
                // Nothing of a bill: a note to the reader.
                None => false,
            };
            if place {
                return Err(BillError::Files("two lists of one kind"));
            }
        }
        let (kind, list) = list.ok_or(BillError::Files("no list of payments or movements"))?;
        match summary {
            None => Ok(BillFile::unpacked(kind, list, None)),
            Some((same, summary)) if same == kind => BillFile::summed_up(kind, list, summary),
            Some(_) => Err(BillError::Files("the summary of another kind of bill")),
        }
    }

    /// By what the directory states, before anything is unpacked: no file gives more than is stated.
    fn refuse_if_larger(&self, sizes: impl Iterator<Item = u64>) -> Result<(), BillError> {
        let size = sizes.fold(0, u64::saturating_add);
        if size > self.limits.unpacked_bytes {
            return Err(BillError::TooLarge {
                what: "the bill",
                limit: self.limits.unpacked_bytes,
            });
        }
        if size > self.downloaded.saturating_mul(RATIO).max(RATIO_FROM_BYTES) {
            return Err(BillError::Bomb { limit: RATIO });
        }
        Ok(())
    }
}

/// A file's text, and what it is by its first lines.
fn text(
    archive: &mut (impl Read + Seek),
    entry: &Entry,
) -> Result<(Text, Option<(super::BillKind, Lists)>), BillError> {
    let mut kept = SpooledTempFile::new(IN_MEMORY);
    let mut beginning = Vec::new();
    archive::unpack(archive, entry, |part| {
        let room = BEGINNING.saturating_sub(beginning.len());
        beginning.extend_from_slice(part.get(..room).unwrap_or(part));
        kept.write_all(part)?;
        Ok(())
    })?;
    let lists = Lists::named_in(&beginning);
    Ok((Text::new(kept, entry.size()), lists))
}

impl fmt::Debug for Spool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spool")
            .field("downloaded", &self.downloaded)
            .finish_non_exhaustive()
    }
}

fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
