//! An input read as a message of HTTP.

/// A message: a first line, headers, an empty line, a body. Whatever is missing is empty.
#[derive(Debug, Default)]
pub struct Message {
    /// The first line's number, 200 for want of one.
    pub status: u16,
    /// Names and values, repeats included.
    pub headers: Vec<(String, String)>,
    /// The rest, byte for byte.
    pub body: Vec<u8>,
}

impl Message {
    /// Reads any bytes.
    pub fn read(data: &[u8]) -> Self {
        let (first, rest) = line(data);
        let status = std::str::from_utf8(first)
            .ok()
            .and_then(|text| text.trim().parse().ok());
        Self {
            status: status.unwrap_or(200),
            ..Self::headed(rest)
        }
    }

    /// The same without a first line.
    pub fn headed(mut data: &[u8]) -> Self {
        let mut headers = Vec::new();
        loop {
            let (header, rest) = line(data);
            data = rest;
            if header.is_empty() {
                break;
            }
            let header = String::from_utf8_lossy(header);
            let (name, value) = header.split_once(": ").unwrap_or((&header, ""));
            headers.push((name.to_owned(), value.to_owned()));
        }
        Self {
            status: 200,
            headers,
            body: data.to_vec(),
        }
    }

    /// A header's value, if it comes exactly once.
    pub fn only(&self, name: &str) -> Option<&str> {
        let mut values = self
            .headers
            .iter()
            .filter(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str());
        values.next().filter(|_| values.next().is_none())
    }
}

fn line(data: &[u8]) -> (&[u8], &[u8]) {
    let mut parts = data.splitn(2, |&byte| byte == b'\n');
    let line = parts.next().unwrap_or_default();
    (line, parts.next().unwrap_or_default())
}
