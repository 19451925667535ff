//! The Entropy Gathering Daemon: a program that collects randomness and gives it away on a Unix socket.
//!
//! The protocol has commands of one byte. This speaks one of them: 1 and a count from 1 to 255 asks for that many
//! bytes as far as they are at hand. The answer is a count, which may be smaller, and that many bytes.
//!
//! The daemon is not trusted to keep to it. All of it has one time limit, no answer is read further than was asked, and
//! only answers that came whole are counted as randomness.

use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketAddrUnix, SocketFlags, SocketType};
use zeroize::Zeroizing;

use super::seed;
use crate::error::{Error, Parked, Result};

/// How long a daemon has got for everything that is asked of it, unless the caller says otherwise.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long to wait without giving the caller a chance to look for signals.
const WATCH: Duration = Duration::from_millis(50);

/// The most bytes that one command can ask for.
const MOST: usize = 255;

/// Asks for so many bytes, as far as they are at hand.
const READ: u8 = 1;

/// A daemon, and how long it may take.
///
/// ```
/// use std::path::Path;
/// let daemon = ironssl::rand::Daemon::new(Path::new("/no/such/socket"));
/// assert_eq!(daemon.query(255, || Ok(()))?, None);
/// # Ok::<(), ironssl::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Daemon<'a> {
    path: &'a Path,
    timeout: Duration,
}

/// Why a conversation ended before all was there.
enum End {
    /// There is no daemon, it said something wrong, nothing, or nothing in time.
    Broken,
    /// It has no more to give.
    Empty,
    /// The caller gave up.
    Caller(Parked),
}

impl From<Errno> for End {
    fn from(_: Errno) -> Self {
        Self::Broken
    }
}

impl<'a> Daemon<'a> {
    /// The daemon that listens at `path`.
    #[must_use]
    pub fn new(path: &'a Path) -> Self {
        Self { path, timeout: DEFAULT_TIMEOUT }
    }

    /// Gives it another time limit, for everything from the connection to the last byte.
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// Asks for `count` bytes and mixes what comes into the generator, with [`seed`]. How many bytes came in answers
    /// that kept to the protocol: fewer than asked where the daemon has no more, or fails later. None where it cannot be
    /// reached, or fails before.
    ///
    /// `keep_on` is called every 50 ms while the daemon lets us wait, and may end it.
    ///
    /// # Errors
    /// [`Error::Callback`] with what `keep_on` failed with.
    pub fn query(&self, count: usize, mut keep_on: impl FnMut() -> Result<(), Parked>) -> Result<Option<usize>> {
        // A time limit beyond what the clock can tell is none.
        let deadline = Instant::now().checked_add(self.timeout);
        let mut got = 0;
        let mut conversation = Conversation { deadline, keep_on: &mut keep_on };
        match conversation.hold(self.path, count, &mut got) {
            Ok(()) | Err(End::Empty) => Ok(Some(got)),
            Err(End::Broken) => Ok((got > 0).then_some(got)),
            Err(End::Caller(parked)) => Err(Error::Callback(parked)),
        }
    }
}

/// Whether something is there to read before the next request. Answers could not be told apart any more.
fn speaks_unasked(socket: &OwnedFd) -> bool {
    rustix::net::recv(socket, &mut [0], RecvFlags::PEEK).is_ok_and(|(_, count)| count > 0)
}

/// One connection to a daemon.
struct Conversation<'a> {
    deadline: Option<Instant>,
    keep_on: &'a mut dyn FnMut() -> Result<(), Parked>,
}

