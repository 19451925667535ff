/* The cases about certificates and keys.  Each does what the Python call of the same case does, results included. */
#include "bench.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct data {
    unsigned char *bytes;
    long length;
};

static struct data read_data(const char *name)
{
    struct data data;
    data.bytes = slurp(name, &data.length);
    return data;
}

static X509 *certificate_from(const struct data *data)
{
    BIO *bio = BIO_new_mem_buf(data->bytes, (int)data->length);
    X509 *certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    BIO_free(bio);
    if (certificate == NULL)
        die("PEM_read_bio_X509");
    return certificate;
}

static X509 *certificate(const char *name)
{
    struct data data = read_data(name);
    X509 *result = certificate_from(&data);
    free(data.bytes);
    return result;
}

static EVP_PKEY *key_from(const struct data *data)
{
    BIO *bio = BIO_new_mem_buf(data->bytes, (int)data->length);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    BIO_free(bio);
    if (key == NULL)
        die("PEM_read_bio_PrivateKey");
    return key;
}

/* --- loading --- */

static void load_pem(void *data, long n)
{
    while (n-- > 0)
        X509_free(certificate_from(data));
}

void case_load_certificate_pem(void)
{
    struct data data = read_data("ec-leaf.pem");
    rate(load_pem, &data, 1);
}

static void load_der(void *argument, long n)
{
    const struct data *data = argument;
    while (n-- > 0) {
        const unsigned char *cursor = data->bytes;
        X509 *loaded = d2i_X509(NULL, &cursor, data->length);
        if (loaded == NULL || cursor != data->bytes + data->length)
            die("d2i_X509");
        X509_free(loaded);
    }
}

void case_load_certificate_der(void)
{
    struct data data = read_data("ec-leaf.der");
    rate(load_der, &data, 1);
}

static void load_key(void *data, long n)
{
    while (n-- > 0)
        EVP_PKEY_free(key_from(data));
}

static void load_key_case(const char *name, int bits)
{
    struct data data = read_data(name);
    EVP_PKEY *key = key_from(&data);
    if (EVP_PKEY_get_bits(key) != bits)
        die("a key of another size");
    EVP_PKEY_free(key);
    rate(load_key, &data, 1);
}

void case_load_key_ec(void) { load_key_case("ec-key.pem", 256); }
void case_load_key_rsa(void) { load_key_case("rsa-key.pem", 2048); }

/* --- reading --- */

static void components(void *leaf, long n)
{
    while (n-- > 0) {
        const X509_NAME *name = X509_get_subject_name(leaf);
        int count = X509_NAME_entry_count(name), length = 0;
        for (int i = 0; i < count; i++) {
            const X509_NAME_ENTRY *entry = X509_NAME_get_entry(name, i);
            const char *key = OBJ_nid2sn(OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry)));
            const ASN1_STRING *text = X509_NAME_ENTRY_get_data(entry);
            char copy[256];
            int size = ASN1_STRING_length(text);
            if (key == NULL || size > (int)sizeof copy)
                die("an unexpected name");
            memcpy(copy, ASN1_STRING_get0_data(text), (size_t)size);
            __asm__ volatile("" : : "r"(copy) : "memory"); /* the copy is wanted */
            length += size;
        }
        if (count != 6 || length == 0)
            die("%d components", count);
    }
}

void case_subject_components(void) { rate(components, certificate("ec-leaf.pem"), 1); }

static void common_name(void *leaf, long n)
{
    while (n-- > 0) {
        const X509_NAME *name = X509_get_subject_name(leaf);
        int index = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
        unsigned char *text = NULL;
        if (index < 0
            || ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, index))) != 17)
            die("the common name is another");
        OPENSSL_free(text);
    }
}

void case_subject_cn(void) { rate(common_name, certificate("ec-leaf.pem"), 1); }

