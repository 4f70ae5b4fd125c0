//! One gzip stream, unpacked as it arrives.

use flate2::{Decompress, FlushDecompress, Status};

use super::error::BillError;

const BUFFER: usize = 32 * 1024;
/// The window every gzip stream may use.
const WINDOW_BITS: u8 = 15;

pub(super) struct Gunzip {
    stream: Decompress,
    buffer: Vec<u8>,
    ended: bool,
}

impl Gunzip {
    pub(super) fn new() -> Self {
        Self {
            stream: Decompress::new_gzip(WINDOW_BITS),
            buffer: Vec::with_capacity(BUFFER),
            ended: false,
        }
    }

    /// Unpacks what `packed` adds and hands it on in small parts, so that the taker can refuse early.
    pub(super) fn push(
        &mut self,
        mut packed: &[u8],
        mut take: impl FnMut(&[u8]) -> Result<(), BillError>,
    ) -> Result<(), BillError> {
        loop {
            if self.ended {
                // A second stream too: the platform sends one, and its hash is about one.
                return match packed {
                    [] => Ok(()),
                    _ => Err(BillError::Gzip("something follows the gzip stream")),
                };
            }
            let before = self.stream.total_in();
            self.buffer.clear();
            let status = self
                .stream
                .decompress_vec(packed, &mut self.buffer, FlushDecompress::None)
                .map_err(|_| BillError::Gzip("this is no gzip stream, or a damaged one"))?;
            take(&self.buffer)?;
            self.ended = status == Status::StreamEnd;
            let used = usize::try_from(self.stream.total_in() - before).unwrap_or(usize::MAX);
            packed = packed.get(used..).unwrap_or_default();
            // A buffer that is not full has room, so the stream waits for more.
            if !self.ended && packed.is_empty() && self.buffer.len() < self.buffer.capacity() {
                return Ok(());
            }
            if !self.ended && used == 0 && self.buffer.is_empty() {
                return Err(BillError::Gzip("the gzip stream stands still"));
            }
        }
    }

    /// Whether the stream came whole: its own checksum and length were compared by then.
    pub(super) fn finish(self) -> Result<(), BillError> {
        if self.ended {
            Ok(())
        } else {
            Err(BillError::Gzip(
                "the gzip stream ends early: the download was cut",
            ))
        }
    }
}
