//! The wire between two connections in one thread: in memory, or through objects that never wait.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use ironssl::ssl::{Connection, Context};
use ironssl::transport::{Reader, Transport, Trouble, Writer};

/// One direction: what was written and not read yet, each piece as it was written.
#[derive(Default)]
pub struct Channel {
    pieces: Mutex<VecDeque<Vec<u8>>>,
    /// The most that is read or written at once; 0 for no limit.
    most: usize,
    full: AtomicBool,
    ended: AtomicBool,
}

impl Channel {
    fn limit(&self, wanted: usize) -> usize {
        if self.most == 0 { wanted } else { wanted.min(self.most) }
    }
}

impl Reader for Channel {
    fn read(&self, buffer: &mut Vec<u8>, limit: usize) -> Result<usize, Trouble> {
        let mut pieces = self.pieces.lock().unwrap();
        let Some(mut piece) = pieces.pop_front() else {
            return if self.ended.load(Ordering::Relaxed) { Ok(0) } else { Err(Trouble::WouldBlock) };
        };
        let count = self.limit(limit).min(piece.len());
        buffer.extend_from_slice(&piece[..count]);
        if count < piece.len() {
            pieces.push_front(piece.split_off(count));
        }
        Ok(count)
    }
}

impl Writer for Channel {
    fn write(&self, data: &[u8]) -> Result<usize, Trouble> {
        if self.full.load(Ordering::Relaxed) {
            return Err(Trouble::WouldBlock);
        }
        let count = self.limit(data.len());
        self.pieces.lock().unwrap().push_back(data[..count].to_vec());
        Ok(count)
    }
}

/// One side: a connection, and its two ends of the wire.
pub struct End {
    /// The connection.
    pub connection: Connection,
    /// None in memory.
    channels: Option<(Arc<Channel>, Arc<Channel>)>,
}

impl End {
    /// A connection in memory, or over objects that move at most so many bytes at once.
    pub fn new(context: &Context, objects: Option<usize>) -> Self {
        let Some(most) = objects else {
            return Self { connection: Connection::new(context, Transport::Memory).unwrap(), channels: None };
        };
        let channel = || Arc::new(Channel { most, ..Channel::default() });
        let (reader, writer) = (channel(), channel());
        let over = Transport::Custom { reader: Box::new(Arc::clone(&reader)), writer: Box::new(Arc::clone(&writer)) };
        Self { connection: Connection::new(context, over).unwrap(), channels: Some((reader, writer)) }
    }

    /// All that it has sent: what a stream has, or datagrams.
    pub fn take(&self) -> Vec<Vec<u8>> {
        match &self.channels {
            Some((_, writer)) => writer.pieces.lock().unwrap().drain(..).collect(),
            None => {
                let pieces = std::iter::from_fn(|| Some(self.connection.drain_vec(usize::MAX)));
                pieces.take_while(|piece| !piece.is_empty()).collect()
            }
        }
    }

    /// Bytes, or a datagram, come from the wire.
    pub fn give(&self, piece: Vec<u8>) {
        match &self.channels {
            Some((reader, _)) if !piece.is_empty() => reader.pieces.lock().unwrap().push_back(piece),
            Some(_) => {}
            None => self.connection.feed(&piece),
        }
    }

    /// Nothing comes from the wire any more.
    pub fn end(&self) {
        match &self.channels {
            Some((reader, _)) => reader.ended.store(true, Ordering::Relaxed),
            None => self.connection.feed_end(),
        }
    }

    /// The wire takes nothing more, or something again; not so in memory.
    pub fn set_full(&self, full: bool) {
        if let Some((_, writer)) = &self.channels {
            writer.full.store(full, Ordering::Relaxed);
        }
    }
}
