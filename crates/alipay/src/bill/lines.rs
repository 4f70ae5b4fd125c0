//! Lines of a text in GBK, none of which can eat the memory.

use std::io::{BufRead, Read};

use encoding_rs::GB18030;

use super::error::BillError;
use super::values::unpadded;

/// Far longer than 25 cells of the lengths that the platform documents.
const LONGEST: usize = 64 * 1024;
const BOM: &[u8] = b"\xEF\xBB\xBF";
/// How every file begins, in the wrong encoding.
const IN_UTF8: &str = "#支付宝";

pub(super) struct Lines<R> {
    reader: R,
    line: Vec<u8>,
    text: String,
    number: u64,
}

impl<R: BufRead> Lines<R> {
    pub(super) const fn new(reader: R) -> Self {
        Self {
            reader,
            line: Vec::new(),
            text: String::new(),
            number: 0,
        }
    }

    /// The next line and its number, without its end (LF or CRLF).
    ///
    /// A line end is never a part of a character. What is no character becomes U+FFFD: a name cut in
    /// the midst of one must not make a whole day unreadable, and no number or amount has one.
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
        if line == 1 && (bytes.starts_with(BOM) || bytes.starts_with(IN_UTF8.as_bytes())) {
            return Err(BillError::NotGbk { line });
        }
        bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        // GB18030 is GBK with more characters, and what decoders of GBK read.
        let (text, _) = GB18030.decode_without_bom_handling(bytes);
        self.text.clear();
        self.text.push_str(&text);
        Ok(Some((line, &self.text)))
    }

    /// The next line that is not blank.
    pub(super) fn next_with_text(&mut self) -> Result<Option<(u64, &str)>, BillError> {
        while self.next()?.is_some() {
            if !unpadded(&self.text).is_empty() {
                return Ok(Some((self.number, &self.text)));
            }
        }
        Ok(None)
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
    fn ends_of_lines_are_no_content() {
        for text in ["a\nb\n", "a\r\nb\r\n", "a\r\nb", "a\nb"] {
            assert_eq!(read(text.as_bytes()), ["a", "b"], "{text:?}");
        }
        assert_eq!(read(b""), Vec::<String>::new());
        assert_eq!(read(b"\n"), [""]);
    }

    #[test]
    fn text_is_gbk_and_what_is_none_swallows_no_comma() {
        assert_eq!(read(b"\xBB\xE1\xD4\xB1,\xD4\xC2\xBF\xA8\n"), ["会员,月卡"]);
        // GB18030's four bytes, for what GBK has no character for.
        assert_eq!(read(b"\x94\x39\xDA\x33"), ["💩"]);
        assert_eq!(read(b"a\xBB,9.90\n\xFF"), ["a\u{FFFD},9.90", "\u{FFFD}"]);
    }

    #[test]
    fn a_text_in_utf8_is_told_by_its_beginning() {
        for text in ["#支付宝业务明细查询\r\n", "\u{feff}#a\n"] {
            let error = Lines::new(text.as_bytes()).next().unwrap_err();
            assert!(matches!(error, BillError::NotGbk { line: 1 }), "{error}");
        }
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
}
