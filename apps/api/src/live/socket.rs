//! One open socket.

use std::sync::Arc;
use std::time::Duration;

use actix_ws::{
    AggregatedMessage, AggregatedMessageStream, CloseCode, CloseReason, MessageStream, Session,
};
use tokio::time::Instant;

use super::frames::{self, FromClient};
use super::hub::Seat;
use crate::Api;
use crate::auth::Caller;

/// Orders in the first frame.
const SNAPSHOT_ORDERS: u64 = 20;
/// A client has little to say.
const CLIENT_FRAME: usize = 4 * 1024;
/// Two pings without an answer end the socket.
const PING_EVERY: Duration = Duration::from_secs(30);
/// A client that does not take a frame within this time is gone.
const SEND_WITHIN: Duration = Duration::from_secs(5);

const TOKEN_EXPIRED: u16 = 4401;

/// Why a socket ends.
enum End {
    /// The client went away, or nothing can be sent to it.
    Gone,
    /// The client said goodbye, and is answered.
    Answer(Option<CloseReason>),
    /// We say why.
    Close(CloseCode, &'static str),
}

struct Socket {
    api: Arc<Api>,
    caller: Caller,
    seat: Seat,
    session: Session,
    unanswered: u32,
}

pub(super) async fn run(
    api: Arc<Api>,
    caller: Caller,
    seat: Seat,
    session: Session,
    stream: MessageStream,
) {
    let stream = stream
        .max_frame_size(CLIENT_FRAME)
        .aggregate_continuations()
        .max_continuation_size(CLIENT_FRAME);
    let mut socket = Socket {
        api,
        caller,
        seat,
        session,
        unanswered: 0,
    };
    let end = match socket.greet().await {
        Ok(()) => socket.converse(stream).await,
        Err(end) => end,
    };
    let reason = match end {
        End::Gone => return,
        End::Answer(reason) => reason,
        End::Close(code, why) => Some(CloseReason {
            code,
            description: Some(why.to_owned()),
        }),
    };
    // The client may be gone already; there is nobody left to tell.
    drop(tokio::time::timeout(SEND_WITHIN, socket.session.close(reason)).await);
}

impl Socket {
    /// Where the orders stand. The seat was taken, and the follower knows where it stands, before
    /// this is read: what commits later is an event.
    async fn greet(&mut self) -> Result<(), End> {
        self.api.live().followed().await;
        let service = self.api.service();
        let recent = service
            .checkout
            .recent(&self.caller.user_id, SNAPSHOT_ORDERS)
            .await;
        let purchases = recent.map_err(|error| {
            let error: &dyn std::error::Error = &error;
            tracing::warn!(error, "cannot read a snapshot");
            End::Close(CloseCode::Again, "try again")
        })?;
        let now = service.ports.clock.now();
        let frame = frames::snapshot(&purchases, self.api.links(), now);
        self.say(frame).await
    }

    async fn converse(&mut self, mut stream: AggregatedMessageStream) -> End {
        let closing = self.api.live().closing.clone();
        let mut ping = tokio::time::interval_at(Instant::now() + PING_EVERY, PING_EVERY);
        loop {
            let expiry = tokio::time::sleep(self.token_left());
            let step = tokio::select! {
                () = closing.cancelled() => Err(End::Close(CloseCode::Restart, "restarting")),
                () = expiry => self.still_valid(),
                event = self.seat.events.recv() => match event {
                    Some(event) => {
                        let now = self.api.service().ports.clock.now();
                        self.say(frames::news(&event, self.api.links(), now)).await
                    }
                    None => Err(End::Close(CloseCode::Again, "too slow")),
                },
                _ = ping.tick() => self.ping().await,
                message = stream.recv() => match message {
                    Some(Ok(message)) => self.hear(message).await,
                    Some(Err(_)) => Err(End::Close(CloseCode::Protocol, "not understood")),
                    None => Err(End::Gone),
                },
            };
            if let Err(end) = step {
                return end;
            }
        }
    }

    async fn hear(&mut self, message: AggregatedMessage) -> Result<(), End> {
        self.unanswered = 0;
        match message {
            AggregatedMessage::Ping(bytes) => {
                let pong = self.session.pong(&bytes);
                timely(pong).await
            }
            AggregatedMessage::Text(text) => match serde_json::from_str(&text) {
                Ok(FromClient::Auth { token }) => self.renew(&token),
                // Later clients may say more; what we do not know we do not need.
                Err(_) => Ok(()),
            },
            AggregatedMessage::Close(reason) => Err(End::Answer(reason)),
            AggregatedMessage::Pong(_) | AggregatedMessage::Binary(_) => Ok(()),
        }
    }

    /// A new token, for the same user only.
    fn renew(&mut self, token: &str) -> Result<(), End> {
        match self.api.check_token(token) {
            Ok(caller) if caller.user_id == self.caller.user_id => {
                self.caller = caller;
                Ok(())
            }
            _ => Err(End::Close(
                CloseCode::Other(TOKEN_EXPIRED),
                "the token is not valid",
            )),
        }
    }

    async fn ping(&mut self) -> Result<(), End> {
        self.unanswered += 1;
        if self.unanswered > 2 {
            return Err(End::Gone);
        }
        let ping = self.session.ping(b"");
        timely(ping).await
    }

    async fn say(&mut self, frame: String) -> Result<(), End> {
        let text = self.session.text(frame);
        timely(text).await
    }

    fn still_valid(&self) -> Result<(), End> {
        if self.token_left().is_zero() {
            return Err(End::Close(
                CloseCode::Other(TOKEN_EXPIRED),
                "the token has expired",
            ));
        }
        Ok(())
    }

    fn token_left(&self) -> Duration {
        let left = self.caller.until - self.api.service().ports.clock.now();
        // Long sleeps are cut: the clock may be mended meanwhile.
        Duration::try_from(left)
            .unwrap_or(Duration::ZERO)
            .min(Duration::from_hours(1))
    }
}

async fn timely(send: impl Future<Output = Result<(), actix_ws::Closed>>) -> Result<(), End> {
    match tokio::time::timeout(SEND_WITHIN, send).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(End::Gone),
    }
}
