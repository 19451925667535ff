//! What callbacks answer in a handshake: of any length, any content, and failures. Whoever refuses is obeyed.
#![no_main]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arbitrary::Arbitrary;
use ironssl::Parked;
use ironssl::ssl::{Delegate, ServerName};
use ironssl::x509::X509;
use ironssl_fuzz::conversation::{Protocol, Script, Step};
use libfuzzer_sys::fuzz_target;

/// An answer, or none.
#[derive(Arbitrary, Clone, Debug)]
enum Answer<T> {
    Say(T),
    Fail,
}

impl<T: Clone> Answer<T> {
    fn give(&self) -> Result<T, Parked> {
        match self {
            Self::Say(value) => Ok(value.clone()),
            Self::Fail => Err(Box::new("no answer")),
        }
    }
}

/// What one side answers to everything.
#[derive(Arbitrary, Debug)]
struct Answers {
    verify: Answer<bool>,
    info: Answer<()>,
    keylog: Answer<()>,
    server_name: Answer<u8>,
    alpn: Answer<Option<Vec<u8>>>,
    /// The offer that is taken, where there is one, instead of what `alpn` says.
    offered: Option<u8>,
    response: Answer<Option<Vec<u8>>>,
    check: Answer<bool>,
    cookie: Answer<Vec<u8>>,
    cookie_is_ours: Answer<bool>,
}

/// A side, and whether it has refused.
struct Asked {
    answers: Answers,
    refused: AtomicBool,
}

impl Asked {
    /// Notes a refusal.
    fn note<T>(&self, answer: Result<T, Parked>, refuses: impl Fn(&T) -> bool) -> Result<T, Parked> {
        if answer.as_ref().map_or(true, refuses) {
            self.refused.store(true, Ordering::Relaxed);
        }
        answer
    }
}

impl Delegate for Asked {
    fn verify(&self, _: X509, _: i32, _: i32, _: bool) -> Result<bool, Parked> {
        self.note(self.answers.verify.give(), |yes| !yes)
    }

    fn info(&self, _: i32, _: i32) -> Result<(), Parked> {
        self.answers.info.give()
    }

    fn keylog(&self, line: &[u8]) -> Result<(), Parked> {
        assert!(!line.contains(&b'\n'));
        self.answers.keylog.give()
    }

    fn server_name(&self) -> Result<ServerName, Parked> {
        let answer = self.answers.server_name.give().map(|answer| match answer % 3 {
            0 => ServerName::Acknowledge,
            1 => ServerName::Ignore,
            _ => ServerName::Refuse,
        });
        self.note(answer, |answer| *answer == ServerName::Refuse)
    }

    fn select_alpn(&self, offered: &[&[u8]]) -> Result<Option<Vec<u8>>, Parked> {
        assert!(!offered.is_empty());
        let answer = match self.answers.offered {
            Some(index) => Ok(Some(offered[usize::from(index) % offered.len()].to_vec())),
            None => self.answers.alpn.give(),
        };
        self.note(answer, |chosen| chosen.as_ref().is_some_and(|one| !offered.contains(&one.as_slice())))
    }

    fn ocsp_response(&self) -> Result<Option<Vec<u8>>, Parked> {
        self.note(self.answers.response.give(), |_| false)
    }

    fn check_ocsp(&self, _: &[u8]) -> Result<bool, Parked> {
        self.note(self.answers.check.give(), |yes| !yes)
    }

    fn generate_cookie(&self) -> Result<Vec<u8>, Parked> {
        self.answers.cookie.give()
    }

    fn verify_cookie(&self, _: &[u8]) -> Result<bool, Parked> {
        self.answers.cookie_is_ours.give()
    }
}

fuzz_target!(|input: (Protocol, bool, [Answers; 2], Vec<(bool, Step)>)| {
    let (protocol, listen, answers, more) = input;
    let mut steps = vec![(true, Step::Shake)];
    if listen && protocol == Protocol::Dtls {
        steps = vec![(true, Step::Handshake), (false, Step::Carry), (false, Step::Listen), (true, Step::Carry)];
        steps.extend([(true, Step::Handshake), (false, Step::Carry), (false, Step::Listen), (true, Step::Shake)]);
    }
    steps.extend(more);
    let sides = answers.map(|answers| Arc::new(Asked { answers, refused: AtomicBool::new(false) }));
    let [client, server] = &sides;
    let delegates: [Arc<dyn Delegate>; 2] = [Arc::clone(client) as _, Arc::clone(server) as _];
    let ends = Script { protocol, objects: None, steps }.run(Some(delegates));
    for (end, side) in ends.iter().zip(&sides) {
        let refused = side.refused.load(Ordering::Relaxed);
        assert!(!(refused && end.connection.is_established()), "a refusal was not obeyed");
    }
});
