//! The archives in which Alipay's bills can arrive.

use std::io::Read;

use flate2::Crc;
use paydesk_alipay::{BillFile, BillLimits};

const LIMITS: BillLimits = BillLimits {
    downloaded_bytes: 1024 * 1024,
    unpacked_bytes: 4 * 1024 * 1024,
};

/// Packs these as they are, under names of one letter.
///
/// # Panics
/// If they are too many or too large for what numbers an archive has.
pub fn zip(files: &[&[u8]]) -> Vec<u8> {
    let (mut zip, mut directory) = (Vec::new(), Vec::new());
    for text in files {
        let at = u32::try_from(zip.len()).expect("small");
        let size = u32::try_from(text.len()).expect("small");
        let mut crc = Crc::new();
        crc.update(text);
        let mut head = vec![20, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        head.extend([crc.sum(), size, size].map(u32::to_le_bytes).concat());
        head.extend([1, 0, 0, 0]);
        zip.extend([b"PK\x03\x04", &head[..], b"x", text].concat());
        directory.extend([b"PK\x01\x02\x14\x00", &head[..], &[0; 10]].concat());
        directory.extend([&at.to_le_bytes(), &b"x"[..]].concat());
    }
    let count = u16::try_from(files.len()).expect("few").to_le_bytes();
    let sizes = [directory.len(), zip.len()].map(|size| u32::try_from(size).expect("small"));
    zip.extend(directory);
    zip.extend([b"PK\x05\x06\0\0\0\0", &count[..], &count].concat());
    zip.extend(sizes.map(u32::to_le_bytes).concat());
    zip.extend([0, 0]);
    zip
}

/// Reads any bytes as an archive.
///
/// # Panics
/// If what was taken cannot be read, or is more than was allowed.
pub fn taken(archive: &[u8]) -> Option<BillFile> {
    let file = BillFile::read_within(archive, LIMITS);
    let mut file = file.inspect_err(|error| drop(error.to_string())).ok()?;
    let list = content(&mut file);
    assert_eq!(
        file.size_bytes(),
        u64::try_from(list.len()).expect("a number")
    );
    assert!(file.size_bytes() <= LIMITS.unpacked_bytes);
    // It can be read again, and is the same.
    assert_eq!(content(&mut file), list);
    Some(file)
}

/// The text of a bill's list.
///
/// # Panics
/// If it cannot be read.
pub fn content(file: &mut BillFile) -> Vec<u8> {
    let mut text = Vec::new();
    let read = file.reader().read_to_end(&mut text);
    read.expect("it can be read");
    text
}
