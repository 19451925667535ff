//! A client and a server, and somebody between them: TLS 1.3, TLS 1.2 and DTLS, before, in and after the handshake.
#![no_main]

use ironssl_fuzz::conversation::Script;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|script: Script| drop(script.run(None)));
