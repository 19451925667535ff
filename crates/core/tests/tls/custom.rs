//! Connections over objects of the caller's, and over two descriptors.

use std::collections::VecDeque;
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, OnceLock, Weak};

use ironssl::ssl::{Connection, Failure, Shutdown};
use ironssl::transport::{Cause, Descriptor, Reader, Transport, Trouble, Writer};

use crate::support::{client_context, server_context};

/// One direction: bytes in memory, in pieces of at most `piece`; waits, or says that it would have to.
struct Channel {
    bytes: Mutex<VecDeque<u8>>,
    changed: Condvar,
    piece: usize,
    waits: bool,
    ended: AtomicBool,
}

impl Channel {
    fn new(piece: usize, waits: bool) -> Arc<Self> {
        let bytes = Mutex::default();
        Arc::new(Self { bytes, changed: Condvar::new(), piece, waits, ended: AtomicBool::new(false) })
    }
}

impl Reader for Channel {
    fn read(&self, buffer: &mut Vec<u8>, limit: usize) -> Result<usize, Trouble> {
        let mut bytes = self.bytes.lock().unwrap();
        while bytes.is_empty() {
            match (self.ended.load(Ordering::Relaxed), self.waits) {
                (true, _) => return Ok(0),
                (_, true) => bytes = self.changed.wait(bytes).unwrap(),
                (_, false) => return Err(Trouble::WouldBlock),
            }
        }
        let count = limit.min(self.piece).min(bytes.len());
        buffer.extend(bytes.drain(..count));
        Ok(count)
    }
}

impl Writer for Channel {
    fn write(&self, data: &[u8]) -> Result<usize, Trouble> {
        let count = data.len().min(self.piece);
        self.bytes.lock().unwrap().extend(&data[..count]);
        self.changed.notify_all();
        Ok(count)
    }
}

/// What an object fails with.
#[derive(Debug, PartialEq)]
struct Fault(usize);

/// Fails at one of the calls, before it does anything; shared by a reader and a writer.
struct Faults {
    calls: AtomicUsize,
    at: usize,
    cause: Cause,
}

impl Faults {
    fn new(at: usize, cause: Cause) -> Arc<Self> {
        Arc::new(Self { calls: AtomicUsize::new(0), at, cause })
    }

    fn call(&self) -> Result<(), Trouble> {
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        if call == self.at {
            return Err(Trouble::Caller { parked: Box::new(Fault(call)), cause: self.cause });
        }
        Ok(())
    }
}

struct Faulty<T>(T, Arc<Faults>);

impl<T: Reader> Reader for Faulty<T> {
    fn read(&self, buffer: &mut Vec<u8>, limit: usize) -> Result<usize, Trouble> {
        self.1.call()?;
        self.0.read(buffer, limit)
    }
}

impl<T: Writer> Writer for Faulty<T> {
    fn write(&self, data: &[u8]) -> Result<usize, Trouble> {
        self.1.call()?;
        self.0.write(data)
    }
}

fn over(reader: impl Reader + 'static, writer: impl Writer + 'static) -> Transport {
    Transport::Custom { reader: Box::new(reader), writer: Box::new(writer) }
}

fn pair(client: Transport, server: Transport) -> (Connection, Connection) {
    let client = Connection::new(&client_context(), client).unwrap();
    let server = Connection::new(&server_context(), server).unwrap();
    client.set_connect_state().unwrap();
    server.set_accept_state().unwrap();
    (client, server)
}

fn read_exactly(connection: &Connection, length: usize) -> Vec<u8> {
    let mut got = Vec::new();
    while got.len() < length {
        connection.read_to(&mut got, length, false).unwrap();
    }
    got
}

fn converse(client: &Connection, server: &Connection) {
    let data: Vec<u8> = (0..100_000_u32).map(|n| n.to_le_bytes()[0]).collect();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            assert_eq!(read_exactly(server, 8), b"question");
            assert_eq!(server.write_all(&data).unwrap(), data.len());
            assert!(matches!(server.read(&mut [0]), Err(Failure::Closed)));
            assert_eq!(server.shutdown().unwrap(), Shutdown::Complete);
        });
        client.write(b"question").unwrap();
        assert!(read_exactly(client, data.len()) == data);
        assert_eq!(client.shutdown().unwrap(), Shutdown::Sent);
        assert_eq!(client.shutdown().unwrap(), Shutdown::Complete);
    });
}

