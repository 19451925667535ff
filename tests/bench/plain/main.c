/* The command line, the clock and the JSON line.  No case lives here, only their names. */
#include "bench.h"

#include <openssl/err.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct plan plan = {.seconds = 0.15, .windows = 3, .quick = false, .material = "."};

/* The JSON line is put together here and printed at the end, so that a case that dies prints none. */
static char samples[65536];
static char facts[4096];

void die(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("plain: ", stderr);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    unsigned long code = ERR_peek_error();
    if (code != 0)
        fprintf(stderr, " (%s)", ERR_reason_error_string(code));
    fputc('\n', stderr);
    exit(1);
}

static void append(char *buffer, size_t size, const char *format, ...)
{
    size_t used = strlen(buffer);
    va_list arguments;
    va_start(arguments, format);
    int wanted = vsnprintf(buffer + used, size - used, format, arguments);
    va_end(arguments);
    if (wanted < 0 || (size_t)wanted >= size - used)
        die("result too long");
}

double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double cpu_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* The number of operations that fills one window; running up to it is the warm-up. */
static long calibrate(loop_fn loop, void *state)
{
    for (long n = 1;; n *= 2) {
        double start = now();
        loop(state, n);
        double spent = now() - start;
        if (spent >= plan.seconds / 4) {
            long scaled = (long)((double)n * plan.seconds / spent);
            return scaled < 1 ? 1 : scaled;
        }
    }
}

void rate_fixed(loop_fn loop, void *state, long n, double amount)
{
    for (int window = 0; window < plan.windows; window++) {
        double cpu = cpu_now(), wall = now();
        loop(state, n);
        wall = now() - wall;
        cpu = cpu_now() - cpu;
        append(samples, sizeof samples, "%s[%.9g, %.9g, %.9g]", samples[0] ? ", " : "", (double)n * amount, wall, cpu);
    }
}

void rate(loop_fn loop, void *state, double amount)
{
    rate_fixed(loop, state, calibrate(loop, state), amount);
}

struct job {
    loop_fn loop;
    void *state;
    long n;
};

static void *run_job(void *argument)
{
    struct job *job = argument;
    job->loop(job->state, job->n);
    return NULL;
}

/* Operations a second of `threads` threads that do n operations each. */
static double threaded_rate(loop_fn loop, void *states[2], int threads, long n)
{
    pthread_t thread[2];
    struct job jobs[2];
    double start = now();
    for (int i = 0; i < threads; i++) {
        jobs[i] = (struct job){loop, states[i], n};
        if (pthread_create(&thread[i], NULL, run_job, &jobs[i]) != 0)
            die("pthread_create");
    }
    for (int i = 0; i < threads; i++)
        pthread_join(thread[i], NULL);
    return (double)(n * threads) / (now() - start);
}

void scaling(loop_fn loop, void *states[2])
{
    long n = calibrate(loop, states[0]);
    double one = 0, two = 0;
    for (int window = 0; window < plan.windows; window++) {
        one = threaded_rate(loop, states, 1, n);
        two = threaded_rate(loop, states, 2, n);
        append(samples, sizeof samples, "%s%.9g", samples[0] ? ", " : "", two / one);
    }
    fact("one_thread", one);
    fact("two_threads", two);
}

void value(double figure)
{
    append(samples, sizeof samples, "%s%.9g", samples[0] ? ", " : "", figure);
}

void fact(const char *name, double figure)
{
    append(facts, sizeof facts, "%s\"%s\": %.9g", facts[0] ? ", " : "", name, figure);
}

const char *material(const char *name)
{
    static char path[4096];
    int length = snprintf(path, sizeof path, "%s/%s", plan.material, name);
    if (length < 0 || (size_t)length >= sizeof path)
        die("path too long");
    return path;
}

