/* Contexts and connections: made here for all cases, and checked here once for all of them. */
#include "bench.h"

#include <openssl/err.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static SSL_CTX *context_new(int version, const char *key_type)
{
    SSL_CTX *context = SSL_CTX_new(TLS_method());
    if (context == NULL)
        die("SSL_CTX_new");
    /* TLS 1.3's suite and the group come from the OPENSSL_CONF that the harness sets for all peers alike. */
    const char *suite = strcmp(key_type, "rsa") == 0 ? "ECDHE-RSA-AES128-GCM-SHA256" : "ECDHE-ECDSA-AES128-GCM-SHA256";
    if (!SSL_CTX_set_min_proto_version(context, version) || !SSL_CTX_set_max_proto_version(context, version)
        || !SSL_CTX_set_cipher_list(context, suite)
        || !SSL_CTX_set_session_id_context(context, (const unsigned char *)"bench", 5))
        die("cannot set up a context");
    return context;
}

static bool handshake(struct pair *pair)
{
    bool client_done = false, server_done = false;
    while (!client_done || !server_done) {
        if (!client_done) {
            int result = SSL_do_handshake(pair->client);
            client_done = result == 1;
            if (result != 1 && SSL_get_error(pair->client, result) != SSL_ERROR_WANT_READ)
                return false;
            pump(pair->client, pair->server);
        }
        if (!server_done) {
            int result = SSL_do_handshake(pair->server);
            server_done = result == 1;
            if (result != 1 && SSL_get_error(pair->server, result) != SSL_ERROR_WANT_READ)
                return false;
            pair->from_server += pump(pair->server, pair->client);
        }
    }
    return true;
}

static SSL *memory_connection(SSL_CTX *context, bool server)
{
    SSL *ssl = SSL_new(context);
    BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
    if (ssl == NULL || in == NULL || out == NULL)
        die("cannot make a connection");
    SSL_set_bio(ssl, in, out);
    if (server)
        SSL_set_accept_state(ssl);
    else
        SSL_set_connect_state(ssl);
    return ssl;
}

long pump(SSL *from, SSL *to)
{
    static _Thread_local unsigned char buffer[MAX_FLIGHT];
    BIO *source = SSL_get_wbio(from), *sink = SSL_get_rbio(to);
    long moved = 0;
    int count;
    while ((count = BIO_read(source, buffer, sizeof buffer)) > 0) {
        if (BIO_write(sink, buffer, count) != count)
            die("BIO_write");
        moved += count;
        if (count < (int)sizeof buffer)
            break;
    }
    return moved;
}

struct pair pair_new(const struct contexts *contexts, SSL_SESSION *session)
{
    struct pair pair = {memory_connection(contexts->client, false), memory_connection(contexts->server, true), 0};
    if (session != NULL && !SSL_set_session(pair.client, session))
        die("SSL_set_session");
    if (!handshake(&pair))
        die("handshake failed");
    return pair;
}

void pair_free(struct pair *pair)
{
    SSL_free(pair->client);
    SSL_free(pair->server);
}

static void check_pair(const struct pair *pair, int version)
{
    const char *group = SSL_get0_group_name(pair->client);
    const char *cipher = SSL_get_cipher_name(pair->client);
    if (SSL_version(pair->client) != version)
        die("protocol version is %s", SSL_get_version(pair->client));
    if (group == NULL || strcmp(group, "x25519") != 0)
        die("key exchange group is %s", group == NULL ? "unknown" : group);
    if (version == TLS1_3_VERSION ? strcmp(cipher, "TLS_AES_128_GCM_SHA256") != 0
                                  : strstr(cipher, "-AES128-GCM-SHA256") == NULL)
        die("cipher is %s", cipher);
    STACK_OF(X509) *chain = SSL_get0_verified_chain(pair->client);
    if (SSL_get_verify_result(pair->client) != X509_V_OK || sk_X509_num(chain) != 3)
        die("the server's chain was not verified");
}

struct contexts contexts_new(int version, const char *key_type)
{
    char name[64];
    struct contexts contexts = {context_new(version, key_type), context_new(version, key_type)};
    BIO_snprintf(name, sizeof name, "%s-chain.pem", key_type);
    if (!SSL_CTX_use_certificate_chain_file(contexts.server, material(name)))
        die("cannot load %s", name);
    BIO_snprintf(name, sizeof name, "%s-key.pem", key_type);
    if (!SSL_CTX_use_PrivateKey_file(contexts.server, material(name), SSL_FILETYPE_PEM))
        die("cannot load %s", name);
    SSL_CTX_set_verify(contexts.client, SSL_VERIFY_PEER, NULL);

    /* Before the root is known, the server must be refused. */
    struct pair refused = {memory_connection(contexts.client, false), memory_connection(contexts.server, true), 0};
    if (handshake(&refused))
        die("a server with an unknown root was accepted");
    ERR_clear_error();
    pair_free(&refused);

    BIO_snprintf(name, sizeof name, "%s-root.pem", key_type);
    if (!SSL_CTX_load_verify_file(contexts.client, material(name)))
        die("cannot load %s", name);
    struct pair pair = pair_new(&contexts, NULL);
    check_pair(&pair, version);
    pair_free(&pair);
    return contexts;
}

static void *accept_thread(void *argument)
{
    return SSL_do_handshake(argument) == 1 ? argument : NULL;
}

struct pair pair_over_sockets(const struct contexts *contexts)
{
    int fd[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd) != 0)
        die("socketpair");
    struct pair pair = {SSL_new(contexts->client), SSL_new(contexts->server), 0};
    if (pair.client == NULL || pair.server == NULL || !SSL_set_fd(pair.client, fd[0]) || !SSL_set_fd(pair.server, fd[1]))
        die("cannot make a connection");
    SSL_set_connect_state(pair.client);
    SSL_set_accept_state(pair.server);
    pthread_t thread;
    void *accepted = NULL;
    if (pthread_create(&thread, NULL, accept_thread, pair.server) != 0)
        die("pthread_create");
    if (SSL_do_handshake(pair.client) != 1)
        die("handshake over a socket pair failed");
    pthread_join(thread, &accepted);
    if (accepted == NULL)
        die("handshake over a socket pair failed");
    check_pair(&pair, SSL_version(pair.client));
    return pair;
}
