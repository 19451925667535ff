//! The first bytes that a peer sends, as they are: to a server or a client, of a stream or of datagrams.
//!
//! The first byte says to whom; datagrams are cut where a byte says how long the next one is.
#![no_main]

use ironssl::ssl::{Connection, Failure};
use ironssl::transport::Transport;
use ironssl_fuzz::clean;
use ironssl_fuzz::material::{DTLS, TLS_1_2, TLS_1_3};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((&choice, mut rest)) = data.split_first() else { return };
    let contexts = [&TLS_1_3, &TLS_1_2, &DTLS][usize::from(choice >> 1) % 3];
    let context = if choice & 1 == 0 { &contexts.server } else { &contexts.client };
    let connection = Connection::new(context, Transport::Memory).unwrap();
    if choice & 1 == 0 {
        connection.set_accept_state().unwrap();
    } else {
        connection.set_connect_state().unwrap();
        assert!(matches!(connection.handshake(), Err(Failure::WantRead)));
    }
    if connection.is_datagram() {
        while let Some((&length, more)) = rest.split_first() {
            let (datagram, more) = more.split_at(more.len().min(8 * usize::from(length)));
            connection.feed(datagram);
            rest = more;
        }
        if choice & 0x80 != 0 {
            assert!(connection.listen().is_err(), "a client that cannot know the cookie was let in");
        }
    } else {
        connection.feed(rest);
    }
    assert!(connection.handshake().is_err(), "nobody without a key gets through a handshake");
    assert!(!connection.is_established());
    let mut buffer = [0; 100];
    assert!(connection.read(&mut buffer).is_err());
    connection.feed_end();
    assert!(connection.read(&mut buffer).is_err());
    clean();
});
