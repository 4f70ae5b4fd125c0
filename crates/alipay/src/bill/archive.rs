//! The ZIP archive that a bill comes in.
//!
//! It is read by its own directory, and strictly: an archive that two readers could take for two
//! different ones is refused. Names are not looked at. The directory is bounded before it is read, and
//! nothing is unpacked to disk by name.

use std::io::{self, Read, Seek, SeekFrom};

use flate2::Crc;
use flate2::read::DeflateDecoder;

use super::error::BillError;

/// The platform packs two.
const MOST_FILES: u16 = 10;
/// Far more than the entries of so many files with names of a usual length take.
const LONGEST_DIRECTORY: u32 = 16 * 1024;
const LONGEST_NAME: u16 = 1024;
const BUFFER: usize = 32 * 1024;

const END: u32 = 0x0605_4B50;
const END_SIZE: u64 = 22;
const LONGEST_COMMENT: u64 = 0xFFFF;
const ENTRY: u32 = 0x0201_4B50;
const LOCAL: u32 = 0x0403_4B50;
const LOCAL_SIZE: u64 = 30;
/// What stands for a number that needs more room, kept elsewhere.
const ELSEWHERE: u32 = 0xFFFF_FFFF;
const ENCRYPTED: u16 = 1;

const NO_END: BillError = BillError::Zip("its directory is missing (an expired link gives a page)");
const BAD_DIRECTORY: BillError = BillError::Zip("its directory cannot be read");

/// A file in the archive.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    packing: Packing,
    crc: u32,
    packed: u64,
    unpacked: u64,
    header_at: u64,
    /// Where the next one begins, or the directory.
    ends_at: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Packing {
    Stored,
    Deflated,
}

impl Entry {
    /// How many bytes of it there should be.
    pub(super) const fn size(&self) -> u64 {
        self.unpacked
    }
}

/// Everything the archive holds, in the order of its bytes.
pub(super) fn entries(archive: &mut (impl Read + Seek)) -> Result<Vec<Entry>, BillError> {
    let (end_at, end) = find_end(archive)?;
    let (count, size, at) = directory(&end).ok_or(BAD_DIRECTORY)??;
    if at.checked_add(size) != Some(end_at) {
        return Err(BillError::Zip("its directory is not where it should be"));
    }
    archive.seek(SeekFrom::Start(at))?;
    let mut bytes = Vec::new();
    archive.by_ref().take(size).read_to_end(&mut bytes)?;
    let mut rest = Fields(&bytes);
    let mut entries = Vec::new();
    for _ in 0..count {
        entries.push(entry(&mut rest).ok_or(BAD_DIRECTORY)??);
    }
    if !rest.0.is_empty() {
        return Err(BAD_DIRECTORY);
    }
    // Files that share bytes are how a small archive unpacks to a large one.
    entries.sort_by_key(|entry| entry.header_at);
    let mut next_at = at;
    for entry in entries.iter_mut().rev() {
        entry.ends_at = next_at;
        next_at = entry.header_at;
    }
    Ok(entries)
}

/// Unpacks a file in small parts, so that the taker can refuse early. What was given is right only if
/// this ends well: size and checksum are compared at the end.
pub(super) fn unpack(
    archive: &mut (impl Read + Seek),
    entry: &Entry,
    mut take: impl FnMut(&[u8]) -> Result<(), BillError>,
) -> Result<(), BillError> {
    archive.seek(SeekFrom::Start(entry.header_at))?;
    let mut header = Vec::new();
    archive.by_ref().take(LOCAL_SIZE).read_to_end(&mut header)?;
    let before = local(&mut Fields(&header), entry).ok_or(BillError::Damaged(
        "a file does not begin as its directory says",
    ))?;
    let at = entry.header_at + LOCAL_SIZE + before;
    if at + entry.packed > entry.ends_at {
        return Err(BillError::Damaged("its files overlap"));
    }
    archive.seek(SeekFrom::Start(at))?;
    let packed = archive.by_ref().take(entry.packed);
    let (size, crc, used) = match entry.packing {
        Packing::Stored => {
            let (size, crc) = drain(packed, entry.unpacked, &mut take)?;
            (size, crc, size)
        }
        Packing::Deflated => {
            let mut stream = DeflateDecoder::new(packed);
            let (size, crc) = drain(&mut stream, entry.unpacked, &mut take)?;
            (size, crc, stream.total_in())
        }
    };
    if size != entry.unpacked || used != entry.packed {
        return Err(BillError::Damaged("a file has not the size it should have"));
    }
    if crc != entry.crc {
        return Err(BillError::Damaged("a file has not its checksum"));
    }
    Ok(())
}

/// Hands on what comes, counts it and computes its checksum.
fn drain(
    mut from: impl Read,
    most: u64,
    take: &mut impl FnMut(&[u8]) -> Result<(), BillError>,
) -> Result<(u64, u32), BillError> {
    let mut buffer = vec![0; BUFFER];
    let mut crc = Crc::new();
    let mut size = 0_u64;
    loop {
        let read = match from.read(&mut buffer) {
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(failed(error)),
        };
        let Some(part) = buffer.get(..read).filter(|part| !part.is_empty()) else {
            return Ok((size, crc.sum()));
        };
        size = size.saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
        if size > most {
            return Err(BillError::Damaged("a file has not the size it should have"));
        }
        crc.update(part);
        take(part)?;
    }
}

