//! The gateway's answers: one node with what is said, and beside it the signature over its text.

use crate::fields::Fields;
use crate::members::{Members, NotMembers};

const LONGEST_MESSAGE: usize = 300;
/// The call succeeded.
const SUCCESS: &str = "10000";
/// The call succeeded and the payer has to do something first: said to payments by the payer's code.
const IN_PROCESS: &str = "10003";

/// An answer whose signature is still to be checked.
pub(crate) struct Envelope<'a> {
    /// The node's text, byte for byte.
    pub(crate) node: &'a str,
    /// The signature, if there is one.
    pub(crate) sign: Option<String>,
    /// The number of the certificate that signed, in certificate mode.
    pub(crate) cert_sn: Option<String>,
    /// Whether the node is the one for failures before routing, which never says yes.
    pub(crate) is_error: bool,
}

/// Why a body is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoAnswer {
    #[error(transparent)]
    NotMembers(#[from] NotMembers),
    #[error("it does not hold the answer to this call")]
    NoNode,
}

impl<'a> Envelope<'a> {
    /// Reads the answer to a call of this method.
    pub(crate) fn read(method: &str, body: &'a [u8]) -> Result<Self, NoAnswer> {
        let members = Members::read(body)?;
        let own = format!("{}_response", method.replace('.', "_"));
        let (node, is_error) = match members.raw(&own) {
            Some(node) => (node, false),
            None => (members.raw("error_response").ok_or(NoAnswer::NoNode)?, true),
        };
        Ok(Self {
            node,
            // What is no text is no signature either, but it is not none.
            sign: members.text("sign").unwrap_or_else(Some),
            cert_sn: members.text("alipay_cert_sn").unwrap_or_else(Some),
            is_error,
        })
    }
}

/// What every node says of the call.
#[derive(Debug, Default)]
pub(crate) struct Head {
    /// The gateway's code.
    pub(crate) code: String,
    /// The code of the business behind it, on errors only.
    pub(crate) sub_code: Option<String>,
    /// Words for people.
    pub(crate) message: String,
    /// The numbers that were asked about, as they are repeated.
    pub(crate) out_trade_no: Option<String>,
    pub(crate) trade_no: Option<String>,
    pub(crate) out_request_no: Option<String>,
}

impl Head {
    pub(crate) fn read(node: &str) -> Result<Self, String> {
        let members = Members::read(node.as_bytes()).map_err(|error| error.to_string())?;
        let words = |name: &str| members.text(name).ok().flatten();
        Ok(Self {
            code: members.text("code")?.ok_or("code is missing")?,
            sub_code: members.text("sub_code")?,
            message: words("sub_msg")
                .or_else(|| words("msg"))
                .unwrap_or_else(|| "the platform gave no reason".to_owned())
                .chars()
                .take(LONGEST_MESSAGE)
                .collect(),
            out_trade_no: members.text("out_trade_no")?,
            trade_no: members.text("trade_no")?,
            out_request_no: members.text("out_request_no")?,
        })
    }

    /// Whether the call was carried out, by both codes.
    pub(crate) fn is_success(&self) -> bool {
        self.code == SUCCESS && self.sub_code.is_none()
    }

    /// Whether the call was taken and waits for the payer.
    pub(crate) fn is_in_process(&self) -> bool {
        self.code == IN_PROCESS && self.sub_code.is_none()
    }

    /// Whether this claims that something was done. Such a claim needs a signature.
    pub(crate) fn claims_success(&self) -> bool {
        self.is_success() || self.is_in_process()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_node_is_the_calls_own_or_the_one_for_errors() {
        let own =
            br#"{"alipay_trade_close_response":{"code":"10000"},"error_response":{},"sign":"x"}"#;
        let read = Envelope::read("alipay.trade.close", own).unwrap();
        assert_eq!((read.node, read.is_error), (r#"{"code":"10000"}"#, false));
        let error = br#"{"error_response":{"code":"40002"},"sign":""}"#;
        let read = Envelope::read("alipay.trade.close", error).unwrap();
        assert!(read.is_error && read.sign.is_none());
        for body in [
            &br#"{"alipay_trade_query_response":{},"sign":"x"}"#[..],
            b"{}",
        ] {
            let error = Envelope::read("alipay.trade.close", body).err();
            assert_eq!(error, Some(NoAnswer::NoNode));
        }
    }

    #[test]
    fn a_signature_that_is_no_text_is_not_the_same_as_none() {
        for (sign, read) in [("null", false), ("\"\"", false), ("{}", true), ("7", true)] {
            let body = format!("{{\"error_response\":{{}},\"sign\":{sign}}}");
            let envelope = Envelope::read("alipay.trade.query", body.as_bytes()).unwrap();
            assert_eq!(envelope.sign.is_some(), read, "{sign}");
        }
    }

    #[test]
    fn success_is_said_by_both_codes() {
        for (node, success, claim) in [
            (r#"{"code":"10000","msg":"Success"}"#, true, true),
            (r#"{"code":10000}"#, true, true),
            (r#"{"code":"10000","sub_code":""}"#, true, true),
            (
                r#"{"code":"10000","sub_code":"ACQ.SYSTEM_ERROR"}"#,
                false,
                false,
            ),
            (r#"{"code":"10003"}"#, false, true),
            (
                r#"{"code":"40004","sub_code":"ACQ.TRADE_NOT_EXIST"}"#,
                false,
                false,
            ),
            (r#"{"code":"100000"}"#, false, false),
        ] {
            let head = Head::read(node).unwrap();
            assert_eq!(
                (head.is_success(), head.claims_success()),
                (success, claim),
                "{node}"
            );
        }
        for node in [
            "{}",
            "\"encrypted\"",
            r#"{"code":null}"#,
            r#"{"code":"1","code":"10000"}"#,
        ] {
            assert!(Head::read(node).is_err(), "{node}");
        }
        let long = format!("{{\"code\":\"1\",\"sub_msg\":\"{}\"}}", "字".repeat(999));
        assert_eq!(
            Head::read(&long).unwrap().message.chars().count(),
            LONGEST_MESSAGE
        );
    }
}
