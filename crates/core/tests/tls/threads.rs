//! What several threads do with the same objects at the same time: one connection, one context, one session, one
//! delegate. Nothing here holds a lock of its own around them.
//!
//! These are also what ThreadSanitizer looks at (`make sanitize`), and the proof that an interpreter without a global
//! lock may let its threads in here.

use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};

use ironssl::Parked;
use ironssl::ssl::{Connection, Context, Delegate, Failure, Judge, Method, Question, ServerName, Session};
use ironssl::transport::{Descriptor, Transport};
use ironssl::x509::{Verdict, X509, X509Store, verify};

use crate::support::{client_context, identity, memory_pair, pump, server_context, shake};

/// How often each thread does what it does.
const TIMES: usize = 30;

/// A pair over a socket pair, its handshake done.
struct Joined {
    client: Connection,
    server: Connection,
    _ends: (UnixStream, UnixStream),
}

fn joined(client: &Context, server: &Context) -> Joined {
    let (near, far) = UnixStream::pair().unwrap();
    // SAFETY: the sockets outlive the connections.
    let over = |end: &UnixStream| Transport::Descriptor(unsafe { Descriptor::new(end.as_raw_fd()) });
    let client = Connection::new(client, over(&near)).unwrap();
    let server = Connection::new(server, over(&far)).unwrap();
    client.set_connect_state().unwrap();
    server.set_accept_state().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| server.handshake().unwrap());
        client.handshake().unwrap();
    });
    Joined { client, server, _ends: (near, far) }
}

/// Everything that can be asked of a connection while others use it.
fn look(connection: &Connection) {
    assert!(connection.is_established());
    assert!(connection.cipher().is_some() && !connection.ciphers().is_empty());
    assert!(!connection.state_text().is_empty());
    let _ = (connection.pending(), connection.wants_read(), connection.wants_write(), connection.shutdown_state());
    let _ = (connection.peer_certificate(), connection.peer_chain(), connection.verified_chain());
    let _ = (connection.session().unwrap(), connection.is_session_reused(), connection.finished());
    let _ = (connection.server_name(), connection.alpn_protocol(), connection.context().id(), connection.group_name());
    assert_eq!(connection.export_keying_material(b"EXPERIMENTAL", 16, None).unwrap().len(), 16);
}

#[test]
fn readers_writers_and_onlookers_share_a_connection() {
    for version in [0x303, 0x304] {
        let client = client_context();
        client.set_max_proto_version(version).unwrap();
        let pair = joined(&client, &server_context());
        let done = AtomicBool::new(false);
        let ends = [&pair.client, &pair.server];
        std::thread::scope(|scope| {
            for end in ends {
                scope.spawn(|| {
                    while !done.load(Ordering::Relaxed) {
                        look(end);
                    }
                });
            }
            let mut workers = Vec::new();
            for (from, to) in [(0, 1), (1, 0)] {
                for writer in 0..3_u8 {
                    workers.push(scope.spawn(move || {
                        for time in 0..TIMES {
                            // Some of one record, some of several.
                            let data = vec![writer; if time % 10 == 0 { 40_000 } else { 400 }];
                            assert_eq!(ends[from].write_all(&data).unwrap(), data.len());
                        }
                    }));
                }
                let counts = Arc::new([const { AtomicUsize::new(0) }; 3]);
                let ended = Arc::new(AtomicBool::new(false));
                let each = (TIMES - TIMES / 10) * 400 + TIMES / 10 * 40_000;
                for _ in 0..2 {
                    let (counts, ended) = (Arc::clone(&counts), Arc::clone(&ended));
                    workers.push(scope.spawn(move || {
                        let mut buffer = vec![0; 50_000];
                        while counts.iter().map(|count| count.load(Ordering::Relaxed)).sum::<usize>() < 3 * each {
                            match ends[to].read(&mut buffer) {
                                Ok(count) => buffer[..count].iter().for_each(|writer| {
                                    counts[usize::from(*writer)].fetch_add(1, Ordering::Relaxed);
                                }),
                                Err(Failure::Interrupted) => {}
                                Err(Failure::Closed) => break,
                                Err(failure) => panic!("{failure}"),
                            }
                        }
                        // The other reader may wait for what has been read.
                        if !ended.swap(true, Ordering::Relaxed) {
                            ends[from].shutdown().unwrap();
                        }
                        counts.iter().for_each(|count| assert_eq!(count.load(Ordering::Relaxed), each));
                    }));
                }
            }
            workers.into_iter().for_each(|worker| worker.join().unwrap());
            done.store(true, Ordering::Relaxed);
        });
    }
}

