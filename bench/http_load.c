/*
 * http_load: an open-loop HTTP/1.1 client for latency figures.
 *
 *     http_load --connections 10000 --rate 400 --seconds 120 127.0.0.1:8080 < requests
 *
 * Each line of standard input is a request: METHOD PATH TOKEN BODY ("-" for no token or no body).  Request n
 * starts at n / rate seconds whether or not earlier ones were answered, on connection n mod connections;
 * latency counts from that planned start, so a stalled server is not flattered (no coordinated omission).
 * With --requests N instead of a rate, N requests go out as fast as the connections take them (closed loop: only the
 * rate says something then).
 * With --slow MS, tells on standard error of every hundredth of a second in which an answer came so late: when, how
 * many of how many did, and how late the latest was.
 * Prints one JSON object: counts by status, percentiles in milliseconds, reconnects.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { READ_SIZE = 16384, HEAD_LIMIT = 16384, EVENTS = 1024, HISTOGRAM = 600000, MAX_STATUS = 600 };

typedef struct {
    char *bytes;
    size_t length;
} request_t;

typedef struct {
    int fd;
    size_t request;            /* index of the request under way */
    int64_t planned_us;        /* when it should have started */
    size_t sent;
    bool busy, connecting;
    char head[HEAD_LIMIT];
    size_t head_length;
    int64_t body_left;         /* -1 while the head is being read */
    size_t queue_first, queue_count, queue_capacity;
    int64_t *queue;            /* planned starts that wait for this connection, with the request's index */
} connection_t;

typedef struct {
    struct sockaddr_in address;
    int epoll;
    request_t *requests;
    size_t request_count;
    connection_t *connections;
    size_t connection_count;
    double rate, seconds;
    uint64_t requests_wanted;  /* closed loop; 0: open */
    int64_t started_us;
    uint32_t *histogram;       /* tenths of a millisecond */
    uint64_t statuses[MAX_STATUS];
    uint64_t answered, reconnects, broken;
    int64_t max_us;
    int64_t slow_us;           /* what is told of as late; 0: nothing */
    struct {
        int64_t hundredth;     /* of a second, since the start */
        uint64_t answered, slow;
        int64_t max_us;
    } now;                     /* of the hundredth under way */
    char sample[512];
} load_t;

static int64_t
now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t) t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void
die(const char *what)
{
    fprintf(stderr, "http_load: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void
read_requests(load_t *load, FILE *in)
{
    char *line = NULL;
    size_t size = 0, capacity = 0;
    while (getline(&line, &size, in) > 0) {
        line[strcspn(line, "\n")] = '\0';
        char *rest = line, *method = strsep(&rest, " "), *path = strsep(&rest, " "), *token = strsep(&rest, " ");
        if (token == NULL) {
            continue;
        }
        const char *body = rest == NULL || strcmp(rest, "-") == 0 ? "" : rest;
        if (load->request_count == capacity) {
            capacity = capacity == 0 ? 1024 : capacity * 2;
            load->requests = realloc(load->requests, capacity * sizeof(request_t));
        }
        request_t *request = &load->requests[load->request_count++];
        int length = asprintf(&request->bytes,
                              "%s %s HTTP/1.1\r\nHost: bench\r\n%s%s%sContent-Type: application/json\r\n"
                              "Content-Length: %zu\r\n\r\n%s",
                              method, path, *token == '-' ? "" : "Authorization: Bearer ", *token == '-' ? "" : token,
                              *token == '-' ? "" : "\r\n", strlen(body), body);
        if (length < 0) {
            die("memory");
        }
        request->length = (size_t) length;
    }
    free(line);
}

static void
open_connection(load_t *load, connection_t *c)
{
    int one = 1;
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (c->fd < 0) {
        die("socket");
    }
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(c->fd, (struct sockaddr *) &load->address, sizeof load->address) < 0 && errno != EINPROGRESS) {
        die("connect");
    }
    struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c };
    epoll_ctl(load->epoll, EPOLL_CTL_ADD, c->fd, &event);
    c->connecting = true;
    c->head_length = 0;
    c->body_left = -1;
}

