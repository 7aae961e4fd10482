#include "core/auth/refresh.h"

#include <string.h>

#include "core/audit/audit.h"
#include "core/auth/family.h"
#include "core/store/document.h"
#include "core/store/filter.h"
#include "core/store/transaction.h"

/* One stored token, as far as rotation looks at it. */
typedef struct {
    const char *family_id;
    const char *user_id;
    const char *state;
    int64_t used_at_ms;
    int64_t family_expires_at_ms;
} sv_stored_token_t;

/* What a rotation reads and finds; `outcome` is told after the commit, because ending a family must be committed. */
typedef struct {
    char presented_hash[SV_SHA256_HEX_SIZE];
    sv_refresh_use_t use; /* of the successor */
    sv_arena_t *arena;
    sv_refresh_grant_t *grant;
    sv_account_t *account;
    sv_status_t outcome;
} sv_rotation_t;

typedef struct {
    const char *family_id;
    const char *user_id;
    const char *predecessor_hash; /* NULL: the family's first */
    int64_t now_ms;
    int64_t family_expires_at_ms;
} sv_refresh_birth_t;

static sv_status_t
sv_refresh_insert(sv_store_t *store, const char *token, const sv_refresh_birth_t *birth, sv_error_t *error)
{
    bson_t *document = sv_doc_new(error->arena);
    int64_t idle_end_ms = birth->now_ms + store->settings->refresh_token_idle_ttl * 1000;
    char hash[SV_SHA256_HEX_SIZE];

    sv_refresh_hash(token, hash);
    BSON_APPEND_UTF8(document, "family_id", birth->family_id);
    BSON_APPEND_UTF8(document, "user_id", birth->user_id);
    BSON_APPEND_UTF8(document, "token_hash", hash);
    sv_doc_put_text(document, "predecessor_hash", birth->predecessor_hash);
    BSON_APPEND_UTF8(document, "state", SV_REFRESH_CURRENT);
    sv_doc_put_time(document, "created_at", birth->now_ms);
    BSON_APPEND_NULL(document, "used_at");
    sv_doc_put_time(document, "family_expires_at", birth->family_expires_at_ms);
    sv_doc_put_time(document, "expires_at",
                    idle_end_ms < birth->family_expires_at_ms ? idle_end_ms : birth->family_expires_at_ms);
    return sv_store_insert(store, SV_COLLECTION_REFRESH_TOKENS, document, error);
}

sv_status_t
sv_refresh_begin(sv_store_t *store, const char *user_id, int64_t login_ms, sv_arena_t *arena, sv_refresh_grant_t *grant,
                 sv_error_t *error)
{
    char *family_id = sv_arena_alloc(arena, SV_UUID_SIZE);
    uint8_t secret[SV_SHA256_SIZE];
    sv_refresh_birth_t birth = { .family_id = family_id, .user_id = user_id, .now_ms = login_ms };

    sv_uuid_v4(family_id);
    sv_random_bytes(secret, sizeof(secret));
    birth.family_expires_at_ms = login_ms + store->settings->refresh_token_ttl * 1000;
    *grant =
        (sv_refresh_grant_t){ .family_id = family_id, .user_id = user_id, .token = sv_refresh_encode(secret, arena) };
    return sv_refresh_insert(store, grant->token, &birth, error);
}

static void
sv_stored_token_read(const bson_t *document, sv_arena_t *arena, sv_stored_token_t *token)
{
    *token = (sv_stored_token_t){
        .family_id = sv_doc_text(document, "family_id", arena),
        .user_id = sv_doc_text(document, "user_id", arena),
        .state = sv_doc_text(document, "state", arena),
        .used_at_ms = sv_doc_time(document, "used_at"),
        .family_expires_at_ms = sv_doc_time(document, "family_expires_at"),
    };
    if (token->state == NULL) {
        token->state = SV_REFRESH_REVOKED;
    }
}

/* The stored token a text is of; *found false when there is none. */
static sv_status_t
sv_refresh_find(sv_store_t *store, const sv_rotation_t *rotation, sv_stored_token_t *token, bool *found,
                sv_error_t *error)
{
    bson_t *filter = sv_doc_new(error->arena);
    const bson_t *document;

    BSON_APPEND_UTF8(filter, "token_hash", rotation->presented_hash);
    if (sv_store_find_one(store, SV_COLLECTION_REFRESH_TOKENS, filter, NULL, error->arena, &document, error) != SV_OK) {
        return error->status;
    }
    *found = document != NULL;
    if (*found) {
        sv_stored_token_read(document, rotation->arena, token);
    }
    return SV_OK;
}

