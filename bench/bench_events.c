/*
 * bench_events: many open streams of events, and how long an event takes to reach all of them.
 *
 *     bench_events HOST:PORT REDIS_HOST:REDIS_PORT STREAMS EVENTS < tokens        (BENCH_REDIS_PASSWORD in the
 * environment)
 *
 * Opens the streams, by the tokens in turn; when every one has said where it is, prints "open" and waits for a line on
 * standard input, so that whoever started it may look at the server.  Then adds events to Redis, one after the other,
 * each when all streams have had the one before, and prints one JSON object: milliseconds from the event to the last
 * stream.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { MAX_TOKENS = 4096, WAIT_S = 60, READY = 512 };

typedef struct {
    int fd;
    int state; /* how much of the pattern that is looked for has come */
    bool there;
} stream_t;

static struct sockaddr_in server;
static int watch;
static char *tokens[MAX_TOKENS];
static size_t token_count;
static stream_t *streams;
static size_t stream_count;

static void
die(const char *what)
{
    fprintf(stderr, "bench_events: %s: %s\n", what, strerror(errno));
    exit(1);
}

static double
now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double) now.tv_sec * 1e3 + (double) now.tv_nsec / 1e6;
}

static void
split(const char *text, char *host, size_t size, int *port)
{
    const char *colon = strrchr(text, ':');

    if (colon == NULL || (size_t) (colon - text) >= size) {
        die("HOST:PORT");
    }
    memcpy(host, text, (size_t) (colon - text));
    host[colon - text] = '\0';
    *port = atoi(colon + 1);
}

/* Tokens up to an empty line; what follows on standard input says when to go on. */
static void
read_tokens(void)
{
    char line[8192];

    while (token_count < MAX_TOKENS && fgets(line, sizeof(line), stdin) != NULL && line[0] != '\n') {
        line[strcspn(line, "\n")] = '\0';
        tokens[token_count++] = strdup(line);
    }
    if (token_count == 0) {
        die("no tokens");
    }
}

static void
open_stream(stream_t *stream, const char *token)
{
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = stream };
    char request[8192];
    int length = snprintf(
        request, sizeof(request),
        "GET /api/events?topics=rack:updates:* HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer %s\r\n\r\n", token);

    stream->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (stream->fd < 0 || connect(stream->fd, (struct sockaddr *) &server, sizeof(server)) != 0 ||
        write(stream->fd, request, (size_t) length) != length) {
        die("a stream");
    }
    fcntl(stream->fd, F_SETFL, O_NONBLOCK);
    if (epoll_ctl(watch, EPOLL_CTL_ADD, stream->fd, &event) != 0) {
        die("epoll_ctl");
    }
}

/* Whether the pattern ends in what a stream has now to read.  All of it is read. */
static bool
has_come(stream_t *stream, const char *pattern)
{
    char bytes[8192];
    bool found = false;
    ssize_t got;

    while ((got = read(stream->fd, bytes, sizeof(bytes))) > 0) {
        for (ssize_t i = 0; i < got; i++) {
            stream->state = bytes[i] == pattern[stream->state] ? stream->state + 1 : bytes[i] == pattern[0];
            if (pattern[stream->state] == '\0') {
                found = true;
                stream->state = 0;
            }
        }
    }
    if (got == 0) {
        errno = 0;
        die("a stream ended");
    }
    return found;
}

/* Until the pattern has come on so many streams that had it not.  Milliseconds. */
static double
await(const char *pattern, size_t count)
{
    double begun = now_ms();

    while (count > 0) {
        struct epoll_event ready[READY];
        int n = epoll_wait(watch, ready, READY, 1000);

        for (int i = 0; i < n; i++) {
            stream_t *stream = ready[i].data.ptr;

            if (has_come(stream, pattern) && !stream->there) {
                stream->there = true;
                count--;
            }
        }
        if (now_ms() - begun > WAIT_S * 1e3) {
            errno = 0;
            fprintf(stderr, "%zu streams are missing\n", count);
            die("waited in vain");
        }
    }
    return now_ms() - begun;
}

static void
forget(void)
{
    for (size_t i = 0; i < stream_count; i++) {
        streams[i].there = false;
        streams[i].state = 0;
    }
}

static int
ascending(const void *a, const void *b)
{
    double left = *(const double *) a, right = *(const double *) b;

    return left < right ? -1 : left > right;
}

static void
measure(redisContext *redis, int events)
{
    static const char message[] =
        "{\"type\":\"rack.claimed\",\"id\":\"B00001\",\"at\":\"2026-01-05T08:00:00Z\",\"session_id\":\"s\","
        "\"user_id\":\"u\",\"warehouse\":\"BENCH\",\"floor\":\"1\",\"count_id\":\"c\",\"status\":\"active\",\"fence\":"
        "1}";
    double *ms = calloc((size_t) events, sizeof(*ms));

    for (int i = 0; i < events; i++) {
        forget();
        freeReplyObject(redisCommand(redis,
                                     "XADD events:recent MAXLEN ~ 10000 * topics %s warehouse BENCH user u message %s",
                                     "rack:updates:B00001", message));
        ms[i] = await("\"fence\":1}", stream_count);
    }
    qsort(ms, (size_t) events, sizeof(*ms), ascending);
    printf("{\"streams\": %zu, \"events\": %d, \"median_ms\": %.1f, \"max_ms\": %.1f}\n", stream_count, events,
           ms[events / 2], ms[events - 1]);
    free(ms);
}

int
main(int argc, char **argv)
{
    struct rlimit files = { 0 };
    char host[64], line[16];
    redisContext *redis;
    double opened;
    int port;

    if (argc != 5) {
        fprintf(stderr, "usage: bench_events HOST:PORT REDIS_HOST:REDIS_PORT STREAMS EVENTS < tokens\n");
        return 2;
    }
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    read_tokens();
    split(argv[2], host, sizeof(host), &port);
    redis = redisConnect(host, port);
    if (redis == NULL || redis->err) {
        die("Redis");
    }
    if (getenv("BENCH_REDIS_PASSWORD") != NULL) {
        freeReplyObject(redisCommand(redis, "AUTH %s", getenv("BENCH_REDIS_PASSWORD")));
    }
    split(argv[1], host, sizeof(host), &port);
    server = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t) port) };
    inet_pton(AF_INET, host, &server.sin_addr);
    stream_count = (size_t) atoi(argv[3]);
    streams = calloc(stream_count, sizeof(*streams));
    watch = epoll_create1(0);
    opened = now_ms();
    for (size_t i = 0; i < stream_count; i++) {
        open_stream(&streams[i], tokens[i % token_count]);
    }
    await("\nid: ", stream_count);
    printf("open %.0f\n", now_ms() - opened);
    fflush(stdout);
    if (fgets(line, sizeof(line), stdin) == NULL) {
        return 1;
    }
    measure(redis, atoi(argv[4]));
    redisFree(redis);
    return 0;
}
