#include "core/review/recount_ask.h"

#include <string.h>

#include "core/audit/audit.h"
#include "core/store/document.h"
#include "core/store/filter.h"

void
sv_recount_asks_init(sv_recount_asks_t *asks, const char *count_id, const char *warehouse, bool different_user,
                     sv_arena_t *arena)
{
    *asks = (sv_recount_asks_t){
        .count_id = count_id, .warehouse = warehouse, .different_user = different_user, .arena = arena
    };
}

static sv_recount_ask_t *
sv_ask_of(sv_recount_asks_t *asks, const sv_rack_facts_t *rack)
{
    for (size_t i = 0; i < asks->count; i++) {
        if (asks->asks[i].rack == rack) {
            return &asks->asks[i];
        }
    }
    asks->asks = sv_arena_grow(asks->arena, asks->asks, asks->count, &asks->capacity, sizeof(asks->asks[0]));
    asks->asks[asks->count] = (sv_recount_ask_t){ .rack = rack };
    return &asks->asks[asks->count++];
}

static void
sv_add_text(sv_arena_t *arena, const char ***texts, size_t *count, size_t *capacity, const char *text)
{
    for (size_t i = 0; i < *count; i++) {
        if (strcmp((*texts)[i], text) == 0) {
            return;
        }
    }
    *texts = sv_arena_grow(arena, *texts, *count, capacity, sizeof((*texts)[0]));
    (*texts)[(*count)++] = text;
}

void
sv_recount_ask_item(sv_recount_asks_t *asks, const sv_rack_facts_t *rack, const char *item_code, const char *user_id)
{
    sv_recount_ask_t *ask = sv_ask_of(asks, rack);

    ask->all |= item_code == NULL;
    if (item_code != NULL) {
        sv_add_text(asks->arena, &ask->item_codes, &ask->code_count, &ask->code_capacity, item_code);
    }
    if (user_id != NULL) {
        sv_add_text(asks->arena, &ask->not_users, &ask->user_count, &ask->user_capacity, user_id);
    }
}

/* ---- writing */

static void
sv_put_each(bson_t *add, const char *name, const char *const *texts, size_t count)
{
    char digits[16];
    const char *key;
    bson_t field, each;

    BSON_APPEND_DOCUMENT_BEGIN(add, name, &field);
    BSON_APPEND_ARRAY_BEGIN(&field, "$each", &each);
    for (size_t i = 0; i < count; i++) {
        bson_uint32_to_string((uint32_t) i, &key, digits, sizeof(digits));
        BSON_APPEND_UTF8(&each, key, texts[i]);
    }
    bson_append_array_end(&field, &each);
    bson_append_document_end(add, &field);
}

/* What asks last says who asked; what was asked for before stays asked. */
static bson_t *
sv_ask_update(const sv_recount_asks_t *asks, const sv_recount_ask_t *ask, const sv_principal_t *who)
{
    const sv_rack_round_fact_t *waiting = sv_rack_facts_waiting(ask->rack);
    bool everything = ask->all || (waiting != NULL && waiting->item_codes == NULL);
    bson_t *update = sv_doc_new(asks->arena), set, insertion, add;

    BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &set);
    sv_doc_put_text(&set, "asked_by", who != NULL ? who->user_id : NULL);
    if (everything) {
        BSON_APPEND_NULL(&set, "item_codes");
    }
    if (asks->different_user) {
        BSON_APPEND_BOOL(&set, "different_user", true);
    }
    bson_append_document_end(update, &set);
    BSON_APPEND_DOCUMENT_BEGIN(update, "$setOnInsert", &insertion);
    sv_doc_put_text(&insertion, "warehouse", asks->warehouse);
    BSON_APPEND_UTF8(&insertion, "state", "asked");
    BSON_APPEND_NULL(&insertion, "session_id");
    if (!asks->different_user) {
        BSON_APPEND_BOOL(&insertion, "different_user", false);
    }
    bson_append_document_end(update, &insertion);
    BSON_APPEND_DOCUMENT_BEGIN(update, "$addToSet", &add);
    if (!everything) {
        sv_put_each(&add, "item_codes", ask->item_codes, ask->code_count);
    }
    sv_put_each(&add, "not_users", ask->not_users, asks->different_user ? ask->user_count : 0);
    bson_append_document_end(update, &add);
    BCON_APPEND(update, "$currentDate", "{", "asked_at", BCON_BOOL(true), "}");
    return update;
}

static sv_status_t
sv_ask_audit(sv_store_t *store, const sv_principal_t *who, const sv_recount_asks_t *asks, const sv_recount_ask_t *ask,
             int64_t round, sv_error_t *error)
{
    bson_t *details = sv_doc_new(asks->arena);
    sv_audit_t entry = { .action = "recount.ask",
                         .rack_id = ask->rack->rack_id,
                         .count_id = asks->count_id,
                         .warehouse = asks->warehouse,
                         .details = details };

    BSON_APPEND_INT64(details, "round", round);
    BSON_APPEND_BOOL(details, "different_user", asks->different_user);
    BSON_APPEND_BOOL(details, "tolerance", who == NULL);
    if (!ask->all) {
        sv_doc_put_texts(details, "item_codes", ask->item_codes, ask->code_count);
    }
    return sv_audit_write(store, who, &entry, error);
}

static sv_status_t
sv_ask_write(sv_store_t *store, const sv_principal_t *who, const sv_recount_asks_t *asks, const sv_recount_ask_t *ask,
             sv_error_t *error)
{
    int64_t round = sv_rack_facts_next_round(ask->rack);
    bson_t *filter = sv_doc_take(BCON_NEW("count_id", BCON_UTF8(asks->count_id), "rack_id",
                                          BCON_UTF8(ask->rack->rack_id), "round", BCON_INT64(round)),
                                 asks->arena);
    const bson_t *before;
    sv_status_t status = sv_store_find_and_update(store, SV_COLLECTION_RECOUNTS, filter, sv_ask_update(asks, ask, who),
                                                  false, true, asks->arena, &before, error);

    return status == SV_OK ? sv_ask_audit(store, who, asks, ask, round, error) : status;
}

/* Phones find them among the free ones. */
static sv_status_t
sv_asks_free_racks(sv_store_t *store, const sv_recount_asks_t *asks, sv_error_t *error)
{
    const char **ids = sv_arena_alloc(asks->arena, (asks->count + 1) * sizeof(ids[0]));
    bson_t *filter =
        sv_doc_take(BCON_NEW("status", BCON_UTF8("completed"), "count_id", BCON_UTF8(asks->count_id)), asks->arena);
    bson_t *update = sv_doc_take(BCON_NEW("$set", "{", "status", BCON_UTF8("available"), "}", "$currentDate", "{",
                                          "updated_at", BCON_BOOL(true), "}"),
                                 asks->arena);

    for (size_t i = 0; i < asks->count; i++) {
        ids[i] = asks->asks[i].rack->rack_id;
    }
    sv_filter_in(filter, "rack_id", ids, asks->count);
    return sv_store_update_many(store, SV_COLLECTION_RACK_REGISTRY, filter, update, NULL, error);
}

sv_status_t
sv_recount_asks_write(sv_store_t *store, const sv_principal_t *who, const sv_recount_asks_t *asks, sv_error_t *error)
{
    sv_status_t status = SV_OK;

    for (size_t i = 0; status == SV_OK && i < asks->count; i++) {
        status = sv_ask_write(store, who, asks, &asks->asks[i], error);
    }
    return status == SV_OK && asks->count > 0 ? sv_asks_free_racks(store, asks, error) : status;
}
