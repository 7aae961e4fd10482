#include "worker/erp_answering.h"

#include <stdio.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/erp/code_forms.h"
#include "core/erp/intake.h"
#include "core/erp/lookup.h"
#include "core/erp/sync.h"
#include "core/store/document.h"
#include "worker/erp/client.h"
#include "worker/log.h"

/* Connecting takes less than the state that workers tell of the ERP lasts. */
enum {
    SV_ANSWERING_PAUSE_MS = 1000,
    SV_STATE_EVERY_MS = 5000,
    SV_CONNECT_MS = 8000,
    SV_CONNECT_AGAIN_MS = 5000,
    SV_FORGOTTEN_MAX = 128
};

typedef struct {
    const sv_worker_t *worker;
    sv_store_t *store;
    sv_redis_client_t *redis;
    sv_erp_mapping_t mapping;
    sv_erp_client_t *client;
    char *cause;           /* why the last answer failed, or the last connection; NULL: it did not */
    bool unconnected;      /* `cause` is of a connection */
    int64_t connect_at_ms; /* not before */
    int64_t told_ms;       /* when the state was told */
} sv_answering_t;

static void
sv_answering_run_command(sv_answering_t *answering, sv_redis_command_t *command, sv_error_t *error)
{
    redisReply *reply = NULL;

    if (sv_redis_client_run(answering->redis, command, &reply, error) == SV_OK) {
        freeReplyObject(reply);
    }
}

static void
sv_answering_tell_state(sv_answering_t *answering, sv_error_t *error)
{
    int64_t now_ms = sv_clock_monotonic_ms();
    sv_redis_command_t command;

    if (answering->told_ms == 0 || now_ms - answering->told_ms >= SV_STATE_EVERY_MS) {
        sv_erp_state_command(&command, error->arena, answering->cause);
        sv_answering_run_command(answering, &command, error);
        answering->told_ms = error->status == SV_OK ? now_ms : 0;
    }
}

/* The next question; NULL when none came for a while. */
static const char *
sv_answering_take(sv_answering_t *answering, sv_error_t *error)
{
    double wait_s = (double) answering->worker->settings->redis_timeout / 2000.0;
    const char *code = NULL;
    redisReply *reply = NULL;
    sv_redis_command_t command;
    char limit[32];

    snprintf(limit, sizeof(limit), "%.3f", wait_s < 1 ? wait_s : 1.0);
    sv_redis_command(&command, error->arena, "BLPOP");
    sv_redis_arg(&command, SV_ERP_QUESTIONS_KEY);
    sv_redis_arg(&command, limit);
    if (sv_redis_client_run(answering->redis, &command, &reply, error) == SV_OK) {
        if (sv_redis_element_text(reply, 1) != NULL) {
            code = sv_arena_strdup(error->arena, sv_redis_element_text(reply, 1));
        }
        freeReplyObject(reply);
    }
    return code;
}

/* Nobody waits any more for a question that is older than its asker's patience. */
static bool
sv_answering_is_awaited(sv_answering_t *answering, const char *code, sv_error_t *error)
{
    redisReply *reply = NULL;
    sv_redis_command_t command;
    bool awaited = false;

    sv_redis_command(&command, error->arena, "EXISTS");
    sv_redis_arg_key(&command, "erp:asked:", code);
    if (sv_redis_client_run(answering->redis, &command, &reply, error) == SV_OK) {
        awaited = reply->type == REDIS_REPLY_INTEGER && reply->integer == 1;
        freeReplyObject(reply);
    }
    return awaited;
}

static void
sv_answering_refused(void *context, int64_t row, const char *item_code, const char *field, const char *message)
{
    (void) context;
    (void) row;
    sv_worker_log(SV_LOG_WARNING, "erp.refused", SV_FIELD_TEXT("item_code", item_code), SV_FIELD_TEXT("field", field),
                  SV_FIELD_TEXT("cause", message));
}

