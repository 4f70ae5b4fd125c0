//! The form in which notices come, taken apart from its raw bytes and decoded once.

use crate::signing;

/// Notices have a few KiB. What is longer is none.
const LONGEST: usize = 64 * 1024;

/// The fields that are read.
///
/// The signed text joins names and values without any escaping, so a value that holds `&` and one of
/// these names could have been the border between two fields when it was signed. No true notice
/// about a payment of ours holds such a value, because subjects are sent without `&`.
const READ: [&str; 22] = [
    "additional_status",
    "app_id",
    "buyer_pay_amount",
    "charset",
    "credit_pay_mode",
    "gmt_payment",
    "gmt_refund",
    "notify_id",
    "notify_time",
    "notify_type",
    "out_biz_no",
    "out_trade_no",
    "receipt_amount",
    "refund_fee",
    "seller_id",
    "send_pay_date",
    "sign",
    "sign_type",
    "total_amount",
    "trade_no",
    "trade_status",
    "trans_currency",
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
        let unclear = |value: &[u8]| {
            value.contains(&b'&')
                && READ
                    .iter()
                    .any(|name| contains(value, format!("&{name}=").as_bytes()))
        };
        if twice || fields.iter().any(|(_, value)| unclear(value)) {
            return None;
        }
        Some(Self(fields))
    }

    /// What a payment notice's signature is over: everything but `sign` and `sign_type`. Messages of
    /// the application gateway sign `sign_type` too, so none of them passes for a notice.
    pub(crate) fn signed(&self) -> Vec<u8> {
        let fields = self.0.iter().map(|(name, value)| (&name[..], &value[..]));
        signing::canonical(fields.filter(|(name, _)| *name != b"sign" && *name != b"sign_type"))
    }

    /// A field's value. An empty one is the same as none, and so is one that is not plain ASCII:
    /// what is acted upon is numbers, names and times.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        debug_assert!(
            READ.contains(&name),
            "{name} is read, so it belongs to READ"
        );
        let (_, value) = self.0.iter().find(|(key, _)| key == name.as_bytes())?;
        std::str::from_utf8(value)
            .ok()
            .filter(|text| !text.is_empty() && text.is_ascii())
    }

    /// Whether a field has a value, of whatever bytes.
    pub(crate) fn has(&self, name: &str) -> bool {
        let mut fields = self.0.iter();
        fields.any(|(key, value)| key == name.as_bytes() && !value.is_empty())
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

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
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
        let signed = String::from_utf8(form.signed()).unwrap();
        assert_eq!(signed, vector["signed"].as_str().unwrap());
        assert_eq!(form.get("total_amount"), Some("0.01"));
        let form = Form::read("trade_no=%E4%BC%9A&out_trade_no=".as_bytes()).unwrap();
        assert_eq!(form.get("trade_no"), None, "not plain");
        assert!(form.has("trade_no"));
        assert!(!form.has("out_trade_no") && !form.has("app_id"));
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
        fn no_body_makes_the_reader_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
            drop(Form::read(&body).map(|form| form.signed()));
        }
    }
}