static void
send_more(load_t *load, connection_t *c)
{
    request_t *request = &load->requests[c->request];
    while (c->busy && !c->connecting && c->sent < request->length) {
        ssize_t n = send(c->fd, request->bytes + c->sent, request->length - c->sent, MSG_NOSIGNAL);
        if (n < 0) {
            return;
        }
        c->sent += (size_t) n;
    }
}

static void
start(load_t *load, connection_t *c, size_t request, int64_t planned_us)
{
    c->busy = true;
    c->request = request;
    c->planned_us = planned_us;
    c->sent = 0;
    c->head_length = 0;
    c->body_left = -1;
    send_more(load, c);
}

static void
next_in_queue(load_t *load, connection_t *c)
{
    c->busy = false;
    if (c->queue_count > 0) {
        int64_t *entry = &c->queue[2 * c->queue_first];
        c->queue_first = (c->queue_first + 1) % c->queue_capacity;
        c->queue_count--;
        start(load, c, (size_t) entry[1], entry[0]);
    }
}

static void
enqueue(connection_t *c, size_t request, int64_t planned_us)
{
    if (c->queue_count == c->queue_capacity) {
        size_t capacity = c->queue_capacity == 0 ? 8 : c->queue_capacity * 2;
        int64_t *queue = malloc(capacity * 2 * sizeof(int64_t));
        for (size_t i = 0; i < c->queue_count; i++) {
            memcpy(&queue[2 * i], &c->queue[2 * ((c->queue_first + i) % c->queue_capacity)], 2 * sizeof(int64_t));
        }
        free(c->queue);
        c->queue = queue;
        c->queue_first = 0;
        c->queue_capacity = capacity;
    }
    int64_t *entry = &c->queue[2 * ((c->queue_first + c->queue_count) % c->queue_capacity)];
    entry[0] = planned_us;
    entry[1] = (int64_t) request;
    c->queue_count++;
}

static void
tell_slow(const load_t *load)
{
    if (load->now.slow > 0) {
        fprintf(stderr, "slow: at %.2f s %llu of %llu, the latest %.1f ms\n", (double) load->now.hundredth / 100,
                (unsigned long long) load->now.slow, (unsigned long long) load->now.answered,
                (double) load->now.max_us / 1000);
    }
}

static void
note_slow(load_t *load, int64_t at_us, int64_t took_us)
{
    int64_t hundredth = (at_us - load->started_us) / 10000;
    if (hundredth != load->now.hundredth) {
        tell_slow(load);
        memset(&load->now, 0, sizeof load->now);
        load->now.hundredth = hundredth;
    }
    load->now.answered++;
    load->now.slow += took_us >= load->slow_us;
    load->now.max_us = took_us > load->now.max_us ? took_us : load->now.max_us;
}

static void
answered(load_t *load, connection_t *c, int status)
{
    int64_t at = now_us(), took = at - c->planned_us;
    int64_t slot = took / 100;
    if (load->slow_us > 0) {
        note_slow(load, at, took);
    }
    load->histogram[slot >= HISTOGRAM ? HISTOGRAM - 1 : slot]++;
    load->max_us = took > load->max_us ? took : load->max_us;
    load->answered++;
    load->statuses[status > 0 && status < MAX_STATUS ? status : 0]++;
}

static void
reopen(load_t *load, connection_t *c)
{
    bool lost = c->busy;
    close(c->fd);
    load->reconnects++;
    open_connection(load, c);
    if (lost) {
        load->broken++;
        next_in_queue(load, c);
    }
}

