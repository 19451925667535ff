//! Connections over descriptors: blocking and not, full duplex, nothing read too far.

use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicUsize, Ordering};

use ironssl::Error;
use ironssl::ssl::{Connection, Failure, Shutdown};
use ironssl::transport::{Descriptor, Transport};

use crate::support::{client_context, server_context};

fn over(stream: &UnixStream) -> Transport {
    // SAFETY: the sockets outlive the connections.
    Transport::Descriptor(unsafe { Descriptor::new(stream.as_raw_fd()) })
}

struct Pair {
    client: Connection,
    server: Connection,
    near: UnixStream,
    far: UnixStream,
}

fn established() -> Pair {
    let (near, far) = UnixStream::pair().unwrap();
    let client = Connection::new(&client_context(), over(&near)).unwrap();
    let server = Connection::new(&server_context(), over(&far)).unwrap();
    client.set_connect_state().unwrap();
    server.set_accept_state().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| server.handshake().unwrap());
        client.handshake().unwrap();
    });
    Pair { client, server, near, far }
}

#[test]
fn a_connection_closes_what_it_owns() {
    let (near, far) = UnixStream::pair().unwrap();
    let mut other = far.try_clone().unwrap();
    let client = Connection::new(&client_context(), Transport::over(near)).unwrap();
    let server = Connection::new(&server_context(), Transport::over(far)).unwrap();
    client.set_connect_state().unwrap();
    server.set_accept_state().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| server.handshake().unwrap());
        client.handshake().unwrap();
    });
    client.write_all(b"owned").unwrap();
    assert_eq!(read_exactly(&server, 5), b"owned");
    drop(server);
    other.set_nonblocking(true).unwrap();
    let mut waits = || matches!(other.read(&mut [0]), Err(error) if error.kind() == std::io::ErrorKind::WouldBlock);
    assert!(waits());
    drop(client);
    assert!(!waits(), "an end, or a reset");
}

#[test]
fn what_is_for_memory_is_refused() {
    let pair = established();
    let hold = pair.client.hold();
    let refused = |result: Result<usize, Failure>| assert!(matches!(result, Err(Failure::Error(Error::Value(_)))));
    refused(hold.write(b"x"));
    refused(hold.write_all(b"x"));
    refused(hold.read_to(&mut Vec::new(), 1, false));
    refused(hold.ready());
    refused(hold.read_now(1, false, <[u8]>::len));
}

fn pattern(length: usize, seed: u8) -> Vec<u8> {
    (0..length).map(|n| (n.wrapping_mul(31) >> 3).to_le_bytes()[0] ^ seed).collect()
}

fn read_exactly(connection: &Connection, length: usize) -> Vec<u8> {
    let mut got = Vec::with_capacity(length);
    while got.len() < length {
        match connection.read_to(&mut got, length, false) {
            Ok(_) => {}
            Err(Failure::WantRead | Failure::WantWrite | Failure::Interrupted) => std::thread::yield_now(),
            Err(failure) => panic!("{failure}"),
        }
    }
    got
}

#[test]
fn full_duplex_with_four_threads() {
    let pair = established();
    let (there, back) = (pattern(4 << 20, 1), pattern(4 << 20, 2));
    std::thread::scope(|scope| {
        scope.spawn(|| assert_eq!(pair.client.write_all(&there).unwrap(), there.len()));
        scope.spawn(|| assert_eq!(pair.server.write_all(&back).unwrap(), back.len()));
        scope.spawn(|| assert!(read_exactly(&pair.server, there.len()) == there));
        assert!(read_exactly(&pair.client, back.len()) == back);
    });
}

#[test]
fn a_waiting_reader_does_not_hold_up_a_writer() {
    let pair = established();
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| read_exactly(&pair.client, 4));
        std::thread::sleep(std::time::Duration::from_millis(20));
        pair.client.write(b"ping").unwrap();
        assert_eq!(read_exactly(&pair.server, 4), b"ping");
        pair.server.write(b"pong").unwrap();
        assert_eq!(reader.join().unwrap(), b"pong");
    });
}

