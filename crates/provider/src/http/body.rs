use std::fmt;
use std::pin::Pin;

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt};

use super::TransportError;

/// An answer's body: there at once, or arriving piece by piece.
pub struct Body(Source);

enum Source {
    Whole(Option<Bytes>),
    Pieces(Pin<Box<dyn Stream<Item = Result<Bytes, TransportError>> + Send>>),
}

impl Body {
    /// A body that arrives in pieces.
    pub fn from_stream(
        pieces: impl Stream<Item = Result<Bytes, TransportError>> + Send + 'static,
    ) -> Self {
        Self(Source::Pieces(Box::pin(pieces)))
    }

    /// The next piece, `None` after the last.
    ///
    /// # Errors
    /// [`TransportError`] when the connection ended before the body did, or time ran out.
    pub async fn piece(&mut self) -> Result<Option<Bytes>, TransportError> {
        match &mut self.0 {
            Source::Whole(bytes) => Ok(bytes.take()),
            Source::Pieces(pieces) => pieces.next().await.transpose(),
        }
    }

    /// All of it.
    ///
    /// # Errors
    /// As [`Body::piece`], and [`TransportError::Broken`] for more than `limit` bytes.
    pub async fn collect(mut self, limit: usize) -> Result<Bytes, TransportError> {
        let mut body = BytesMut::new();
        while let Some(piece) = self.piece().await? {
            if body.len() + piece.len() > limit {
                return Err(TransportError::Broken(format!(
                    "the answer is longer than {limit} bytes"
                )));
            }
            body.extend_from_slice(&piece);
        }
        Ok(body.freeze())
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self(Source::Whole(Some(bytes)))
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        Bytes::from(text).into()
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes::from(bytes).into()
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Body")
    }
}