#[test]
fn a_connection_in_memory_has_many_hands() {
    const LENGTH: usize = 300_000;
    let (client, server) = memory_pair(&client_context(), &server_context());
    let data: Vec<u8> = (0..LENGTH).map(|n| (n >> 3).to_le_bytes()[0]).collect();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        // Two threads for each direction would mix up the order; one carries, others shake hands, write, read, look.
        for (from, to) in [(&client, &server), (&server, &client)] {
            let done = &done;
            scope.spawn(move || {
                while !done.load(Ordering::Relaxed) {
                    to.feed(&from.drain_vec(10_000));
                }
            });
            scope.spawn(|| while !matches!(from.handshake(), Ok(())) {});
            scope.spawn(move || {
                while !done.load(Ordering::Relaxed) {
                    let _ = (from.state_text(), from.pending(), from.drainable(), from.peer_certificate());
                }
            });
        }
        scope.spawn(|| {
            let mut sent = 0;
            while sent < LENGTH {
                match client.write(&data[sent..LENGTH.min(sent + 20_000)]) {
                    Ok(count) => sent += count,
                    Err(Failure::WantRead) => std::thread::yield_now(),
                    Err(failure) => panic!("{failure}"),
                }
            }
        });
        let mut got = Vec::new();
        while got.len() < LENGTH {
            match server.read_to(&mut got, 7000, false) {
                Ok(_) => {}
                Err(Failure::WantRead) => std::thread::yield_now(),
                Err(failure) => panic!("{failure}"),
            }
        }
        done.store(true, Ordering::Relaxed);
        assert!(got == data);
    });
}

/// Shakes hands in memory and says something.
fn converse(client: &Context, server: &Context, session: Option<&Session>) -> bool {
    let (client, server) = memory_pair(client, server);
    if let Some(session) = session {
        client.set_session(session).unwrap();
    }
    let (there, back) = shake(&client, &server);
    there.unwrap();
    back.unwrap();
    server.write(b"hello").unwrap();
    pump(&client, &server);
    let mut buffer = [0; 10];
    assert_eq!(client.read(&mut buffer).unwrap(), 5);
    client.is_session_reused()
}

#[test]
fn contexts_are_changed_while_connections_are_made_of_them() {
    let (client, server) = (client_context(), server_context());
    let done = AtomicBool::new(false);
    let (certificate, key) = identity();
    std::thread::scope(|scope| {
        for changer in 0..2 {
            let (client, server, done) = (&client, &server, &done);
            scope.spawn(move || {
                for time in 0.. {
                    if done.load(Ordering::Relaxed) {
                        break;
                    }
                    let context = if changer == 0 { client } else { server };
                    context.set_timeout(100 + time % 7).unwrap();
                    context.set_max_proto_version(if time % 2 == 0 { 0x303 } else { 0 }).unwrap();
                    context.set_cipher_list(if time % 2 == 0 { b"ALL" } else { b"ECDHE+AESGCM" }).unwrap();
                    context.set_alpn_protocols(&["h2"]).unwrap();
                    context.ask(Question::Alpn, time % 2 == 0).unwrap();
                    context.set_options(1 << 14).unwrap();
                    if changer == 1 {
                        server.use_certificate(certificate).unwrap();
                        server.use_private_key(key).unwrap();
                    } else {
                        let _ = client.cert_store().unwrap().add_cert(certificate);
                    }
                    let copy = context.copy().unwrap();
                    assert_ne!(copy.id(), context.id());
                    let _ = (context.timeout(), context.mode(), context.verify_mode(), context.options());
                }
            });
        }
        let makers: Vec<_> = (0..3)
            .map(|_| scope.spawn(|| (0..TIMES).for_each(|_| assert!(!converse(&client, &server, None)))))
            .collect();
        makers.into_iter().for_each(|maker| maker.join().unwrap());
        done.store(true, Ordering::Relaxed);
    });
}

#[test]
fn a_session_is_resumed_by_many_at_once() {
    for version in [0x303, 0x304] {
        let (client, server) = (client_context(), server_context());
        client.set_max_proto_version(version).unwrap();
        let (one, other) = memory_pair(&client, &server);
        shake(&one, &other).0.unwrap();
        other.write(b"x").unwrap();
        pump(&one, &other);
        one.read(&mut [0; 1]).unwrap();
        let session = one.session().unwrap().unwrap();
        let start = Barrier::new(4);
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    start.wait();
                    (0..TIMES).for_each(|_| assert!(converse(&client, &server, Some(&session))));
                });
            }
            start.wait();
            // Its first owner takes copies of it meanwhile, and ends without a word.
            (0..TIMES).for_each(|_| drop(one.session().unwrap().unwrap()));
            drop(one);
        });
    }
}

/// Answers all questions, and counts them.
#[derive(Default)]
struct Counter(AtomicUsize, Option<Context>);

impl Counter {
    fn count<T>(&self, answer: T) -> Result<T, Parked> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(answer)
    }
}

impl Delegate for Counter {
    fn verify(&self, certificate: X509, _: i32, _: i32, passed: bool) -> Result<bool, Parked> {
        drop(certificate.to_der());
        self.count(passed)
    }

    fn info(&self, _: i32, _: i32) -> Result<(), Parked> {
        self.count(())
    }

    fn keylog(&self, _: &[u8]) -> Result<(), Parked> {
        self.count(())
    }

