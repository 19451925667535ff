//! Which connections' transports a thread is inside of.
//!
//! Theory. A thread has its turn to read or to write while it is inside an object of the caller's. If that object used
//! the same connection, the thread might wait for the turn that it has itself, or that another has who waits for this
//! one's. So such a use is refused. It need not be a direct one: the object may use another connection, whose transport
//! is an object of the caller's again.

use std::cell::RefCell;

use super::Connection;
use crate::transport::Transport;

thread_local! {
    static VISITED: RefCell<Vec<*const Connection>> = const { RefCell::new(Vec::new()) };
}

/// The time that a thread spends inside the transport of a connection.
pub(super) struct Visit(*const Connection);

impl Visit {
    #[cold]
    fn new(connection: &Connection) -> Self {
        VISITED.with_borrow_mut(|visited| visited.push(connection));
        Self(connection)
    }
}

impl Drop for Visit {
    #[cold]
    fn drop(&mut self) {
        VISITED.with_borrow_mut(|visited| {
            if let Some(index) = visited.iter().rposition(|connection| *connection == self.0) {
                visited.remove(index);
            }
        });
    }
}

impl Connection {
    /// Whether its transport is the caller's.
    #[inline]
    pub(super) fn is_custom(&self) -> bool {
        matches!(self.transport, Transport::Custom { .. })
    }

    /// Notes that the thread goes into the transport, if that is the caller's.
    #[inline]
    pub(super) fn visit(&self) -> Option<Visit> {
        if self.is_custom() { Some(Visit::new(self)) } else { None }
    }

    /// Whether the thread is in the transport, further up its stack, and that is the caller's.
    #[cold]
    pub(super) fn is_visited(&self) -> bool {
        VISITED.with_borrow(|visited| visited.contains(&std::ptr::from_ref(self)))
    }
}