/* Marks the family's live token used, unless it is dead of age; *spent says which, and token->used_at_ms is the
 * server's time.  A used token is kept to the family's end: only so is a copy of it recognised when it comes again. */
static sv_status_t
sv_refresh_spend(sv_store_t *store, const sv_rotation_t *rotation, sv_stored_token_t *token, bool *spent,
                 sv_error_t *error)
{
    bson_t *filter = sv_doc_new(error->arena), *update = sv_doc_new(error->arena);
    const bson_t *document;

    BCON_APPEND(filter, "token_hash", BCON_UTF8(rotation->presented_hash), "state", BCON_UTF8(SV_REFRESH_CURRENT));
    sv_filter_to_come(filter, "$expires_at", NULL, 0);
    BCON_APPEND(update, "$set", "{", "state", BCON_UTF8(SV_REFRESH_USED), "expires_at",
                BCON_DATE_TIME(token->family_expires_at_ms), "}", "$currentDate", "{", "used_at", BCON_BOOL(true), "}");
    if (sv_store_find_and_update(store, SV_COLLECTION_REFRESH_TOKENS, filter, update, true, false, error->arena,
                                 &document, error) != SV_OK) {
        return error->status;
    }
    *spent = document != NULL;
    if (*spent) {
        token->used_at_ms = sv_doc_time(document, "used_at");
    }
    return SV_OK;
}

/* Whether the presented, used token is the immediate predecessor of the family's live one; *dead: of one that lived
 * until it died of age, which nobody is to blame for. */
static sv_status_t
sv_refresh_precedes_live(sv_store_t *store, const sv_rotation_t *rotation, bool *precedes, bool *dead,
                         sv_error_t *error)
{
    bson_t *filter = sv_doc_new(error->arena);
    const bson_t *document = NULL;

    BCON_APPEND(filter, "family_id", BCON_UTF8(rotation->grant->family_id), "predecessor_hash",
                BCON_UTF8(rotation->presented_hash), "state", BCON_UTF8(SV_REFRESH_CURRENT));
    if (sv_store_find_one(store, SV_COLLECTION_REFRESH_TOKENS, filter, NULL, error->arena, &document, error) != SV_OK) {
        return error->status;
    }
    *precedes = document != NULL;
    if (!*precedes) {
        return SV_OK;
    }
    sv_filter_to_come(filter, "$expires_at", NULL, 0);
    sv_store_find_one(store, SV_COLLECTION_REFRESH_TOKENS, filter, NULL, error->arena, &document, error);
    *dead = document == NULL;
    return error->status;
}

/* Whether the presented token was spent a moment ago. */
static sv_status_t
sv_refresh_in_grace(sv_store_t *store, const sv_rotation_t *rotation, bool *in_grace, sv_error_t *error)
{
    bson_t *recent = sv_doc_new(error->arena);
    const bson_t *document = NULL;

    BCON_APPEND(recent, "token_hash", BCON_UTF8(rotation->presented_hash));
    sv_filter_to_come(recent, "$used_at", NULL, store->settings->refresh_reuse_grace * 1000);
    sv_store_find_one(store, SV_COLLECTION_REFRESH_TOKENS, recent, NULL, error->arena, &document, error);
    *in_grace = document != NULL;
    return error->status;
}

/* A copy was made of a token that had been spent: nobody knows who holds the live one, so the family ends. */
static sv_status_t
sv_refresh_end_reused(sv_store_t *store, sv_rotation_t *rotation, const sv_stored_token_t *token, sv_error_t *error)
{
    const sv_principal_t owner = { .user_id = token->user_id, .role = rotation->account->role };
    bson_t *details = sv_doc_new(error->arena);
    sv_audit_t entry = { .action = "login.token_reused", .details = details };
    bool was_live = false;

    if (sv_family_revoke(store, token->family_id, &was_live, error) != SV_OK) {
        return error->status;
    }
    if (!was_live) {
        rotation->outcome = SV_ERR_TOKEN_REVOKED;
        return SV_OK;
    }
    rotation->outcome = SV_ERR_TOKEN_REUSED;
    BSON_APPEND_UTF8(details, "family_id", token->family_id);
    return sv_audit_write(store, &owner, &entry, error);
}

