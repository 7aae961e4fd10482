#include "core/redis/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "core/base/clock.h"

enum { SV_REDIS_BACKOFF_FIRST_MS = 100, SV_REDIS_BACKOFF_MAX_MS = 2000 };

struct sv_redis_client_s {
    const sv_settings_t *settings;
    redisContext *context; /* NULL while not connected */
    int64_t next_try_ms;   /* monotonic */
    int64_t backoff_ms;
};

sv_redis_client_t *
sv_redis_client_create(const sv_settings_t *settings)
{
    sv_redis_client_t *client = calloc(1, sizeof(*client));

    if (client == NULL) {
        return NULL;
    }
    client->settings = settings;
    client->backoff_ms = SV_REDIS_BACKOFF_FIRST_MS;
    return client;
}

void
sv_redis_client_destroy(sv_redis_client_t *client)
{
    if (client == NULL) {
        return;
    }
    if (client->context != NULL) {
        redisFree(client->context);
    }
    free(client);
}

static void
sv_redis_client_drop(sv_redis_client_t *client)
{
    if (client->context != NULL) {
        redisFree(client->context);
        client->context = NULL;
    }
    client->next_try_ms = sv_clock_monotonic_ms() + client->backoff_ms;
    client->backoff_ms *= 2;
    if (client->backoff_ms > SV_REDIS_BACKOFF_MAX_MS) {
        client->backoff_ms = SV_REDIS_BACKOFF_MAX_MS;
    }
}

/* One command of the greeting; Redis' answer to it in `error` when it refuses. */
static sv_status_t
sv_redis_greet(sv_redis_client_t *client, const char **words, int count, sv_error_t *error)
{
    redisReply *reply = redisCommandArgv(client->context, count, words, NULL);
    sv_status_t status = SV_OK;

    if (reply == NULL) {
        status = sv_fail_cause(error, SV_ERR_UNAVAILABLE, "Redis: %s", client->context->errstr);
    } else if (reply->type == REDIS_REPLY_ERROR) {
        status = sv_fail_cause(error, sv_redis_reply_is_retryable(reply) ? SV_ERR_UNAVAILABLE : SV_ERR_INTERNAL,
                               "Redis refuses %s: %s", words[0], reply->str);
    }
    freeReplyObject(reply);
    return status;
}

static sv_status_t
sv_redis_log_in(sv_redis_client_t *client, sv_error_t *error)
{
    const sv_settings_t *settings = client->settings;
    const char *as_user[] = { "AUTH", settings->redis_user, settings->redis_password };
    const char *as_default[] = { "AUTH", settings->redis_password };

    if (settings->redis_password == NULL) {
        return SV_OK;
    }
    return settings->redis_user[0] != '\0' ? sv_redis_greet(client, as_user, 3, error)
                                           : sv_redis_greet(client, as_default, 2, error);
}

static redisContext *
sv_redis_open(const sv_settings_t *settings)
{
    struct timeval limit = {
        .tv_sec = settings->redis_timeout / 1000,
        .tv_usec = settings->redis_timeout % 1000 * 1000,
    };
    redisContext *context = settings->redis_host[0] == '/'
                                ? redisConnectUnixWithTimeout(settings->redis_host, limit)
                                : redisConnectWithTimeout(settings->redis_host, (int) settings->redis_port, limit);

    if (context != NULL && context->err == 0) {
        redisSetTimeout(context, limit);
    }
    return context;
}

static sv_status_t
sv_redis_client_connect(sv_redis_client_t *client, sv_error_t *error)
{
    const sv_settings_t *settings = client->settings;
    char number[24];
    const char *choose[] = { "SELECT", number };
    sv_status_t status;

    if (sv_clock_monotonic_ms() < client->next_try_ms) {
        return sv_fail_cause(error, SV_ERR_UNAVAILABLE, "Redis is not connected");
    }
    client->context = sv_redis_open(settings);
    if (client->context == NULL || client->context->err != 0) {
        sv_fail_cause(error, SV_ERR_UNAVAILABLE, "Redis at %s:%d: %s", settings->redis_host, (int) settings->redis_port,
                      client->context != NULL ? client->context->errstr : "out of memory");
        sv_redis_client_drop(client);
        return error->status;
    }
    status = sv_redis_log_in(client, error);
    if (status == SV_OK && settings->redis_db != 0) {
        snprintf(number, sizeof(number), "%d", (int) settings->redis_db);
        status = sv_redis_greet(client, choose, 2, error);
    }
    if (status != SV_OK) {
        sv_redis_client_drop(client);
        return status;
    }
    client->backoff_ms = SV_REDIS_BACKOFF_FIRST_MS;
    return SV_OK;
}

static redisReply *
sv_redis_client_send(sv_redis_client_t *client, const sv_redis_command_t *command)
{
    return redisCommandArgv(client->context, command->argc, (const char **) command->argv, command->argv_length);
}

/* A connection outlives a failover: to a server that is a replica now, it would stay for ever. */
static sv_status_t
sv_redis_client_refused(sv_redis_client_t *client, redisReply **reply, sv_error_t *error)
{
    sv_fail_cause(error, sv_redis_reply_is_retryable(*reply) ? SV_ERR_UNAVAILABLE : SV_ERR_INTERNAL, "Redis: %s",
                  (*reply)->str);
    if (sv_redis_reply_is_of_no_primary(*reply)) {
        sv_redis_client_drop(client);
    }
    freeReplyObject(*reply);
    *reply = NULL;
    return error->status;
}

static sv_status_t
sv_redis_client_try(sv_redis_client_t *client, sv_redis_command_t *command, redisReply **reply, sv_error_t *error)
{
    *reply = sv_redis_client_send(client, command);
    if (*reply != NULL && sv_redis_reply_is_noscript(*reply)) {
        freeReplyObject(*reply);
        sv_redis_command_use_source(command);
        *reply = sv_redis_client_send(client, command);
    }
    if (*reply == NULL) {
        sv_fail_cause(error, SV_ERR_UNAVAILABLE, "Redis: %s", client->context->errstr);
        sv_redis_client_drop(client);
        return error->status;
    }
    return (*reply)->type == REDIS_REPLY_ERROR ? sv_redis_client_refused(client, reply, error) : SV_OK;
}

sv_status_t
sv_redis_client_run(sv_redis_client_t *client, sv_redis_command_t *command, redisReply **reply, sv_error_t *error)
{
    *reply = NULL;
    if (client->context == NULL && sv_redis_client_connect(client, error) != SV_OK) {
        return error->status;
    }
    return sv_redis_client_try(client, command, reply, error);
}
