//! What an Entropy Gathering Daemon answers: bytes of any kind, in pieces, before it hangs up.
#![no_main]

use std::io::{Read, Write};
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::sync::LazyLock;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use ironssl::rand::Daemon;
use ironssl_fuzz::clean;
use libfuzzer_sys::fuzz_target;

/// The daemon: where it is, and how it is told what to answer.
struct Served {
    path: PathBuf,
    answers: Sender<Vec<Vec<u8>>>,
}

static SERVED: LazyLock<Served> = LazyLock::new(|| {
    let path = std::env::temp_dir().join(format!("ironssl-fuzz-egd-{}", std::process::id()));
    let listener = UnixListener::bind(&path).unwrap();
    let (answers, told) = channel::<Vec<Vec<u8>>>();
    std::thread::spawn(move || {
        for pieces in told {
            let (mut socket, _) = listener.accept().unwrap();
            socket.set_read_timeout(Some(Duration::from_millis(5))).unwrap();
            for piece in pieces {
                // One answer for a request, or nobody asked.
                let _ = socket.read(&mut [0; 2]);
                if socket.write_all(&piece).is_err() {
                    break;
                }
            }
        }
    });
    Served { path, answers }
});

fuzz_target!(|input: (u16, Vec<Vec<u8>>)| {
    let (count, mut pieces) = input;
    pieces.truncate(8);
    let most: usize = pieces.iter().map(Vec::len).sum();
    SERVED.answers.send(pieces).unwrap();
    let daemon = Daemon::new(&SERVED.path).timeout(Duration::from_millis(100));
    let got = daemon.query(usize::from(count), || Ok(())).unwrap();
    assert!(got.unwrap_or(0) <= usize::from(count).min(most));
    clean();
});
