//! When OpenSSL's buffers, and those of the wire, are given back: an idle connection has none, a busy one keeps them.

use ironssl_sys as ffi;

use super::Inner;

/// After so many records a connection counts as busy, and keeps OpenSSL's buffers.
const BUSY: u32 = 16;

/// After so many reads in a row that found nothing it counts as idle again.
const IDLE: u32 = 2;

impl Inner {
    /// After a record was moved: gives OpenSSL's buffers back, some 34 KiB, as long as it is not clear that the
    /// connection is a busy one, which pays for them again with every record.
    pub(crate) fn moved(&self) {
        let records = self.state.records.get();
        if records < BUSY {
            self.state.records.set(records + 1);
            self.free_buffers();
            if records + 1 == BUSY {
                self.state.wire.borrow_mut().keep_buffers(true);
            }
        }
        self.state.misses.set(0);
    }

    /// After a read found nothing: the second time in a row, the connection counts as idle again.
    pub(crate) fn missed(&self) {
        if !self.expects_header() {
            // A record that comes in pieces is not idleness.
            return;
        }
        let misses = self.state.misses.get() + 1;
        self.state.misses.set(misses);
        if misses == IDLE {
            self.state.records.set(0);
            self.free_buffers();
            self.state.wire.borrow_mut().keep_buffers(false);
        }
    }

    /// Gives OpenSSL's buffers back where they hold nothing; all are made anew when they are needed.
    pub(crate) fn free_buffers(&self) {
        // Before 3.0.14, 3.1.6, 3.2.2 and 3.3.1 OpenSSL gives back what is in use (CVE-2024-4741). Asked with any
        // version, as distributions repair a library and keep its number.
        if self.is_operating() || !self.expects_header() || self.holds_records() {
            return;
        }
        // SAFETY: the `SSL` is valid; the call only reads.
        if unsafe { ffi::SSL_get_options(self.ssl.as_ptr()) } & ffi::SSL_OP_CLEANSE_PLAINTEXT != 0 {
            // OpenSSL (4.0.3: tls_release_read_buffer) cleanses a buffer that was given back before, and is null.
            return;
        }
        // Before 3.2, OpenSSL writes a DTLS record into the buffer that it had without a look whether it is there.
        #[cfg(not(ossl_3_2))]
        // SAFETY: the `SSL` is valid; the call only reads.
        if unsafe { ffi::SSL_is_dtls(self.ssl.as_ptr()) } == 1 {
            return;
        }
        // SAFETY: the `SSL` is valid; its buffers are its own, and hold nothing that is still to be read.
        unsafe { ffi::SSL_free_buffers(self.ssl.as_ptr()) };
    }

    /// Whether OpenSSL may have read more than the record that was due, and none of it is decrypted.
    pub(crate) fn may_hide_records(&self) -> bool {
        self.state.framing.is_none()
            && !self.state.wire.borrow().has_datagrams()
            && !self.is_operating()
            && self.is_established()
            && !self.has_deferred()
            && self.pending() == 0
            && self.holds_records()
    }

    /// Whether OpenSSL has something of the peer's, read or not yet decrypted.
    fn holds_records(&self) -> bool {
        // SAFETY: the `SSL` is valid; the call only reads.
        unsafe { ffi::SSL_has_pending(self.ssl.as_ptr()) == 1 }
    }
}
