//! Reads a client's bytes in turns: each turn reads a limited amount, however much there is.

use super::scanner::Scanner;
use crate::connection::Transport;
use bytes::{Buf as _, Bytes};
use std::cell::RefCell;
use std::io;
use tokio::time::Instant;

/// Most bytes per read from the kernel.
pub(super) const READ_MAX: usize = 4 << 10;
/// Most bytes per turn, before other tasks run.
pub(super) const PER_TURN: usize = 16 << 10;

thread_local! {
    static SCRATCHPAD: RefCell<Vec<u8>> = RefCell::new(vec![0; READ_MAX]);
}

pub(super) struct Source {
    /// Bytes read from the kernel or by hyper that the decoder has not taken yet.
    read_ahead: Bytes,
    /// Bytes that this turn may still read.
    budget: usize,
    /// Start of this turn.
    now: Instant,
    pub(super) scanner: Scanner,
}

impl Source {
    /// Starts with bytes that hyper has already read.
    pub(super) fn new(read_ahead: Bytes) -> Self {
        Self {
            read_ahead,
            budget: PER_TURN,
            now: Instant::now(),
            scanner: Scanner::default(),
        }
    }

    pub(super) fn begin_turn(&mut self, now: Instant) {
        self.budget = PER_TURN;
        self.now = now;
    }

    /// Returns whether this turn has used up its budget.
    pub(super) fn is_spent(&self) -> bool {
        self.budget == 0
    }

    /// Returns the bytes read in this turn.
    pub(super) fn bytes_read(&self) -> usize {
        PER_TURN - self.budget
    }

    /// Fills the buffer as far as there are bytes and the budget allows.
    pub(super) fn read(&mut self, stream: &Transport, buffer: &mut [u8]) -> io::Result<usize> {
        if self.is_spent() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let most = self.budget.min(buffer.len());
        let buffer = &mut buffer[..most];
        let count = if self.read_ahead.is_empty() {
            SCRATCHPAD.with_borrow_mut(|scratch| self.take(stream, buffer, scratch))?
        } else {
            self.take_read_ahead(buffer)
        };
        self.budget -= count;
        self.scanner.scan(&buffer[..count], self.now);
        Ok(count)
    }

    /// Fills the buffer from the kernel and keeps the surplus for the next read.
    fn take(
        &mut self,
        stream: &Transport,
        buffer: &mut [u8],
        scratch: &mut [u8],
    ) -> io::Result<usize> {
        let length = loop {
            match stream.try_read(scratch) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        let now = length.min(buffer.len());
        buffer[..now].copy_from_slice(&scratch[..now]);
        if now < length {
            self.read_ahead = Bytes::copy_from_slice(&scratch[now..length]);
        }
        Ok(now)
    }

    fn take_read_ahead(&mut self, buffer: &mut [u8]) -> usize {
        let length = self.read_ahead.len().min(buffer.len());
        self.read_ahead.copy_to_slice(&mut buffer[..length]);
        if self.read_ahead.is_empty() {
            self.read_ahead = Bytes::new();
        }
        length
    }

    /// Adds bytes as if the kernel had them.
    #[cfg(any(test, feature = "fuzz"))]
    pub(super) fn arrived(&mut self, bytes: &[u8]) {
        self.read_ahead = [&self.read_ahead[..], bytes].concat().into();
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.read_ahead.is_empty()
    }
}
