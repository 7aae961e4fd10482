#include "core/review/unsent.h"

#include <string.h>

#include "core/store/document.h"
#include "core/store/filter.h"

typedef struct {
    sv_unsent_t *unsent;
    sv_arena_t *arena;
} sv_unsent_work_t;

static sv_unsent_phone_t *
sv_unsent_find(const sv_unsent_work_t *work, const char *user_id)
{
    for (size_t i = 0; i < work->unsent->count; i++) {
        if (strcmp(work->unsent->phones[i].user_id, user_id) == 0) {
            return &work->unsent->phones[i];
        }
    }
    return NULL;
}

static void
sv_unsent_take_latest(sv_unsent_phone_t *phone, const bson_t *session)
{
    int64_t at_ms = sv_doc_time(session, "left_at");

    if (at_ms >= phone->left_at_ms) {
        phone->left_at_ms = at_ms;
        phone->left = sv_doc_int(session, "left");
    }
}

static void
sv_unsent_take_session(const bson_t *session, void *context)
{
    sv_unsent_work_t *work = context;
    sv_unsent_t *unsent = work->unsent;
    const char *user_id = sv_doc_text(session, "user_id", work->arena);
    const char *rack_id = sv_doc_text(session, "rack_id", work->arena);
    sv_unsent_phone_t *phone;

    if (user_id == NULL) {
        return;
    }
    phone = sv_unsent_find(work, user_id);
    if (phone == NULL) {
        unsent->phones =
            sv_arena_grow(work->arena, unsent->phones, unsent->count, &unsent->capacity, sizeof(unsent->phones[0]));
        phone = &unsent->phones[unsent->count++];
        *phone = (sv_unsent_phone_t){ .user_id = user_id, .full_name = sv_doc_text(session, "full_name", work->arena) };
    }
    sv_unsent_take_latest(phone, session);
    if (rack_id != NULL) {
        phone->racks =
            sv_arena_grow(work->arena, phone->racks, phone->rack_count, &phone->rack_capacity, sizeof(phone->racks[0]));
        phone->racks[phone->rack_count++] = rack_id;
    }
}

static void
sv_unsent_take_said(const bson_t *session, void *context)
{
    sv_unsent_work_t *work = context;
    const char *user_id = sv_doc_text(session, "user_id", work->arena);
    sv_unsent_phone_t *phone = user_id != NULL ? sv_unsent_find(work, user_id) : NULL;

    if (phone != NULL) {
        sv_unsent_take_latest(phone, session);
    }
}

/* What these people's phones said since, wherever they count by now. */
static sv_status_t
sv_unsent_read_said(sv_store_t *store, sv_unsent_work_t *work, sv_error_t *error)
{
    const sv_unsent_t *unsent = work->unsent;
    const char **ids = sv_arena_alloc(work->arena, (unsent->count + 1) * sizeof(ids[0]));
    int64_t since_ms = INT64_MAX;
    bson_t *filter = sv_doc_new(work->arena);
    bson_t *options = sv_doc_take(
        BCON_NEW("projection", "{", "user_id", BCON_INT32(1), "left", BCON_INT32(1), "left_at", BCON_INT32(1), "}"),
        work->arena);

    for (size_t i = 0; i < unsent->count; i++) {
        ids[i] = unsent->phones[i].user_id;
        since_ms = unsent->phones[i].left_at_ms < since_ms ? unsent->phones[i].left_at_ms : since_ms;
    }
    sv_filter_in(filter, "user_id", ids, unsent->count);
    BCON_APPEND(filter, "left_at", "{", "$gte", BCON_DATE_TIME(since_ms), "}");
    return sv_store_each(store, SV_COLLECTION_VERIFICATION_SESSIONS, filter, options, sv_unsent_take_said, work, error);
}

sv_status_t
sv_unsent_read(sv_store_t *store, const char *count_id, sv_unsent_t *unsent, sv_arena_t *arena, sv_error_t *error)
{
    sv_unsent_work_t work = { .unsent = unsent, .arena = arena };
    bson_t *filter =
        sv_doc_take(BCON_NEW("count_id", BCON_UTF8(count_id), "left", "{", "$gt", BCON_INT64(0), "}"), arena);
    bson_t *options =
        sv_doc_take(BCON_NEW("projection", "{", "user_id", BCON_INT32(1), "full_name", BCON_INT32(1), "rack_id",
                             BCON_INT32(1), "left", BCON_INT32(1), "left_at", BCON_INT32(1), "}"),
                    arena);
    size_t kept = 0;

    *unsent = (sv_unsent_t){ 0 };
    if (sv_store_each(store, SV_COLLECTION_VERIFICATION_SESSIONS, filter, options, sv_unsent_take_session, &work,
                      error) != SV_OK ||
        unsent->count == 0 || sv_unsent_read_said(store, &work, error) != SV_OK) {
        return error->status;
    }
    for (size_t i = 0; i < unsent->count; i++) {
        if (unsent->phones[i].left > 0) {
            unsent->phones[kept++] = unsent->phones[i];
        }
    }
    unsent->count = kept;
    return SV_OK;
}

void
sv_unsent_write_json(sv_json_writer_t *w, const char *name, const sv_unsent_t *unsent)
{
    sv_json_array(w, name);
    for (size_t i = 0; i < unsent->count; i++) {
        const sv_unsent_phone_t *phone = &unsent->phones[i];

        sv_json_object(w, NULL);
        sv_json_text(w, "user_id", phone->user_id);
        sv_json_text(w, "full_name", phone->full_name);
        sv_json_array(w, "racks");
        for (size_t j = 0; j < phone->rack_count; j++) {
            sv_json_text(w, NULL, phone->racks[j]);
        }
        sv_json_end(w);
        sv_json_int(w, "left", phone->left);
        sv_json_time(w, "left_at", phone->left_at_ms);
        sv_json_end(w);
    }
    sv_json_end(w);
}

void
sv_unsent_put(bson_t *document, const char *name, const sv_unsent_t *unsent)
{
    bson_t array, row;

    BSON_APPEND_ARRAY_BEGIN(document, name, &array);
    for (size_t i = 0; i < unsent->count; i++) {
        const sv_unsent_phone_t *phone = &unsent->phones[i];
        char digits[16];
        const char *key;

        bson_uint32_to_string((uint32_t) i, &key, digits, sizeof(digits));
        BSON_APPEND_DOCUMENT_BEGIN(&array, key, &row);
        sv_doc_put_text(&row, "user_id", phone->user_id);
        sv_doc_put_text(&row, "full_name", phone->full_name);
        sv_doc_put_texts(&row, "racks", phone->racks, phone->rack_count);
        BSON_APPEND_INT64(&row, "left", phone->left);
        sv_doc_put_time(&row, "left_at", phone->left_at_ms);
        bson_append_document_end(&array, &row);
    }
    bson_append_array_end(document, &array);
}
