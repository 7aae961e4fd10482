#include <stdlib.h>
#include <string.h>

#include "core/floor/session_list.h"
#include "core/oversight/names.h"
#include "core/oversight/oversight.h"
#include "core/store/document.h"

/* ---- who has racks */

static const char *
sv_text_or_empty(const char *text)
{
    return text != NULL ? text : "";
}

static int
sv_compare_people(const void *a, const void *b)
{
    const sv_floor_session_t *left = a, *right = b;
    int order = strcmp(sv_text_or_empty(left->full_name), sv_text_or_empty(right->full_name));

    if (order == 0) {
        order = strcmp(left->user_id, right->user_id);
    }
    return order != 0 ? order : strcmp(left->session_id, right->session_id);
}

/* One person's sessions, from `first` on; gives the place behind them. */
static size_t
sv_person_write(sv_json_writer_t *w, const sv_floor_session_t *sessions, size_t first, size_t count, int64_t now_ms)
{
    const sv_floor_session_t *person = &sessions[first];
    int64_t heard_ms = 0;
    size_t end = first;

    sv_json_object(w, NULL);
    sv_json_text(w, "user_id", person->user_id);
    sv_json_text(w, "username", person->username);
    sv_json_text(w, "full_name", person->full_name);
    sv_json_text(w, "warehouse", person->warehouse);
    sv_json_array(w, "sessions");
    for (; end < count && strcmp(sessions[end].user_id, person->user_id) == 0; end++) {
        sv_floor_session_write_json(w, NULL, &sessions[end], now_ms);
        heard_ms = sessions[end].last_heartbeat_ms > heard_ms ? sessions[end].last_heartbeat_ms : heard_ms;
    }
    sv_json_end(w);
    sv_json_time(w, "last_heartbeat", heard_ms);
    sv_json_end(w);
    return end;
}

sv_status_t
sv_oversight_people_write(sv_store_t *store, const char *warehouse, sv_json_writer_t *w, const char *name,
                          sv_error_t *error)
{
    sv_floor_session_t *sessions;
    int64_t now_ms;
    size_t count;

    if (sv_store_now(store, &now_ms, error) != SV_OK ||
        sv_session_live_read(store, NULL, warehouse, error->arena, &sessions, &count, error) != SV_OK) {
        return error->status;
    }
    if (count > 0) {
        qsort(sessions, count, sizeof(*sessions), sv_compare_people);
    }
    sv_json_array(w, name);
    for (size_t i = 0; i < count;) {
        i = sv_person_write(w, sessions, i, count, now_ms);
    }
    sv_json_end(w);
    return SV_OK;
}

/* ---- what was done */

/* Those who did the rows' things. */
static sv_status_t
sv_activity_names_read(sv_store_t *store, const sv_page_rows_t *rows, sv_text_map_t *names, sv_error_t *error)
{
    const char **ids = sv_arena_alloc(error->arena, (rows->count + 1) * sizeof(*ids));
    size_t count = 0;

    for (size_t i = 0; i < rows->count; i++) {
        const char *user_id = sv_doc_text(rows->rows[i], "user_id", error->arena);

        if (user_id != NULL) {
            ids[count++] = user_id;
        }
    }
    return sv_names_read(store, ids, count, names, error);
}

static void
sv_activity_write_row(sv_json_writer_t *w, const bson_t *row, const sv_text_map_t *names)
{
    static const char *const texts[] = { "action", "user_id", "rack_id", "session_id", "count_id", "warehouse" };
    const char *user_id = sv_doc_text(row, "user_id", names->arena);

    sv_json_object(w, NULL);
    sv_json_time(w, "at", sv_doc_time(row, "at"));
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        sv_json_text(w, texts[i], sv_doc_text(row, texts[i], names->arena));
    }
    sv_json_text(w, "full_name", user_id != NULL ? sv_text_map_get(names, user_id) : NULL);
    sv_json_end(w);
}

sv_status_t
sv_oversight_activity_write(sv_store_t *store, const char *warehouse, sv_page_t *page, sv_json_writer_t *w,
                            sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("$or", "[", "{", "rack_id", "{", "$exists", BCON_BOOL(true), "}", "}", "{",
                                          "count_id", "{", "$exists", BCON_BOOL(true), "}", "}", "]"),
                                 error->arena);
    sv_text_map_t names;
    sv_page_rows_t rows;

    if (warehouse != NULL) {
        BSON_APPEND_UTF8(filter, "warehouse", warehouse);
    }
    page->list = "activity";
    page->sort_field = "at";
    page->unique_field = "_id";
    page->direction = -1;
    if (sv_page_read(store, SV_COLLECTION_ACTIVITY_LOGS, filter, NULL, page, &rows, error->arena, error) != SV_OK ||
        sv_activity_names_read(store, &rows, &names, error) != SV_OK) {
        return error->status;
    }
    sv_json_array(w, "items");
    for (size_t i = 0; i < rows.count; i++) {
        sv_activity_write_row(w, rows.rows[i], &names);
    }
    sv_json_end(w);
    sv_json_text(w, "next_cursor", rows.next_cursor);
    return SV_OK;
}