/// A stream that cannot be unpacked is told from a disk that cannot be read.
fn failed(error: io::Error) -> BillError {
    match error.kind() {
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => {
            BillError::Damaged("a file cannot be unpacked")
        }
        _ => BillError::Io(error),
    }
}

/// The record at the very end, and where it begins. A comment may follow it, to the last byte.
fn find_end(archive: &mut (impl Read + Seek)) -> Result<(u64, Vec<u8>), BillError> {
    let size = archive.seek(SeekFrom::End(0))?;
    let from = size.saturating_sub(END_SIZE + LONGEST_COMMENT);
    archive.seek(SeekFrom::Start(from))?;
    let mut tail = Vec::new();
    archive.by_ref().take(size - from).read_to_end(&mut tail)?;
    let record = usize::try_from(END_SIZE).unwrap_or(usize::MAX);
    let last = tail.len().checked_sub(record).ok_or(NO_END)?;
    for at in (0..=last).rev() {
        let record = tail.get(at..).unwrap_or_default();
        if !record.starts_with(&END.to_le_bytes()) {
            continue;
        }
        let comment = Fields(record).skip(20).and_then(Fields::last_u16);
        if comment.is_some_and(|comment| at + usize::from(comment) == last) {
            let offset = u64::try_from(at).unwrap_or(u64::MAX);
            return Ok((from + offset, record.to_vec()));
        }
        return Err(BillError::Zip("something follows its end"));
    }
    Err(NO_END)
}

/// Number of entries, size and place of the directory.
fn directory(end: &[u8]) -> Option<Result<(u16, u64, u64), BillError>> {
    let mut end = Fields(end);
    end.u32()?;
    let (disk, directory_disk) = (end.u16()?, end.u16()?);
    let (here, count) = (end.u16()?, end.u16()?);
    let (size, at) = (end.u32()?, end.u32()?);
    Some(
        if at == ELSEWHERE || size == ELSEWHERE || count == u16::MAX {
            Err(BillError::Zip("it is larger than 4 GiB (ZIP64)"))
        } else if disk != 0 || directory_disk != 0 || here != count {
            Err(BillError::Zip("it is a part of several"))
        } else if count > MOST_FILES || size > LONGEST_DIRECTORY {
            Err(BillError::Zip("it holds more than a bill has"))
        } else {
            Ok((count, u64::from(size), u64::from(at)))
        },
    )
}

/// An entry of the directory.
fn entry(from: &mut Fields<'_>) -> Option<Result<Entry, BillError>> {
    if from.u32()? != ENTRY {
        return None;
    }
    from.take(4)?;
    let flags = from.u16()?;
    let method = from.u16()?;
    from.take(4)?;
    let crc = from.u32()?;
    let (packed, unpacked) = (from.u32()?, from.u32()?);
    let (name, extra, comment) = (from.u16()?, from.u16()?, from.u16()?);
    let disk = from.u16()?;
    from.take(6)?;
    let at = from.u32()?;
    from.take(usize::from(name))?;
    from.take(usize::from(extra))?;
    from.take(usize::from(comment))?;
    let Some(packing) = packing(method).filter(|_| flags & ENCRYPTED == 0) else {
        return Some(Err(BillError::Zip(
            "a file is encrypted, or packed unusually",
        )));
    };
    if [packed, unpacked, at].contains(&ELSEWHERE) || disk != 0 || name > LONGEST_NAME {
        return Some(Err(BAD_DIRECTORY));
    }
    Some(Ok(Entry {
        packing,
        crc,
        packed: u64::from(packed),
        unpacked: u64::from(unpacked),
        header_at: u64::from(at),
        ends_at: 0,
    }))
}

/// What lies between a file's own header and its bytes. Sizes and checksum there may be zero and
/// follow the bytes instead: the directory has them.
fn local(from: &mut Fields<'_>, entry: &Entry) -> Option<u64> {
    let begins = from.u32()? == LOCAL;
    from.take(2)?;
    let flags = from.u16()?;
    let agrees = packing(from.u16()?) == Some(entry.packing) && flags & ENCRYPTED == 0;
    from.take(16)?;
    let before = u64::from(from.u16()?) + u64::from(from.u16()?);
    (begins && agrees).then_some(before)
}

const fn packing(method: u16) -> Option<Packing> {
    match method {
        0 => Some(Packing::Stored),
        8 => Some(Packing::Deflated),
        _ => None,
    }
}

/// Numbers one after another, the least byte first.
#[derive(Clone, Copy)]
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn u16(&mut self) -> Option<u16> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u16::from_le_bytes(*taken))
    }

    fn u32(&mut self) -> Option<u32> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u32::from_le_bytes(*taken))
    }

    fn skip(mut self, length: usize) -> Option<Self> {
        self.take(length)?;
        Some(self)
    }

    fn last_u16(mut self) -> Option<u16> {
        self.u16()
    }
}

#[cfg(test)]
mod tests;
