#include "core/auth/password_kinds.h"

#include <string.h>

#include "core/auth/password.h"
#include "core/store/document.h"

/* Behind every hash of a kind in the order of texts: no base64 has it. */
#define SV_BEHIND_A_KIND "~"

/* The greatest stored hash between two texts; NULL: there is none. */
static sv_status_t
sv_password_greatest(sv_store_t *store, const char *above, const char *below, const char **hash, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(error->arena), *options = sv_doc_new(error->arena);
    mongoc_cursor_t *cursor;
    const bson_t *row;

    *hash = NULL;
    BCON_APPEND(filter, "password_hash", "{", "$gt", BCON_UTF8(above), "$lt", BCON_UTF8(below), "}");
    BCON_APPEND(options, "projection", "{", "_id", BCON_INT32(0), "password_hash", BCON_INT32(1), "}", "sort", "{",
                "password_hash", BCON_INT32(-1), "}", "limit", BCON_INT64(1));
    if (sv_store_find(store, SV_COLLECTION_USERS, filter, options, &cursor, error) != SV_OK) {
        return error->status;
    }
    if (mongoc_cursor_next(cursor, &row)) {
        *hash = sv_doc_text(row, "password_hash", error->arena);
    }
    sv_store_cursor_end(store, cursor, error);
    mongoc_cursor_destroy(cursor);
    return error->status;
}

static void
sv_password_decoys_add(sv_password_decoys_t *decoys, const char *kind, const char *checked, sv_arena_t *arena)
{
    if (decoys->count < SV_PASSWORD_KINDS_MAX + 1 && strncmp(checked, kind, strlen(kind)) != 0) {
        decoys->hashes[decoys->count++] = sv_password_decoy_of(kind, arena);
    }
}

/* Adds the kinds that stand between two texts, the greatest first. */
static sv_status_t
sv_password_kinds_between(sv_store_t *store, const char *above, const char *below, const char *checked,
                          sv_password_decoys_t *decoys, sv_error_t *error)
{
    for (int looks = 0; looks < SV_PASSWORD_KINDS_MAX / 2 + 1; looks++) {
        const char *hash, *kind;

        if (sv_password_greatest(store, above, below, &hash, error) != SV_OK || hash == NULL) {
            return error->status;
        }
        kind = sv_password_kind(hash, error->arena);
        if (kind != NULL) {
            sv_password_decoys_add(decoys, kind, checked, error->arena);
        }
        below = kind != NULL ? kind : hash;
    }
    return SV_OK;
}

sv_status_t
sv_password_decoys_find(sv_store_t *store, const char *checked, sv_password_decoys_t *decoys, sv_error_t *error)
{
    const char *ours = sv_password_kind(sv_password_decoy(store->settings, error->arena), error->arena);
    const char *behind = sv_arena_printf(error->arena, "%s" SV_BEHIND_A_KIND, ours);

    decoys->count = 0;
    sv_password_decoys_add(decoys, ours, checked, error->arena);
    if (sv_password_kinds_between(store, behind, SV_BEHIND_A_KIND, checked, decoys, error) != SV_OK) {
        return error->status;
    }
    return sv_password_kinds_between(store, "", ours, checked, decoys, error);
}

void
sv_password_decoys_verify(const sv_password_decoys_t *decoys, const char *password)
{
    for (size_t i = 0; i < decoys->count; i++) {
        sv_password_verify(decoys->hashes[i], password);
    }
}