/* True when the head is whole: sets body_left from Content-Length. */
static bool
read_head(load_t *load, connection_t *c, int *status)
{
    char *end = memmem(c->head, c->head_length, "\r\n\r\n", 4);
    if (end == NULL) {
        return false;
    }
    *end = '\0';
    *status = c->head_length > 12 ? atoi(c->head + 9) : 0;
    char *length = strcasestr(c->head, "\r\ncontent-length:");
    int64_t body = length == NULL ? 0 : atoll(length + 17);
    size_t have = c->head_length - (size_t) (end + 4 - c->head);
    if (*status >= 300 && load->sample[0] == '\0') {
        snprintf(load->sample, sizeof load->sample, "%d %.*s", *status, (int) (have < 400 ? have : 400), end + 4);
    }
    c->body_left = body - (int64_t) have;
    return true;
}

static void
readable(load_t *load, connection_t *c)
{
    char sink[READ_SIZE];
    for (;;) {
        bool in_head = c->body_left < 0;
        ssize_t n = in_head ? recv(c->fd, c->head + c->head_length, HEAD_LIMIT - 1 - c->head_length, 0)
                            : recv(c->fd, sink, sizeof sink, 0);
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
            return;
        }
        if (n <= 0) {
            reopen(load, c);
            return;
        }
        int status = 0;
        if (in_head) {
            c->head_length += (size_t) n;
            if (!read_head(load, c, &status)) {
                continue;
            }
        } else {
            c->body_left -= n;
        }
        if (c->body_left <= 0) {
            answered(load, c, c->head_length > 12 ? atoi(c->head + 9) : 0);
            c->body_left = -1;
            c->head_length = 0;
            next_in_queue(load, c);
        }
    }
}

static void
handle(load_t *load, struct epoll_event *event)
{
    connection_t *c = event->data.ptr;
    if (event->events & (EPOLLERR | EPOLLHUP)) {
        reopen(load, c);
        return;
    }
    if (event->events & EPOLLOUT) {
        c->connecting = false;
        send_more(load, c);
    }
    if (event->events & EPOLLIN) {
        readable(load, c);
    }
}

/* Until something happened or the time came, to the microsecond: the wait of epoll_wait() is a whole millisecond at
 * least, which at thousands of requests a second would be most of what is measured. */
static int
wait_for_events(load_t *load, struct epoll_event *events, int64_t until_us)
{
    int64_t left_us = until_us - now_us();
    struct timespec left = { .tv_sec = left_us / 1000000, .tv_nsec = left_us % 1000000 * 1000 };
    if (left_us <= 0) {
        left = (struct timespec){ 0 };
    }
    int n = epoll_pwait2(load->epoll, events, EVENTS, &left, NULL);
    if (n < 0 && errno != EINTR) {
        die("epoll_pwait2");
    }
    return n;
}

static void
run(load_t *load)
{
    struct epoll_event events[EVENTS];
    bool closed = load->requests_wanted > 0;
    uint64_t total = closed ? load->requests_wanted : (uint64_t) (load->rate * load->seconds), sent = 0;
    load->started_us = now_us();
    int64_t deadline = load->started_us + (int64_t) ((closed ? 600 : load->seconds + 10) * 1e6);
    while (load->answered + load->broken < total && now_us() < deadline) {
        int64_t now = now_us(), next_start_us = deadline;
        while (sent < total) {
            int64_t planned = load->started_us + (closed ? 0 : (int64_t) ((double) sent / load->rate * 1e6));
            if (planned > now) {
                next_start_us = planned;
                break;
            }
            connection_t *c = &load->connections[sent % load->connection_count];
            if (c->busy) {
                enqueue(c, sent % load->request_count, planned);
            } else {
                start(load, c, sent % load->request_count, planned);
            }
            sent++;
        }
        int n = wait_for_events(load, events, sent < total ? next_start_us : deadline);
        for (int i = 0; i < n; i++) {
            handle(load, &events[i]);
        }
    }
    load->seconds = (double) (now_us() - load->started_us) / 1e6;
}