impl Conversation<'_> {
    /// Asks until there are `count` bytes; `got` counts them.
    fn hold(&mut self, path: &Path, count: usize, got: &mut usize) -> Result<(), End> {
        let socket = self.connect(path)?;
        let mut answer = Zeroizing::new([0; MOST]);
        while *got < count {
            if *got > 0 && speaks_unasked(&socket) {
                return Err(End::Broken);
            }
            let wanted = MOST.min(count - *got);
            let request = [READ, u8::try_from(wanted).unwrap_or(u8::MAX)];
            self.send(&socket, &request)?;
            let mut header = [0];
            self.receive(&socket, &mut header)?;
            let length = usize::from(header[0]);
            if length == 0 {
                return Err(End::Empty);
            }
            // More than was asked for is against the protocol.
            let place = answer[..wanted].get_mut(..length).ok_or(End::Broken)?;
            self.receive(&socket, place)?;
            seed(place).map_err(|_| End::Broken)?;
            *got += length;
        }
        Ok(())
    }

    /// Connects to the daemon. Where it is busy, and its queue full, tries again.
    fn connect(&mut self, path: &Path) -> Result<OwnedFd, End> {
        let address = SocketAddrUnix::new(path)?;
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
        loop {
            match rustix::net::connect(&socket, &address) {
                Ok(()) => return Ok(socket),
                Err(Errno::AGAIN) => {
                    std::thread::sleep(self.slice()?.min(WATCH / 10));
                    (self.keep_on)().map_err(End::Caller)?;
                }
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
    }

    /// Sends a request, whole.
    fn send(&mut self, socket: &OwnedFd, mut request: &[u8]) -> Result<(), End> {
        while !request.is_empty() {
            match rustix::net::send(socket, request, SendFlags::NOSIGNAL) {
                Ok(count) => request = request.get(count..).unwrap_or_default(),
                Err(Errno::AGAIN) => self.wait(socket, PollFlags::OUT)?,
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
        Ok(())
    }

    /// Fills `place`.
    fn receive(&mut self, socket: &OwnedFd, mut place: &mut [u8]) -> Result<(), End> {
        while !place.is_empty() {
            match rustix::net::recv(socket, &mut *place, RecvFlags::empty()) {
                Ok((0, _)) => return Err(End::Broken),
                Ok((count, _)) => place = place.get_mut(count..).unwrap_or_default(),
                Err(Errno::AGAIN) => self.wait(socket, PollFlags::IN)?,
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno.into()),
            }
            // A daemon that is always ready is held to the limit as well.
            self.slice()?;
        }
        Ok(())
    }

    /// Waits until the socket may have become ready.
    fn wait(&mut self, socket: &OwnedFd, flags: PollFlags) -> Result<(), End> {
        let slice = self.slice()?;
        let limit = Timespec { tv_sec: 0, tv_nsec: i64::from(slice.subsec_nanos()) };
        match poll(&mut [PollFd::from_borrowed_fd(socket.as_fd(), flags)], Some(&limit)) {
            Ok(ready) if ready > 0 => Ok(()),
            Ok(_) | Err(Errno::INTR) => (self.keep_on)().map_err(End::Caller),
            Err(errno) => Err(errno.into()),
        }
    }

    /// How long to wait in one go; an end where the time is over.
    fn slice(&self) -> Result<Duration, End> {
        let Some(deadline) = self.deadline else { return Ok(WATCH) };
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(End::Broken) } else { Ok(left.min(WATCH)) }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::os::unix::net::{UnixListener, UnixStream};
    use std::path::PathBuf;
    use std::thread::JoinHandle;

    use super::*;

    /// A daemon in a thread, in a folder of its own.
    struct Fake {
        folder: PathBuf,
        thread: Option<JoinHandle<()>>,
    }

    impl Fake {
        fn new(name: &str, serve: impl FnOnce(UnixStream) + Send + 'static) -> Self {
            let folder = std::env::temp_dir().join(format!("ironssl-egd-{}-{name}", std::process::id()));
            std::fs::create_dir_all(&folder).unwrap();
            let listener = UnixListener::bind(folder.join("egd")).unwrap();
            let thread = std::thread::spawn(move || serve(listener.accept().unwrap().0));
            Self { folder, thread: Some(thread) }
        }

        fn ask(&self, count: usize, timeout: u64) -> Option<usize> {
            let path = self.folder.join("egd");
            Daemon::new(&path).timeout(Duration::from_millis(timeout)).query(count, || Ok(())).unwrap()
        }
    }

    impl Drop for Fake {
        fn drop(&mut self) {
            self.thread.take().unwrap().join().unwrap();
            std::fs::remove_dir_all(&self.folder).unwrap();
        }
    }

    fn request(stream: &mut UnixStream) -> [u8; 2] {
        let mut request = [0; 2];
        stream.read_exact(&mut request).unwrap();
        request
    }

    #[test]
    fn gives_in_pieces() {
        let fake = Fake::new("pieces", |mut stream| {
            assert_eq!(request(&mut stream), [1, 255]);
            stream.write_all(&[200]).unwrap();
            stream.write_all(&[7; 150]).unwrap();
            stream.write_all(&[7; 50]).unwrap();
            assert_eq!(request(&mut stream), [1, 100]);
            stream.write_all(&[100]).unwrap();
            stream.write_all(&[7; 100]).unwrap();
        });
        assert_eq!(fake.ask(300, 5000), Some(300));
    }

    #[test]
    fn has_no_more() {
        let fake = Fake::new("empty", |mut stream| {
            assert_eq!(request(&mut stream), [1, 5]);
            stream.write_all(&[2, 7, 7]).unwrap();
            assert_eq!(request(&mut stream), [1, 3]);
            stream.write_all(&[0]).unwrap();
        });
        assert_eq!(fake.ask(5, 5000), Some(2));
    }

    #[test]
    fn answers_too_much_or_not_at_all() {
        let fake = Fake::new("much", |mut stream| {
            request(&mut stream);
            let _ = stream.write_all(&[6, 7, 7, 7, 7, 7, 7]);
        });
        assert_eq!(fake.ask(5, 5000), None);
        let fake = Fake::new("silent", |mut stream| {
            request(&mut stream);
            // Until the other side has had enough.
            assert_eq!(stream.read(&mut [0; 8]).unwrap(), 0);
        });
        let before = Instant::now();
        assert_eq!(fake.ask(5, 200), None);
        assert!(before.elapsed() >= Duration::from_millis(200));
    }

    #[test]
    fn speaks_after_its_answer() {
        let fake = Fake::new("chatty", |mut stream| {
            request(&mut stream);
            stream.write_all(&[255]).unwrap();
            stream.write_all(&[7; 300]).unwrap();
            assert_eq!(stream.read(&mut [0; 8]).unwrap_or(0), 0);
        });
        assert_eq!(fake.ask(510, 5000), Some(255));
    }

    #[test]
    fn caller_gives_up() {
        let fake = Fake::new("caller", |mut stream| {
            request(&mut stream);
            assert_eq!(stream.read(&mut [0; 8]).unwrap(), 0);
        });
        let path = fake.folder.join("egd");
        let asked = Daemon::new(&path).query(5, || Err(Box::new(42)));
        assert!(matches!(asked, Err(Error::Callback(parked)) if parked.downcast_ref() == Some(&42)));
    }
}