#[test]
fn many_writers_keep_records_whole() {
    let pair = established();
    std::thread::scope(|scope| {
        for writer in 0..8_u8 {
            let client = &pair.client;
            scope.spawn(move || (0..200).for_each(|_| assert_eq!(client.write(&[writer; 100]).unwrap(), 100)));
        }
        let got = read_exactly(&pair.server, 8 * 200 * 100);
        assert!(got.chunks(100).all(|chunk| chunk.iter().all(|byte| *byte == chunk[0])));
    });
}

/// Waits until a transport has taken nothing more: until then nobody reads at its other end.
fn until_full(refused: &AtomicUsize) {
    while refused.load(Ordering::Relaxed) == 0 {
        std::thread::yield_now();
    }
}

#[test]
fn a_full_transport_asks_for_the_same_bytes_again_and_sends_them_once() {
    let pair = established();
    pair.near.set_nonblocking(true).unwrap();
    let data = pattern(1 << 20, 3);
    let mut sent = 0;
    let refused = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            until_full(&refused);
            read_exactly(&pair.server, data.len())
        });
        while sent < data.len() {
            let copy = data[sent..].to_vec();
            match pair.client.write(&copy) {
                Ok(count) => sent += count,
                Err(Failure::WantWrite) => {
                    assert!(pair.client.wants_write());
                    refused.fetch_add(1, Ordering::Relaxed);
                    std::thread::yield_now();
                }
                Err(failure) => panic!("{failure}"),
            }
        }
        assert!(reader.join().unwrap() == data);
    });
}

#[test]
fn write_all_goes_on_where_it_stopped() {
    let pair = established();
    pair.near.set_nonblocking(true).unwrap();
    let data = pattern(2 << 20, 4);
    let refused = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            until_full(&refused);
            read_exactly(&pair.server, data.len())
        });
        loop {
            match pair.client.write_all(&data) {
                Ok(count) => break assert_eq!(count, data.len()),
                Err(Failure::WantWrite) => {
                    refused.fetch_add(1, Ordering::Relaxed);
                }
                Err(failure) => panic!("{failure}"),
            }
            std::thread::yield_now();
        }
        assert!(reader.join().unwrap() == data);
    });
}

#[test]
fn plaintext_after_the_close_is_left_on_the_socket() {
    let mut pair = established();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            pair.client.write_all(&pattern(100_000, 5)).unwrap();
            assert_eq!(pair.client.shutdown().unwrap(), Shutdown::Sent);
            pair.near.write_all(b"plain").unwrap();
        });
        assert!(read_exactly(&pair.server, 100_000) == pattern(100_000, 5));
    });
    assert!(matches!(pair.server.read(&mut [0; 10]), Err(Failure::Closed)));
    let mut plain = [0; 5];
    pair.far.read_exact(&mut plain).unwrap();
    assert_eq!(&plain, b"plain");
}

#[test]
fn an_abrupt_end_and_a_closed_descriptor_say_so() {
    let pair = established();
    pair.server.write(b"x").unwrap();
    assert_eq!(
        read_exactly(&pair.client, 1),
        b"x",
        "with the session tickets, so that the close leaves nothing unread"
    );
    drop(pair.near);
    let failure = pair.server.read(&mut [0; 10]).unwrap_err();
    assert!(matches!(failure, Failure::UnexpectedEof), "{failure:?}");
    // SAFETY: there is no such descriptor.
    let none = unsafe { Descriptor::new(-1) };
    let closed = Connection::new(&client_context(), Transport::Descriptor(none)).unwrap();
    closed.set_connect_state().unwrap();
    assert!(matches!(closed.handshake(), Err(Failure::System(libc::EBADF))));
}

#[test]
fn a_connection_without_a_side_is_an_error() {
    let (near, _far) = UnixStream::pair().unwrap();
    let connection = Connection::new(&client_context(), over(&near)).unwrap();
    assert!(matches!(connection.handshake(), Err(Failure::Error(Error::OpenSsl(_)))));
}
