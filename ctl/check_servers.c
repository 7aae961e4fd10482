#include <string.h>

#include "core/migrate/migrate.h"
#include "core/store/document.h"
#include "core/store/indexes.h"
#include "core/store/transaction.h"
#include "ctl/check.h"

enum { SV_TOKEN_LIFE_S = 60, SV_ROLE_MARGIN_MS = 5000 };

/* Keys of every kind that is in use, in scripts and commands: one ACL pattern may admit some only. */
static const char *const sv_key_kinds[] = {
    "rack:lock:",     "lease:",     "session:lock:", "user:heartbeat:", "user_status:", "auth:user:",    "login:fail:",
    "login:address:", "rate:sync:", "floor:",        "jobs:",           "item:",        "refresh:used:", "events:"
};

/* What an ACL lacks, where Redis' refusal is one. */
static const char *
sv_check_acl_hint(const char *refusal)
{
    static const struct {
        const char *words;
        const char *hint;
    } hints[] = {
        { "channel", " (the user's ACL lacks &*)" },
        { "key", " (the user's ACL lacks ~*)" },
        { "command", " (the user's ACL lacks this command: docs/security.md has all of them)" },
    };

    for (size_t i = 0; refusal != NULL && i < sizeof(hints) / sizeof(hints[0]); i++) {
        if ((strstr(refusal, "NOPERM") != NULL || strstr(refusal, "The user executing the script") != NULL) &&
            strstr(refusal, hints[i].words) != NULL) {
            return hints[i].hint;
        }
    }
    return "";
}

/* The command's reply, of which the caller disposes; NULL: the error says why not, and what an ACL lacks. */
static redisReply *
sv_check_run_redis(sv_ctl_t *ctl, sv_redis_command_t *command)
{
    redisReply *reply = NULL;

    if (ctl->redis == NULL) {
        ctl->redis = sv_redis_client_create(&ctl->settings);
    }
    if (sv_redis_client_run(ctl->redis, command, &reply, &ctl->error) != SV_OK && ctl->error.cause != NULL) {
        ctl->error.message = "Redis refuses what is needed";
        ctl->error.cause = sv_arena_printf(ctl->arena, "%s%s", ctl->error.cause, sv_check_acl_hint(ctl->error.cause));
    }
    return reply;
}

static const char *
sv_check_key(const sv_ctl_t *ctl, const sv_check_run_t *run)
{
    return sv_arena_printf(ctl->arena, "stockverify:check:%s", run->token);
}

static sv_status_t
sv_check_redis_script(sv_ctl_t *ctl, const sv_check_run_t *run)
{
    enum { KINDS = sizeof(sv_key_kinds) / sizeof(sv_key_kinds[0]) };
    sv_redis_command_t command;

    sv_redis_script(&command, ctl->arena, SV_SCRIPT_SELF_CHECK, KINDS);
    for (size_t i = 0; i < KINDS; i++) {
        sv_redis_arg_key(&command, sv_key_kinds[i], sv_arena_printf(ctl->arena, "check-%s", run->token));
    }
    sv_redis_arg(&command, "jobs:updates:check");
    freeReplyObject(sv_check_run_redis(ctl, &command));
    return ctl->error.status;
}

/* A key that stays for a minute: the other part must find it where it looks. */
static sv_status_t
sv_check_redis_write(sv_ctl_t *ctl, const sv_check_run_t *run)
{
    sv_redis_command_t command;

    sv_redis_command(&command, ctl->arena, "SET");
    sv_redis_arg(&command, sv_check_key(ctl, run));
    sv_redis_arg(&command, run->token);
    sv_redis_arg(&command, "EX");
    sv_redis_arg_int(&command, SV_TOKEN_LIFE_S);
    freeReplyObject(sv_check_run_redis(ctl, &command));
    if (ctl->error.status == SV_OK) {
        sv_redis_command(&command, ctl->arena, "PUBLISH");
        sv_redis_arg(&command, "global:notifications:check");
        sv_redis_arg(&command, "check");
        freeReplyObject(sv_check_run_redis(ctl, &command));
    }
    return ctl->error.status;
}

sv_status_t
sv_check_redis(sv_ctl_t *ctl, const sv_check_run_t *run)
{
    return sv_check_redis_script(ctl, run) == SV_OK ? sv_check_redis_write(ctl, run) : ctl->error.status;
}

/* As nginx: its Redis must be the one that the worker has just written to. */
sv_status_t
sv_check_redis_shared(sv_ctl_t *ctl, const sv_check_run_t *run)
{
    sv_redis_command_t command;
    redisReply *reply;

    if (sv_check_redis_script(ctl, run) != SV_OK) {
        return ctl->error.status;
    }
    sv_redis_command(&command, ctl->arena, "GET");
    sv_redis_arg(&command, sv_check_key(ctl, run));
    reply = sv_check_run_redis(ctl, &command);
    if (reply != NULL && (reply->type != REDIS_REPLY_STRING || strcmp(reply->str, run->token) != 0)) {
        sv_fail(
            &ctl->error, SV_ERR_CONFLICT_STATE,
            "nginx' Redis (%s:%lld, database %lld) is not the one that the worker writes to (%s:%lld, database %lld)",
            run->nginx->settings.redis_host, (long long) run->nginx->settings.redis_port,
            (long long) run->nginx->settings.redis_db, run->worker->settings.redis_host,
            (long long) run->worker->settings.redis_port, (long long) run->worker->settings.redis_db);
    }
    freeReplyObject(reply);
    return ctl->error.status;
}

