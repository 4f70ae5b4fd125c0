//! The default transport against a socket on this machine.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use paydesk_alipay::{
    Alipay, Config, Request, ReqwestTransport, Response, Transport, TransportError,
};
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

fn transport() -> ReqwestTransport {
    ReqwestTransport::with_timeouts(Duration::from_secs(2), Duration::from_secs(5)).unwrap()
}

async fn post(
    transport: &ReqwestTransport,
    address: SocketAddr,
) -> Result<Response, TransportError> {
    let request = Request {
        url: format!("http://{address}/path?query=1").parse().unwrap(),
        headers: vec![("Accept".to_owned(), "application/json".to_owned())],
        body: Bytes::new(),
    };
    transport.send(request).await
}

#[tokio::test]
async fn bytes_and_headers_pass_unchanged_in_both_directions() {
    let (address, received) = serve(
        b"HTTP/1.1 404 Not Found\r\nX-Twice: 1\r\nX-Twice: 2\r\nContent-Encoding: gzip\r\n\
          Content-Length: 5\r\n\r\n a\r\n\xff"
            .to_vec(),
    );
    let request = Request {
        url: format!("http://{address}/path?query=1").parse().unwrap(),
        headers: vec![("Authorization".to_owned(), "scheme a=\"b\"".to_owned())],
        body: "{\"名\": 1}\n".into(),
    };
    let response = transport().send(request).await.unwrap();
    assert_eq!(response.status, 404);
    assert_eq!(&response.body[..], b" a\r\n\xff");
    let twice = response
        .headers
        .iter()
        .filter(|(name, _)| name == "x-twice");
    assert_eq!(twice.count(), 2);
    let received = received.recv().unwrap();
    assert!(
        received.starts_with("POST /path?query=1 HTTP/1.1\r\n"),
        "{received}"
    );
    assert!(
        received.contains("authorization: scheme a=\"b\"\r\n"),
        "{received}"
    );
    assert!(
        !received.to_ascii_lowercase().contains("accept-encoding"),
        "{received}"
    );
    assert!(received.ends_with("\r\n\r\n{\"名\": 1}\n"), "{received}");
}

#[tokio::test]
async fn a_redirect_is_an_answer() {
    let (address, _received) = serve(
        b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
            .to_vec(),
    );
    assert_eq!(post(&transport(), address).await.unwrap().status, 302);
}

#[tokio::test]
async fn a_refused_connection_is_not_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = post(&transport(), address).await.unwrap_err();
    assert!(matches!(error, TransportError::NotSent(_)), "{error}");
}

#[tokio::test]
async fn an_answer_that_does_not_come_in_time_leaves_it_open() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let quick = Duration::from_millis(200);
    let transport = ReqwestTransport::with_timeouts(quick, quick).unwrap();
    let error = post(&transport, address).await.unwrap_err();
    assert!(matches!(error, TransportError::Timeout(_)), "{error}");
}

#[tokio::test]
async fn an_exchange_that_breaks_off_leaves_it_open() {
    for answer in [
        "",
        "HTTP/1.1 200 OK\r\nContent-Le",
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345",
        "nonsense\r\n\r\n",
    ] {
        let (address, _received) = serve(answer.as_bytes().to_vec());
        let error = post(&transport(), address).await.unwrap_err();
        assert!(
            matches!(error, TransportError::Broken(_)),
            "{answer}: {error}"
        );
    }
}

#[tokio::test]
async fn a_mebibyte_is_read_and_no_byte_more() {
    const MOST: usize = 1024 * 1024;
    for (length, read) in [(MOST, true), (MOST + 1, false)] {
        let mut answer = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".to_vec();
        answer.resize(answer.len() + length, b'a');
        let (address, _received) = serve(answer);
        match post(&transport(), address).await {
            Ok(response) => assert!(read && response.body.len() == length),
            Err(error) => {
                assert!(
                    !read && error.to_string().contains("longer than"),
                    "{error}"
                );
            }
        }
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
    let (address, received) = serve(format!("{head}{body}").into_bytes());
    let config = Config::new(credentials())
        .clock(|| NOW)
        .base_url(format!("http://{address}/gateway.do"));
    let client = Alipay::new(config).unwrap();
    let closed = client.close("PO1").await.unwrap();
    assert_eq!(closed.value, Closed::Accepted);
    assert_eq!(closed.request_id.as_deref(), Some("0be7"));
    let received = received.recv().unwrap();
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

    let gone = client.close("PO1").await.unwrap_err();
    assert!(matches!(gone, ProviderError::Rejected { .. }), "{gone}");
}
