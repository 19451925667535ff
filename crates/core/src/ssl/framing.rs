//! Where a record ends and the next one begins, so that OpenSSL is given a record at once and never more.
//!
//! Theory. OpenSSL reads the header of a record and then its body. With read-ahead on it takes whatever it is given
//! instead, which would save half of the reads, but may be more than the record, and what follows the last record is not
//! TLS any more. So read-ahead is on, and each read is cut here: to the whole record where all of it is at hand, else to
//! what is left of its header or its body. Whatever the peer sends, no read gets more than the length in a header says.

use std::cell::Cell;

/// The length of a record's header.
pub(crate) const HEADER: usize = 5;

/// The length of the body that a header announces.
pub(crate) fn body(header: &[u8]) -> Option<usize> {
    match header {
        // The first message of a client that knows SSL 2.0, which has a header of two bytes. OpenSSL before 4.0 reads it.
        [high, low, _, _, _, ..] if high & 0x80 != 0 => {
            Some((2 + usize::from(u16::from_be_bytes([high & 0x7f, *low]))).saturating_sub(HEADER))
        }
        [_, _, _, high, low, ..] => Some(usize::from(u16::from_be_bytes([*high, *low]))),
        _ => None,
    }
}

/// The length of the body, where these bytes are just a header that a peer may send: to be read without OpenSSL's having
/// looked at it.
pub(crate) fn plausible_body(header: &[u8]) -> Option<usize> {
    let [20..=24, 3, _, _, _] = *header else { return None };
    body(header).filter(|length| *length > 0)
}

/// Whether a record may be an alert, and so the end of the stream: it says so, or, in TLS 1.3, which hides what it is, it
/// is as long as one (two bytes, the type, and a tag of 16 bytes, or of 8).
pub(super) fn may_be_alert(header: [u8; HEADER]) -> bool {
    const APPLICATION_DATA: u8 = 23;
    header[0] != APPLICATION_DATA || matches!(header, [.., 0, 19 | 11])
}

/// How far a stream of records has been read.
#[derive(Default)]
pub(super) struct Framing {
    /// What has been read of a header.
    header: Cell<[u8; HEADER]>,
    /// How many bytes of it.
    read: Cell<usize>,
    /// How many bytes of a body are still to be read.
    body: Cell<usize>,
}

impl Framing {
    /// Whether a record begins here.
    pub(super) fn at_start(&self) -> bool {
        self.read.get() == 0 && self.body.get() == 0
    }

    /// The header of the record whose body comes next.
    pub(super) fn of_body(&self) -> Option<[u8; HEADER]> {
        (self.body.get() > 0).then(|| self.header.get())
    }

    /// Forgets what has been read of a record, as OpenSSL does where it begins anew.
    pub(super) fn reset(&self) {
        self.read.set(0);
        self.body.set(0);
    }

    /// The most that the next read may get. `whole` says how long the body of the next record is, if that is known and all
    /// of it is at hand.
    pub(super) fn limit(&self, whole: Option<usize>) -> usize {
        match (self.at_start(), whole) {
            (true, Some(body)) => HEADER + body,
            _ if self.body.get() > 0 => self.body.get(),
            _ => HEADER - self.read.get(),
        }
    }

    /// Notes what was read, within the limit.
    pub(super) fn note(&self, bytes: &[u8]) {
        if self.body.get() > 0 {
            self.body.set(self.body.get().saturating_sub(bytes.len()));
            return;
        }
        let (mut header, before) = (self.header.get(), self.read.get());
        let count = bytes.len().min(HEADER - before);
        header[before..before + count].copy_from_slice(&bytes[..count]);
        self.header.set(header);
        self.read.set(before + count);
        if before + count == HEADER {
            self.read.set(0);
            self.body.set(body(&header).unwrap_or(0).saturating_sub(bytes.len() - count));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a stream as OpenSSL does with read-ahead, of which so many bytes at a time are at hand; the lengths of the
    /// reads.
    fn reads(stream: &[u8], at_hand: usize) -> Vec<usize> {
        let framing = Framing::default();
        let (mut lengths, mut start) = (Vec::new(), 0);
        while start < stream.len() {
            let ready = &stream[start..stream.len().min(start + at_hand)];
            let whole = body(ready).filter(|body| HEADER + body <= ready.len());
            let length = framing.limit(whole).min(ready.len());
            framing.note(&ready[..length]);
            lengths.push(length);
            start += length;
        }
        assert!(framing.at_start());
        lengths
    }

    #[test]
    fn records_are_read_whole_and_apart() {
        let stream = [&[23, 3, 3, 0, 4, 1, 2, 3, 4][..], &[21, 3, 3, 0, 0], &[22, 3, 3, 0, 1, 9]].concat();
        assert_eq!(reads(&stream, 100), [9, 5, 6]);
        assert_eq!(reads(&stream, 9), [9, 5, 6]);
        assert_eq!(reads(&stream, 8), [5, 4, 5, 6]);
        assert_eq!(reads(&stream, 3), [3, 2, 3, 1, 3, 2, 3, 2, 1]);
        assert_eq!(reads(&stream, 1), [1; 20]);
    }

    #[test]
    fn a_client_may_begin_with_ssl_2() {
        let stream = [&[0x80, 6, 1, 3, 3, 0, 0, 0][..], &[22, 3, 3, 0, 1, 9]].concat();
        assert_eq!(reads(&stream, 100), [8, 6]);
        assert_eq!(reads(&stream, 7), [5, 3, 6]);
    }

    #[test]
    fn what_may_be_an_alert() {
        assert!(may_be_alert([21, 3, 3, 0, 26]));
        assert!(may_be_alert([22, 3, 3, 1, 0]));
        assert!(may_be_alert([23, 3, 3, 0, 19]));
        assert!(may_be_alert([23, 3, 3, 0, 11]));
        assert!(!may_be_alert([23, 3, 3, 0, 20]));
        assert!(!may_be_alert([23, 3, 3, 1, 19]));
    }

    #[test]
    fn the_header_of_a_body_is_known() {
        let framing = Framing::default();
        assert_eq!(framing.of_body(), None);
        framing.note(&[23, 3, 3]);
        assert_eq!(framing.of_body(), None);
        framing.note(&[0, 2]);
        assert_eq!(framing.of_body(), Some([23, 3, 3, 0, 2]));
        framing.note(&[1, 2]);
        assert_eq!(framing.of_body(), None);
    }

    #[test]
    fn what_was_begun_can_be_forgotten() {
        let framing = Framing::default();
        for begun in [&[23, 3][..], &[23, 3, 3, 0, 9, 1]] {
            framing.note(begun);
            assert!(!framing.at_start());
            framing.reset();
            assert_eq!((framing.at_start(), framing.limit(None)), (true, HEADER));
        }
    }

    #[test]
    fn lengths_are_those_of_the_header() {
        let stream = [&[23, 3, 3, 0xff, 0xff][..], &[0; 0xffff], &[23, 3, 3, 1, 0], &[0; 256]].concat();
        assert_eq!(reads(&stream, usize::MAX / 2), [5 + 0xffff, 5 + 256]);
        assert_eq!(reads(&stream, 60_000), [5, 60_000, 5535, 5 + 256]);
    }
}