/* Writes and takes it back, so that nothing is left behind. */
static sv_status_t
sv_check_mongodb_insert(sv_store_t *store, void *context, sv_error_t *error)
{
    const bson_t *document = context;

    if (sv_store_insert(store, SV_COLLECTION_WORKER_ROLES, document, error) != SV_OK) {
        return error->status;
    }
    return sv_fail(error, SV_ERR_CONFLICT_STATE, "taken back");
}

/* Changes nothing, and commits. */
static sv_status_t
sv_check_mongodb_commit(sv_store_t *store, void *context, sv_error_t *error)
{
    bson_t *update = sv_doc_new(error->arena);
    int64_t matched;

    BCON_APPEND(update, "$set", "{", "check", BCON_INT32(1), "}");
    return sv_store_update_one(store, SV_COLLECTION_WORKER_ROLES, context, update, &matched, error);
}

sv_status_t
sv_check_mongodb(sv_ctl_t *ctl, const sv_check_run_t *run)
{
    bson_t *document = sv_doc_new(ctl->arena);

    if (sv_ctl_store(ctl) == NULL) {
        return ctl->error.status;
    }
    BSON_APPEND_UTF8(document, "role", run->token);
    if (sv_transaction_run(ctl->store, sv_check_mongodb_commit, document, &ctl->error) != SV_OK ||
        sv_transaction_run(ctl->store, sv_check_mongodb_insert, document, &ctl->error) != SV_ERR_CONFLICT_STATE) {
        return ctl->error.status;
    }
    sv_error_clear(&ctl->error);
    return SV_OK;
}

/* A text index is left out by servers that have none: fuzzy search does without it. */
static void
sv_check_count_index(const sv_index_row_t *row, sv_index_outcome_t outcome, const char *detail, void *context)
{
    unsigned *wrong = context;

    (void) detail;
    if (outcome == SV_INDEX_DIFFERENT || (outcome == SV_INDEX_MISSING && strstr(row->keys, ":text") == NULL)) {
        (*wrong)++;
    }
}

sv_status_t
sv_check_indexes(sv_ctl_t *ctl, const sv_check_run_t *run)
{
    sv_index_summary_t summary;
    unsigned wrong = 0;

    (void) run;
    if (sv_ctl_store(ctl) == NULL ||
        sv_indexes_show(ctl->store, sv_check_count_index, &wrong, &summary, &ctl->error) != SV_OK || wrong == 0) {
        return ctl->error.status;
    }
    return sv_fail(&ctl->error, SV_ERR_CONFLICT_STATE,
                   "%u are missing or differ: see stockverifyctl indexes show, and run indexes ensure", wrong);
}

sv_status_t
sv_check_migrations(sv_ctl_t *ctl, const sv_check_run_t *run)
{
    const sv_migration_step_t *due;

    (void) run;
    if (sv_ctl_store(ctl) == NULL ||
        sv_migrations_find_due(ctl->store, sv_migration_steps, &due, &ctl->error) != SV_OK || due == NULL) {
        return ctl->error.status;
    }
    return sv_fail(&ctl->error, SV_ERR_CONFLICT_STATE, "%s is due: run stockverifyctl migrate", due->name);
}

/* Workers keep their roles as long as they run. */
sv_status_t
sv_check_worker_runs(sv_ctl_t *ctl, const sv_check_run_t *run)
{
    bson_t *all = sv_doc_new(ctl->arena);
    mongoc_cursor_t *cursor;
    const bson_t *role;
    bool runs = false;
    int64_t now_ms;

    (void) run;
    if (sv_ctl_store(ctl) == NULL || sv_store_now(ctl->store, &now_ms, &ctl->error) != SV_OK ||
        sv_store_find(ctl->store, SV_COLLECTION_WORKER_ROLES, all, NULL, &cursor, &ctl->error) != SV_OK) {
        return ctl->error.status;
    }
    while (mongoc_cursor_next(cursor, &role)) {
        const char *holder = sv_doc_text(role, "holder", ctl->arena);

        runs = runs || (holder != NULL && holder[0] != '\0' &&
                        sv_doc_time(role, "taken_at") + sv_doc_int(role, "ttl_ms") + SV_ROLE_MARGIN_MS > now_ms);
    }
    sv_store_cursor_end(ctl->store, cursor, &ctl->error);
    mongoc_cursor_destroy(cursor);
    if (ctl->error.status == SV_OK && !runs) {
        sv_fail(&ctl->error, SV_ERR_CONFLICT_STATE,
                "none runs on any host: systemctl status 'stockverify-worker@*' (before the first start: check "
                "--before-start)");
    }
    return ctl->error.status;
}
