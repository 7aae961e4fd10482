#include "core/verify/count_lines.h"

#include <string.h>

#include "core/base/codec.h"
#include "core/base/json_reader.h"
#include "core/base/mistaken_names.h"
#include "core/base/text_gate.h"
#include "core/floor/session_list.h"
#include "core/photos/photo_name.h"
#include "core/store/document.h"
#include "core/store/filter.h"
#include "core/sync/reasons.h"
#include "core/sync/record_table.h"
#include "core/base/text_map.h"

typedef enum {
    SV_LINE_CODE,
    SV_LINE_TEXT,
    SV_LINE_NOTE,
    SV_LINE_QUANTITY, /* a correction's may be negative */
    SV_LINE_CONDITION,
    SV_LINE_REASON,
    SV_LINE_TIME,
    SV_LINE_LIST
} sv_line_kind_t;

/* What a line may say, in the order in which it is stored and hashed; `limit`: characters, elements, or a reason's
 * kind. */
static const struct {
    const char *name;
    sv_line_kind_t kind;
    sv_presence_t presence;
    size_t limit;
} sv_line_members[] = {
    { "created_at", SV_LINE_TIME, SV_REQUIRED, 0 },
    { "barcode", SV_LINE_CODE, SV_OPTIONAL, 256 },
    { "item_code", SV_LINE_CODE, SV_OPTIONAL, 128 },
    { "client_record_id", SV_LINE_CODE, SV_OPTIONAL, 128 },
    { "quantity", SV_LINE_QUANTITY, SV_OPTIONAL, 0 },
    { "uom", SV_LINE_TEXT, SV_OPTIONAL, 32 },
    { "lot", SV_LINE_CODE, SV_OPTIONAL, 64 },
    { "serial_number", SV_LINE_CODE, SV_OPTIONAL, 128 },
    { "condition", SV_LINE_CONDITION, SV_OPTIONAL, 0 },
    { "damage_reason", SV_LINE_REASON, SV_OPTIONAL, SV_REASON_DAMAGE },
    { "variance_reason", SV_LINE_REASON, SV_OPTIONAL, SV_REASON_VARIANCE },
    { "correction_reason", SV_LINE_REASON, SV_OPTIONAL, SV_REASON_CORRECTION },
    { "corrects", SV_LINE_CODE, SV_OPTIONAL, 128 },
    { "remark", SV_LINE_NOTE, SV_OPTIONAL, 2000 },
    { "photo_proofs", SV_LINE_LIST, SV_OPTIONAL, 50 },
};

enum { SV_LINE_ID_MAX = 128, SV_LINE_PHOTO_MAX = 512 };

/* ---- reading */

static void
sv_line_put_list(bson_t *document, const char *name, const char **items, size_t count)
{
    bson_t array;
    char digits[16];
    const char *key;

    BSON_APPEND_ARRAY_BEGIN(document, name, &array);
    for (size_t i = 0; i < count; i++) {
        size_t length = bson_uint32_to_string((uint32_t) i, &key, digits, sizeof(digits));

        bson_append_utf8(&array, key, (int) length, items[i], -1);
    }
    bson_append_array_end(document, &array);
}

static void
sv_line_read_member(const sv_json_fields_t *fields, size_t member, bson_t *document)
{
    const char *name = sv_line_members[member].name, *text = NULL, **items = NULL;
    size_t limit = sv_line_members[member].limit, count = 0;
    sv_presence_t presence = sv_line_members[member].presence;
    sv_quantity_t quantity;
    int64_t ms;
    int index;

    switch (sv_line_members[member].kind) {
    case SV_LINE_CODE:
        sv_json_get_identifier(fields, name, presence, limit, &text);
        break;
    case SV_LINE_TEXT:
        sv_json_get_text(fields, name, presence, 1, limit, &text);
        break;
    case SV_LINE_NOTE:
        sv_json_get_note(fields, name, presence, limit, &text);
        break;
    case SV_LINE_QUANTITY:
        if (sv_json_get_quantity(fields, name, presence, true, &quantity)) {
            sv_doc_put_quantity(document, name, quantity);
        }
        return;
    case SV_LINE_CONDITION:
        if (sv_json_get_choice(fields, name, presence, sv_record_conditions, &index)) {
            text = sv_record_conditions[index];
        }
        break;
    case SV_LINE_REASON:
        if (sv_json_get_choice(fields, name, presence, sv_reason_lists[limit].words, &index)) {
            text = sv_reason_lists[limit].words[index];
        }
        break;
    case SV_LINE_TIME:
        if (sv_json_get_time(fields, name, presence, &ms)) {
            BSON_APPEND_DATE_TIME(document, name, ms);
        }
        return;
    case SV_LINE_LIST:
        if (sv_json_get_identifiers(fields, name, presence, limit, SV_LINE_PHOTO_MAX, fields->error->arena, &items,
                                    &count)) {
            sv_photo_names_take(items, count, fields->error->arena);
            sv_line_put_list(document, name, items, count);
        }
        return;
    }
    if (text != NULL) {
        BSON_APPEND_UTF8(document, name, text);
    }
}