unsigned char *slurp(const char *name, long *length)
{
    FILE *file = fopen(material(name), "rb");
    if (file == NULL)
        die("cannot open %s", material(name));
    unsigned char *data = malloc(65536);
    *length = data == NULL ? 0 : (long)fread(data, 1, 65536, file);
    if (*length <= 0 || *length == 65536 || !feof(file))
        die("cannot read %s", material(name));
    fclose(file);
    return data;
}

static const struct {
    const char *name;
    void (*run)(void);
    bool plain_values; /* the samples are figures, not [amount, wall, cpu] */
} cases[] = {
    {"handshake-13", case_handshake_13, false},
    {"handshake-12", case_handshake_12, false},
    {"handshake-13-rsa", case_handshake_13_rsa, false},
    {"resume-13-clean", case_resume_13_clean, false},
    {"resume-13-abrupt", case_resume_13_abrupt, false},
    {"resume-12-clean", case_resume_12_clean, false},
    {"resume-12-abrupt", case_resume_12_abrupt, false},
    {"write-16k", case_write_16k, false},
    {"write-1m", case_write_1m, false},
    {"echo-64", case_echo_64, false},
    {"bulk", case_bulk, false},
    {"bulk-into", case_bulk, false},
    {"bulk-read-ahead", case_bulk_read_ahead, false},
    {"one-way-64", case_one_way_64, false},
    {"ping-pong-64", case_ping_pong_64, false},
    {"one-way-64-turns", case_one_way_64_turns, false},
    {"ping-pong-64-turns", case_ping_pong_64_turns, false},
    {"memory-idle", case_memory_idle, true},
    {"threads-handshake", case_threads_handshake, true},
    {"threads-echo", case_threads_echo, true},
    {"load-certificate-pem", case_load_certificate_pem, false},
    {"load-certificate-der", case_load_certificate_der, false},
    {"load-key-ec", case_load_key_ec, false},
    {"load-key-rsa", case_load_key_rsa, false},
    {"subject-components", case_subject_components, false},
    {"subject-cn", case_subject_cn, false},
    {"digest", case_digest, false},
    {"has-expired", case_has_expired, false},
    {"serial", case_serial, false},
    {"verify-chain", case_verify_chain, false},
    {"dump-certificate-pem", case_dump_certificate_pem, false},
    {"sign-ec", case_sign_ec, false},
    {"sign-rsa", case_sign_rsa, false},
};

/* Who this peer is: the harness compares the build of its library with that of the package. */
static void identity(void)
{
    printf("{\"identity\": {\"openssl\": \"%s\", \"built\": \"%s\"}}\n", OpenSSL_version(OPENSSL_VERSION),
           OpenSSL_version(OPENSSL_BUILT_ON));
}

int main(int argc, char **argv)
{
    const char *name = NULL;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--quick") == 0)
            plan.quick = true;
        else if (strcmp(argv[i], "--seconds") == 0 && i + 1 < argc)
            plan.seconds = atof(argv[++i]);
        else if (strcmp(argv[i], "--windows") == 0 && i + 1 < argc)
            plan.windows = atoi(argv[++i]);
        else if (strcmp(argv[i], "--material") == 0 && i + 1 < argc)
            plan.material = argv[++i];
        else if (name == NULL && argv[i][0] != '-')
            name = argv[i];
        else
            die("unknown argument: %s", argv[i]);
    }
    if (name == NULL || plan.seconds <= 0 || plan.windows < 1)
        die("usage: plain CASE [--quick] [--seconds S] [--windows N] [--material FOLDER]");
    signal(SIGPIPE, SIG_IGN);
    if (strcmp(name, "identity") == 0) {
        identity();
        return 0;
    }
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (strcmp(cases[i].name, name) == 0) {
            cases[i].run();
            printf("{\"case\": \"%s\", \"%s\": [%s], \"facts\": {%s}}\n", name,
                   cases[i].plain_values ? "values" : "samples", samples, facts);
            return 0;
        }
    }
    die("no case named %s", name);
}
