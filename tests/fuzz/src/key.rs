//! A key that signs as a platform does.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{
    KeyPair, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey,
};

pub(crate) struct Key(RsaKeyPair);

impl Key {
    /// Reads PKCS#8 in PEM or bare base64.
    pub(crate) fn read(text: &str) -> Self {
        let body: String = text.lines().filter(|line| !line.starts_with('-')).collect();
        let der = STANDARD.decode(body).expect("a test key is base64");
        Self(RsaKeyPair::from_pkcs8(&der).expect("a test key is PKCS#8"))
    }

    pub(crate) fn sign(&self, message: &[u8]) -> String {
        let mut signature = vec![0; self.0.public().modulus_len()];
        self.0
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                message,
                &mut signature,
            )
            .expect("the system has random bytes");
        STANDARD.encode(signature)
    }

    /// Whether this key made this signature, found out without the code under test.
    pub(crate) fn signed(&self, message: &[u8], signature: &str) -> bool {
        let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, self.0.public_key().as_ref());
        STANDARD
            .decode(signature)
            .is_ok_and(|signature| key.verify(message, &signature).is_ok())
    }
}
