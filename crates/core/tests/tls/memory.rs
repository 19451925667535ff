//! Connections in memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ironssl::ssl::{Connection, Context, Delegate, Failure, Judge, Method, Shutdown};
use ironssl::transport::Transport;
use ironssl::x509::X509;
use ironssl::{Error, Parked};

use crate::support::{client_context, identity, memory_pair, pump, server_context, shake};

fn established() -> (Connection, Connection) {
    let (client, server) = memory_pair(&client_context(), &server_context());
    let (there, back) = shake(&client, &server);
    there.unwrap();
    back.unwrap();
    (client, server)
}

#[test]
fn data_both_ways() {
    let (client, server) = established();
    assert!(client.is_established() && server.is_established());
    assert_eq!(client.protocol_version_name(), "TLSv1.3");
    assert_eq!(client.cipher(), server.cipher());
    let mut buffer = [0; 100];
    assert_eq!(client.write(b"hello").unwrap(), 5);
    pump(&client, &server);
    assert_eq!(server.peek(&mut buffer).unwrap(), 5);
    assert_eq!(server.read(&mut buffer[..2]).unwrap(), 2);
    assert_eq!(server.pending(), 3);
    assert_eq!(server.read(&mut buffer[2..]).unwrap(), 3);
    assert_eq!(&buffer[..5], b"hello");
    assert!(matches!(server.read(&mut buffer), Err(Failure::WantRead)));
    assert!(server.wants_read() && !server.wants_write());
    let big: Vec<u8> = (0..1_000_000_u32).map(|n| n.to_le_bytes()[1]).collect();
    assert_eq!(server.write_all(&big).unwrap(), big.len());
    pump(&client, &server);
    let mut got = Vec::new();
    while got.len() < big.len() {
        client.read_to(&mut got, usize::MAX, false).unwrap();
    }
    assert!(got == big);
}

#[test]
fn a_little_is_moved_without_a_buffer_between() {
    let (client, server) = established();
    assert!(client.hold().drain_now(usize::MAX, <[u8]>::len).is_none(), "nothing waits");
    client.write_all(&[7; 5000]).unwrap();
    let record = client.drainable();
    assert!(client.hold().drain_now(0, <[u8]>::len).is_none(), "nothing was asked for");
    assert_eq!(client.hold().drain_now(3, |ciphertext| server.feed(ciphertext)), Some(()));
    assert_eq!(client.hold().drain_now(usize::MAX, |ciphertext| server.feed(ciphertext)), Some(()));
    assert_eq!((client.drainable(), server.hold().fed()), (0, record));
    assert_eq!(server.hold().read_now(2, true, <[u8]>::to_vec).unwrap(), [7, 7]);
    assert_eq!(server.hold().read_now(usize::MAX, false, <[u8]>::len).unwrap(), 4096);
    assert_eq!(server.hold().read_now(usize::MAX, false, <[u8]>::len).unwrap(), 904);
    assert!(matches!(server.hold().read_now(1, false, <[u8]>::len), Err(Failure::WantRead)));
    // What does not lie together is left to `drain`, which takes all.
    client.write_all(&[8; 200_000]).unwrap();
    let waits = client.drainable();
    assert!(client.hold().drain_now(usize::MAX, <[u8]>::len).is_none());
    assert_eq!(client.drain_vec(usize::MAX).len(), waits);
}

#[test]
fn who_is_draining_can_write_nothing() {
    let context = client_context();
    context.set_max_proto_version(0x303).unwrap();
    let (client, server) = memory_pair(&context, &server_context());
    let (there, back) = shake(&client, &server);
    there.unwrap();
    back.unwrap();
    client.write(b"first").unwrap();
    // Before the first message of a handshake OpenSSL asks for more than to write.
    client.renegotiate().unwrap();
    let failed = client.hold().drain_now(usize::MAX, |_| client.hold().write(b"second").is_err());
    assert_eq!(failed, Some(true));
}

/// Leaves an error in the queue of this thread, as other code of the process may.
fn leave_an_error() {
    // SAFETY: a context without a method is refused, and null returned.
    let context = unsafe { ironssl_sys::SSL_CTX_new(std::ptr::null()) };
    assert!(context.is_null() && !ironssl::queue::is_empty());
}

#[test]
fn errors_of_others_are_not_taken_for_our_own() {
    let (client, server) = established();
    let mut buffer = [0; 10];
    for _ in 0..2 {
        leave_an_error();
        assert!(matches!(server.read(&mut buffer), Err(Failure::WantRead)));
        leave_an_error();
        client.write(b"data").unwrap();
        pump(&client, &server);
        leave_an_error();
        assert_eq!(server.read(&mut buffer).unwrap(), 4);
    }
    leave_an_error();
    let Err(Error::OpenSsl(stack)) = X509::from_der(b"nothing") else { panic!("no certificate, and no error") };
    assert!(!stack.to_string().contains("null ssl method"), "{stack}");
    server.feed(b"no record at all");
    leave_an_error();
    let Err(Failure::Error(Error::OpenSsl(stack))) = server.read(&mut buffer) else {
        panic!("no record, and no error")
    };
    assert!(!stack.to_string().contains("null ssl method"), "{stack}");
}

