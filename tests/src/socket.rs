use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// An open WebSocket, as a browser has it.
#[derive(Debug)]
pub struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// What the server named as the protocol.
    pub protocol: Option<String>,
}

impl Socket {
    /// Opens a socket with a token among the subprotocols; the status when it is refused.
    pub async fn open(port: u16, token: &str, origin: Option<&str>) -> Result<Self, u16> {
        let url = format!("ws://127.0.0.1:{port}/api/v1/payment/ws");
        let mut request = url.into_client_request().expect("a request");
        let offered = format!("paydesk.v1, bearer.{token}");
        let headers = request.headers_mut();
        headers.insert("sec-websocket-protocol", offered.parse().expect("a header"));
        if let Some(origin) = origin {
            headers.insert("origin", origin.parse().expect("a header"));
        }
        match tokio_tungstenite::connect_async(request).await {
            Ok((stream, response)) => {
                let named = response.headers().get("sec-websocket-protocol");
                let protocol = named
                    .and_then(|value| value.to_str().ok())
                    .map(str::to_owned);
                Ok(Self { stream, protocol })
            }
            Err(Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("no socket: {error}"),
        }
    }

    /// The next frame; null when the socket was closed or nothing came within the time.
    pub async fn next(&mut self, limit: Duration) -> Value {
        loop {
            match tokio::time::timeout(limit, self.stream.next()).await {
                Ok(Some(Ok(Message::Text(text)))) => {
                    return serde_json::from_str(&text).expect("frames are JSON");
                }
                Ok(Some(Ok(Message::Ping(_) | Message::Pong(_)))) => {}
                _ => return Value::Null,
            }
        }
    }

    /// Says something.
    pub async fn say(&mut self, text: &str) {
        self.stream
            .send(Message::text(text.to_owned()))
            .await
            .expect("the socket is open");
    }

    /// Waits for the server to close, and gives its code; frames before it are passed over.
    pub async fn closed(&mut self, limit: Duration) -> Option<u16> {
        loop {
            match tokio::time::timeout(limit, self.stream.next()).await {
                Ok(Some(Ok(Message::Close(frame)))) => {
                    return frame.map(|frame| u16::from(frame.code));
                }
                Ok(Some(Ok(_))) => {}
                _ => return None,
            }
        }
    }
}
