//! A client and a server, and somebody between them who does what libFuzzer says: carries, loses, repeats and changes
//! what they send, adds what he likes, and stops when he likes.
//!
//! He has no keys. So whatever he does, what one side reads is what the other has written: of a stream, each byte in
//! its place; of datagrams, whole messages, none twice.

use std::collections::HashSet;
use std::sync::Arc;

use arbitrary::Arbitrary;
use ironssl::ssl::{Delegate, Failure, Judge};

use crate::clean;
use crate::material::{Contexts, DTLS, TLS_1_2, TLS_1_3};
use crate::wire::End;

/// The protocol that is spoken.
#[derive(Arbitrary, Clone, Copy, Debug, PartialEq)]
pub enum Protocol {
    /// TLS 1.3, or older if the other side wants it.
    Tls13,
    /// TLS 1.2.
    Tls12,
    /// DTLS.
    Dtls,
}

/// One step of one side, or of what is done to the other side's output before it gets there.
#[derive(Arbitrary, Clone, Debug)]
pub enum Step {
    /// Both shake hands as far as they can, with nobody between them.
    Shake,
    /// Shakes hands, one step.
    Handshake,
    /// Reads at most so many bytes.
    Read(u16),
    /// Looks at them.
    Peek(u16),
    /// Waits for some.
    Ready,
    /// Decrypts all that came.
    Unseal,
    /// Writes so many bytes.
    Write(u16),
    /// Writes so many bytes, all of them.
    WriteAll(u16),
    /// Gathers what is written, or sends it.
    Cork(bool),
    /// Closes.
    Shutdown,
    /// Closes, and waits for nothing.
    Goodbye,
    /// Begins another handshake.
    Renegotiate,
    /// Waits for a client that can be reached (DTLS).
    Listen,
    /// Sees to lost datagrams (DTLS).
    Timeout,
    /// Says how large a datagram may be (DTLS).
    Mtu(u16),
    /// Asks for everything that can be asked for.
    Look,
    /// All that the other side sent arrives.
    Carry,
    /// The first so many bytes, or datagrams, of it arrive; the rest is lost.
    Cut(u16),
    /// All of it arrives, but for the changed bytes.
    Change(u16, u8),
    /// It is lost.
    Lose,
    /// It arrives twice.
    Repeat,
    /// It arrives in the other order.
    Reverse,
    /// Bytes of somebody else's arrive.
    Inject(Vec<u8>),
    /// A record of somebody else's arrives: its type, its version, and its body.
    Record(u8, u16, Vec<u8>),
    /// The stream ends.
    End,
    /// The wire takes nothing more, or something again.
    Full(bool),
}

/// What happens.
#[derive(Arbitrary, Clone, Debug)]
pub struct Script {
    /// The protocol.
    pub protocol: Protocol,
    /// Whether it goes through objects that move at most so many bytes at once, and not in memory.
    pub objects: Option<u8>,
    /// What happens, and whether it happens to the client or to the server.
    pub steps: Vec<(bool, Step)>,
}

/// The byte of a stream at a place.
fn byte(place: u64) -> u8 {
    (place.wrapping_mul(167) >> 3).to_le_bytes()[0] ^ place.to_le_bytes()[0]
}

/// The message with a number: the number, and what follows from it.
fn message(number: u32, length: usize) -> Vec<u8> {
    let mut message = number.to_be_bytes().to_vec();
    message.extend((4..length as u64).map(|place| byte(place + u64::from(number))));
    message
}

/// One side, and what it has written and read.
struct Speaker {
    end: End,
    datagrams: bool,
    /// How many bytes, or messages, it has written.
    written: u64,
    /// What it has to write again, and whether all of it, before anything else.
    again: Option<(Vec<u8>, bool)>,
    /// How many bytes of the other side's it has read.
    read: u64,
    /// The messages of the other side's that it has read.
    messages: HashSet<u32>,
    broken: bool,
}

impl Speaker {
    fn new(end: End, datagrams: bool) -> Self {
        Self { end, datagrams, written: 0, again: None, read: 0, messages: HashSet::new(), broken: false }
    }