#[test]
fn peer_certificates_are_the_ones_given() {
    let (client, server) = established();
    let der = identity().0.to_der().unwrap();
    assert_eq!(client.peer_certificate().unwrap().to_der().unwrap(), der);
    assert_eq!(client.peer_chain().unwrap().len(), 1);
    assert!(server.peer_certificate().is_none() && server.peer_chain().is_none());
    assert_eq!(client.verify_result(), 0);
}

#[test]
fn closing_is_an_exchange() {
    let (client, server) = established();
    assert_eq!(client.shutdown().unwrap(), Shutdown::Sent);
    pump(&client, &server);
    assert!(matches!(server.read(&mut [0; 1]), Err(Failure::Closed)));
    assert_eq!(server.shutdown().unwrap(), Shutdown::Complete);
    pump(&client, &server);
    assert_eq!(client.shutdown().unwrap(), Shutdown::Complete);
    assert_eq!((client.shutdown_state(), server.shutdown_state()), (3, 3));
}

#[test]
fn an_end_without_an_alert_is_no_clean_close() {
    let (client, server) = established();
    drop(client);
    server.feed_end();
    assert!(matches!(server.read(&mut [0; 1]), Err(Failure::UnexpectedEof)));
}

#[test]
fn sessions_resume_after_an_abrupt_end() {
    for version in [0x303, 0x304] {
        let (client_context, server_context) = (client_context(), server_context());
        client_context.set_max_proto_version(version).unwrap();
        let (client, server) = memory_pair(&client_context, &server_context);
        shake(&client, &server).0.unwrap();
        server.write(b"x").unwrap();
        pump(&client, &server);
        client.read(&mut [0; 1]).unwrap();
        assert!(!client.is_session_reused());
        let session = client.session().unwrap().unwrap();
        drop((client, server));
        for _ in 0..2 {
            let (client, server) = memory_pair(&client_context, &server_context);
            client.set_session(&session).unwrap();
            shake(&client, &server).0.unwrap();
            assert!(client.is_session_reused(), "version {version:#x}");
        }
    }
}

#[test]
fn a_session_of_another_context_is_refused() {
    let (client, _server) = established();
    let session = client.session().unwrap().unwrap();
    let other = Connection::new(&client_context(), Transport::Memory).unwrap();
    assert!(matches!(other.set_session(&session), Err(Error::Value(_))));
}

#[test]
fn a_used_context_can_be_changed() {
    let (client_context, server_context) = (client_context(), server_context());
    let (client, server) = memory_pair(&client_context, &server_context);
    client_context.set_max_proto_version(0x303).unwrap();
    let (later, other) = memory_pair(&client_context, &server_context);
    shake(&client, &server).0.unwrap();
    shake(&later, &other).0.unwrap();
    assert_eq!(client.protocol_version_name(), "TLSv1.3");
    assert_eq!(later.protocol_version_name(), "TLSv1.2");
    assert_eq!(later.verify_result(), 0, "the store moved on to the fresh SSL_CTX");
    let copy = client_context.copy().unwrap();
    assert_ne!(copy.id(), client_context.id());
    let (third, fourth) = memory_pair(&copy, &server_context);
    shake(&third, &fourth).0.unwrap();
    assert_eq!(third.protocol_version_name(), "TLSv1.2");
}

#[test]
fn a_setting_that_is_refused_leaves_no_trace() {
    let context = Context::new(Method::TLS).unwrap();
    context.set_cipher_list(b"ECDHE-RSA-AES128-GCM-SHA256").unwrap();
    assert!(matches!(context.set_cipher_list(b"nonsense"), Err(Error::OpenSsl(_))));
    assert!(matches!(context.set_cipher_list(b"a\0b"), Err(Error::Value(_))));
    let connection = Connection::new(&context, Transport::Memory).unwrap();
    context.set_timeout(100).unwrap();
    let later = Connection::new(&context, Transport::Memory).unwrap();
    let names = |connection: &Connection| connection.ciphers().iter().map(|c| c.name).collect::<Vec<_>>();
    assert!(names(&connection).contains(&"ECDHE-RSA-AES128-GCM-SHA256"));
    assert_eq!(names(&connection), names(&later));
    assert!(ironssl::queue::is_empty());
}

struct Verdict {
    calls: AtomicUsize,
    verdict: fn(bool) -> Result<bool, Parked>,
}

