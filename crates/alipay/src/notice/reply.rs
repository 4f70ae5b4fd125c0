use paydesk_provider::NoticeError;

/// What the platform wants to hear: exactly `success`, or it sends the notice again, after 4 min,
/// 10 min, 10 min, 1 h, 2 h, 6 h and 15 h.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Acknowledgement {
    /// The HTTP status.
    pub status: u16,
    /// The body: these bytes and no other.
    pub body: &'static str,
}

impl Acknowledgement {
    /// The body's type.
    pub const CONTENT_TYPE: &'static str = "text/plain; charset=utf-8";

    /// The notice was taken: say this only after it is stored. Also for one that was taken before.
    pub const fn accepted() -> Self {
        Self {
            status: 200,
            body: "success",
        }
    }

    /// The notice was not taken: it proves nothing, or could not be stored. A status that is no error
    /// is told as 500.
    pub const fn failed(status: u16) -> Self {
        Self {
            status: if status >= 400 && status < 600 {
                status
            } else {
                500
            },
            body: "failure",
        }
    }
}

impl From<&NoticeError> for Acknowledgement {
    /// For a notice that is not believed. It says no word of why.
    fn from(error: &NoticeError) -> Self {
        match error {
            NoticeError::Untrusted(_) => Self::failed(401),
            NoticeError::Malformed(_) => Self::failed(400),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn success_is_said_in_seven_bytes() {
        let accepted = Acknowledgement::accepted();
        assert_eq!(accepted.body.as_bytes(), b"success");
        assert_eq!(accepted.status, 200);
    }

    #[test]
    fn a_failure_is_never_told_as_a_success() {
        for (status, told) in [
            (401, 401),
            (500, 500),
            (503, 503),
            (200, 500),
            (302, 500),
            (0, 500),
        ] {
            let failed = Acknowledgement::failed(status);
            assert_eq!(failed.status, told);
            assert_eq!(failed.body, "failure");
        }
    }
}
