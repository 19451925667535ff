//! `Connection`: methods of the socket below that need TLS set up around them.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use super::Connection;
use crate::attached::{Purpose, calling};

/// The results of `connect_ex` after which the handshake may begin: done, or on its way.
const CONNECTING: [&str; 2] = ["EINPROGRESS", "EWOULDBLOCK"];

#[pymethods]
impl Connection {
    /// Connect the socket, and work as a client from then on.
    ///
    /// Raises what the socket's connect raises, AttributeError where there is none.
    fn connect(&self, py: Python<'_>, addr: &Bound<'_, PyAny>) -> PyResult<()> {
        let connect = self.passed_on(py, "connect", "connect")?;
        self.set_connect_state(py)?;
        calling(py, Purpose::Transport, || connect.call1((addr,)))?;
        Ok(())
    }

    /// Connect the socket with its connect_ex. Returns its result, an errno; for 0, EINPROGRESS and EWOULDBLOCK the
    /// Connection works as a client from then on, for any other TLS is not set up.
    ///
    /// Raises what the socket's connect_ex raises, AttributeError where there is none.
    fn connect_ex(&self, py: Python<'_>, addr: &Bound<'_, PyAny>) -> PyResult<i32> {
        let connect_ex = self.passed_on(py, "connect_ex", "connect_ex")?;
        let result: i32 = calling(py, Purpose::Transport, || connect_ex.call1((addr,)))?.extract()?;
        let errno = py.import("errno")?;
        let mut started = result == 0;
        for name in CONNECTING {
            started = started || errno.getattr(name)?.extract::<i32>()? == result;
        }
        if started {
            self.set_connect_state(py)?;
        }
        Ok(result)
    }

    /// Accept a connection on the socket.
    ///
    /// Returns a pair: a new Connection with the same Context that works as a server, and the address of the peer.
    /// Raises what the socket's accept raises, AttributeError where there is none.
    fn accept<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, Self>, Bound<'py, PyAny>)> {
        let accept = self.passed_on(py, "accept", "accept")?;
        let (socket, address): (Bound<'py, PyAny>, Bound<'py, PyAny>) =
            calling(py, Purpose::Transport, || accept.call0())?.extract()?;
        let context = self.get_context(py)?;
        let connection = Bound::new(py, Self::default())?;
        Self::start(&connection, context.bind(py), Some(&socket), None)?;
        connection.get().set_accept_state(py)?;
        Ok((connection, address))
    }

    /// Call the shutdown method of the socket, where there are two that of the one that is read; `shutdown` is the one
    /// of TLS.
    ///
    /// Raises what the socket's shutdown raises, AttributeError where there is none.
    #[pyo3(signature = (*args, **kwargs))]
    fn sock_shutdown<'py>(
        &self,
        py: Python<'py>,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let shutdown = self.passed_on(py, "shutdown", "sock_shutdown")?;
        calling(py, Purpose::Answer, || shutdown.call(args, kwargs))
    }
}
