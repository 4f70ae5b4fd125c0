//! The client with its default transport against a socket on this machine.

use std::fmt::Write as _;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;

use flate2::Compression;
use flate2::write::GzEncoder;
use paydesk_provider::{PaymentProvider, ProviderError};
use paydesk_wechatpay::{Config, RawCall, WechatPay};

use crate::platform::{FakePlatform, NOW, at, credentials};
use crate::repeating::{Way, call};

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
        // Whoever waits for the sender's end finds nobody listening.
        drop(listener);
        drop(sender);
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
    let (address, requests) = serve(format!("HTTP/1.1 204 No Content\r\n{head}\r\n").into_bytes());
    let config = Config::new(credentials())
        .clock(|| at(NOW))
        .base_url(format!("http://{address}"));
    let client = WechatPay::new(config).unwrap();
    client.close("PO0001").await.unwrap();
    let received = requests.recv().unwrap();
    assert!(
        received.contains("\r\nuser-agent: paydesk-wechatpay/"),
        "{received}"
    );
    assert!(
        received.ends_with("\r\n\r\n{\"mchid\":\"1900007291\"}"),
        "{received}"
    );

    requests.recv().unwrap_err();
    let gone = client.close("PO0001").await.unwrap_err();
    assert!(matches!(gone, ProviderError::Rejected { .. }), "{gone}");
}

fn client_at(address: SocketAddr) -> WechatPay {
    let config = Config::new(credentials())
        .clock(|| at(NOW))
        .read_attempts(1)
        .base_url(format!("http://{address}"));
    WechatPay::new(config).unwrap()
}

/// The signature does not cover the host: whoever sends us elsewhere would get a signed request.
#[tokio::test]
async fn no_redirect_is_followed() {
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = elsewhere.local_addr().unwrap();
    for status in [
        "301 Moved",
        "302 Found",
        "303 See",
        "307 Again",
        "308 Always",
    ] {
        for way in [Way::Refund, Way::Native, Way::Query, Way::RawRead] {
            let answer = format!(
                "HTTP/1.1 {status}\r\nLocation: http://{target}/v3\r\nContent-Length: 0\r\n\r\n"
            );
            let (address, received) = serve(answer.into_bytes());
            let error = call(&client_at(address), way).await.unwrap_err();
            assert_eq!(error.kind(), "unknown", "{status} {way:?}: {error}");
            received.recv().unwrap();
        }
    }
    elsewhere.set_nonblocking(true).unwrap();
    let nobody = elsewhere.accept().unwrap_err();
    assert_eq!(nobody.kind(), ErrorKind::WouldBlock);
}

/// What was signed are the bytes of the wire, so nothing unpacks them on the way.
#[tokio::test]
async fn packed_bytes_stay_packed() {
    let platform = FakePlatform::new();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(b"{}").unwrap();
    let packed = encoder.finish().unwrap();
    let mut answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n",
        packed.len()
    );
    for (name, value) in platform.headers(NOW, &packed) {
        write!(answer, "{name}: {value}\r\n").unwrap();
    }
    let answer = [answer.as_bytes(), b"\r\n", &packed[..]].concat();
    let (address, received) = serve(answer);
    let read = client_at(address)
        .raw(&RawCall::get("/v3/x"))
        .await
        .unwrap();
    assert_eq!(read.value[..], packed[..]);
    let request = received.recv().unwrap().to_ascii_lowercase();
    assert!(!request.contains("accept-encoding"), "{request}");
}
