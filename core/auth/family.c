#include "core/auth/family.h"

#include <string.h>

#include "core/audit/audit.h"
#include "core/auth/refresh_token.h"
#include "core/store/document.h"
#include "core/store/filter.h"
#include "core/store/transaction.h"

static bson_t *
sv_family_revoked(sv_arena_t *arena)
{
    bson_t *update = sv_doc_new(arena);

    BCON_APPEND(update, "$set", "{", "state", BCON_UTF8(SV_REFRESH_REVOKED), "}", "$currentDate", "{", "revoked_at",
                BCON_BOOL(true), "}");
    return update;
}

sv_status_t
sv_family_revoke(sv_store_t *store, const char *family_id, bool *was_live, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(error->arena);
    int64_t matched = 0;

    BCON_APPEND(filter, "family_id", BCON_UTF8(family_id), "state", BCON_UTF8(SV_REFRESH_CURRENT));
    sv_store_update_many(store, SV_COLLECTION_REFRESH_TOKENS, filter, sv_family_revoked(error->arena), &matched, error);
    *was_live = matched > 0;
    return error->status;
}

static bson_t *
sv_families_live(const char *user_id, const char *keep_family_id, sv_arena_t *arena)
{
    bson_t *filter = sv_doc_new(arena);

    BCON_APPEND(filter, "user_id", BCON_UTF8(user_id), "state", BCON_UTF8(SV_REFRESH_CURRENT));
    if (keep_family_id != NULL) {
        BCON_APPEND(filter, "family_id", "{", "$ne", BCON_UTF8(keep_family_id), "}");
    }
    return filter;
}

static void
sv_families_add(sv_families_t *families, const char *family_id, sv_arena_t *arena)
{
    enum { SV_FIRST_FAMILIES = 8 };
    size_t count = families->count;

    /* Full at every power of two. */
    if (count == 0 || (count >= SV_FIRST_FAMILIES && (count & (count - 1)) == 0)) {
        size_t capacity = count == 0 ? SV_FIRST_FAMILIES : count * 2;
        const char **grown = sv_arena_alloc(arena, capacity * sizeof(*grown));

        if (count > 0) {
            memcpy(grown, families->ids, count * sizeof(*grown));
        }
        families->ids = grown;
    }
    families->ids[families->count++] = family_id;
}

static sv_status_t
sv_families_name(sv_store_t *store, const bson_t *filter, sv_arena_t *arena, sv_families_t *families, sv_error_t *error)
{
    bson_t *options = sv_doc_new(arena);
    mongoc_cursor_t *cursor;
    const bson_t *row;

    *families = (sv_families_t){ 0 };
    BCON_APPEND(options, "projection", "{", "family_id", BCON_INT32(1), "}");
    if (sv_store_find(store, SV_COLLECTION_REFRESH_TOKENS, filter, options, &cursor, error) != SV_OK) {
        return error->status;
    }
    while (mongoc_cursor_next(cursor, &row)) {
        const char *family_id = sv_doc_text(row, "family_id", arena);

        if (family_id != NULL) {
            sv_families_add(families, family_id, arena);
        }
    }
    sv_store_cursor_end(store, cursor, error);
    mongoc_cursor_destroy(cursor);
    return error->status;
}

sv_status_t
sv_families_revoke(sv_store_t *store, const char *user_id, const char *keep_family_id, sv_arena_t *arena,
                   sv_families_t *ended, sv_error_t *error)
{
    const bson_t *filter = sv_families_live(user_id, keep_family_id, arena);

    if (sv_families_name(store, filter, arena, ended, error) != SV_OK || ended->count == 0) {
        return error->status;
    }
    return sv_store_update_many(store, SV_COLLECTION_REFRESH_TOKENS, filter, sv_family_revoked(arena), NULL, error);
}

int64_t
sv_family_token_life(const sv_settings_t *settings)
{
    /* A token's life begins when it is signed, which is a moment after its family was seen to live, for a lost answer
     * as for any other. */
    enum { SV_SIGNING_S = 30 };

    return settings->access_token_ttl + SV_SIGNING_S;
}

sv_status_t
sv_families_ended(sv_store_t *store, const char *user_id, sv_arena_t *arena, sv_families_t *ended, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(arena);

    BCON_APPEND(filter, "user_id", BCON_UTF8(user_id), "state", BCON_UTF8(SV_REFRESH_REVOKED));
    sv_filter_to_come(filter, "$revoked_at", NULL, sv_family_token_life(store->settings) * 1000);
    return sv_families_name(store, filter, arena, ended, error);
}

typedef struct {
    const sv_principal_t *who;
    bool was_live;
} sv_log_out_t;

static sv_status_t
sv_family_log_out_body(sv_store_t *store, void *context, sv_error_t *error)
{
    sv_log_out_t *log_out = context;
    bson_t *details = sv_doc_new(error->arena);
    sv_audit_t entry = { .action = "login.end", .details = details };

    if (sv_family_revoke(store, log_out->who->family_id, &log_out->was_live, error) != SV_OK || !log_out->was_live) {
        return error->status;
    }
    BSON_APPEND_UTF8(details, "family_id", log_out->who->family_id);
    return sv_audit_write(store, log_out->who, &entry, error);
}

sv_status_t
sv_family_log_out(sv_store_t *store, const sv_principal_t *who, bool *was_live, sv_error_t *error)
{
    sv_log_out_t log_out = { .who = who };

    if (who->family_id != NULL) {
        sv_transaction_run(store, sv_family_log_out_body, &log_out, error);
    }
    *was_live = log_out.was_live;
    return error->status;
}

sv_status_t
sv_family_replace(sv_store_t *store, const sv_principal_t *by, const char *token, sv_families_t *ended,
                  const char **user_id, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(error->arena), *details = sv_doc_new(error->arena);
    sv_audit_t entry = { .action = "login.end", .details = details };
    char hash[SV_SHA256_HEX_SIZE];
    const char *family_id;
    const bson_t *document;
    bool was_live = false;

    *ended = (sv_families_t){ 0 };
    sv_refresh_hash(token, hash);
    BSON_APPEND_UTF8(filter, "token_hash", hash);
    if (sv_store_find_one(store, SV_COLLECTION_REFRESH_TOKENS, filter, NULL, error->arena, &document, error) != SV_OK ||
        document == NULL) {
        return error->status;
    }
    family_id = sv_doc_text(document, "family_id", error->arena);
    *user_id = sv_doc_text(document, "user_id", error->arena);
    if (family_id == NULL || *user_id == NULL || sv_family_revoke(store, family_id, &was_live, error) != SV_OK ||
        !was_live) {
        return error->status;
    }
    sv_families_add(ended, family_id, error->arena);
    BSON_APPEND_UTF8(details, "family_id", family_id);
    BSON_APPEND_UTF8(details, "user_id", *user_id);
    BSON_APPEND_BOOL(details, "replaced", true);
    return sv_audit_write(store, by, &entry, error);
}
