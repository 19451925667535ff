//! The link below a DTLS connection: how large a datagram it takes. OpenSSL asks through our BIO, before it cuts the
//! messages of a handshake to size.
//!
//! Theory. OpenSSL forgets a size that it was told as soon as a handshake begins, and asks for it again; so what the
//! caller set is kept here. It collects the messages of a flight in a buffer of 4096 bytes, and would cut a record in
//! two where a datagram may be larger than that: in a handshake nothing larger is ever named.

use std::cell::Cell;

use rustix::net::{AddressFamily, sockopt};

use crate::transport::Descriptor;

/// The size of OpenSSL's buffer for a flight of the handshake.
pub(crate) const FLIGHT: usize = 4096;

/// What IPv6 and UDP add to a datagram, the most of any link.
const OVERHEAD: usize = 48;

/// The largest packet that every IPv4 host has to take (RFC 791), without the headers of IPv4 and UDP.
const EVERYWHERE: usize = 576 - 28;

/// The smallest link that OpenSSL works with. In memory it starts with this, where the caller says nothing better.
const SMALLEST: usize = 256;

/// The largest datagram that UDP carries over IPv4.
const LARGEST: usize = 65_507;

/// What is known of the link.
#[derive(Debug, Default)]
pub(crate) struct Link {
    socket: Option<Descriptor>,
    /// The largest datagram, as the caller says.
    set: Option<usize>,
    /// Whether larger datagrams seem to be lost.
    fallen: Cell<bool>,
}

impl Link {
    /// The link behind a socket; none for one in memory.
    pub(crate) fn new(socket: Option<Descriptor>) -> Self {
        Self { socket, ..Self::default() }
    }

    /// Takes the caller's word for it.
    pub(crate) fn set(&mut self, size: usize) {
        self.set = Some(size);
        self.fallen.set(false);
    }

    /// The largest datagram, without the headers of IP and UDP; none where nobody knows.
    pub(crate) fn largest(&self) -> Option<usize> {
        let known = self.set.or_else(|| self.socket.and_then(of_path));
        if self.fallen.get() { known.map(|size| size.min(EVERYWHERE)) } else { known }
    }

    /// The largest datagram in a handshake; 0 where nobody knows, for which OpenSSL takes the smallest.
    pub(crate) fn in_handshake(&self) -> usize {
        let unknown = if self.socket.is_some() { 0 } else { SMALLEST };
        self.largest().unwrap_or(unknown).min(FLIGHT)
    }

    /// Datagrams were lost again and again: the largest that should pass everywhere.
    pub(crate) fn fall_back(&self) -> usize {
        self.fallen.set(true);
        EVERYWHERE
    }

    /// What the link adds to each datagram.
    pub(crate) fn overhead(&self) -> usize {
        OVERHEAD
    }
}

/// What the kernel knows about the path to the peer of a connected socket.
fn of_path(socket: Descriptor) -> Option<usize> {
    let fd = socket.borrow().ok()?;
    let (link, headers) = match sockopt::socket_domain(fd).ok()? {
        AddressFamily::INET => (sockopt::ip_mtu(fd).ok()?, 28),
        AddressFamily::INET6 => (sockopt::ipv6_mtu(fd).ok()?, 48),
        _ => return None,
    };
    usize::try_from(link).ok()?.checked_sub(headers).map(|size| size.min(LARGEST))
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;
    use std::os::fd::AsRawFd;

    use super::*;

    #[test]
    fn in_memory_the_caller_knows() {
        let mut link = Link::new(None);
        assert_eq!((link.largest(), link.in_handshake()), (None, SMALLEST));
        link.set(1200);
        assert_eq!((link.largest(), link.in_handshake()), (Some(1200), 1200));
        assert_eq!(link.fall_back(), EVERYWHERE);
        assert_eq!((link.largest(), link.in_handshake()), (Some(EVERYWHERE), EVERYWHERE));
        link.set(9000);
        assert_eq!((link.largest(), link.in_handshake()), (Some(9000), FLIGHT));
    }

    #[test]
    fn the_kernel_knows_of_a_connected_socket() {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        // SAFETY: the socket outlives the link.
        let link = Link::new(Some(unsafe { Descriptor::new(socket.as_raw_fd()) }));
        assert_eq!((link.largest(), link.in_handshake()), (None, 0));
        socket.connect(socket.local_addr().unwrap()).unwrap();
        assert!(link.largest().is_some_and(|size| (1000..=LARGEST).contains(&size)));
    }
}
