use std::io::{Cursor, Write};

use flate2::Compression;
use flate2::write::DeflateEncoder;

use super::*;

/// What a file of an archive is made of, to be got wrong.
#[derive(Clone)]
struct Made {
    packed: Vec<u8>,
    method: u16,
    flags: u16,
    crc: u32,
    size: u32,
    name: Vec<u8>,
    extra: Vec<u8>,
    /// Whether sizes and checksum follow the bytes and are zero before them.
    descriptor: bool,
}

fn crc(text: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(text);
    crc.sum()
}

fn stored(text: &[u8]) -> Made {
    Made {
        packed: text.to_vec(),
        method: 0,
        flags: 0,
        crc: crc(text),
        size: text.len().try_into().unwrap(),
        name: b"\xD2\xB5\xCE\xF1.csv".to_vec(),
        extra: Vec::new(),
        descriptor: false,
    }
}

fn deflated(text: &[u8]) -> Made {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    Made {
        packed: encoder.finish().unwrap(),
        method: 8,
        ..stored(text)
    }
}

/// The end of an archive: number of entries, size and place of the directory.
struct End {
    disk: u16,
    here: u16,
    count: u16,
    size: u32,
    at: u32,
    comment: Vec<u8>,
}

impl Made {
    fn numbers(&self, before: bool) -> Vec<u8> {
        let packed = u32::try_from(self.packed.len()).unwrap();
        let (crc, packed, size) = if before && self.descriptor {
            (0, 0, 0)
        } else {
            (self.crc, packed, self.size)
        };
        [crc, packed, size].map(u32::to_le_bytes).concat()
    }

    fn head(&self, before: bool) -> Vec<u8> {
        let flags = self.flags | if self.descriptor { 8 } else { 0 };
        let mut head = [20, flags, self.method, 0, 0]
            .map(u16::to_le_bytes)
            .concat();
        head.extend(self.numbers(before));
        for length in [self.name.len(), self.extra.len()] {
            head.extend(u16::try_from(length).unwrap().to_le_bytes());
        }
        head
    }
}

/// An archive of these, with an end that may be altered.
fn zip_with(files: &[Made], alter: impl FnOnce(&mut End)) -> Vec<u8> {
    let mut zip = Vec::new();
    let mut directory = Vec::new();
    for file in files {
        let at = u32::try_from(zip.len()).unwrap();
        zip.extend(b"PK\x03\x04");
        zip.extend(file.head(true));
        zip.extend(&file.name);
        zip.extend(&file.extra);
        zip.extend(&file.packed);
        if file.descriptor {
            zip.extend(b"PK\x07\x08");
            zip.extend(file.numbers(false));
        }
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(file.head(false));
        directory.extend([0; 10]);
        directory.extend(at.to_le_bytes());
        directory.extend(&file.name);
        directory.extend(&file.extra);
    }
    let count = files.len().try_into().unwrap();
    let mut end = End {
        disk: 0,
        here: count,
        count,
        size: directory.len().try_into().unwrap(),
        at: zip.len().try_into().unwrap(),
        comment: Vec::new(),
    };
    alter(&mut end);
    zip.extend(&directory);
    zip.extend(b"PK\x05\x06");
    for number in [end.disk, end.disk, end.here, end.count] {
        zip.extend(number.to_le_bytes());
    }
    zip.extend(end.size.to_le_bytes());
    zip.extend(end.at.to_le_bytes());
    zip.extend(u16::try_from(end.comment.len()).unwrap().to_le_bytes());
    zip.extend(end.comment);
    zip
}

fn zip(files: &[Made]) -> Vec<u8> {
    zip_with(files, |_| {})
}

fn read(zip: &[u8]) -> Result<Vec<Vec<u8>>, BillError> {
    let mut archive = Cursor::new(zip);
    let entries = entries(&mut archive)?;
    let unpacked = entries.iter().map(|entry| {
        let mut text = Vec::new();
        unpack(&mut archive, entry, |part| {
            text.extend_from_slice(part);
            Ok(())
        })?;
        assert_eq!(text.len() as u64, entry.size());
        Ok(text)
    });
    unpacked.collect()
}

fn error(zip: &[u8]) -> String {
    read(zip).unwrap_err().to_string()
}

#[test]
fn files_are_read_however_they_are_packed() {
    let long = b"0123456789\r\n".repeat(10_000);
    for text in [&b""[..], b"a", b"a line\r\n", &long] {
        for file in [stored(text), deflated(text)] {
            for descriptor in [false, true] {
                let file = Made {
                    descriptor,
                    extra: vec![7; 9],
                    ..file.clone()
                };
                let second = deflated(b"another");
                let made = zip(&[file, second]);
                assert_eq!(read(&made).unwrap(), [text.to_vec(), b"another".to_vec()]);
            }
        }
    }
    assert_eq!(read(&zip(&[])).unwrap(), Vec::<Vec<u8>>::new());
}

#[test]
fn an_archive_of_another_program_is_read() {
    let made = include_bytes!("../../../testdata/trade_bill.zip");
    let list = include_bytes!("../../../testdata/trade_bill.csv");
    let summary = include_bytes!("../../../testdata/trade_bill_summary.csv");
    assert_eq!(read(made).unwrap(), [summary.to_vec(), list.to_vec()]);
}

