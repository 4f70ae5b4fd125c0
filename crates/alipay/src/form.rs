//! The form in which notices come, taken apart from its raw bytes and decoded once.

use std::collections::BTreeMap;

use encoding_rs::GB18030;

use crate::fields::Fields;
use crate::signing;

/// Notices have a few KiB. What is longer is none.
pub(crate) const LONGEST: usize = 64 * 1024;

/// The fields that are read.
///
/// The signed text joins names and values without any escaping, so a value that holds `&` and one of
/// these names could have been the border between two fields when it was signed. No true notice
/// about a payment of ours holds such a value, because subjects are sent without `&`.
const READ: [&str; 47] = [
    "additional_status",
    "alipay_cert_sn",
    "app_id",
    "auth_app_id",
    "biz_content",
    "body",
    "buyer_id",
    "buyer_logon_id",
    "buyer_open_id",
    "buyer_pay_amount",
    "charset",
    "credit_pay_mode",
    "dback_amount",
    "dback_status",
    "fund_bill_list",
    "gmt_close",
    "gmt_create",
    "gmt_payment",
    "gmt_refund",
    "invoice_amount",
    "method",
    "msg_method",
    "notify_id",
    "notify_time",
    "notify_type",
    "out_biz_no",
    "out_request_no",
    "out_trade_no",
    "passback_params",
    "point_amount",
    "receipt_amount",
    "refund_amount",
    "refund_fee",
    "refund_status",
    "seller_id",
    "send_back_fee",
    "send_pay_date",
    "sign",
    "sign_type",
    "subject",
    "timestamp",
    "total_amount",
    "trade_no",
    "trade_status",
    "trans_currency",
    "utc_timestamp",
    "voucher_detail_list",
];

/// A notice's fields, names and values decoded once and left in the bytes they came in: the
/// signature is over those, whatever their character set.
#[derive(Debug)]
pub(crate) struct Form(Vec<(Vec<u8>, Vec<u8>)>);

impl Form {
    /// `None` for what no platform sends: too long, a name twice, a border that could lie elsewhere.
    pub(crate) fn read(body: &[u8]) -> Option<Self> {
        if body.len() > LONGEST {
            return None;
        }
        let mut fields: Vec<_> = body.split(|&byte| byte == b'&').map(field).collect();
        fields.sort();
        let twice = fields
            .windows(2)
            .any(|pair| matches!(pair, [(one, _), (other, _)] if one == other));
        if twice || fields.iter().any(|(_, value)| may_hold_a_neighbour(value)) {
            return None;
        }
        Some(Self(fields))
    }

    /// The signed text, if these fields are not part of it.
    pub(crate) fn signed_without(&self, left_out: &[&str]) -> Vec<u8> {
        self.signed_where(|name| !left_out.iter().any(|left| name == left.as_bytes()))
    }

    /// The signed text, if it is made of such fields.
    pub(crate) fn signed_where(&self, is_part: impl Fn(&[u8]) -> bool) -> Vec<u8> {
        let fields = self.0.iter().map(|(name, value)| (&name[..], &value[..]));
        signing::canonical(fields.filter(|(name, _)| is_part(name)))
    }

