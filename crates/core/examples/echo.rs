//! A TLS echo server and its client, in one process: what a Rust program does with this crate.
//!
//! `cargo run --release -p ironssl --example echo`

use std::net::{TcpListener, TcpStream};

use ironssl::asn1::object::Nid;
use ironssl::digest::Digest;
use ironssl::pkey::PKey;
use ironssl::ssl::{Connection, Context, Failure, Method};
use ironssl::transport::Transport;
use ironssl::x509::X509;

/// Anything that can go wrong here.
type Anything = Box<dyn std::error::Error + Send + Sync>;

/// A self-signed certificate for "localhost", good for an hour, and its key.
fn identity() -> Result<(X509, PKey), ironssl::Error> {
    let key = PKey::generate_rsa(2048)?;
    let certificate = X509::new()?;
    certificate.set_version(2)?;
    certificate.set_serial_number(&[1])?;
    if let Some(common_name) = Nid::by_name("CN") {
        certificate.subject().set(common_name, b"localhost")?;
    }
    certificate.set_issuer(&certificate.subject())?;
    certificate.set_not_before_from_now(-60)?;
    certificate.set_not_after_from_now(3600)?;
    certificate.set_public_key(&key)?;
    certificate.sign(&key, Some(Digest::by_name("sha256")?))?;
    Ok((certificate, key))
}

/// Sends back what comes until the client closes.
fn serve(context: &Context, stream: TcpStream) -> Result<(), Failure> {
    let transport = Transport::over(stream);
    let connection = Connection::new(context, transport)?;
    connection.set_accept_state()?;
    let mut buffer = [0; 4096];
    loop {
        match connection.read(&mut buffer) {
            Ok(count) => connection.write_all(&buffer[..count])?,
            Err(Failure::Closed) => return connection.shutdown().map(drop),
            Err(failure) => return Err(failure),
        };
    }
}

fn main() -> Result<(), Anything> {
    let (certificate, key) = identity().map_err(|error| error.to_string())?;
    let server = Context::new(Method::TLS).map_err(|error| error.to_string())?;
    server.use_certificate(&certificate).map_err(|error| error.to_string())?;
    server.use_private_key(&key).map_err(|error| error.to_string())?;
    let client = Context::new(Method::TLS).map_err(|error| error.to_string())?;
    client.cert_store().and_then(|store| store.add_cert(&certificate)).map_err(|error| error.to_string())?;
    client.set_verify_mode(1).map_err(|error| error.to_string())?;

    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let echo = std::thread::spawn(move || -> Result<(), Anything> {
        let (stream, _) = listener.accept()?;
        serve(&server, stream).map_err(|failure| failure.to_string().into())
    });

    let stream = TcpStream::connect(address)?;
    let talk = move || -> Result<String, Failure> {
        let transport = Transport::over(stream);
        let connection = Connection::new(&client, transport)?;
        connection.set_connect_state()?;
        connection.set_verify_host(Some(b"localhost"))?;
        connection.handshake()?;
        connection.write_all(b"hello, echo")?;
        let mut answer = Vec::new();
        while answer.len() < 11 {
            connection.read_to(&mut answer, 100, false)?;
        }
        connection.shutdown()?;
        Ok(format!("{} says {}", connection.protocol_version_name(), String::from_utf8_lossy(&answer)))
    };
    let answer = talk().map_err(|failure| failure.to_string())?;
    echo.join().map_err(|_| "the server panicked")??;
    if answer != "TLSv1.3 says hello, echo" {
        return Err(answer.into());
    }
    use std::io::Write;
    writeln!(std::io::stdout(), "{answer}")?;
    Ok(())
}
