//! RSA keys as people have them: PKCS#8 or PKCS#1, PEM or bare base64, in a file or in a variable.
//!
//! `ring` signs and verifies; `rsa` reads keys and encrypts with public ones.

mod certificate;
mod encoding;
mod own;
mod private;
mod public;
mod source;

pub use certificate::{Certificate, CertificateError};
pub use own::OwnKey;
pub use private::{SignError, Signer, SigningKey};
pub use public::PublicKey;
pub use source::{from_env, from_file};

/// What the platforms and `ring` ask for at least.
const LEAST_BITS: usize = 2048;

/// How a platform names its key files, so that a wrong one can be told from the right one.
#[derive(Clone, Copy, Debug)]
pub struct KeyFiles {
    /// What belongs here, with the name of its file.
    pub expected: &'static str,
    /// What a private key is likely to be, "a private key (…?)".
    pub private: &'static str,
    /// What a public key is likely to be.
    pub public: &'static str,
    /// What a certificate is likely to be.
    pub certificate: &'static str,
}

/// A key that cannot be what it should be. No variant holds key material.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Another file than the one asked for.
    #[error("expected {expected}, found {found}")]
    WrongKind {
        /// What belongs here, with the name of its file.
        expected: &'static str,
        /// What it seems to be.
        found: &'static str,
    },
    /// Neither PEM nor base64.
    #[error("expected {expected}, but this is neither PEM nor base64: was it cut off?")]
    NotEncoded {
        /// What belongs here, with the name of its file.
        expected: &'static str,
    },
    /// Encoded well, but no RSA key.
    #[error("expected {expected}, but there is no RSA key in it")]
    NotRsa {
        /// What belongs here, with the name of its file.
        expected: &'static str,
    },
    /// An RSA key that nobody accepts any more.
    #[error("this RSA key has {bits} bits, at least 2048 are needed")]
    TooShort {
        /// Its size.
        bits: usize,
    },
    /// A symmetric key of another length.
    #[error("{name} has exactly {expected} bytes, this has {length}: {cause}")]
    Length {
        /// Which key.
        name: &'static str,
        /// How long it is.
        expected: usize,
        /// The length given.
        length: usize,
        /// What is likely to have happened.
        cause: &'static str,
    },
    /// A file or a variable that does not give a key.
    #[error("cannot read {place}: {cause}")]
    Unreadable {
        /// The path, or the variable's name.
        place: String,
        /// Why not.
        cause: String,
    },
}

const fn long_enough(bits: usize) -> Result<(), KeyError> {
    if bits < LEAST_BITS {
        return Err(KeyError::TooShort { bits });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
