//! Chunks of memory for ciphertext, used again.
//!
//! Bulk data goes through a connection in chunks that live for a moment. Given back to the allocator each time, they
//! go back to the kernel as a rule, and come again page by page. So each thread keeps a few of them, and a connection
//! keeps none.

use std::cell::RefCell;

/// The capacity of a chunk: large enough for one good system call.
pub(crate) const CAPACITY: usize = 80 * 1024;

/// How many chunks a thread keeps.
const KEPT: usize = 16;

thread_local! {
    static CHUNKS: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// An empty chunk, of `CAPACITY` bytes.
pub(crate) fn take() -> Vec<u8> {
    // A thread that is ending has no chunks any more.
    let kept = CHUNKS.try_with(|chunks| chunks.borrow_mut().pop()).ok().flatten();
    kept.unwrap_or_else(|| Vec::with_capacity(CAPACITY))
}

/// Gives a buffer back that is not needed any more: kept, if it is a chunk.
pub(crate) fn give(mut buffer: Vec<u8>) {
    if buffer.capacity() != CAPACITY {
        return;
    }
    buffer.clear();
    let _ = CHUNKS.try_with(|chunks| {
        let mut chunks = chunks.borrow_mut();
        if chunks.len() < KEPT {
            chunks.push(buffer);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_used_again_and_other_buffers_are_not_kept() {
        let mut chunk = take();
        chunk.push(1);
        let place = chunk.as_ptr();
        give(chunk);
        give(Vec::with_capacity(10));
        let again = take();
        assert_eq!((again.as_ptr(), again.len(), again.capacity()), (place, 0, CAPACITY));
    }
}
