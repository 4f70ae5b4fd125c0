use paydesk_provider::NoticeError;
use serde_json::json;

/// What the platform wants to hear within five seconds. Anything but a success is sent again: after
/// 15 s, 15 s, 30 s, 3 min, 10 min, 20 min, three times 30 min, 1 h, three times 3 h, twice 6 h.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acknowledgement {
    /// The HTTP status.
    pub status: u16,
    /// The body; JSON unless empty.
    pub body: String,
}

impl Acknowledgement {
    /// The notice was taken: say this only after it is stored. Also for one that was taken before.
    pub const fn accepted() -> Self {
        Self {
            status: 204,
            body: String::new(),
        }
    }

    /// The notice was not taken: it proves nothing, or could not be stored. The words are for the
    /// platform's support; keep reasons that help a forger out of them.
    pub fn failed(status: u16, message: &str) -> Self {
        Self {
            status: if (400..600).contains(&status) {
                status
            } else {
                500
            },
            body: json!({ "code": "FAIL", "message": message }).to_string(),
        }
    }

    /// The body's type, where there is a body.
    pub const CONTENT_TYPE: &'static str = "application/json";
}

impl From<&NoticeError> for Acknowledgement {
    /// For a notice that is not believed. It says no word of why.
    fn from(error: &NoticeError) -> Self {
        let status = match error {
            NoticeError::Untrusted(_) => 401,
            NoticeError::Malformed(_) => 400,
        };
        Self::failed(status, "not accepted")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_never_told_as_a_success() {
        for (status, told) in [
            (401, 401),
            (500, 500),
            (503, 503),
            (200, 500),
            (204, 500),
            (302, 500),
            (0, 500),
        ] {
            let failed = Acknowledgement::failed(status, "\"later\"");
            assert_eq!(failed.status, told);
            assert_eq!(failed.body, r#"{"code":"FAIL","message":"\"later\""}"#);
        }
        let accepted = Acknowledgement::accepted();
        assert_eq!((accepted.status, accepted.body.as_str()), (204, ""));
    }
}
