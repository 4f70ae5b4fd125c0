//! The client with its default transport against a socket on this machine.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;

use paydesk_alipay::{Alipay, Config};
use paydesk_provider::{Closed, PaymentProvider, ProviderError};

use crate::platform::{FakePlatform, NOW, credentials};

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
    let node = r#"{"code":"10000","msg":"Success","out_trade_no":"PO1"}"#;
    let sign = platform.sign(node);
    let body = format!("{{\"alipay_trade_close_response\":{node},\"sign\":\"{sign}\"}}");
    let head = format!(
        "HTTP/1.1 200 OK\r\ntrace_id: 0be7\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let (address, requests) = serve(format!("{head}{body}").into_bytes());
    let config = Config::new(credentials())
        .clock(|| NOW)
        .base_url(format!("http://{address}/gateway.do"));
    let client = Alipay::new(config).unwrap();
    let closed = client.close("PO1").await.unwrap();
    assert_eq!(closed.value, Closed::Accepted);
    assert_eq!(closed.request_id.as_deref(), Some("0be7"));
    let received = requests.recv().unwrap();
    assert!(
        received.starts_with("POST /gateway.do?app_id=2021"),
        "{received}"
    );
    assert!(
        received.contains("\r\nuser-agent: paydesk-alipay/"),
        "{received}"
    );
    let form = "biz_content=%7B%22out_trade_no%22%3A%22PO1%22%7D";
    assert!(received.ends_with(&format!("\r\n\r\n{form}")), "{received}");

    requests.recv().unwrap_err();
    let gone = client.close("PO1").await.unwrap_err();
    assert!(matches!(gone, ProviderError::Rejected { .. }), "{gone}");
}