static void
sv_line_refuse(sv_count_line_t *line, const char *field, const char *code, const char *message)
{
    line->field = field;
    line->code = code;
    line->message = message;
}

static void
sv_line_read(const json_t *value, sv_count_line_t *line, sv_arena_t *arena)
{
    bson_t *document = sv_doc_new(arena);
    sv_error_t error;
    sv_json_fields_t fields = { value, "", &error };
    const char *id = NULL;

    line->line_id = json_string_value(json_object_get(value, "line_id"));
    if (!json_is_object(value)) {
        sv_line_refuse(line, "", "wrong_type", "a line must be an object");
        return;
    }
    sv_error_init(&error, arena);
    if (sv_json_get_identifier(&fields, "line_id", SV_REQUIRED, SV_LINE_ID_MAX, &id)) {
        sv_doc_put_text(document, "line_id", sv_text_fold_uuid(id, arena));
    }
    for (size_t i = 0; i < sizeof(sv_line_members) / sizeof(sv_line_members[0]); i++) {
        sv_line_read_member(&fields, i, document);
    }
    sv_mistaken_names_refuse(SV_NAMES_OF_LINE, &fields);
    if (error.status == SV_OK && !bson_has_field(document, "barcode") && !bson_has_field(document, "item_code")) {
        sv_fail_field(&error, "barcode", "required", "a line has a barcode or an item_code");
    }
    if (error.status != SV_OK) {
        sv_line_refuse(line, error.details[0].field, error.details[0].code, error.details[0].message);
    }
    line->document = document;
}

sv_status_t
sv_count_lines_read(const json_t *body, sv_count_lines_t *lines, sv_error_t *error)
{
    sv_json_fields_t fields = { body, "", error };
    const json_t *array = NULL;

    *lines = (sv_count_lines_t){ 0 };
    sv_json_get_identifier(&fields, "session_id", SV_REQUIRED, SV_SESSION_ID_MAX, &lines->session_id);
    if (!sv_json_get_array(&fields, "lines", SV_REQUIRED, SV_COUNT_LINES_SENT, &array) || error->status != SV_OK) {
        return error->status;
    }
    lines->count = json_array_size(array);
    lines->lines = sv_arena_zalloc(error->arena, (lines->count + 1) * sizeof(*lines->lines));
    for (size_t i = 0; i < lines->count; i++) {
        lines->lines[i].index = i;
        sv_line_read(json_array_get(array, i), &lines->lines[i], error->arena);
    }
    return SV_OK;
}

/* ---- storing */

static sv_status_t
sv_lines_find_session(sv_store_t *store, const sv_principal_t *who, const char *session_id, sv_floor_session_t *session,
                      sv_error_t *error)
{
    sv_session_view_t view;

    if (sv_session_view(store, who, session_id, SV_VIEW_FIGURES, error->arena, &view, error) != SV_OK) {
        return error->status;
    }
    *session = view.floor_session;
    return view.is_count ? sv_fail(error, SV_ERR_WRONG_KIND, NULL) : SV_OK;
}

