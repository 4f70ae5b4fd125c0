//! Parameters of requests and notices: from the wire, and into the string that is signed.

use std::collections::BTreeMap;

use url::form_urlencoded;

/// Joins what is signed: sorted by name, without encoding, empty values and `sign` left out.
pub(crate) fn canonical(parameters: &BTreeMap<String, String>) -> String {
    let mut out = String::new();
    for (name, value) in parameters {
        if name == "sign" || value.is_empty() {
            continue;
        }
        if !out.is_empty() {
            out.push('&');
        }
        out.push_str(name);
        out.push('=');
        out.push_str(value);
    }
    out
}

/// A request's parameters, decoded once, from query and body together.
#[derive(Debug, Clone, Default)]
pub(crate) struct Given {
    pub(crate) all: BTreeMap<String, String>,
    /// Whether `charset` came in the query, where the gateway looks for it before it decodes.
    pub(crate) charset_in_query: bool,
}

/// A name came twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Twice;

impl Given {
    pub(crate) fn gather(query: &str, body: &[u8]) -> Result<Self, Twice> {
        let mut given = Self::default();
        given.take(query.as_bytes())?;
        given.charset_in_query = given.all.contains_key("charset");
        given.take(body)?;
        Ok(given)
    }

    fn take(&mut self, form: &[u8]) -> Result<(), Twice> {
        for (name, value) in form_urlencoded::parse(form) {
            let before = self.all.insert(name.into_owned(), value.into_owned());
            if before.is_some() {
                return Err(Twice);
            }
        }
        Ok(())
    }

    /// The value, unless it is missing or empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let value = self.all.get(name)?;
        (!value.is_empty()).then_some(value.as_str())
    }

    /// Whether the gateway would have to guess how to decode.
    pub(crate) fn is_ambiguous(&self) -> bool {
        !self.charset_in_query && !self.all.values().all(|value| value.is_ascii())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn vectors() -> Value {
        serde_json::from_str(include_str!("../../testdata/alipay_vectors.json")).unwrap()
    }

    #[test]
    fn a_request_on_the_wire_becomes_the_signed_string() {
        let vectors = vectors();
        let url = vectors["page_pay"]["url"].as_str().unwrap();
        let (_, query) = url.split_once('?').unwrap();
        let given = Given::gather(query, b"").unwrap();
        let message = vectors["page_pay"]["message"].as_str().unwrap();
        assert_eq!(canonical(&given.all), message);
        assert!(given.charset_in_query);
    }

    #[test]
    fn query_and_body_are_one() {
        let given = Given::gather("b=2&charset=utf-8", b"a=%E4%B8%AD+1&empty=&sign=x").unwrap();
        assert_eq!(canonical(&given.all), "a=中 1&b=2&charset=utf-8");
        assert!(!given.is_ambiguous());
        assert_eq!(given.get("empty"), None);
        let guessing = Given::gather("", b"a=%E4%B8%AD&charset=utf-8").unwrap();
        assert!(guessing.is_ambiguous());
        assert!(!Given::gather("", b"a=1").unwrap().is_ambiguous());
    }

    #[test]
    fn names_are_sorted_and_not_pairs() {
        let given = Given::gather("", b"a1=x&a=z&A=y").unwrap();
        assert_eq!(canonical(&given.all), "A=y&a=z&a1=x");
    }

    #[test]
    fn a_name_comes_once() {
        assert_eq!(Given::gather("a=1", b"a=1").unwrap_err(), Twice);
    }
}
