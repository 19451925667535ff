/* The cases in memory: handshakes, resumption, writes, 64-byte messages, memory, threads. */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- full handshakes --- */

static void handshakes(void *state, long n)
{
    while (n-- > 0) {
        struct pair pair = pair_new(state, NULL);
        pair_free(&pair);
    }
}

static void full(int version, const char *key_type)
{
    struct contexts contexts = contexts_new(version, key_type);
    rate(handshakes, &contexts, 1);
}

void case_handshake_13(void) { full(TLS1_3_VERSION, "ec"); }
void case_handshake_12(void) { full(TLS1_2_VERSION, "ec"); }
void case_handshake_13_rsa(void) { full(TLS1_3_VERSION, "rsa"); }

/* --- resumed handshakes --- */

struct resumption {
    struct contexts contexts;
    SSL_SESSION *session;
    bool clean;
    long tried, resumed;
};

static void close_cleanly(struct pair *pair)
{
    SSL_shutdown(pair->client);
    pump(pair->client, pair->server);
    SSL_shutdown(pair->server);
    pump(pair->server, pair->client);
    if (SSL_shutdown(pair->client) != 1 || SSL_shutdown(pair->server) != 1)
        die("no clean close");
}

/* Each connection resumes the session of the one before it. */
static void resumptions(void *argument, long n)
{
    struct resumption *state = argument;
    while (n-- > 0) {
        char byte;
        struct pair pair = pair_new(&state->contexts, state->session);
        state->tried++;
        state->resumed += SSL_session_reused(pair.client);
        /* TLS 1.3's tickets come with the first data. */
        if (SSL_write(pair.server, "x", 1) != 1)
            die("SSL_write");
        pump(pair.server, pair.client);
        if (SSL_read(pair.client, &byte, 1) != 1)
            die("SSL_read");
        SSL_SESSION_free(state->session);
        if (state->clean) {
            state->session = SSL_get1_session(pair.client);
            close_cleanly(&pair);
        } else {
            /* libssl drops the session of a connection that ends without close_notify; a copy survives. */
            state->session = SSL_SESSION_dup(SSL_get0_session(pair.client));
        }
        if (state->session == NULL)
            die("no session");
        pair_free(&pair);
    }
}

static void resumed(int version, bool clean)
{
    struct resumption state = {contexts_new(version, "ec"), NULL, clean, 0, 0};
    resumptions(&state, 1); /* the first is a full handshake */
    state.tried = state.resumed = 0;
    rate(resumptions, &state, 1);
    if (state.resumed != state.tried)
        die("%ld of %ld handshakes were resumed", state.resumed, state.tried);
    fact("resumed", 1);
}

void case_resume_13_clean(void) { resumed(TLS1_3_VERSION, true); }
void case_resume_13_abrupt(void) { resumed(TLS1_3_VERSION, false); }
void case_resume_12_clean(void) { resumed(TLS1_2_VERSION, true); }
void case_resume_12_abrupt(void) { resumed(TLS1_2_VERSION, false); }

/* --- data --- */

struct transfer {
    struct pair pair;
    unsigned char *sent, *got;
    int size;
};

static void writes(void *argument, long n)
{
    struct transfer *state = argument;
    while (n-- > 0) {
        if (SSL_write(state->pair.client, state->sent, state->size) != state->size)
            die("SSL_write");
        pump(state->pair.client, state->pair.server);
        int got = 0;
        while (got < state->size) {
            int count = SSL_read(state->pair.server, state->got + got, state->size - got);
            if (count <= 0)
                die("SSL_read");
            got += count;
        }
    }
}

static void write_case(int size)
{
    struct contexts contexts = contexts_new(TLS1_3_VERSION, "ec");
    struct transfer state = {pair_new(&contexts, NULL), malloc((size_t)size), calloc(1, (size_t)size), size};
    for (int i = 0; i < size; i++)
        state.sent[i] = (unsigned char)(i * 31 + i / 256);
    rate(writes, &state, size / 1e6);
    if (memcmp(state.sent, state.got, (size_t)size) != 0)
        die("other bytes arrived than were sent");
}

void case_write_16k(void) { write_case(16384); }
void case_write_1m(void) { write_case(1 << 20); }

/* What comes back is what is sent the next time, so that a byte lost anywhere shows at the end. */
static void echoes(void *argument, long n)
{
    struct transfer *state = argument;
    SSL *client = state->pair.client, *server = state->pair.server;
    unsigned char at_server[4096];
    while (n-- > 0) {
        if (SSL_write(client, state->got, state->size) != state->size)
            die("SSL_write");
        pump(client, server);
        int count = SSL_read(server, at_server, sizeof at_server);
        if (count != state->size || SSL_write(server, at_server, count) != count)
            die("the server's turn failed");
        pump(server, client);
        if (SSL_read(client, state->got, state->size) != state->size)
            die("SSL_read");
    }
}

static struct transfer echo_state(const struct contexts *contexts)
{
    struct transfer state = {pair_new(contexts, NULL), malloc(64), malloc(64), 64};
    for (int i = 0; i < 64; i++)
        state.sent[i] = state.got[i] = (unsigned char)(i * 3 + 1);
    return state;
}

static void check_echo(const struct transfer *state)
{
    if (memcmp(state->sent, state->got, 64) != 0)
        die("other bytes came back than were sent");
}

void case_echo_64(void)
{
    struct contexts contexts = contexts_new(TLS1_3_VERSION, "ec");
    struct transfer state = echo_state(&contexts);
    rate(echoes, &state, 1);
    check_echo(&state);
}

/* --- memory --- */

static double resident_kib(void)
{
    long total, resident;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL || fscanf(file, "%ld %ld", &total, &resident) != 2)
        die("cannot read /proc/self/statm");
    fclose(file);
    return (double)resident * (double)sysconf(_SC_PAGESIZE) / 1024;
}

void case_memory_idle(void)
{
    enum { WARM_UP = 50 };
    const int pairs = plan.quick ? 100 : 500;
    struct contexts contexts = contexts_new(TLS1_3_VERSION, "ec");
    struct transfer *kept = calloc((size_t)(WARM_UP + pairs), sizeof *kept);
    double before = 0;
    for (int i = 0; i < WARM_UP + pairs; i++) {
        if (i == WARM_UP)
            before = resident_kib();
        kept[i] = echo_state(&contexts);
        echoes(&kept[i], 1);
        check_echo(&kept[i]);
    }
    value((resident_kib() - before) / pairs);
}

/* --- threads --- */

void case_threads_handshake(void)
{
    struct contexts contexts = contexts_new(TLS1_3_VERSION, "ec");
    void *states[2] = {&contexts, &contexts};
    scaling(handshakes, states);
}

void case_threads_echo(void)
{
    struct contexts contexts = contexts_new(TLS1_3_VERSION, "ec");
    struct transfer first = echo_state(&contexts), second = echo_state(&contexts);
    void *states[2] = {&first, &second};
    scaling(echoes, states);
    check_echo(&first);
    check_echo(&second);
}