/* The line as it is stored: what was sent and its digest, then whose it is. */
static void
sv_line_complete(sv_count_line_t *line, const sv_principal_t *who, const sv_floor_session_t *session, int64_t now_ms,
                 sv_arena_t *arena)
{
    bson_t *document = sv_doc_copy(line->document, arena);
    char digest[SV_SHA256_HEX_SIZE];

    sv_doc_put_text(document, "session_id", session->session_id);
    sv_doc_put_text(document, "user_id", who->user_id);
    sv_sha256_hex(bson_get_data(document), document->len, digest);
    sv_doc_put_text(document, "content_hash", digest);
    sv_doc_put_text(document, "count_id", session->count_id);
    sv_doc_put_text(document, "rack_id", session->rack_id);
    sv_doc_put_text(document, "warehouse", session->warehouse);
    BSON_APPEND_DATE_TIME(document, "received_at", now_ms);
    line->document = document;
}

/* What is stored under the ids of good lines: id -> content_hash. */
static sv_status_t
sv_lines_read_stored(sv_store_t *store, const sv_count_lines_t *lines, sv_text_map_t *stored, sv_error_t *error)
{
    const char **ids = sv_arena_alloc(error->arena, (lines->count + 1) * sizeof(*ids));
    bson_t *filter = sv_doc_new(error->arena);
    bson_t *options = sv_doc_take(
        BCON_NEW("projection", "{", "line_id", BCON_INT32(1), "content_hash", BCON_INT32(1), "}"), error->arena);
    mongoc_cursor_t *cursor;
    const bson_t *row;
    size_t count = 0;

    sv_text_map_init(stored, error->arena, lines->count);
    for (size_t i = 0; i < lines->count; i++) {
        if (lines->lines[i].code == NULL) {
            ids[count++] = sv_doc_text(lines->lines[i].document, "line_id", error->arena);
        }
    }
    sv_filter_in(filter, "line_id", ids, count);
    if (count == 0 || sv_store_find(store, SV_COLLECTION_COUNT_LINES, filter, options, &cursor, error) != SV_OK) {
        return error->status;
    }
    while (mongoc_cursor_next(cursor, &row)) {
        *sv_text_map_put(stored, sv_doc_text(row, "line_id", error->arena)) =
            (void *) sv_doc_text(row, "content_hash", error->arena);
    }
    sv_store_cursor_end(store, cursor, error);
    mongoc_cursor_destroy(cursor);
    return error->status;
}

/* Judges by what is stored; the lines that are new are returned in `fresh`, each id once. */
static size_t
sv_lines_judge(sv_count_lines_t *lines, sv_text_map_t *stored, const bson_t **fresh, sv_arena_t *arena)
{
    size_t count = 0;

    for (size_t i = 0; i < lines->count; i++) {
        sv_count_line_t *line = &lines->lines[i];
        const char *hash;
        void **place;

        if (line->code != NULL) {
            continue;
        }
        hash = sv_doc_text(line->document, "content_hash", arena);
        place = sv_text_map_put(stored, sv_doc_text(line->document, "line_id", arena));
        if (*place == NULL) {
            *place = (void *) hash;
            fresh[count++] = line->document;
        } else if (strcmp(*place, hash) != 0) {
            sv_line_refuse(line, "line_id", "line_differs",
                           "Another line is stored under this line_id; lines do not change");
        }
    }
    return count;
}

/* False: some could not be stored for an id that was taken meanwhile; they are to be judged again. */
static bool
sv_lines_insert(sv_store_t *store, const bson_t **fresh, size_t count, sv_error_t *error)
{
    bson_t *options = sv_store_options(store, error->arena);
    bson_error_t reason;
    bson_t reply;
    bool stored;

    if (count == 0) {
        return true;
    }
    BSON_APPEND_BOOL(options, "ordered", false);
    stored = mongoc_collection_insert_many(store->collections[SV_COLLECTION_COUNT_LINES], fresh, count, options, &reply,
                                           &reason);
    if (!stored && !sv_store_is_duplicate_key(&reason, &reply)) {
        sv_store_call_fail(store, &reason, &reply, error);
    }
    bson_destroy(&reply);
    return stored || error->status != SV_OK;
}

