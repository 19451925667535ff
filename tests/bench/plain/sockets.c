/* The cases over a socket pair, SSL_set_fd on both ends: bulk data and 64-byte messages. */
#define _GNU_SOURCE /* CPU_SET */
#include "bench.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 1 << 20, READ = 65536, SMALL = 64, BATCH = 64 };

struct link {
    struct pair pair;
    unsigned char *chunk;
    int size; /* of one write */
    long n;   /* writes to do */
    int read_size;
};

static struct link link_new(bool read_ahead)
{
    struct contexts contexts = contexts_new(TLS1_3_VERSION, "ec");
    SSL_CTX_set_read_ahead(contexts.server, read_ahead);
    struct link link = {pair_over_sockets(&contexts), malloc(CHUNK), CHUNK, 0, READ};
    for (int i = 0; i < CHUNK; i++)
        link.chunk[i] = (unsigned char)(i * 31 + i / 256);
    return link;
}

static void *send_thread(void *argument)
{
    struct link *link = argument;
    for (long i = 0; i < link->n; i++)
        if (SSL_write(link->pair.client, link->chunk, link->size) != link->size)
            die("SSL_write");
    return NULL;
}

/* One thread sends n chunks, this one receives until all bytes are there. */
static void one_way(void *argument, long n)
{
    struct link *link = argument;
    unsigned char buffer[READ];
    pthread_t thread;
    long wanted = n * link->size;
    link->n = n;
    if (pthread_create(&thread, NULL, send_thread, link) != 0)
        die("pthread_create");
    while (wanted > 0) {
        int count = SSL_read(link->pair.server, buffer, link->read_size);
        if (count <= 0)
            die("SSL_read");
        wanted -= count;
    }
    pthread_join(thread, NULL);
    if (wanted != 0 || SSL_pending(link->pair.server) != 0)
        die("more bytes arrived than were sent");
}

/* One chunk, compared byte for byte. */
static void check_link(struct link *link)
{
    unsigned char *got = malloc(CHUNK);
    pthread_t thread;
    int have = 0;
    link->n = 1;
    if (got == NULL || pthread_create(&thread, NULL, send_thread, link) != 0)
        die("pthread_create");
    while (have < link->size) {
        int count = SSL_read(link->pair.server, got + have, link->size - have);
        if (count <= 0)
            die("SSL_read");
        have += count;
    }
    pthread_join(thread, NULL);
    if (memcmp(got, link->chunk, (size_t)link->size) != 0)
        die("other bytes arrived than were sent");
    free(got);
}

static void bulk(bool read_ahead)
{
    struct link link = link_new(read_ahead);
    check_link(&link);
    rate_fixed(one_way, &link, plan.quick ? 8 : 256, CHUNK / 1e6);
    check_link(&link);
}

void case_bulk(void) { bulk(false); }
void case_bulk_read_ahead(void) { bulk(true); }

void case_one_way_64(void)
{
    struct link link = link_new(false);
    link.size = SMALL;
    link.read_size = 4096;
    check_link(&link);
    rate(one_way, &link, 1);
    check_link(&link);
}

/* One thread, by the batch: no switch of threads in the figure. */
static void one_way_turns(void *argument, long n)
{
    struct link *link = argument;
    unsigned char buffer[4096];
    while (n-- > 0) {
        for (int i = 0; i < BATCH; i++)
            if (SSL_write(link->pair.client, link->chunk, SMALL) != SMALL)
                die("SSL_write");
        for (int missing = BATCH * SMALL; missing > 0;) {
            int count = SSL_read(link->pair.server, buffer, sizeof buffer);
            if (count <= 0)
                die("SSL_read");
            missing -= count;
        }
    }
}

void case_one_way_64_turns(void)
{
    struct link link = link_new(false);
    link.size = SMALL;
    check_link(&link);
    rate(one_way_turns, &link, BATCH);
    check_link(&link);
}

/* The message that came back is the next one sent, as in the echo in memory. */
static void client_turns(struct link *link, unsigned char *message, long n)
{
    while (n-- > 0)
        if (SSL_write(link->pair.client, message, SMALL) != SMALL
            || SSL_read(link->pair.client, message, SMALL) != SMALL)
            die("the client's turn failed");
}

static void *server_turns(void *argument)
{
    struct link *link = argument;
    unsigned char buffer[4096];
    for (long i = 0; i < link->n; i++)
        if (SSL_read(link->pair.server, buffer, sizeof buffer) != SMALL
            || SSL_write(link->pair.server, buffer, SMALL) != SMALL)
            die("the server's turn failed");
    return NULL;
}

static void ping_pongs(void *argument, long n)
{
    struct link *link = argument;
    unsigned char message[SMALL];
    pthread_t thread;
    memcpy(message, link->chunk, SMALL);
    link->n = n;
    if (pthread_create(&thread, NULL, server_turns, link) != 0)
        die("pthread_create");
    client_turns(link, message, n);
    pthread_join(thread, NULL);
    if (memcmp(message, link->chunk, SMALL) != 0)
        die("other bytes came back than were sent");
}

/* The threads share one core: across cores the figure is that of the wake-up of an idle core, many times what is to be
 * measured, and differs from turn to turn. */
static void use_one_core(void)
{
    cpu_set_t allowed, one;
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0)
        die("sched_getaffinity");
    CPU_ZERO(&one);
    for (int core = 0; core < CPU_SETSIZE; core++) {
        if (CPU_ISSET(core, &allowed)) {
            CPU_SET(core, &one);
            break;
        }
    }
    if (sched_setaffinity(0, sizeof one, &one) != 0)
        die("sched_setaffinity");
}

void case_ping_pong_64(void)
{
    use_one_core();
    struct link link = link_new(false);
    rate(ping_pongs, &link, 1);
}

/* Both ends in one thread: no waiting and no switch between threads in the figure. */
static void ping_pong_turns(void *argument, long n)
{
    struct link *link = argument;
    SSL *client = link->pair.client, *server = link->pair.server;
    unsigned char message[SMALL], buffer[4096];
    memcpy(message, link->chunk, SMALL);
    while (n-- > 0) {
        if (SSL_write(client, message, SMALL) != SMALL || SSL_read(server, buffer, sizeof buffer) != SMALL
            || SSL_write(server, buffer, SMALL) != SMALL || SSL_read(client, message, SMALL) != SMALL)
            die("a turn failed");
    }
    if (memcmp(message, link->chunk, SMALL) != 0)
        die("other bytes came back than were sent");
}

void case_ping_pong_64_turns(void)
{
    struct link link = link_new(false);
    rate(ping_pong_turns, &link, 1);
}