    fn server_name(&self) -> Result<ServerName, Parked> {
        if let Some(context) = &self.1 {
            // Others make connections of it, and change it.
            context.set_timeout(77).unwrap();
        }
        self.count(ServerName::Acknowledge)
    }

    fn select_alpn(&self, offered: &[&[u8]]) -> Result<Option<Vec<u8>>, Parked> {
        self.count(offered.first().map(|first| first.to_vec()))
    }
}

#[test]
fn delegates_are_shared_and_replaced_in_the_middle_of_handshakes() {
    let (client_context, server_context) = (client_context(), server_context());
    client_context.set_alpn_protocols(&["h2"]).unwrap();
    for question in [Question::Info, Question::KeyLog, Question::ServerName, Question::Alpn] {
        server_context.ask(question, true).unwrap();
    }
    let shared = Arc::new(Counter(AtomicUsize::new(0), Some(server_context.clone())));
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for _ in 0..TIMES {
                    let (client, server) = memory_pair(&client_context, &server_context);
                    let done = AtomicBool::new(false);
                    server.set_delegate(shared.clone());
                    client.set_delegate(shared.clone());
                    client.set_verify(1, Some(Judge::another())).unwrap();
                    client.set_host_name(b"localhost").unwrap();
                    std::thread::scope(|scope| {
                        scope.spawn(|| {
                            while !done.load(Ordering::Relaxed) {
                                let own: Arc<dyn Delegate> = Arc::new(Counter::default());
                                server.set_delegate(own);
                                client.set_delegate(shared.clone());
                            }
                        });
                        let (there, back) = shake(&client, &server);
                        done.store(true, Ordering::Relaxed);
                        there.unwrap();
                        back.unwrap();
                    });
                    assert_eq!(client.alpn_protocol(), b"h2");
                }
            });
        }
    });
    assert!(shared.0.load(Ordering::Relaxed) > 3 * TIMES);
}

#[test]
fn a_connection_closes_in_one_thread_while_others_use_it() {
    for _ in 0..TIMES {
        let pair = joined(&client_context(), &server_context());
        std::thread::scope(|scope| {
            // Whatever they get, it is an answer.
            scope.spawn(|| while pair.client.write(&[1; 1000]).is_ok() {});
            scope.spawn(|| {
                let mut buffer = [0; 5000];
                while pair.server.read(&mut buffer).is_ok() {}
                let _ = pair.server.shutdown();
            });
            scope.spawn(|| {
                let _ = (pair.client.shutdown(), pair.client.state_text());
            });
        });
        assert_ne!(pair.client.shutdown_state() & 1, 0);
    }
}

#[test]
fn datagrams_are_written_and_read_by_many() {
    let (client, server) = (Context::new(Method::DTLS).unwrap(), Context::new(Method::DTLS).unwrap());
    let (certificate, key) = identity();
    server.use_certificate(certificate).unwrap();
    server.use_private_key(key).unwrap();
    let (client, server) = memory_pair(&client, &server);
    let carry = |from: &Connection, to: &Connection| {
        std::iter::from_fn(|| Some(from.drain_vec(usize::MAX)).filter(|datagram| !datagram.is_empty()))
            .for_each(|datagram| to.feed(&datagram));
    };
    while !matches!((client.handshake(), server.handshake()), (Ok(()), Ok(()))) {
        carry(&client, &server);
        carry(&server, &client);
    }
    let (done, got) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..3_u8)
            .map(|writer| {
                let client = &client;
                scope.spawn(move || {
                    (0..TIMES).for_each(|_| assert_eq!(client.write(&[writer; 100]).unwrap(), 100));
                })
            })
            .collect();
        for _ in 0..2 {
            scope.spawn(|| {
                let mut buffer = [0; 200];
                while !done.load(Ordering::Relaxed) {
                    match server.read(&mut buffer) {
                        Ok(100) => {
                            assert!(buffer[..100].iter().all(|byte| *byte == buffer[0]));
                            got.fetch_add(1, Ordering::Relaxed);
                        }
                        Err(Failure::WantRead) => std::thread::yield_now(),
                        other => panic!("{other:?}"),
                    }
                }
            });
        }
        writers.into_iter().for_each(|writer| writer.join().unwrap());
        // One after the other: a datagram that is too late is too old.
        while got.load(Ordering::Relaxed) < 3 * TIMES {
            carry(&client, &server);
            std::thread::yield_now();
        }
        done.store(true, Ordering::Relaxed);
    });
    assert_eq!(got.load(Ordering::Relaxed), 3 * TIMES);
}

#[test]
fn directories_are_added_by_many() {
    let store = X509Store::new().unwrap();
    let context = client_context();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (store, context) = (&store, &context);
            scope.spawn(move || {
                for number in 0..50 {
                    let directory = PathBuf::from(format!("no-such-directory-{thread}-{number}"));
                    store.load_locations(None, Some(&directory)).unwrap();
                    context.load_verify_locations(None, Some(&directory)).unwrap();
                }
            });
        }
    });
    // All of them are asked, and none has it.
    assert!(matches!(verify(&store, &identity().0, &[]).unwrap(), Verdict::Refused(_)));
}