    /// A field's value. An empty one is the same as none, and so is one that is not plain ASCII or
    /// that could hold its neighbour: what is acted upon is numbers, names and times.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        std::str::from_utf8(self.bytes(name)?)
            .ok()
            .filter(|text| text.is_ascii() && !text.contains('&'))
    }

    /// A field for people to read, in the character set that the form names.
    pub(crate) fn words(&self, name: &str) -> Option<String> {
        charset(self.get("charset")?)?.read(self.bytes(name)?)
    }

    /// Every field, for people to read, in the character set that the form names, which is UTF-8 where it
    /// names none; `None` if another border between them can be thought of.
    pub(crate) fn all_words(&self) -> Option<BTreeMap<String, String>> {
        let charset = match self.text("charset").ok()? {
            Some(name) => charset(&name)?,
            None => Charset::Utf8,
        };
        let mut words = BTreeMap::new();
        for (name, value) in &self.0 {
            let ambiguous = value
                .splitn(2, |&byte| byte == b'&')
                .nth(1)
                .is_some_and(|rest| rest.contains(&b'='));
            if ambiguous {
                return None;
            }
            words.insert(charset.read(name)?, charset.read(value)?);
        }
        Some(words)
    }

    /// A value that is not empty, of whatever bytes.
    fn bytes(&self, name: &str) -> Option<&[u8]> {
        debug_assert!(
            READ.contains(&name),
            "{name} is read, so it belongs to READ"
        );
        let (_, value) = self.0.iter().find(|(key, _)| key == name.as_bytes())?;
        Some(value.as_slice()).filter(|value| !value.is_empty())
    }
}

impl Fields for Form {
    fn text(&self, name: &str) -> Result<Option<String>, String> {
        match self.get(name) {
            Some(text) => Ok(Some(text.to_owned())),
            None if self.bytes(name).is_some() => Err(format!("{name} is not plain")),
            None => Ok(None),
        }
    }
}

/// Character sets in which ASCII is ASCII and no other byte is one of `&` or `=`.
#[derive(Clone, Copy)]
pub(crate) enum Charset {
    Utf8,
    /// GBK and GB2312 are parts of GB18030.
    Chinese,
}

impl Charset {
    /// The text, if it is written in this character set.
    fn read(self, bytes: &[u8]) -> Option<String> {
        match self {
            Self::Utf8 => std::str::from_utf8(bytes).ok().map(str::to_owned),
            Self::Chinese => {
                let (text, broken) = GB18030.decode_without_bom_handling(bytes);
                (!broken).then(|| text.into_owned())
            }
        }
    }
}

pub(crate) fn charset(name: &str) -> Option<Charset> {
    match name.to_ascii_lowercase().as_str() {
        "utf-8" => Some(Charset::Utf8),
        "gbk" | "gb2312" | "gb18030" => Some(Charset::Chinese),
        _ => None,
    }
}

fn field(text: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let mut parts = text.splitn(2, |&byte| byte == b'=');
    let mut part = || decode(parts.next().unwrap_or_default());
    (part(), part())
}

/// `+` is a space and `%` with two hex digits a byte; anything else stands for itself.
fn decode(text: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        decoded.push(match (byte, after) {
            (b'+', _) => b' ',
            (b'%', [high, low, after @ ..]) => match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => {
                    rest = after;
                    high << 4 | low
                }
                _ => byte,
            },
            _ => byte,
        });
    }
    decoded
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

