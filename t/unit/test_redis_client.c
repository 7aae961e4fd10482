/* The blocking connection to Redis: what it does when the server that answers is not the one to ask. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <hiredis/hiredis.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "core/redis/client.h"

/* A server that gives each connection one answer to all it asks, and counts connections. */
typedef struct {
    int listener;
    int port;
    const char *const *answers; /* of the first connection, the second, ...; ends with NULL */
    int connections;
    pthread_t thread;
} server_t;

static void *
serve(void *context)
{
    server_t *server = context;
    char asked[1024];

    for (const char *const *answer = server->answers; *answer != NULL; answer++) {
        int peer = accept(server->listener, NULL, NULL);

        if (peer < 0) {
            break;
        }
        server->connections++;
        while (read(peer, asked, sizeof(asked)) > 0 && write(peer, *answer, strlen(*answer)) > 0) {
        }
        close(peer);
    }
    return NULL;
}

static void
server_start(server_t *server, const char *const *answers)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t length = sizeof(address);

    *server = (server_t){ .listener = socket(AF_INET, SOCK_STREAM, 0), .answers = answers };
    assert_int_equal(bind(server->listener, (struct sockaddr *) &address, length), 0);
    assert_int_equal(listen(server->listener, 4), 0);
    assert_int_equal(getsockname(server->listener, (struct sockaddr *) &address, &length), 0);
    server->port = ntohs(address.sin_port);
    assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
}

static void
server_stop(server_t *server)
{
    shutdown(server->listener, SHUT_RDWR);
    pthread_join(server->thread, NULL);
    close(server->listener);
}

static sv_status_t
ask(sv_redis_client_t *client, sv_arena_t *arena)
{
    sv_redis_command_t command;
    redisReply *reply;
    sv_error_t error;
    sv_status_t status;

    sv_error_init(&error, arena);
    sv_redis_command(&command, arena, "SET");
    sv_redis_arg(&command, "k");
    sv_redis_arg(&command, "v");
    status = sv_redis_client_run(client, &command, &reply, &error);
    if (status == SV_OK) {
        freeReplyObject(reply);
    }
    return status;
}

/* Until it is answered otherwise: a client that lost its connection waits before the next. */
static sv_status_t
ask_while(sv_status_t so_far, sv_redis_client_t *client, sv_arena_t *arena)
{
    sv_status_t status = so_far;

    for (int i = 0; i < 1000 && status == so_far; i++) {
        nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
        status = ask(client, arena);
    }
    return status;
}

static void
check(const char *first, sv_status_t then, int connections)
{
    const char *const answers[] = { first, "+OK\r\n", NULL };
    sv_settings_t settings = { .redis_host = "127.0.0.1", .redis_timeout = 5000 };
    sv_arena_t *arena = sv_arena_create();
    sv_redis_client_t *client;
    server_t server;
    sv_status_t refused;

    server_start(&server, answers);
    settings.redis_port = server.port;
    client = sv_redis_client_create(&settings);
    refused = ask(client, arena);
    assert_int_not_equal(refused, SV_OK);
    assert_int_equal(then == SV_OK ? ask_while(refused, client, arena) : ask(client, arena), then);
    sv_redis_client_destroy(client);
    server_stop(&server);
    assert_int_equal(server.connections, connections);
    sv_arena_destroy(arena);
}

static void
a_replica_is_left_for_who_is_the_primary_now(void **state)
{
    (void) state;
    check("-READONLY You can't write against a read only replica.\r\n", SV_OK, 2);
    check("-MASTERDOWN Link with MASTER is down.\r\n", SV_OK, 2);
}

static void
a_server_that_loads_is_asked_anew(void **state)
{
    (void) state;
    check("-LOADING Redis is loading the dataset in memory\r\n", SV_OK, 2);
}

static void
other_refusals_cost_no_connection(void **state)
{
    (void) state;
    check("-BUSY Redis is busy running a script.\r\n", SV_ERR_UNAVAILABLE, 1);
    check("-OOM command not allowed when used memory > 'maxmemory'.\r\n", SV_ERR_INTERNAL, 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_replica_is_left_for_who_is_the_primary_now),
        cmocka_unit_test(a_server_that_loads_is_asked_anew),
        cmocka_unit_test(other_refusals_cost_no_connection),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
