//! The client with its default transport against a socket on this machine.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;

use paydesk_provider::{PaymentProvider, ProviderError};
use paydesk_wechatpay::{Config, WechatPay};

use crate::platform::{FakePlatform, NOW, at, credentials};

/// Answers one connection with these bytes, then ends it; gives what was received.
fn serve(answer: Vec<u8>) -> (SocketAddr, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        sender.send(read_request(&mut stream)).unwrap();
        // The reader may have seen enough and gone.
        drop(stream.write_all(&answer));
    });
    (address, receiver)
}

fn read_request(stream: &mut TcpStream) -> String {
    let mut received = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&received).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| {
                    line.to_ascii_lowercase()
                        .strip_prefix("content-length: ")?
                        .parse()
                        .ok()
                })
                .unwrap_or(0);
            if body.len() >= length {
                return text;
            }
        }
        let count = stream.read(&mut buffer).unwrap();
        assert!(count > 0, "the request ended early: {text}");
        received.extend_from_slice(&buffer[..count]);
    }
}

/// The whole way: a signed answer over a socket, verified.
#[tokio::test]
async fn a_signed_answer_over_a_socket_is_believed() {
    let platform = FakePlatform::new();
    let mut head = String::new();
    for (name, value) in platform.headers(NOW, "") {
        write!(head, "{name}: {value}\r\n").unwrap();
    }
    let (address, received) = serve(format!("HTTP/1.1 204 No Content\r\n{head}\r\n").into_bytes());
    let config = Config::new(credentials())
        .clock(|| at(NOW))
        .base_url(format!("http://{address}"));
    let client = WechatPay::new(config).unwrap();
    client.close("PO0001").await.unwrap();
    let received = received.recv().unwrap();
    assert!(
        received.contains("\r\nuser-agent: paydesk-wechatpay/"),
        "{received}"
    );
    assert!(
        received.ends_with("\r\n\r\n{\"mchid\":\"1900007291\"}"),
        "{received}"
    );

    let gone = client.close("PO0001").await.unwrap_err();
    assert!(matches!(gone, ProviderError::Rejected { .. }), "{gone}");
}
