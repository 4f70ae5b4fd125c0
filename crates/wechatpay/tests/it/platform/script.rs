use bytes::Bytes;
use paydesk_wechatpay::TransportError;
use serde_json::json;

/// What the next calls get instead of the true answer.
#[derive(Clone, Debug)]
pub(crate) enum Script {
    /// This status, body and these headers, signed or not.
    Answer {
        status: u16,
        body: Bytes,
        headers: Vec<(&'static str, String)>,
        signed: bool,
    },
    /// No answer.
    Fail(TransportError),
    /// The true answer after all: for one call in a row of others.
    True,
}

impl Script {
    pub(crate) fn signed(status: u16, body: &str) -> Self {
        Self::Answer {
            status,
            body: body.to_owned().into(),
            headers: Vec::new(),
            signed: true,
        }
    }

    pub(crate) fn unsigned(status: u16, body: &str) -> Self {
        Self::Answer {
            status,
            body: body.to_owned().into(),
            headers: Vec::new(),
            signed: false,
        }
    }

    /// A refusal as the platform words it, with a detail of a form nobody documents.
    pub(crate) fn refused(status: u16, code: &str) -> Self {
        let body = json!({"code": code, "message": "原因", "detail": {"field": ["odd"]}});
        Self::unsigned(status, &body.to_string())
    }

    /// The same with a further header.
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        if let Self::Answer { headers, .. } = &mut self {
            headers.push((name, value.to_owned()));
        }
        self
    }

    /// The bytes of a file, which nobody signs.
    pub(crate) fn file(status: u16, body: Vec<u8>) -> Self {
        Self::Answer {
            status,
            body: body.into(),
            headers: Vec::new(),
            signed: false,
        }
    }

    pub(crate) fn not_connected() -> Self {
        Self::Fail(TransportError::NotSent("refused".to_owned()))
    }

    pub(crate) fn timed_out() -> Self {
        Self::Fail(TransportError::Timeout("10 s".to_owned()))
    }

    pub(crate) fn broken() -> Self {
        Self::Fail(TransportError::Broken("reset".to_owned()))
    }
}