    /// Checks that these bytes are the next ones of the other side's.
    fn check(&mut self, bytes: &[u8], peek: bool, other: &Self) {
        if self.datagrams {
            let number = u32::from_be_bytes(bytes[..4].try_into().unwrap());
            assert!(u64::from(number) < other.written, "a message that nobody wrote");
            assert!(bytes == message(number, bytes.len()), "a message that was changed");
            assert!(peek || self.messages.insert(number), "a message came twice");
            return;
        }
        for (index, found) in bytes.iter().enumerate() {
            assert!(*found == byte(self.read + index as u64), "a byte that was not written here");
        }
        if !peek {
            self.read += bytes.len() as u64;
        }
        let waiting = other.again.as_ref().map_or(0, |(data, _)| data.len() as u64);
        assert!(self.read <= other.written + waiting, "more than was written");
    }

    fn receive(&mut self, limit: u16, peek: bool, other: &Self) {
        // A part of a message would need more than this to be told from another.
        let mut buffer = vec![0; if self.datagrams { 20_000 } else { usize::from(limit) }];
        let connection = &self.end.connection;
        let result = if peek { connection.peek(&mut buffer) } else { connection.read(&mut buffer) };
        if let Some(count) = self.note(result) {
            assert!(count <= buffer.len());
            assert!(count > 0 || buffer.is_empty());
            self.check(&buffer[..count], peek, other);
        }
    }

    fn send(&mut self, length: u16, whole: bool) {
        if self.broken {
            return;
        }
        let (data, whole) = self.again.take().unwrap_or_else(|| {
            let length = usize::from(length);
            let data = match (self.datagrams, u32::try_from(self.written)) {
                (true, Ok(number)) => message(number, length),
                _ => (self.written..self.written + length as u64).map(byte).collect(),
            };
            (data, whole)
        });
        let connection = &self.end.connection;
        match if whole { connection.write_all(&data) } else { connection.write(&data) } {
            Ok(count) => {
                assert!(count <= data.len() && (count > 0 || data.is_empty()));
                self.written += if self.datagrams { 1 } else { count as u64 };
            }
            Err(Failure::WantRead | Failure::WantWrite) => {
                if self.datagrams {
                    // It may have gone out.
                    self.written += 1;
                }
                self.again = Some((data, whole));
            }
            // Too much for a datagram.
            Err(_) if self.datagrams => {}
            Err(failure) => drop(self.note::<()>(Err(failure))),
        }
    }

    /// The value, if there is one; notes that the connection is broken where it is.
    fn note<T>(&mut self, result: Result<T, Failure>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(failure) => {
                assert!(!failure.to_string().is_empty());
                self.broken |= !matches!(failure, Failure::WantRead | Failure::WantWrite);
                None
            }
        }
    }

    fn look(&self) {
        let connection = &self.end.connection;
        let established = connection.is_established();
        let _ = (connection.cipher(), connection.ciphers().len(), connection.protocol_version_name());
        let _ = (connection.group_name(), connection.state_text(), connection.peer_chain().map(|chain| chain.len()));
        let _ = (connection.client_ca_names(), connection.verified_chain(), connection.verify_result());
        let _ = (connection.session(), connection.is_session_reused(), connection.server_name());
        let _ = (connection.alpn_protocol(), connection.client_random(), connection.server_random());
        let _ = (connection.master_key(), connection.finished(), connection.peer_finished(), connection.timeout());
        let exported = connection.export_keying_material(b"EXPERIMENTAL", 32, None);
        assert!(exported.is_ok() || !established || connection.is_renegotiating() || self.broken);
        assert!(connection.pending() <= 1 << 20);
        if let Some(certificate) = connection.peer_certificate() {
            let _ = certificate.subject().oneline();
        }
    }
}