static sv_status_t
sv_refresh_grant_successor(sv_store_t *store, sv_rotation_t *rotation, sv_stored_token_t *token, sv_error_t *error)
{
    sv_refresh_birth_t birth = {
        .family_id = token->family_id,
        .user_id = token->user_id,
        .predecessor_hash = rotation->presented_hash,
        .family_expires_at_ms = token->family_expires_at_ms,
    };
    bool spent = false;

    if (sv_refresh_spend(store, rotation, token, &spent, error) != SV_OK) {
        return error->status;
    }
    if (!spent) {
        rotation->outcome = SV_ERR_TOKEN_REVOKED;
        return SV_OK;
    }
    birth.now_ms = token->used_at_ms;
    return sv_refresh_insert(store, rotation->grant->token, &birth, error);
}

/* A used token: of a client that never saw the answer, of another tab, or of a thief. */
static sv_status_t
sv_refresh_grant_again(sv_store_t *store, sv_rotation_t *rotation, const sv_stored_token_t *token, sv_error_t *error)
{
    bool precedes = false, dead = false, in_grace = false;

    if (sv_refresh_precedes_live(store, rotation, &precedes, &dead, error) != SV_OK) {
        return error->status;
    }
    if (!precedes) {
        return sv_refresh_end_reused(store, rotation, token, error);
    }
    if (dead) {
        rotation->outcome = SV_ERR_TOKEN_REVOKED;
        return SV_OK;
    }
    if (rotation->use == SV_REFRESH_UNUSED || sv_refresh_in_grace(store, rotation, &in_grace, error) != SV_OK ||
        in_grace) {
        return error->status;
    }
    if (rotation->use == SV_REFRESH_USE_UNKNOWN) {
        rotation->outcome = SV_ERR_UNAVAILABLE;
        return SV_OK;
    }
    return sv_refresh_end_reused(store, rotation, token, error);
}

static sv_status_t
sv_refresh_decide(sv_store_t *store, sv_rotation_t *rotation, sv_stored_token_t *token, sv_error_t *error)
{
    if (strcmp(token->state, SV_REFRESH_CURRENT) == 0) {
        return sv_refresh_grant_successor(store, rotation, token, error);
    }
    if (strcmp(token->state, SV_REFRESH_USED) == 0) {
        return sv_refresh_grant_again(store, rotation, token, error);
    }
    rotation->outcome = SV_ERR_TOKEN_REVOKED;
    return SV_OK;
}

static sv_status_t
sv_refresh_body(sv_store_t *store, void *context, sv_error_t *error)
{
    sv_rotation_t *rotation = context;
    sv_stored_token_t token = { 0 };
    bool found = false;
    sv_status_t status;

    rotation->outcome = SV_OK;
    if (sv_refresh_find(store, rotation, &token, &found, error) != SV_OK) {
        return error->status;
    }
    if (!found) {
        rotation->outcome = SV_ERR_TOKEN_INVALID;
        return SV_OK;
    }
    rotation->grant->family_id = token.family_id;
    rotation->grant->user_id = token.user_id;
    status = sv_account_load(store, token.user_id, rotation->arena, rotation->account, error);
    if (status == SV_ERR_NOT_FOUND) {
        sv_error_clear(error);
        rotation->outcome = SV_ERR_TOKEN_REVOKED;
        return SV_OK;
    }
    if (status != SV_OK) {
        return status;
    }
    if (!rotation->account->enabled) {
        rotation->outcome = SV_ERR_ACCOUNT_DISABLED;
        return SV_OK;
    }
    return sv_refresh_decide(store, rotation, &token, error);
}

static const char *
sv_refresh_use_id_of(const char *token, sv_arena_t *arena)
{
    char *id = sv_arena_alloc(arena, SV_REFRESH_USE_ID_SIZE);
    char hash[SV_SHA256_HEX_SIZE];

    sv_refresh_hash(token, hash);
    sv_refresh_use_id(hash, id);
    return id;
}

sv_status_t
sv_refresh_rotate(sv_store_t *store, const sv_auth_keys_t *keys, const char *token, sv_refresh_use_t use,
                  sv_arena_t *arena, sv_refresh_grant_t *grant, sv_account_t *account, sv_error_t *error)
{
    sv_rotation_t rotation = { .use = use, .arena = arena, .grant = grant, .account = account };

    *grant = (sv_refresh_grant_t){ .token = sv_refresh_successor(keys, token, arena) };
    grant->use_id = sv_refresh_use_id_of(grant->token, arena);
    sv_refresh_hash(token, rotation.presented_hash);
    if (sv_transaction_run(store, sv_refresh_body, &rotation, error) != SV_OK) {
        return error->status;
    }
    return rotation.outcome == SV_OK ? SV_OK : sv_fail(error, rotation.outcome, NULL);
}
