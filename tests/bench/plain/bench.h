/*
 * plain: the cases of the benchmark in C against OpenSSL, with nothing in between.
 *
 * This header is the whole contract between the files: main.c parses the command line and measures, tls.c makes
 * contexts and connections, memory.c / sockets.c / x509.c hold the cases.  A case checks its own result and calls
 * die() when anything differs from what is expected: a wrong measurement is worse than none.
 */
#ifndef BENCH_H
#define BENCH_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>

/* What the command line asked for. */
struct plan {
    double seconds;       /* how long one window lasts */
    int windows;          /* how many windows are measured */
    bool quick;           /* a smoke run: small amounts */
    const char *material; /* the folder of certificates and keys */
};
extern struct plan plan;

/* Print the message, and OpenSSL's error queue when it holds anything; leave with status 1. */
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* `loop(state, n)` performs n operations. */
typedef void (*loop_fn)(void *state, long n);

/* Measure windows of `loop`; `amount` is what one operation counts for in the unit of the case. */
void rate(loop_fn loop, void *state, double amount);
/* The same with the number of operations given instead of found out. */
void rate_fixed(loop_fn loop, void *state, long n, double amount);
/* How much faster two threads are than one; `states` are two states that share no connection. */
void scaling(loop_fn loop, void *states[2]);
/* A case whose result is one figure. */
void value(double figure);
/* Something else worth keeping with the result, e.g. the share of handshakes that were resumed. */
void fact(const char *name, double figure);
/* Seconds on the monotonic clock. */
double now(void);
/* Read a file of the material; dies when it cannot.  The caller frees the result. */
unsigned char *slurp(const char *name, long *length);
/* The path of a file of the material, in a static buffer. */
const char *material(const char *name);

/* --- tls.c --- */

struct contexts {
    SSL_CTX *server;
    SSL_CTX *client;
};
enum { MAX_FLIGHT = 65536 };

struct pair {
    SSL *client;
    SSL *server;
    long from_server; /* bytes the server sent during the handshake */
};

/* Contexts for one protocol version with the EC or RSA certificate; checked once with a handshake, and the client is
 * checked to refuse a server whose root it does not know. */
struct contexts contexts_new(int version, const char *key_type);
/* A handshake in memory; `session` may be NULL. */
struct pair pair_new(const struct contexts *contexts, SSL_SESSION *session);
void pair_free(struct pair *pair);
/* A handshake over a socket pair (AF_UNIX, blocking), SSL_set_fd on both ends. */
struct pair pair_over_sockets(const struct contexts *contexts);
/* Move all ciphertext that `from` has written to `to`; returns its length. */
long pump(SSL *from, SSL *to);

/* --- cases --- */

void case_handshake_13(void), case_handshake_12(void), case_handshake_13_rsa(void);
void case_resume_13_clean(void), case_resume_13_abrupt(void), case_resume_12_clean(void), case_resume_12_abrupt(void);
void case_write_16k(void), case_write_1m(void), case_echo_64(void), case_memory_idle(void);
void case_threads_handshake(void), case_threads_echo(void);
void case_bulk(void), case_bulk_read_ahead(void), case_one_way_64(void), case_one_way_64_turns(void);
void case_ping_pong_64(void), case_ping_pong_64_turns(void);
void case_load_certificate_pem(void), case_load_certificate_der(void), case_load_key_ec(void), case_load_key_rsa(void);
void case_subject_components(void), case_subject_cn(void), case_digest(void), case_has_expired(void), case_serial(void);
void case_verify_chain(void), case_dump_certificate_pem(void), case_sign_ec(void), case_sign_rsa(void);

#endif