sv_status_t
sv_count_lines_store(sv_store_t *store, const sv_principal_t *who, sv_count_lines_t *lines, sv_error_t *error)
{
    const bson_t **fresh = sv_arena_alloc(error->arena, (lines->count + 1) * sizeof(*fresh));
    sv_floor_session_t session;
    sv_text_map_t stored;
    bool full = false, done = false;
    int64_t now_ms;

    if (sv_lines_find_session(store, who, lines->session_id, &session, error) != SV_OK ||
        sv_store_now(store, &now_ms, error) != SV_OK ||
        sv_store_reaches(store, SV_COLLECTION_COUNT_LINES,
                         sv_doc_take(BCON_NEW("session_id", BCON_UTF8(session.session_id)), error->arena),
                         SV_COUNT_LINES_SESSION, &full, error) != SV_OK) {
        return error->status;
    }
    for (size_t i = 0; i < lines->count; i++) {
        if (lines->lines[i].code == NULL) {
            sv_line_complete(&lines->lines[i], who, &session, now_ms, error->arena);
        }
    }
    for (int attempt = 0; attempt < 3 && !done; attempt++) {
        if (sv_lines_read_stored(store, lines, &stored, error) != SV_OK) {
            return error->status;
        }
        if (full) {
            for (size_t i = 0; i < lines->count; i++) {
                if (lines->lines[i].code == NULL &&
                    sv_text_map_get(&stored, sv_doc_text(lines->lines[i].document, "line_id", error->arena)) == NULL) {
                    sv_line_refuse(&lines->lines[i], "session_id", "too_many_lines",
                                   "The session has all the lines it may have");
                }
            }
        }
        done = sv_lines_insert(store, fresh, sv_lines_judge(lines, &stored, fresh, error->arena), error);
    }
    return error->status == SV_OK && !done ? sv_fail(error, SV_ERR_BUSY, NULL) : error->status;
}

/* ---- telling */

void
sv_count_lines_write_json(sv_json_writer_t *w, const sv_count_lines_t *lines)
{
    sv_json_object(w, NULL);
    sv_json_array(w, "ok");
    for (size_t i = 0; i < lines->count; i++) {
        if (lines->lines[i].code == NULL) {
            sv_json_text(w, NULL, lines->lines[i].line_id);
        }
    }
    sv_json_end(w);
    sv_json_array(w, "errors");
    for (size_t i = 0; i < lines->count; i++) {
        const sv_count_line_t *line = &lines->lines[i];

        if (line->code != NULL) {
            sv_json_object(w, NULL);
            sv_json_text(w, "line_id", line->line_id);
            sv_json_int(w, "index", (int64_t) line->index);
            sv_json_text(w, "field", line->field);
            sv_json_text(w, "code", line->code);
            sv_json_text(w, "message", line->message);
            sv_json_end(w);
        }
    }
    sv_json_end(w);
    sv_json_end(w);
}

static void
sv_line_write(sv_json_writer_t *w, const bson_t *row, void *context)
{
    bson_iter_t iter;

    (void) context;
    sv_json_object(w, NULL);
    for (bson_iter_init(&iter, row); bson_iter_next(&iter);) {
        if (strcmp(bson_iter_key(&iter), "_id") != 0 && strcmp(bson_iter_key(&iter), "content_hash") != 0) {
            sv_doc_write_value(w, bson_iter_key(&iter), &iter);
        }
    }
    sv_json_end(w);
}

sv_status_t
sv_count_lines_list(sv_store_t *store, const sv_principal_t *who, const char *session_id, sv_page_t *page,
                    sv_json_writer_t *w, sv_arena_t *arena, sv_error_t *error)
{
    sv_floor_session_t session;
    bson_t *filter;

    if (sv_lines_find_session(store, who, session_id, &session, error) != SV_OK) {
        return error->status;
    }
    filter = sv_doc_take(BCON_NEW("session_id", BCON_UTF8(session.session_id)), arena);
    page->list = "count_lines";
    page->sort_field = "created_at";
    page->unique_field = "line_id";
    page->direction = 1;
    return sv_page_run(store, SV_COLLECTION_COUNT_LINES, filter, NULL, page, sv_line_write, NULL, w, arena, error);
}