/// Whether a field that is read could begin within this value.
fn may_hold_a_neighbour(value: &[u8]) -> bool {
    let parts = value.split(|&byte| byte == b'&').skip(1);
    let mut names = parts.filter_map(|part| {
        let end = part.iter().position(|&byte| byte == b'=')?;
        part.get(..end)
    });
    names.any(|name| READ.iter().any(|read| name == read.as_bytes()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use url::form_urlencoded::Serializer;

    use super::*;

    fn vectors() -> serde_json::Value {
        serde_json::from_str(include_str!("../testdata/vectors.json")).unwrap()
    }

    #[test]
    fn r18_the_signed_text_of_the_published_notice() {
        let vector = &vectors()["notice"];
        let form = Form::read(vector["body"].as_str().unwrap().as_bytes()).unwrap();
        let signed = form.signed_without(&["sign", "sign_type"]);
        let signed = String::from_utf8(signed).unwrap();
        assert_eq!(signed, vector["signed"].as_str().unwrap());
        assert_eq!(form.get("total_amount"), Some("0.01"));
        let form = Form::read("trade_no=%E4%BC%9A&out_trade_no=".as_bytes()).unwrap();
        assert_eq!(form.get("trade_no"), None, "not plain");
        assert!(form.text("trade_no").is_err());
        let swallowed = Form::read(b"trade_no=2026%26version%3D1.0").unwrap();
        assert!(swallowed.text("trade_no").is_err(), "the same signed text");
        for none in ["out_trade_no", "app_id"] {
            assert_eq!(form.text(none), Ok(None));
        }
    }

    #[test]
    fn r18_forms_that_can_be_read_in_two_ways_are_refused() {
        for body in [
            "a=1&a=1",
            "a=1&%61=2",
            "a=&a=1",
            "a=1&&b=2&",
            "subject=x%26total_amount%3D999.00%26tozz%3D",
            "fund_bill_list=%26trade_status%3DTRADE_SUCCESS",
        ] {
            assert!(Form::read(body.as_bytes()).is_none(), "{body}");
        }
        for body in ["", "a", "a=b=c", "subject=x%26y%3Dz", "a=1&b=1"] {
            assert!(Form::read(body.as_bytes()).is_some(), "{body}");
        }
        assert!(Form::read(&vec![b'a'; LONGEST]).is_some());
        assert!(Form::read(&vec![b'a'; LONGEST + 1]).is_none());
    }

    #[test]
    fn words_are_read_in_the_character_set_that_is_named() {
        let words = |body: &str| Form::read(body.as_bytes()).unwrap().words("subject");
        for (body, text) in [
            ("charset=utf-8&subject=%E4%BC%9A", Some("会")),
            ("charset=UTF-8&subject=a", Some("a")),
            ("charset=gbk&subject=%BB%E1%D4%B1", Some("会员")),
            ("charset=GB2312&subject=%BB%E1", Some("会")),
            ("charset=utf-8&subject=%BB%E1", None),
            ("charset=gbk&subject=%FF", None),
            ("charset=utf-16&subject=a", None),
            ("subject=a", None),
            ("charset=utf-8&subject=", None),
        ] {
            assert_eq!(words(body).as_deref(), text, "{body}");
        }
    }

    #[test]
    fn all_words_are_given_only_where_their_borders_are_clear() {
        let words = |body: &str| Form::read(body.as_bytes()).unwrap().all_words();
        assert_eq!(words("a=1&b=x%26y").unwrap()["b"], "x&y");
        assert_eq!(words("charset=gbk&a=%BB%E1").unwrap()["a"], "会");
        for body in [
            "a=1%26b%3D2",
            "a=%FF",
            "%FF=a",
            "a=%26%26c%3D",
            "charset=gbk&a=%FF",
            "charset=utf-8&a=%BB%E1",
            "charset=utf-16&a=1",
            "charset=%BB%E1&a=1",
        ] {
            assert!(words(body).is_none(), "{body}");
        }
    }

    #[test]
    fn values_are_decoded_once_and_broken_escapes_stay() {
        for (text, decoded) in [
            ("a+b%20c", "a b c"),
            ("%2B%25%3d", "+%="),
            ("%252B", "%2B"),
            ("%zz%4", "%zz%4"),
            ("100%", "100%"),
            ("%E4%BC%9A", "会"),
        ] {
            assert_eq!(decode(text.as_bytes()), decoded.as_bytes());
        }
    }

    proptest! {
        #[test]
        fn what_others_encode_is_what_we_read(value in "\\PC{0,40}") {
            let body = Serializer::new(String::new()).append_pair("v", &value).finish();
            let form = Form::read(body.as_bytes()).unwrap();
            prop_assert_eq!(&form.0[0].1, value.as_bytes());
        }

        #[test]
        fn r18_a_neighbour_within_a_value_is_found(
            value in "(&|=|total_amount|trade_no|sign|x|[a-z]){0,9}",
        ) {
            let found = READ.iter().any(|name| value.contains(&format!("&{name}=")));
            prop_assert_eq!(may_hold_a_neighbour(value.as_bytes()), found);
        }

        #[test]
        fn no_body_makes_the_reader_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
            drop(Form::read(&body).map(|form| (form.signed_without(&["sign"]), form.all_words())));
        }
    }
}