impl Script {
    /// Lets it happen. The delegates are asked on both sides, if there are some.
    pub fn run(self, delegates: Option<[Arc<dyn Delegate>; 2]>) -> [End; 2] {
        let contexts: &Arc<Contexts> = match self.protocol {
            Protocol::Tls13 => &TLS_1_3,
            Protocol::Tls12 => &TLS_1_2,
            Protocol::Dtls => &DTLS,
        };
        let datagrams = self.protocol == Protocol::Dtls;
        // A datagram cannot be taken in part.
        let objects = self.objects.map(|most| if datagrams { 0 } else { usize::from(most) });
        let mut client = Speaker::new(End::new(&contexts.client, objects), datagrams);
        let mut server = Speaker::new(End::new(&contexts.server, objects), datagrams);
        if let Some([of_client, of_server]) = delegates {
            client.end.connection.set_delegate(of_client);
            client.end.connection.set_verify(1, Some(Judge::another())).unwrap();
            server.end.connection.set_delegate(of_server);
        }
        client.end.connection.set_host_name(b"localhost").unwrap();
        client.end.connection.request_ocsp().unwrap();
        client.end.connection.set_connect_state().unwrap();
        server.end.connection.set_accept_state().unwrap();
        for (of_client, step) in self.steps {
            let (one, other) = if of_client { (&mut client, &mut server) } else { (&mut server, &mut client) };
            one.take_step(step, other);
            clean();
        }
        [client.end, server.end]
    }
}

impl Speaker {
    fn take_step(&mut self, step: Step, other: &mut Self) {
        let connection = &self.end.connection;
        match step {
            Step::Shake => shake(&self.end, &other.end),
            Step::Handshake => drop({
                let result = connection.handshake();
                self.note(result)
            }),
            Step::Read(limit) => self.receive(limit, false, other),
            Step::Peek(limit) => self.receive(limit, true, other),
            Step::Ready => drop(connection.ready()),
            Step::Unseal if connection.is_memory() && !self.datagrams => {
                let mut plaintext = Vec::new();
                let result = connection.unseal(&mut plaintext);
                if self.note(result).is_some() {
                    self.check(&plaintext, false, other);
                }
            }
            Step::Write(length) => self.send(length.max(4), false),
            Step::WriteAll(length) => self.send(length.max(4), true),
            Step::Cork(true) => connection.cork(),
            Step::Cork(false) => drop(connection.uncork()),
            Step::Shutdown => drop(connection.shutdown()),
            Step::Goodbye => drop(connection.say_goodbye()),
            Step::Renegotiate => drop(connection.renegotiate()),
            Step::Listen if self.datagrams => drop(connection.listen()),
            Step::Timeout => drop(connection.handle_timeout()),
            Step::Mtu(size) => {
                let (_, known) = (connection.set_ciphertext_mtu(usize::from(size)), connection.cleartext_mtu());
                assert_eq!(known.is_ok(), self.datagrams);
            }
            Step::Look => self.look(),
            Step::Unseal | Step::Listen => {}
            Step::Inject(bytes) => self.end.give(bytes),
            Step::Record(kind, version, body) => {
                let mut record = vec![kind, version.to_be_bytes()[0], version.to_be_bytes()[1]];
                if self.datagrams {
                    record.extend([0; 8]);
                }
                record.extend(u16::try_from(body.len()).unwrap_or(u16::MAX).to_be_bytes());
                record.extend(body);
                self.end.give(record);
            }
            Step::End => self.end.end(),
            Step::Full(full) => self.end.set_full(full),
            _ => self.arrive(step, other.end.take()),
        }
    }

    /// What the other side has sent arrives, or not all of it, or not as it was.
    fn arrive(&self, step: Step, mut pieces: Vec<Vec<u8>>) {
        match step {
            Step::Lose => pieces.clear(),
            Step::Repeat => pieces.extend(pieces.clone()),
            Step::Reverse => pieces.reverse(),
            Step::Cut(count) if self.datagrams => pieces.truncate(usize::from(count)),
            Step::Cut(count) => {
                let mut all = pieces.concat();
                all.truncate(usize::from(count));
                pieces = vec![all];
            }
            Step::Change(at, with) => {
                let length: usize = pieces.iter().map(Vec::len).sum();
                if length > 0 {
                    let at = usize::from(at) % length;
                    *pieces.iter_mut().flatten().nth(at).unwrap() ^= with;
                }
            }
            _ => {}
        }
        pieces.into_iter().for_each(|piece| self.end.give(piece));
    }
}

/// Shakes hands with nobody between, until neither side moves.
fn shake(one: &End, other: &End) {
    loop {
        let (_, _) = (one.connection.handshake(), other.connection.handshake());
        let (there, back) = (one.take(), other.take());
        if there.is_empty() && back.is_empty() {
            return;
        }
        there.into_iter().for_each(|piece| other.give(piece));
        back.into_iter().for_each(|piece| one.give(piece));
    }
}
