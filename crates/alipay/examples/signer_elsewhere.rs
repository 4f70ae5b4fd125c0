//! Signs with a key that this part of the program never sees, as with a key management service: here
//! a thread holds it and signs what it is sent.
//!
//! ```sh
//! . target/alipay.env     # see scan_to_pay
//! cargo run -p paydesk-alipay --example signer_elsewhere -- PO20260101000005 https://pay.example.com/notify
//! ```
#![expect(clippy::print_stdout, reason = "a program for people")]

use std::error::Error;
use std::sync::Arc;
use std::thread;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use paydesk_alipay::{
    Alipay, AlipayKeys, AppKey, Cny, Config, Credentials, Order, SignError, Signer,
};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use tokio::sync::{mpsc, oneshot};

/// What a service like this offers: RSASSA-PKCS1-v1_5 with SHA-256 over a message.
type Wish = (Vec<u8>, oneshot::Sender<Result<Vec<u8>, String>>);

/// The way to the key.
#[derive(Debug)]
struct Kms(mpsc::Sender<Wish>);

#[async_trait]
impl Signer for Kms {
    async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let (sender, receiver) = oneshot::channel();
        let wish = (message.to_vec(), sender);
        self.0.send(wish).await.map_err(SignError::new)?;
        let signed = receiver.await.map_err(SignError::new)?;
        // The request is not sent, so it did not happen: the caller hears `Rejected`.
        signed.map_err(SignError::new)
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(number), Some(notify_url)) = (arguments.next(), arguments.next()) else {
        return Err("signer_elsewhere ORDER_NO NOTIFY_URL".into());
    };
    let (kms, public_key) = start_kms(&variable("ALIPAY_APP_KEY")?)?;
    let credentials = Credentials {
        app_id: variable("ALIPAY_APP_ID")?,
        seller_id: variable("ALIPAY_SELLER_ID")?,
        // With its public half, a service that signs in another way is found before anything is sent.
        app_key: AppKey::external(Arc::new(kms)).with_public_key(&public_key)?,
        alipay_keys: AlipayKeys::new(&variable("ALIPAY_PUBLIC_KEY")?)?,
    };
    let mut config = Config::new(credentials);
    if let Ok(base_url) = variable("ALIPAY_BASE_URL") {
        config = config.base_url(base_url);
    }
    let client = Alipay::new(config)?;
    let order = Order::new(number, "1,000 points", Cny::from_fen(990), notify_url);
    println!("qr_code {}", client.precreate(&order).await?.value.content);
    Ok(())
}

/// The double of the service, and its key's public half: how it does that is of no interest here.
fn start_kms(pem: &str) -> Result<(Kms, String), Box<dyn Error>> {
    let body = pem.lines().filter(|line| !line.starts_with('-'));
    let der = STANDARD.decode(body.collect::<String>())?;
    let key = RsaKeyPair::from_pkcs8(&der).map_err(|error| error.to_string())?;
    let public_key = STANDARD.encode(key.public());
    let (sender, mut wishes) = mpsc::channel::<Wish>(16);
    thread::spawn(move || {
        let random = SystemRandom::new();
        while let Some((message, answer)) = wishes.blocking_recv() {
            let mut signature = vec![0; key.public().modulus_len()];
            let signed = key.sign(&RSA_PKCS1_SHA256, &random, &message, &mut signature);
            let signed = signed.map_err(|error| error.to_string());
            // Whoever asked may have gone.
            drop(answer.send(signed.map(|()| signature)));
        }
    });
    Ok((Kms(sender), public_key))
}

#[expect(
    clippy::disallowed_methods,
    reason = "an example reads its settings where it is"
)]
fn variable(name: &str) -> Result<String, Box<dyn Error>> {
    std::env::var(name).map_err(|error| format!("{name}: {error}").into())
}
