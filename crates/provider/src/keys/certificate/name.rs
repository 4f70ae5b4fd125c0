//! Distinguished names as text.

use x509_parser::asn1_rs::Oid;
use x509_parser::asn1_rs::oid;
use x509_parser::x509::{AttributeTypeAndValue, X509Name};

/// As RFC 2253 writes a name: the narrowest part first, `TYPE=value`, joined by commas alone.
pub(super) fn written(name: &X509Name<'_>) -> String {
    let mut parts: Vec<String> = name
        .iter_rdn()
        .map(|part| {
            let attributes: Vec<String> = part.iter().map(attribute).collect();
            attributes.join("+")
        })
        .collect();
    parts.reverse();
    parts.join(",")
}

fn attribute(attribute: &AttributeTypeAndValue<'_>) -> String {
    let kind = attribute.attr_type();
    match (keyword(kind), attribute.as_str()) {
        (Some(keyword), Ok(text)) => format!("{keyword}={}", escape(text)),
        // Of what has no short name, or no text, the bytes are given.
        (keyword, _) => format!(
            "{}=#{}",
            keyword.map_or_else(|| kind.to_id_string(), str::to_owned),
            hex::encode(attribute.as_slice())
        ),
    }
}

/// The short names that the RFC lists.
fn keyword(kind: &Oid<'_>) -> Option<&'static str> {
    [
        (oid!(2.5.4.3), "CN"),
        (oid!(2.5.4.6), "C"),
        (oid!(2.5.4.7), "L"),
        (oid!(2.5.4.8), "ST"),
        (oid!(2.5.4.9), "STREET"),
        (oid!(2.5.4.10), "O"),
        (oid!(2.5.4.11), "OU"),
        (oid!(0.9.2342.19200300.100.1.1), "UID"),
        (oid!(0.9.2342.19200300.100.1.25), "DC"),
    ]
    .into_iter()
    .find_map(|(known, keyword)| (known == *kind).then_some(keyword))
}

fn escape(text: &str) -> String {
    let last = text.chars().count().saturating_sub(1);
    let mut escaped = String::with_capacity(text.len());
    for (at, char) in text.chars().enumerate() {
        let is_special = match char {
            ',' | '+' | '"' | '\\' | '<' | '>' | ';' => true,
            '#' => at == 0,
            ' ' => at == 0 || at == last,
            _ => false,
        };
        if is_special {
            escaped.push('\\');
        }
        escaped.push(char);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_divide_a_name_is_escaped() {
        for (text, escaped) in [
            ("Ant Financial", "Ant Financial"),
            ("a,b", "a\\,b"),
            ("#a #", "\\#a #"),
            (" a ", "\\ a\\ "),
            (" ", "\\ "),
            ("<\"+;\\>", "\\<\\\"\\+\\;\\\\\\>"),
            ("支付宝(中国)", "支付宝(中国)"),
            ("", ""),
        ] {
            assert_eq!(escape(text), escaped);
        }
    }
}
