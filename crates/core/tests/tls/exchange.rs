//! Connections in memory, moved on with `seal` and `unseal`.

use ironssl::Error;
use ironssl::ssl::{Connection, Context, Failure, Method};
use ironssl::transport::Transport;

use crate::support::{client_context, memory_pair, pump, server_context, shake};

/// All ciphertext of one end goes to the other, which decrypts it: the plaintext, and whether nothing more comes.
fn carry(from: &Connection, to: &Connection) -> (Vec<u8>, bool) {
    to.feed(&from.drain_vec(usize::MAX));
    let mut plaintext = Vec::new();
    let ended = to.unseal(&mut plaintext).unwrap();
    (plaintext, ended)
}

fn established() -> (Connection, Connection) {
    let (client, server) = memory_pair(&client_context(), &server_context());
    let (there, back) = shake(&client, &server);
    there.unwrap();
    back.unwrap();
    pump(&client, &server);
    (client, server)
}

#[test]
fn a_handshake_needs_nothing_else() {
    let (client, server) = memory_pair(&client_context(), &server_context());
    assert!(matches!(client.seal(b"early"), Err(Failure::WantRead)));
    while !(client.is_established() && server.is_established()) {
        assert_eq!(carry(&client, &server), (Vec::new(), false));
        assert_eq!(carry(&server, &client), (Vec::new(), false));
    }
    client.seal(b"now").unwrap();
    assert_eq!(carry(&client, &server), (b"now".to_vec(), false));
}

#[test]
fn all_that_came_is_decrypted_and_appended() {
    let (client, server) = established();
    let big: Vec<u8> = (0..300_000_u32).map(|n| n.to_le_bytes()[1]).collect();
    client.seal(&big).unwrap();
    client.seal(b"end").unwrap();
    let ciphertext = client.drain_vec(usize::MAX);
    let (first, second) = ciphertext.split_at(100_000);
    let mut plaintext = b"start".to_vec();
    for part in [first, second] {
        server.feed(part);
        assert!(!server.unseal(&mut plaintext).unwrap());
    }
    assert_eq!(plaintext, [b"start".as_slice(), &big, b"end"].concat());
}

#[test]
fn the_kind_of_the_end_comes_after_the_data() {
    let (client, server) = established();
    client.seal(b"last").unwrap();
    client.shutdown().unwrap();
    assert_eq!(carry(&client, &server), (b"last".to_vec(), true));
    let mut nothing = Vec::new();
    assert!(matches!(server.unseal(&mut nothing), Err(Failure::Closed)));

    let (client, server) = established();
    client.seal(b"last").unwrap();
    server.feed_end();
    assert_eq!(carry(&client, &server), (b"last".to_vec(), true));
    assert!(matches!(server.unseal(&mut nothing), Err(Failure::UnexpectedEof)));

    let (client, server) = established();
    client.seal(b"good").unwrap();
    server.feed(&client.drain_vec(usize::MAX));
    server.feed(b"no TLS at all");
    let mut plaintext = Vec::new();
    assert!(server.unseal(&mut plaintext).unwrap());
    assert_eq!(plaintext, b"good");
    assert!(matches!(server.unseal(&mut plaintext), Err(Failure::Error(Error::OpenSsl(_)))));
    assert_eq!(plaintext, b"good");
}

#[test]
fn datagrams_are_refused() {
    let context = Context::new(Method::DTLS).unwrap();
    let connection = Connection::new(&context, Transport::Memory).unwrap();
    connection.set_connect_state().unwrap();
    assert!(matches!(connection.seal(b"x"), Err(Failure::Error(Error::Value(_)))));
    assert!(matches!(connection.unseal(&mut Vec::new()), Err(Failure::Error(Error::Value(_)))));
}