static sv_status_t
sv_answering_read(sv_answering_t *answering, const char *code, int64_t deadline_ms, sv_erp_intake_t **intake,
                  sv_error_t *error)
{
    const sv_erp_intake_options_t options = { .again = true, .report = sv_answering_refused };
    const sv_erp_statement_t *statement = &answering->mapping.statements[SV_ERP_LOOKUP];
    const char *values[SV_ERP_MAX_PARAMETERS];
    const char *const *columns;
    const bson_t *rows;
    size_t count;
    bool stored;

    sv_erp_code_values(statement, code, error->arena, values);
    if (sv_erp_client_query(answering->client, statement, values, deadline_ms - sv_clock_monotonic_ms(), error) !=
        SV_OK) {
        return error->status;
    }
    count = sv_erp_client_columns(answering->client, &columns);
    if (sv_erp_intake_open(answering->store, &answering->mapping, columns, count, &options, intake, error) != SV_OK) {
        return error->status;
    }
    do {
        if (sv_erp_client_next(answering->client, deadline_ms - sv_clock_monotonic_ms(), &rows, error) == SV_OK &&
            rows != NULL) {
            sv_erp_intake_rows(*intake, rows, &stored, error);
        }
    } while (error->status == SV_OK && rows != NULL);
    return error->status == SV_OK ? sv_erp_intake_finish(*intake, error) : error->status;
}

/* The codes of the item under which it may be cached. */
static size_t
sv_answering_forgotten(sv_answering_t *answering, const char *item_code, const char *code, const char **forget,
                       sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("item_code", BCON_UTF8(item_code)), error->arena);
    const bson_t *item = NULL, *keys;
    size_t count = 0;
    bson_iter_t iter;

    forget[count++] = code;
    forget[count++] = item_code;
    if (sv_store_find_one(answering->store, SV_COLLECTION_ERP_ITEMS, filter, NULL, error->arena, &item, error) ==
            SV_OK &&
        item != NULL && (keys = sv_doc_child(item, "barcodes", error->arena)) != NULL && bson_iter_init(&iter, keys)) {
        while (count < SV_FORGOTTEN_MAX && bson_iter_next(&iter)) {
            forget[count++] = bson_iter_utf8(&iter, NULL);
        }
    }
    return count;
}

static void
sv_answering_note(sv_answering_t *answering, const sv_error_t *error)
{
    bool down = error->status != SV_OK, was_down = answering->cause != NULL;
    const char *cause = error->cause != NULL ? error->cause : error->message;

    if (down != was_down) {
        answering->told_ms = 0; /* to be told at once */
        sv_worker_log(down ? SV_LOG_WARNING : SV_LOG_NOTICE, down ? "erp.failing" : "erp.recovered",
                      SV_FIELD_TEXT("cause", cause));
    }
    bson_free(answering->cause);
    answering->cause = down ? bson_strdup(cause != NULL ? cause : "it failed") : NULL;
}

/* Whether the worker ends. */
static bool
sv_answering_gives_up(void *context)
{
    const sv_answering_t *answering = context;

    return sv_stop_wait(answering->worker->stop, 0);
}

/* Beforehand, since an ERP may take longer to be connected to than a lookup may. */
static void
sv_answering_connect(sv_answering_t *answering, sv_arena_t *arena)
{
    sv_error_t error;

    if (sv_clock_monotonic_ms() < answering->connect_at_ms) {
        return;
    }
    sv_error_init(&error, arena);
    if (sv_erp_client_connect(answering->client, SV_CONNECT_MS, &error) != SV_OK) {
        sv_answering_note(answering, &error);
        answering->unconnected = true;
        answering->connect_at_ms = sv_clock_monotonic_ms() + SV_CONNECT_AGAIN_MS;
    } else if (answering->unconnected) {
        answering->unconnected = false;
        sv_answering_note(answering, &error);
    }
}

/* Once more where it worked until now: the ERP may have ended a connection that nobody used for long. */
static sv_status_t
sv_answering_ask(sv_answering_t *answering, const char *code, sv_erp_intake_t **intake, sv_error_t *error)
{
    int64_t deadline_ms = sv_clock_monotonic_ms() + answering->worker->settings->erp_lookup_timeout;

    if (sv_answering_read(answering, code, deadline_ms, intake, error) == SV_ERR_UNAVAILABLE &&
        answering->cause == NULL && sv_clock_monotonic_ms() < deadline_ms) {
        sv_erp_intake_close(*intake);
        *intake = NULL;
        sv_error_clear(error);
        sv_answering_read(answering, code, deadline_ms, intake, error);
    }
    answering->unconnected = false;
    sv_answering_note(answering, error);
    return error->status;
}

