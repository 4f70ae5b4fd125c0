//! The default transport against a socket on this machine.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use bytes::Bytes;

use super::*;

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

/// Answers one connection with these bytes and keeps it open until the receiver is dropped.
fn serve_and_wait(answer: &'static [u8]) -> (SocketAddr, mpsc::Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, receiver) = mpsc::sync_channel(0);
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        read_request(&mut stream);
        stream.write_all(answer).unwrap();
        sender.send(()).unwrap_err();
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

const TIMEOUT: Duration = Duration::from_secs(5);
const MOST: usize = 1024 * 1024;

fn transport() -> ReqwestTransport {
    ReqwestTransport::connecting_within(Duration::from_secs(2)).unwrap()
}

async fn get(address: SocketAddr, timeout: Duration) -> Result<Response<Bytes>, TransportError> {
    let request = Request {
        method: Method::Get,
        url: format!("http://{address}/path?query=1").parse().unwrap(),
        headers: vec![("Accept".to_owned(), "application/json".to_owned())],
        body: Bytes::new(),
        timeout,
    };
    transport().send(request).await?.collect(MOST).await
}

#[tokio::test]
async fn bytes_and_headers_pass_unchanged_in_both_directions() {
    let (address, received) = serve(
        b"HTTP/1.1 404 Not Found\r\nX-Twice: 1\r\nX-Twice: 2\r\nContent-Encoding: gzip\r\n\
          Content-Length: 5\r\n\r\n a\r\n\xff"
            .to_vec(),
    );
    let request = Request {
        method: Method::Post,
        url: format!("http://{address}/path?query=1").parse().unwrap(),
        headers: vec![("Authorization".to_owned(), "scheme a=\"b\"".to_owned())],
        body: "{\"名\": 1}\n".into(),
        timeout: TIMEOUT,
    };
    let response = transport().send(request).await.unwrap();
    let response = response.collect(MOST).await.unwrap();
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
    assert_eq!(get(address, TIMEOUT).await.unwrap().status, 302);
}

#[tokio::test]
async fn a_refused_connection_is_not_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = get(address, TIMEOUT).await.unwrap_err();
    assert!(matches!(error, TransportError::NotSent(_)), "{error}");
}

#[tokio::test]
async fn an_answer_that_does_not_come_in_time_leaves_it_open() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let quick = Duration::from_millis(200);
    let error = get(address, quick).await.unwrap_err();
    assert!(matches!(error, TransportError::Timeout(_)), "{error}");
    // The body counts, too.
    let (address, _received) = serve_and_wait(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n1");
    let error = get(address, quick).await.unwrap_err();
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
        let error = get(address, TIMEOUT).await.unwrap_err();
        assert!(
            matches!(error, TransportError::Broken(_)),
            "{answer}: {error}"
        );
    }
}

#[tokio::test]
async fn a_mebibyte_is_read_and_no_byte_more() {
    for (length, read) in [(MOST, true), (MOST + 1, false)] {
        let mut answer = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".to_vec();
        answer.resize(answer.len() + length, b'a');
        let (address, _received) = serve(answer);
        match get(address, TIMEOUT).await {
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

#[test]
fn calls_go_by_https_or_stay_on_this_machine() {
    for address in [
        "https://a.example",
        "https://a.example:8443/b/c",
        "http://127.0.0.1:8080",
        "http://[::1]/b",
        "http://localhost",
    ] {
        base_address(address).unwrap();
    }
    for (address, why) in [
        ("", "no URL"),
        ("a.example", "no URL"),
        ("mailto:a@a.example", "no host"),
        ("ftp://a.example", "https is expected"),
        ("http://a.example", "this machine"),
        ("http://127.0.0.1.a.example", "this machine"),
        ("http://10.0.0.1", "this machine"),
        ("https://a.example/?b=c", "a query"),
        ("https://a.example/#b", "a query"),
        ("https://me@a.example", "a user name"),
        ("https://:pw@a.example", "a user name"),
    ] {
        assert!(
            base_address(address).unwrap_err().contains(why),
            "{address}"
        );
    }
}
