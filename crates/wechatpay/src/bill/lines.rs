//! Lines of a text, none of which can eat the memory.

use std::io::{BufRead, Read};

use super::error::BillError;

/// The longest known row has a remark of 2048 characters, escaped.
const LONGEST: usize = 64 * 1024;
const BOM: &[u8] = b"\xEF\xBB\xBF";

pub(super) struct Lines<R> {
    reader: R,
    line: Vec<u8>,
    number: u64,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(reader: R) -> Self {
        Self {
            reader,
            line: Vec::new(),
            number: 0,
        }
    }

    /// The next line and its number, without its end (LF or CRLF) and the file's byte order mark.
    pub(super) fn next(&mut self) -> Result<Option<(u64, &str)>, BillError> {
        self.line.clear();
        // One byte more than allowed tells a line that is too long from one that just fits.
        let most = u64::try_from(LONGEST + 1).unwrap_or(u64::MAX);
        let read = (&mut self.reader)
            .take(most)
            .read_until(b'\n', &mut self.line)?;
        if read == 0 {
            return Ok(None);
        }
        self.number += 1;
        let line = self.number;
        if read > LONGEST {
            return Err(BillError::LongLine {
                line,
                limit: LONGEST,
            });
        }
        let mut bytes = self.line.as_slice();
        if line == 1 {
            bytes = bytes.strip_prefix(BOM).unwrap_or(bytes);
        }
        bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        let text = std::str::from_utf8(bytes).map_err(|_| BillError::NotUtf8 { line })?;
        Ok(Some((line, text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8]) -> Vec<String> {
        let mut lines = Lines::new(text);
        let mut read = Vec::new();
        while let Some((number, line)) = lines.next().unwrap() {
            assert_eq!(number, read.len() as u64 + 1);
            read.push(line.to_owned());
        }
        read
    }

    #[test]
    fn ends_of_lines_and_the_byte_order_mark_are_no_content() {
        for text in ["a\nb\n", "a\r\nb\r\n", "\u{feff}a\r\nb", "a\nb"] {
            assert_eq!(read(text.as_bytes()), ["a", "b"], "{text:?}");
        }
        assert_eq!(read(b""), Vec::<String>::new());
        assert_eq!(read(b"\n"), [""]);
        // Only where it marks the file.
        assert_eq!(read("a\n\u{feff}b".as_bytes()), ["a", "\u{feff}b"]);
    }

    #[test]
    fn a_line_without_end_is_not_read_to_its_end() {
        let mut endless = std::io::BufReader::new(std::io::repeat(b'x'));
        let mut lines = Lines::new(&mut endless);
        let error = lines.next().unwrap_err();
        assert!(matches!(error, BillError::LongLine { line: 1, .. }));
        assert!(lines.line.capacity() <= 2 * LONGEST);

        let mut longest = vec![b'x'; LONGEST - 1];
        longest.push(b'\n');
        assert_eq!(read(&longest).len(), 1);
    }

    #[test]
    fn what_is_not_utf8_is_named_by_its_line() {
        let mut lines = Lines::new(&b"a\n\xC9\xCC\n"[..]);
        lines.next().unwrap();
        let error = lines.next().unwrap_err();
        assert!(matches!(error, BillError::NotUtf8 { line: 2 }));
    }
}
