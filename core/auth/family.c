#include "core/auth/family.h"

#include "core/audit/audit.h"
#include "core/auth/refresh.h"
#include "core/store/document.h"
#include "core/store/transaction.h"

static bson_t *
sv_family_revoked(sv_arena_t *arena)
{
    bson_t *update = sv_doc_new(arena);

    BCON_APPEND(update, "$set", "{", "state", BCON_UTF8(SV_REFRESH_REVOKED), "}");
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

static sv_status_t
sv_families_name(sv_store_t *store, const bson_t *filter, sv_arena_t *arena, sv_families_t *families, sv_error_t *error)
{
    enum { SV_MAX_FAMILIES = 1000 };
    mongoc_cursor_t *cursor;
    const bson_t *row;
    sv_status_t status = sv_store_find(store, SV_COLLECTION_REFRESH_TOKENS, filter, NULL, &cursor, error);

    *families = (sv_families_t){ .ids = sv_arena_alloc(arena, SV_MAX_FAMILIES * sizeof(char *)) };
    if (status != SV_OK) {
        return status;
    }
    while (families->count < SV_MAX_FAMILIES && mongoc_cursor_next(cursor, &row)) {
        families->ids[families->count++] = sv_doc_text(row, "family_id", arena);
    }
    status = sv_store_cursor_end(store, cursor, error);
    mongoc_cursor_destroy(cursor);
    return status;
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