#[test]
fn in_pieces() {
    for piece in [1, 7, usize::MAX] {
        let (there, back) = (Channel::new(piece, true), Channel::new(piece, true));
        let (client, server) = pair(over(Arc::clone(&back), Arc::clone(&there)), over(there, back));
        converse(&client, &server);
    }
}

#[test]
fn over_two_pipes() {
    let (from_client, to_server) = std::io::pipe().unwrap();
    let (from_server, to_client) = std::io::pipe().unwrap();
    // SAFETY: the pipes outlive the connections.
    let one = |fd: &dyn AsRawFd| unsafe { Descriptor::new(fd.as_raw_fd()) }.watchful();
    let client = over(one(&from_server), one(&to_server));
    let (client, server) = pair(client, over(one(&from_client), one(&to_client)));
    converse(&client, &server);
}

#[test]
fn of_mixed_kinds() {
    let (from_client, to_server) = std::io::pipe().unwrap();
    let back = Channel::new(1000, true);
    // SAFETY: the pipes outlive the connections.
    let one = |fd: &dyn AsRawFd| unsafe { Descriptor::new(fd.as_raw_fd()) };
    let client = over(Arc::clone(&back), one(&to_server));
    let (client, server) = pair(client, over(one(&from_client), back));
    converse(&client, &server);
}

/// Repeats what failed with a fault, once.
fn retried<T>(faults: &Faults, operation: impl Fn() -> Result<T, Failure>) -> T {
    match operation() {
        Err(Failure::Error(ironssl::Error::Callback(parked))) => {
            assert_eq!(*parked.downcast::<Fault>().unwrap(), Fault(faults.at));
            operation().unwrap()
        }
        other => other.unwrap(),
    }
}

#[test]
fn whichever_call_fails_the_operation_can_be_repeated() {
    for at in 0.. {
        let faults = Faults::new(at, [Cause::Transport, Cause::Program][at % 2]);
        let (there, back) = (Channel::new(usize::MAX, true), Channel::new(usize::MAX, true));
        let client =
            over(Faulty(Arc::clone(&back), Arc::clone(&faults)), Faulty(Arc::clone(&there), Arc::clone(&faults)));
        let (client, server) = pair(client, over(there, back));
        let data = vec![9; 150_000];
        std::thread::scope(|scope| {
            scope.spawn(|| {
                // It sends first, so that the client's `read` has to make the handshake.
                server.write(b"answer").unwrap();
                assert!(read_exactly(&server, data.len()) == data);
                assert!(matches!(server.read(&mut [0]), Err(Failure::Closed)));
                assert_eq!(server.shutdown().unwrap(), Shutdown::Complete);
            });
            let mut answer = [0; 6];
            let place = Mutex::new(&mut answer);
            assert_eq!(retried(&faults, || client.read(*place.lock().unwrap())), 6);
            assert_eq!(&answer, b"answer");
            assert_eq!(retried(&faults, || client.write_all(&data)), data.len());
            assert_eq!(retried(&faults, || client.shutdown()), Shutdown::Sent);
            assert_eq!(retried(&faults, || client.shutdown()), Shutdown::Complete);
        });
        if faults.calls.load(Ordering::Relaxed) <= at {
            assert!(at > 10);
            break;
        }
    }
}

/// Whether a failure is that of the object.
fn is_fault(failure: &Failure) -> bool {
    matches!(failure, Failure::Error(ironssl::Error::Callback(parked)) if parked.is::<Fault>())
}

#[test]
fn an_alert_that_cannot_be_sent_hides_nothing_but_a_stop_comes_out() {
    for cause in [Cause::Transport, Cause::Gone, Cause::Program] {
        let (there, back) = (Channel::new(usize::MAX, false), Channel::new(usize::MAX, false));
        // A message of no known kind.
        back.bytes.lock().unwrap().extend([22, 3, 3, 0, 4, 99, 0, 0, 0]);
        // The first call sends the hello, the second the alert.
        let faults = Faults::new(1, cause);
        let client = over(back, Faulty(there, Arc::clone(&faults)));
        let client = Connection::new(&client_context(), client).unwrap();
        client.set_connect_state().unwrap();
        let failure = client.handshake().unwrap_err();
        assert_eq!(faults.calls.load(Ordering::Relaxed), 2);
        assert!((cause == Cause::Program) == is_fault(&failure), "{failure:?}");
    }
}

/// Wants to read where it is asked to write, as long as it is told to.
struct Busy(AtomicBool, Arc<Channel>);