static void
sv_answering_answer(sv_answering_t *answering, const char *code, sv_error_t *error)
{
    const char *forget[SV_FORGOTTEN_MAX], *item_code = NULL;
    sv_erp_answer_t answer = SV_ERP_TIMED_OUT;
    sv_erp_intake_t *intake = NULL;
    sv_redis_command_t command;
    size_t count = 0;

    if (sv_answering_ask(answering, code, &intake, error) == SV_OK) {
        const sv_erp_taken_t *taken = sv_erp_intake_taken(intake);

        answer = taken->items == 0 || taken->refused > 0 ? SV_ERP_UNKNOWN : SV_ERP_FOUND;
        item_code = answer == SV_ERP_FOUND ? taken->item_code : NULL;
    }
    sv_error_clear(error);
    if (item_code != NULL) {
        count = sv_answering_forgotten(answering, item_code, code, forget, error);
    }
    sv_erp_answer_command(&command, error->arena, code, answer, item_code, forget, count);
    sv_error_clear(error);
    sv_answering_run_command(answering, &command, error);
    sv_erp_intake_close(intake);
}

static void
sv_answering_loop(sv_answering_t *answering)
{
    int64_t pause_ms = 0;

    while (!sv_stop_wait(answering->worker->stop, pause_ms)) {
        sv_arena_t *arena = sv_arena_create();
        const char *code = NULL;
        sv_error_t error;

        sv_error_init(&error, arena);
        sv_answering_tell_state(answering, &error);
        sv_answering_connect(answering, arena);
        if (error.status == SV_OK) {
            code = sv_answering_take(answering, &error);
        }
        if (code != NULL && sv_answering_is_awaited(answering, code, &error)) {
            sv_answering_answer(answering, code, &error);
        }
        pause_ms = error.status == SV_OK ? 0 : SV_ANSWERING_PAUSE_MS;
        sv_arena_destroy(arena);
    }
}

static void *
sv_answering_thread(void *context)
{
    sv_erp_answering_t *mine = context;
    const sv_settings_t *settings = mine->worker->settings;
    sv_answering_t answering = { .worker = mine->worker, .store = mine->store };
    sv_arena_t *arena = sv_arena_create();
    sv_error_t error;

    sv_error_init(&error, arena);
    if (sv_erp_mapping_read(settings->erp_mapping, arena, &answering.mapping, &error) != SV_OK ||
        answering.mapping.statements[SV_ERP_LOOKUP].sql == NULL) {
        sv_worker_log(SV_LOG_ERROR, "erp.unusable",
                      SV_FIELD_TEXT("cause", error.message != NULL ? error.message : "ERP_MAPPING has no [lookup]"));
    } else {
        answering.redis = sv_redis_client_create(settings);
        answering.client = sv_erp_client_create(settings, &answering.mapping, sv_answering_gives_up, &answering);
        sv_answering_loop(&answering);
        sv_erp_client_destroy(answering.client);
        sv_redis_client_destroy(answering.redis);
        bson_free(answering.cause);
    }
    sv_arena_destroy(arena);
    sv_store_release(mine->store);
    sv_stop_leave(mine->worker->stop);
    return NULL;
}

unsigned
sv_erp_answering_clients(const sv_settings_t *settings)
{
    return sv_erp_configured(settings);
}

bool
sv_erp_answering_start(sv_erp_answering_t *answering, const sv_worker_t *worker)
{
    *answering = (sv_erp_answering_t){ .worker = worker };
    if (sv_erp_answering_clients(worker->settings) == 0) {
        return true;
    }
    answering->store = sv_store_acquire(worker->pool);
    if (answering->store == NULL) {
        return false;
    }
    sv_stop_enter(worker->stop);
    answering->started = pthread_create(&answering->thread, NULL, sv_answering_thread, answering) == 0;
    if (!answering->started) {
        sv_stop_leave(worker->stop);
        sv_store_release(answering->store);
    }
    return answering->started;
}

void
sv_erp_answering_join(sv_erp_answering_t *answering)
{
    if (answering->started) {
        pthread_join(answering->thread, NULL);
    }
}