impl Delegate for Verdict {
    fn verify(&self, _: X509, _: i32, depth: i32, passed: bool) -> Result<bool, Parked> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        assert_eq!(depth, 0);
        (self.verdict)(passed)
    }
}

fn judged(verdict: fn(bool) -> Result<bool, Parked>) -> (Connection, Connection, Arc<Verdict>) {
    let judge = Arc::new(Verdict { calls: AtomicUsize::new(0), verdict });
    let (client, server) = memory_pair(&Context::new(Method::TLS).unwrap(), &server_context());
    client.set_delegate(judge.clone());
    client.set_verify(1, Some(Judge::another())).unwrap();
    (client, server, judge)
}

#[test]
fn the_delegate_has_the_last_word() {
    let (client, server, judge) = judged(|_| Ok(true));
    shake(&client, &server).0.unwrap();
    assert!(judge.calls.load(Ordering::Relaxed) > 0);
    assert_eq!(client.verify_result(), 0);
    assert_eq!(client.overruled(), Some((18, 0)), "self-signed, and still readable");
    let (client, server, _) = judged(|_| Ok(false));
    assert!(matches!(shake(&client, &server).0, Err(Failure::Error(Error::OpenSsl(_)))));
}

#[test]
fn a_delegate_that_is_not_asked_any_more_has_no_word() {
    let (client, server, judge) = judged(|_| Ok(true));
    client.set_verify(1, None).unwrap();
    assert!(matches!(shake(&client, &server).0, Err(Failure::Error(Error::OpenSsl(_)))));
    assert_eq!(judge.calls.load(Ordering::Relaxed), 0);
}

#[test]
fn what_a_delegate_fails_with_comes_out_of_the_operation() {
    let (client, server, _) = judged(|_| Err(Box::new("mine")));
    let failure = shake(&client, &server).0.unwrap_err();
    let Failure::Error(Error::Callback(parked)) = failure else { panic!("{failure:?}") };
    assert_eq!(parked.downcast_ref::<&str>(), Some(&"mine"));
    assert!(ironssl::queue::is_empty());
}

#[test]
fn a_panic_in_a_delegate_goes_on_in_the_caller() {
    let (client, server, _) = judged(|_| panic!("in the delegate"));
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| shake(&client, &server))).unwrap_err();
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"in the delegate"));
}

struct Reenter(std::sync::Mutex<Option<std::sync::Weak<Connection>>>);

impl Delegate for Reenter {
    fn verify(&self, _: X509, _: i32, _: i32, _: bool) -> Result<bool, Parked> {
        let connection = self.0.lock().unwrap().as_ref().unwrap().upgrade().unwrap();
        assert!(matches!(connection.read(&mut [0; 1]), Err(Failure::Error(Error::OpenSsl(_)))));
        assert!(connection.set_accept_state().is_err());
        assert_eq!(connection.pending(), 0);
        assert!(!connection.state_text().is_empty());
        Ok(true)
    }
}

#[test]
fn a_callback_may_look_at_its_connection_but_not_drive_it() {
    let reenter = Arc::new(Reenter(std::sync::Mutex::new(None)));
    let (client, server) = memory_pair(&client_context(), &server_context());
    let client = Arc::new(client);
    *reenter.0.lock().unwrap() = Some(Arc::downgrade(&client));
    client.set_delegate(reenter);
    client.set_verify(1, Some(Judge::another())).unwrap();
    shake(&client, &server).0.unwrap();
}

#[test]
fn full_records_that_have_come_are_read_together() {
    let (client, server) = established();
    let data: Vec<u8> = (0..40_000_u32).map(|n| n.to_le_bytes()[0]).collect();
    let mut buffer = vec![0; 1 << 20];
    client.write_all(&data).unwrap();
    client.write_all(b"another").unwrap();
    pump(&client, &server);
    assert_eq!(server.read(&mut buffer).unwrap(), data.len());
    assert!(buffer[..data.len()] == data);
    assert_eq!(server.read(&mut buffer).unwrap(), 7, "a record that is not full ends a message, as a rule");
}

#[test]
fn what_comes_after_the_last_full_record_is_told_by_the_next_read() {
    let (client, server) = established();
    client.write_all(&[7; 32_768]).unwrap();
    client.shutdown().unwrap();
    pump(&client, &server);
    let mut got = Vec::new();
    assert_eq!(server.read_to(&mut got, usize::MAX, false).unwrap(), 32_768);
    for _ in 0..2 {
        assert!(matches!(server.read_to(&mut got, usize::MAX, false), Err(Failure::Closed)));
    }
    let (client, server) = established();
    client.write_all(&[7; 16_384]).unwrap();
    pump(&client, &server);
    server.feed_end();
    assert_eq!(server.read_to(&mut got, usize::MAX, false).unwrap(), 16_384);
    assert!(matches!(server.read_to(&mut got, usize::MAX, false), Err(Failure::UnexpectedEof)));
}