static void digest(void *leaf, long n)
{
    static const char digits[] = "0123456789ABCDEF";
    while (n-- > 0) {
        unsigned char hash[EVP_MAX_MD_SIZE];
        char text[EVP_MAX_MD_SIZE * 3];
        unsigned int length = 0;
        if (!X509_digest(leaf, EVP_sha256(), hash, &length) || length != 32)
            die("X509_digest");
        for (unsigned int i = 0; i < length; i++) {
            text[3 * i] = digits[hash[i] >> 4];
            text[3 * i + 1] = digits[hash[i] & 15];
            text[3 * i + 2] = ':';
        }
        text[3 * length - 1] = 0;
        __asm__ volatile("" : : "r"(text) : "memory"); /* the text is wanted */
    }
}

void case_digest(void) { rate(digest, certificate("ec-leaf.pem"), 1); }

static void has_expired(void *leaf, long n)
{
    while (n-- > 0)
        if (ASN1_TIME_cmp_time_t(X509_get0_notAfter(leaf), time(NULL)) != 1)
            die("the certificate has expired");
}

void case_has_expired(void) { rate(has_expired, certificate("ec-leaf.pem"), 1); }

static void serial(void *leaf, long n)
{
    while (n-- > 0) {
        unsigned char bytes[32];
        BIGNUM *number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(leaf), NULL);
        if (number == NULL || BN_num_bytes(number) > (int)sizeof bytes || BN_bn2bin(number, bytes) < 8)
            die("the serial number is another");
        BN_free(number);
    }
}

void case_serial(void) { rate(serial, certificate("ec-leaf.pem"), 1); }

/* --- verification --- */

struct chain {
    X509_STORE *store;
    X509 *leaf;
    STACK_OF(X509) *untrusted;
};

static int verify_once(const struct chain *chain)
{
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    if (context == NULL || !X509_STORE_CTX_init(context, chain->store, chain->leaf, chain->untrusted))
        die("X509_STORE_CTX_init");
    int result = X509_verify_cert(context);
    if (result == 1 && sk_X509_num(X509_STORE_CTX_get0_chain(context)) != 3)
        die("not three certificates were verified");
    X509_STORE_CTX_free(context);
    return result;
}

static void verify(void *chain, long n)
{
    while (n-- > 0)
        if (verify_once(chain) != 1)
            die("the chain was not verified");
}

void case_verify_chain(void)
{
    struct chain chain = {X509_STORE_new(), certificate("ec-leaf.pem"), sk_X509_new_null()};
    sk_X509_push(chain.untrusted, certificate("ec-intermediate.pem"));
    if (verify_once(&chain) == 1)
        die("a chain without a trusted root was verified");
    X509_STORE_add_cert(chain.store, certificate("ec-root.pem"));
    rate(verify, &chain, 1);
}

/* --- writing --- */

static void dump(void *leaf, long n)
{
    while (n-- > 0) {
        char *text, copy[8192];
        BIO *bio = BIO_new(BIO_s_mem());
        if (bio == NULL || !PEM_write_bio_X509(bio, leaf))
            die("PEM_write_bio_X509");
        long length = BIO_get_mem_data(bio, &text);
        if (length < 100 || length > (long)sizeof copy)
            die("%ld bytes of PEM", length);
        memcpy(copy, text, (size_t)length);
        __asm__ volatile("" : : "r"(copy) : "memory");
        BIO_free(bio);
    }
}

void case_dump_certificate_pem(void) { rate(dump, certificate("ec-leaf.pem"), 1); }

struct signing {
    X509 *leaf;
    EVP_PKEY *key;
};

static void sign(void *argument, long n)
{
    const struct signing *state = argument;
    while (n-- > 0)
        if (!X509_sign(state->leaf, state->key, EVP_sha256()))
            die("X509_sign");
}

static void sign_case(const char *certificate_name, const char *key_name)
{
    struct data data = read_data(key_name);
    struct signing state = {certificate(certificate_name), key_from(&data)};
    rate(sign, &state, 1);
    if (X509_verify(state.leaf, state.key) != 1)
        die("the signature is wrong");
}

void case_sign_ec(void) { sign_case("ec-leaf.pem", "ec-key.pem"); }
void case_sign_rsa(void) { sign_case("rsa-leaf.pem", "rsa-key.pem"); }
