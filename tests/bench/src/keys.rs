//! The keys alone, and `ring` to compare with.

use std::hint::black_box;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::FutureExt;
use paydesk_provider::keys::{KeyFiles, PublicKey, Signer, SigningKey};
use ring::rand::SystemRandom;
use ring::signature::{
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey,
};

use crate::{BARE, Subject, Work, wechat};

pub(crate) const FILES: KeyFiles = KeyFiles {
    expected: "a key",
    private: "a private key",
    public: "a public key",
    certificate: "a certificate",
};

pub(crate) fn subjects() -> Vec<Subject> {
    let key = Arc::new(SigningKey::parse(wechat::KEY, &FILES).unwrap());
    let (message, signature) = wechat::request();
    let sign = {
        let (key, message) = (Arc::clone(&key), message.clone());
        move || drop(black_box(key.sign(black_box(&message)).unwrap()))
    };
    let sign_later = {
        let (signer, message): (Arc<dyn Signer>, _) = (key.clone(), message.clone());
        move || {
            let signature = signer.sign(black_box(&message)).now_or_never();
            drop(black_box(signature.unwrap().unwrap()));
        }
    };
    let verify = {
        let (key, message, signature) = (key.public_key().clone(), message.clone(), &signature);
        let signature = STANDARD.decode(signature).unwrap();
        move || assert!(black_box(&key).verifies(black_box(&message), black_box(&signature)))
    };
    vec![
        Subject {
            name: "sign with a key",
            ring: ring_signs(wechat::KEY, message.clone()),
            ours: Box::new(sign),
            limit: BARE,
        },
        Subject {
            name: "sign with any signer",
            ring: ring_signs(wechat::KEY, message.clone()),
            ours: Box::new(sign_later),
            limit: BARE,
        },
        Subject {
            name: "verify with a key",
            ring: ring_verifies(wechat::PUBLIC_KEY, message, &signature),
            ours: Box::new(verify),
            limit: BARE,
        },
    ]
}

/// Signing these bytes with `ring`, into a buffer that is kept.
pub(crate) fn ring_signs(private: &str, message: Vec<u8>) -> Work {
    let pair = RsaKeyPair::from_pkcs8(&der(private)).unwrap();
    let signature = std::cell::RefCell::new(vec![0; pair.public().modulus_len()]);
    Box::new(move || {
        let mut signature = signature.borrow_mut();
        pair.sign(
            &RSA_PKCS1_SHA256,
            &SystemRandom::new(),
            black_box(&message),
            &mut signature,
        )
        .unwrap();
        black_box(&mut *signature);
    })
}

/// Verifying these bytes with `ring`, the signature decoded beforehand.
pub(crate) fn ring_verifies(public: &str, message: Vec<u8>, signature: &str) -> Work {
    let key = PublicKey::parse(public, &FILES).unwrap();
    let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.der().to_vec());
    let signature = STANDARD.decode(signature).unwrap();
    Box::new(move || {
        let verified = key.verify(black_box(&message), black_box(&signature));
        verified.unwrap();
    })
}

fn der(text: &str) -> Vec<u8> {
    let body: String = text.lines().filter(|line| !line.starts_with('-')).collect();
    STANDARD.decode(body).unwrap()
}
