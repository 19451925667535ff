//! Contexts: what was asked of them stays in force when they are changed after use.

use ironssl::curve::Curve;
use ironssl::dh::DhParameters;
use ironssl::error::Error;
use ironssl::ssl::{Context, Failure, Method};
use ironssl::x509::X509Name;

use crate::support::{client_context, identity, memory_pair, server_context, shake};

fn text(failure: &Failure) -> String {
    failure.to_string()
}

/// Marks a context as used, so that the next change makes a fresh `SSL_CTX`.
fn use_it(context: &Context) {
    drop(memory_pair(context, context));
}

#[test]
fn modes_are_added_and_taken_away() {
    let context = Context::new(Method::TLS).unwrap();
    let first = context.mode();
    assert_eq!(context.clear_mode(first & 3).unwrap(), first & !3);
    use_it(&context);
    assert_eq!(context.set_mode(1).unwrap(), first & !2);
    use_it(&context);
    context.set_timeout(5).unwrap();
    assert_eq!(context.mode(), first & !2);
}

#[test]
fn groups_and_suites_outlast_a_change() {
    let (client, server) = (client_context(), server_context());
    client.set_curve(Curve::by_any_name("secp384r1").unwrap()).unwrap();
    client.set_ciphersuites(b"TLS_AES_128_GCM_SHA256").unwrap();
    use_it(&client);
    client.set_timeout(5).unwrap();
    let (a, b) = memory_pair(&client, &server);
    let (there, back) = shake(&a, &b);
    there.unwrap();
    back.unwrap();
    assert_eq!(a.cipher().unwrap().name, "TLS_AES_128_GCM_SHA256");
    // A server with another curve only shares none with it.
    server.set_curve(Curve::by_name("prime256v1").unwrap()).unwrap();
    let (a, b) = memory_pair(&client, &server);
    assert!(shake(&a, &b).1.is_err());
}

#[test]
fn a_curve_without_a_group_changes_nothing() {
    let context = client_context();
    let curve = Curve::by_name("secp112r1").unwrap();
    assert!(matches!(context.set_curve(curve), Err(Error::Value(text)) if text.contains("secp112r1")));
    let (a, b) = memory_pair(&context, &server_context());
    shake(&a, &b).0.unwrap();
}

#[test]
fn authorities_are_replaced_and_added() {
    let (certificate, _) = identity();
    let name = X509Name::new().unwrap();
    name.set(ironssl::asn1::object::Nid::COMMON_NAME, b"one").unwrap();
    let server = server_context();
    let listed = |server: &Context| {
        let (_, connection) = memory_pair(server, server);
        let names = connection.client_ca_names().unwrap();
        names.iter().map(|name| name.oneline().unwrap()).collect::<Vec<_>>()
    };
    server.add_client_ca(certificate).unwrap();
    server.set_client_ca_names([&name, &certificate.subject()]).unwrap();
    server.add_client_ca(certificate).unwrap();
    assert_eq!(listed(&server), ["/CN=one", "/CN=localhost", "/CN=localhost"]);
    name.set(ironssl::asn1::object::Nid::COMMON_NAME, b"changed").unwrap();
    server.set_timeout(5).unwrap();
    assert_eq!(listed(&server), ["/CN=one", "/CN=localhost", "/CN=localhost"]);
    server.set_client_ca_names([]).unwrap();
    assert!(listed(&server).is_empty());
}

#[test]
fn what_was_accepted_is_not_judged_by_a_later_level() {
    let context = server_context();
    use_it(&context);
    // Level 5 wants keys of 256 bits of security; that of the certificate has 112.
    context.set_cipher_list(b"DEFAULT@SECLEVEL=5").unwrap();
    use_it(&context);
    context.set_timeout(5).unwrap();
    assert!(matches!(context.use_certificate(&identity().0), Err(Error::OpenSsl(_))));
    use_it(&context);
    context.set_cipher_list(b"DEFAULT@SECLEVEL=1").unwrap();
    context.use_certificate(&identity().0).unwrap();
}

#[test]
fn a_refused_list_leaves_the_level() {
    let context = server_context();
    context.set_cipher_list(b"DEFAULT@SECLEVEL=5").unwrap();
    for _ in 0..2 {
        assert!(context.set_cipher_list(b"@SECLEVEL=0:no-such-cipher").is_err());
        assert!(matches!(context.use_certificate(&identity().0), Err(Error::OpenSsl(_))));
        use_it(&context);
    }
}

#[test]
fn copies_are_independent_but_for_the_store() {
    let server = server_context();
    let copy = server.copy().unwrap();
    assert_ne!(copy.id(), server.id());
    copy.check_private_key().unwrap();
    copy.set_timeout(7).unwrap();
    assert_eq!((server.timeout(), copy.timeout()), (300, 7));
    let client = Context::new(Method::TLS).unwrap();
    client.set_verify_mode(1).unwrap();
    let other = client.copy().unwrap();
    client.cert_store().unwrap().add_cert(&identity().0).unwrap();
    let (a, b) = memory_pair(&other, &copy);
    shake(&a, &b).0.unwrap();
}

#[test]
fn errors_say_why_and_which_alert() {
    let stranger = Context::new(Method::TLS).unwrap();
    stranger.set_verify_mode(1).unwrap();
    let (a, b) = memory_pair(&stranger, &server_context());
    let (there, _) = shake(&a, &b);
    assert!(text(&there.unwrap_err()).contains("(verification error 18: self"));
    let back = b.handshake().and_then(|()| b.read(&mut [0; 1]).map(drop));
    assert!(text(&back.unwrap_err()).contains("alert 48 from the peer: unknown_ca"));
}

#[test]
fn parameters_that_are_too_short_are_refused() {
    let short = b"-----BEGIN DH PARAMETERS-----\nMEYCQQD9\n-----END DH PARAMETERS-----\n";
    assert!(DhParameters::from_pem(short).is_err());
    let context = Context::new(Method::TLS).unwrap();
    assert!(matches!(context.load_tmp_dh("/not/there".as_ref()), Err(Error::OpenSsl(_))));
    assert!(matches!(context.load_tmp_dh("a\0b".as_ref()), Err(Error::Value(_))));
    assert!(context.set_srtp_profiles(b"SRTP_BOGUS").is_err());
    assert!(matches!(context.set_srtp_profiles(b"a\0"), Err(Error::Value(_))));
}