static double
percentile(const load_t *load, double share)
{
    uint64_t wanted = (uint64_t) ((double) load->answered * share), seen = 0;
    for (size_t i = 0; i < HISTOGRAM; i++) {
        seen += load->histogram[i];
        if (seen > wanted) {
            return (double) (i + 1) / 10;
        }
    }
    return (double) load->max_us / 1000;
}

static void
report(const load_t *load)
{
    printf("{\"answered\":%llu,\"seconds\":%.2f,\"per_s\":%.1f,\"p50_ms\":%.1f,\"p90_ms\":%.1f,\"p99_ms\":%.1f,"
           "\"p999_ms\":%.1f,\"max_ms\":%.1f,\"reconnects\":%llu,\"broken\":%llu,\"statuses\":{",
           (unsigned long long) load->answered, load->seconds, (double) load->answered / load->seconds,
           percentile(load, 0.5), percentile(load, 0.9), percentile(load, 0.99), percentile(load, 0.999),
           (double) load->max_us / 1000, (unsigned long long) load->reconnects, (unsigned long long) load->broken);
    const char *comma = "";
    for (int status = 0; status < MAX_STATUS; status++) {
        if (load->statuses[status] > 0) {
            printf("%s\"%d\":%llu", comma, status, (unsigned long long) load->statuses[status]);
            comma = ",";
        }
    }
    printf("}}\n");
    if (load->sample[0] != '\0') {
        fprintf(stderr, "first refusal: %s\n", load->sample);
    }
}

static void
parse_arguments(load_t *load, int argc, char **argv)
{
    static const struct option options[] = { { "connections", required_argument, NULL, 'c' },
                                             { "rate", required_argument, NULL, 'r' },
                                             { "seconds", required_argument, NULL, 's' },
                                             { "requests", required_argument, NULL, 'n' },
                                             { "slow", required_argument, NULL, 'l' },
                                             { NULL, 0, NULL, 0 } };
    int option;
    load->connection_count = 32;
    load->rate = 1000;
    load->seconds = 10;
    while ((option = getopt_long(argc, argv, "c:r:s:n:l:", options, NULL)) != -1) {
        switch (option) {
        case 'c': load->connection_count = (size_t) atol(optarg); break;
        case 'r': load->rate = atof(optarg); break;
        case 's': load->seconds = atof(optarg); break;
        case 'n': load->requests_wanted = strtoull(optarg, NULL, 10); break;
        case 'l': load->slow_us = (int64_t) (atof(optarg) * 1000); break;
        default: exit(2);
        }
    }
    char host[64];
    int port;
    if (optind != argc - 1 || sscanf(argv[optind], "%63[0-9.]:%d", host, &port) != 2 || load->rate <= 0 ||
        load->connection_count == 0) {
        fprintf(stderr, "usage: http_load [--connections N] [--rate N] [--seconds N] [--requests N] [--slow MS] ADDRESS:PORT < requests\n");
        exit(2);
    }
    load->address.sin_family = AF_INET;
    load->address.sin_port = htons((uint16_t) port);
    inet_pton(AF_INET, host, &load->address.sin_addr);
}

int
main(int argc, char **argv)
{
    static load_t load;
    struct rlimit files = { 65536, 65536 };
    setrlimit(RLIMIT_NOFILE, &files);
    prctl(PR_SET_TIMERSLACK, 1);   /* ns; the usual 50 us would be added to every start */
    parse_arguments(&load, argc, argv);
    read_requests(&load, stdin);
    if (load.request_count == 0) {
        fprintf(stderr, "http_load: no requests on standard input\n");
        return 2;
    }
    load.histogram = calloc(HISTOGRAM + 1, sizeof(uint32_t));
    load.connections = calloc(load.connection_count, sizeof(connection_t));
    load.epoll = epoll_create1(0);
    for (size_t i = 0; i < load.connection_count; i++) {
        open_connection(&load, &load.connections[i]);
        if (i % 256 == 255) {
            usleep(10000);   /* not more at once than a listen queue takes */
        }
    }
    run(&load);
    tell_slow(&load);
    report(&load);
    return 0;
}
