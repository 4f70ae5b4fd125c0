//! The ways in which a bill can arrive.

use std::io::{BufReader, Read, Write};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use paydesk_wechatpay::{BillError, BillFile, BillLimits, BillPacking};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

const LIMITS: BillLimits = BillLimits {
    downloaded_bytes: 1024 * 1024,
    unpacked_bytes: 4 * 1024 * 1024,
};

/// What `read` makes of a reader that gives seven bytes at a time.
pub fn read_in_pieces<'a, T>(data: &'a [u8], read: impl FnOnce(BufReader<&'a [u8]>) -> T) -> T {
    read(BufReader::with_capacity(7, data))
}

/// The text as the platform sends it, with its hash.
///
/// # Panics
/// If it is not taken.
pub fn packed(text: &[u8]) -> BillFile {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let packed = encoder.write_all(text).and_then(|()| encoder.finish());
    let packed = packed.expect("memory takes what is written");
    BillFile::read(&packed[..], BillPacking::Gzip, &sha1(text)).expect("gzip and hash are right")
}

/// Keeps any text under its hash, and under no other.
///
/// # Panics
/// If the text changes on the way, or another one is taken for it.
pub fn kept(text: &[u8]) {
    let file = BillFile::read_within(text, BillPacking::Plain, &sha1(text), LIMITS);
    assert_eq!(content(&mut file.expect("the hash is right")), text);
    let other = sha1(&[text, b"\n"].concat());
    let refused = BillFile::read_within(text, BillPacking::Plain, &other, LIMITS);
    assert!(matches!(refused, Err(BillError::Hash)));
}

/// Whether any gzip stream is taken, under the hash that another reader finds.
///
/// # Panics
/// If another text than that is taken.
pub fn unpacked(gzip: &[u8]) -> bool {
    let mut text = Vec::new();
    // An error leaves what was unpacked before it.
    let most = LIMITS.unpacked_bytes + 1;
    let whole = GzDecoder::new(gzip).take(most).read_to_end(&mut text);
    match BillFile::read_within(gzip, BillPacking::Gzip, &sha1(&text), LIMITS) {
        Ok(mut file) => {
            assert!(whole.is_ok(), "a broken stream was taken");
            assert_eq!(content(&mut file), text);
            true
        }
        Err(error) => {
            drop(error.to_string());
            false
        }
    }
}

fn content(file: &mut BillFile) -> Vec<u8> {
    let mut text = Vec::new();
    let mut reader = file.reader();
    reader.read_to_end(&mut text).expect("it can be read again");
    text
}

fn sha1(text: &[u8]) -> String {
    hex::encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, text))
}