#[test]
fn a_comment_may_stand_at_the_end_and_nothing_else() {
    let one = [stored(b"a")];
    let comment = |comment: &[u8]| zip_with(&one, |end| end.comment = comment.to_vec());
    assert!(read(&comment(b"made by somebody")).is_ok());
    assert!(read(&comment(&vec![0; 0xFFFF])).is_ok());
    // Two readers would find two archives.
    let hidden = comment(&zip(&[stored(b"b")]));
    let record = [&b"PK\x05\x06"[..], &[b'x'; 30]].concat();
    assert!(error(&comment(&record)).contains("follows its end"));
    assert!(
        error(&hidden).contains("not where it should be"),
        "{}",
        error(&hidden)
    );
    let mut more = zip(&one);
    more.extend(b"\n");
    assert!(error(&more).contains("follows its end"));
    let before = [b"x".to_vec(), zip(&one)].concat();
    assert!(error(&before).contains("not where it should be"));
}

#[test]
fn what_is_no_archive_says_so() {
    for text in [&b""[..], b"PK", b"<html>expired</html>", &vec![0; 70_000]] {
        let error = error(text);
        assert!(error.contains("directory is missing"), "{error}");
    }
    let whole = zip(&[deflated(b"some text"), stored(b"more")]);
    for length in 0..whole.len() {
        assert!(read(&whole[..length]).is_err(), "cut after {length}");
    }
}

#[test]
fn no_damage_passes_for_another_text() {
    let text = b"trade_no,amount\r\n1,9.90\r\n";
    for file in [stored(text), deflated(text)] {
        let whole = zip(std::slice::from_ref(&file));
        let from = 30 + file.name.len();
        for at in from..from + file.packed.len() {
            for bit in 0..8 {
                let mut damaged = whole.clone();
                damaged[at] ^= 1 << bit;
                let error = match read(&damaged) {
                    // Behind the end of a stream some bits of its last byte say nothing.
                    Ok(texts) => {
                        assert_eq!((file.method, texts), (8, vec![text.to_vec()]));
                        continue;
                    }
                    Err(error) => error,
                };
                assert!(
                    matches!(error, BillError::Damaged(_)),
                    "{at}.{bit}: {error}"
                );
            }
        }
    }
    let other = Made {
        crc: crc(text) ^ 1,
        ..deflated(text)
    };
    assert!(error(&zip(&[other])).contains("checksum"));
}

#[test]
fn a_file_has_the_size_it_is_said_to_have() {
    let text = b"0123456789".repeat(10_000);
    for file in [stored(&text), deflated(&text)] {
        for size in [0, 99_999, 100_001] {
            let file = Made {
                size,
                ..file.clone()
            };
            assert!(error(&zip(&[file])).contains("size"), "{size}");
        }
    }
    // Bytes behind the end of the stream belong to nothing.
    let mut padded = deflated(&text);
    padded.packed.extend(b"more");
    assert!(error(&zip(&[padded])).contains("size"));
}

/// Most of a file that is larger than said is never unpacked.
#[test]
fn no_more_is_unpacked_than_was_stated() {
    let file = Made {
        size: 10,
        ..deflated(&vec![b'0'; 10_000_000])
    };
    let made = zip(&[file]);
    let mut archive = Cursor::new(&made);
    let entry = &entries(&mut archive).unwrap()[0];
    let mut taken = 0;
    let error = unpack(&mut archive, entry, |part| {
        taken += part.len();
        Ok(())
    });
    assert!(error.is_err() && taken == 0, "{taken}");
}

#[test]
fn what_a_bill_is_never_packed_like_is_refused() {
    let text = b"some text";
    for (what, file) in [
        (
            "encrypted",
            Made {
                flags: 1,
                ..stored(text)
            },
        ),
        (
            "bzip2",
            Made {
                method: 12,
                ..stored(text)
            },
        ),
        (
            "deflate64",
            Made {
                method: 9,
                ..deflated(text)
            },
        ),
    ] {
        assert!(
            error(&zip(&[file])).contains("encrypted, or packed"),
            "{what}"
        );
    }
    let named = Made {
        name: vec![b'a'; 1025],
        ..stored(text)
    };
    assert!(error(&zip(&[named])).contains("cannot be read"));
    let larger = Made {
        size: u32::MAX,
        ..stored(text)
    };
    assert!(error(&zip(&[larger])).contains("cannot be read"));
}

#[test]
fn a_directory_is_bounded_before_it_is_read() {
    let one = [stored(b"a")];
    let many: Vec<_> = (0..11).map(|_| stored(b"a")).collect();
    assert!(error(&zip(&many)).contains("more than a bill has"));
    assert!(read(&zip(&many[..10])).is_ok());
    for (expected, alter) in [
        ("ZIP64", (|end| end.at = u32::MAX) as fn(&mut End)),
        ("ZIP64", |end| end.size = u32::MAX),
        ("ZIP64", |end| (end.here, end.count) = (0xFFFF, 0xFFFF)),
        ("more than a bill has", |end| end.size = 16 * 1024 + 1),
        ("a part of several", |end| end.disk = 1),
        ("a part of several", |end| end.here = 0),
        ("cannot be read", |end| (end.here, end.count) = (2, 2)),
        ("cannot be read", |end| (end.here, end.count) = (0, 0)),
        ("not where it should be", |end| end.size -= 1),
        ("not where it should be", |end| end.at -= 1),
    ] {
        let error = error(&zip_with(&one, alter));
        assert!(error.contains(expected), "{expected}: {error}");
    }
}

/// Two files of the same bytes: so a small archive could become a large bill.
#[test]
fn files_do_not_share_bytes() {
    let made = zip(&[stored(b"first"), stored(b"second")]);
    let second = made.windows(4).rposition(|at| at == b"PK\x01\x02").unwrap();
    let mut shared = made.clone();
    shared[second + 42..second + 46].fill(0);
    let error = read(&shared).unwrap_err();
    assert!(error.to_string().contains("overlap"), "{error}");
    // A local header that disagrees is another file.
    let mut other = made;
    other[8] = 8;
    let error = read(&other).unwrap_err();
    assert!(
        error.to_string().contains("as its directory says"),
        "{error}"
    );
}
