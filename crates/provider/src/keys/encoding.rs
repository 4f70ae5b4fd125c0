//! PEM and bare base64, read without leaving copies of a key behind.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

use super::{KeyError, KeyFiles};

/// Keys copied out of a PEM file by hand often lose their padding.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

pub(super) struct Encoded {
    pub(super) content: Content,
    pub(super) der: Zeroizing<Vec<u8>>,
}

/// What the label of a PEM says about its content.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    Pkcs8,
    Pkcs1,
    PublicKey,
    Certificate,
    EllipticCurve,
    Passphrase,
    Foreign,
    /// Bare base64 has no label: the content must tell.
    Unnamed,
}

impl Content {
    fn of(label: &str) -> Self {
        match label {
            "PRIVATE KEY" => Self::Pkcs8,
            "RSA PRIVATE KEY" => Self::Pkcs1,
            "PUBLIC KEY" | "RSA PUBLIC KEY" => Self::PublicKey,
            "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE" => Self::Certificate,
            "EC PRIVATE KEY" | "EC PARAMETERS" => Self::EllipticCurve,
            "ENCRYPTED PRIVATE KEY" => Self::Passphrase,
            _ => Self::Foreign,
        }
    }

    pub(super) const fn instead_of(self, files: &KeyFiles) -> KeyError {
        let found = match self {
            Self::Pkcs8 | Self::Pkcs1 => files.private,
            Self::PublicKey => files.public,
            Self::Certificate => files.certificate,
            Self::EllipticCurve => "an elliptic-curve key",
            Self::Passphrase => "a private key under a passphrase",
            Self::Foreign | Self::Unnamed => "something else",
        };
        KeyError::WrongKind {
            expected: files.expected,
            found,
        }
    }
}

/// The first block of a PEM, or bare base64; `None` for anything else.
pub(super) fn decode(text: &str) -> Option<Encoded> {
    let (content, body) = match text.split_once("-----BEGIN ") {
        Some((_, rest)) => {
            let (label, rest) = rest.split_once("-----")?;
            let (body, _) = rest.split_once("-----END ")?;
            (Content::of(label), body)
        }
        None => (Content::Unnamed, text),
    };
    let compact = compact(body);
    let mut der = Zeroizing::new(vec![0; base64::decoded_len_estimate(compact.len())]);
    let length = LENIENT.decode_slice(&*compact, &mut der).ok()?;
    der.truncate(length);
    (length > 0).then_some(Encoded { content, der })
}

/// Drops white space, and line ends written as `\n` or `\r`. The room is reserved at once, so that
/// growing leaves no copy behind.
fn compact(body: &str) -> Zeroizing<Vec<u8>> {
    let mut compact = Zeroizing::new(Vec::with_capacity(body.len()));
    let mut bytes = body.bytes().peekable();
    while let Some(byte) = bytes.next() {
        if byte == b'\\' && matches!(bytes.peek(), Some(b'n' | b'r')) {
            bytes.next();
        } else if !byte.is_ascii_whitespace() {
            compact.push(byte);
        }
    }
    compact
}
