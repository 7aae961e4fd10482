#include <stdio.h>

#include "core/auth/gate.h"
#include "core/base/journal.h"
#include "ctl/ctl.h"

int
sv_ctl_fail(sv_ctl_t *ctl)
{
    const sv_error_t *error = &ctl->error;

    fprintf(stderr, "%sstockverifyctl: %s\n", sv_journal_prefix(SV_LOG_ERROR),
            error->message != NULL ? error->message : sv_status_message(error->status));
    for (size_t i = 0; i < error->detail_count; i++) {
        fprintf(stderr, "    %s: %s\n", error->details[i].field, error->details[i].message);
    }
    if (error->cause != NULL) {
        fprintf(stderr, "    %s\n", error->cause);
    }
    return SV_CTL_FAILED;
}

sv_store_t *
sv_ctl_store(sv_ctl_t *ctl)
{
    if (ctl->store != NULL) {
        return ctl->store;
    }
    if (ctl->pool == NULL) {
        ctl->pool = sv_store_pool_create_patient(&ctl->settings, 1, &ctl->error);
        if (ctl->pool == NULL) {
            return NULL;
        }
    }
    ctl->store = sv_store_acquire(ctl->pool);
    if (ctl->store == NULL) {
        sv_fail(&ctl->error, SV_ERR_UNAVAILABLE, "No MongoDB client came free");
    } else if (sv_store_check_server(ctl->store, &ctl->error) != SV_OK) {
        sv_store_release(ctl->store);
        ctl->store = NULL;
    }
    return ctl->store;
}

void
sv_ctl_refresh_account(sv_ctl_t *ctl, const sv_account_t *account)
{
    sv_arena_t *arena = sv_arena_create();
    sv_redis_command_t command;
    redisReply *reply = NULL;
    sv_error_t error;

    sv_error_init(&error, arena);
    if (ctl->redis == NULL) {
        ctl->redis = sv_redis_client_create(&ctl->settings);
    }
    sv_gate_store_command(&command, arena, account, ctl->settings.auth_cache_ttl);
    if (sv_redis_client_run(ctl->redis, &command, &reply, &error) != SV_OK) {
        fprintf(stderr,
                "stockverifyctl: Redis could not be told about %s (%s); servers that still know the old state use it "
                "for up to %lld s\n",
                account->username, error.cause != NULL ? error.cause : sv_status_message(error.status),
                (long long) ctl->settings.auth_cache_ttl);
    } else {
        freeReplyObject(reply);
    }
    sv_arena_destroy(arena);
}

void
sv_ctl_disconnect(sv_ctl_t *ctl)
{
    if (ctl->store != NULL) {
        sv_store_release(ctl->store);
    }
    if (ctl->pool != NULL) {
        sv_store_pool_destroy(ctl->pool);
    }
    if (ctl->redis != NULL) {
        sv_redis_client_destroy(ctl->redis);
    }
}