impl Writer for Busy {
    fn write(&self, data: &[u8]) -> Result<usize, Trouble> {
        if self.0.load(Ordering::Relaxed) { Err(Trouble::MustRead) } else { self.1.write(data) }
    }
}

#[test]
fn a_writer_that_has_to_read_first() {
    let (there, back) = (Channel::new(usize::MAX, false), Channel::new(usize::MAX, false));
    let busy = Arc::new(Busy(AtomicBool::new(true), Arc::clone(&there)));
    let client = Connection::new(&client_context(), over(back, Arc::clone(&busy))).unwrap();
    client.set_connect_state().unwrap();
    for _ in 0..2 {
        assert!(matches!(client.handshake(), Err(Failure::WantRead)));
        assert!(client.wants_read() && there.bytes.lock().unwrap().is_empty());
    }
    busy.0.store(false, Ordering::Relaxed);
    assert!(matches!(client.handshake(), Err(Failure::WantRead)));
    assert!(!there.bytes.lock().unwrap().is_empty());
}

/// Holds back what is written until it is flushed, which fails the first time.
struct Buffered {
    held: Mutex<Vec<u8>>,
    failed: AtomicBool,
    channel: Arc<Channel>,
}

impl Writer for Buffered {
    fn write(&self, data: &[u8]) -> Result<usize, Trouble> {
        self.held.lock().unwrap().extend(data);
        Ok(data.len())
    }

    fn holds_back(&self) -> bool {
        !self.held.lock().unwrap().is_empty()
    }

    fn flush(&self) -> Result<(), Trouble> {
        if !self.failed.swap(true, Ordering::Relaxed) {
            return Err(Trouble::WouldBlock);
        }
        self.channel.bytes.lock().unwrap().extend(self.held.lock().unwrap().drain(..));
        self.channel.changed.notify_all();
        Ok(())
    }
}

#[test]
fn what_a_writer_holds_back_is_flushed() {
    let (there, back) = (Channel::new(usize::MAX, true), Channel::new(usize::MAX, true));
    let buffered = Buffered { held: Mutex::default(), failed: AtomicBool::new(false), channel: Arc::clone(&there) };
    let (client, server) = pair(over(Arc::clone(&back), buffered), over(there, back));
    assert!(matches!(client.handshake(), Err(Failure::WantWrite)));
    converse(&client, &server);
}

/// Uses the connection that it is the transport of.
#[derive(Default)]
struct Inward(OnceLock<Weak<Connection>>, AtomicUsize);

impl Inward {
    fn connection(&self) -> Arc<Connection> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.get().unwrap().upgrade().unwrap()
    }
}

fn refused<T>(result: Result<T, Failure>) {
    let text = result.err().unwrap().to_string();
    assert!(text.contains("in the middle of another operation"), "{text}");
}

fn refuses_all(connection: &Connection) {
    refused(connection.read(&mut [0]));
    refused(connection.write(b"x"));
    refused(connection.write_all(b"x"));
    refused(connection.handshake());
    refused(connection.shutdown());
    // To look is no operation.
    assert_eq!(connection.pending(), 0);
}

impl Reader for Inward {
    fn read(&self, _: &mut Vec<u8>, _: usize) -> Result<usize, Trouble> {
        refuses_all(&self.connection());
        Err(Trouble::WouldBlock)
    }
}

impl Writer for Inward {
    fn write(&self, data: &[u8]) -> Result<usize, Trouble> {
        refuses_all(&self.connection());
        Ok(data.len())
    }
}

#[test]
fn a_transport_cannot_use_its_connection() {
    let inward = Arc::new(Inward::default());
    let transport = over(Arc::clone(&inward), Arc::clone(&inward));
    let connection = Arc::new(Connection::new(&client_context(), transport).unwrap());
    connection.set_connect_state().unwrap();
    inward.0.set(Arc::downgrade(&connection)).unwrap();
    assert!(matches!(connection.handshake(), Err(Failure::WantRead)));
    assert_eq!(inward.1.load(Ordering::Relaxed), 2);
    // Afterwards it can be used again.
    assert!(matches!(connection.handshake(), Err(Failure::WantRead)));
}

#[test]
fn the_end_is_the_end() {
    let (there, back) = (Channel::new(usize::MAX, true), Channel::new(usize::MAX, true));
    back.ended.store(true, Ordering::Relaxed);
    let client = Connection::new(&client_context(), over(back, there)).unwrap();
    client.set_connect_state().unwrap();
    assert!(matches!(client.handshake(), Err(Failure::UnexpectedEof)));
}
