#include "core/serials/serial_list.h"

#include <string.h>

#include "core/base/codec.h"

#define SV_SERIALS_CURSOR "serials"

/* ---- where a page begins: behind an item's serial number */

static const char *
sv_serials_cursor_make(const sv_serial_sight_t *last, sv_arena_t *arena)
{
    const char *plain = sv_arena_printf(arena, SV_SERIALS_CURSOR "\x02%s\x02%s", last->item_code, last->serial_key);
    size_t length = strlen(plain);
    char *text = sv_arena_alloc(arena, (length * 4 + 2) / 3 + 1);

    sv_base64url_encode((const uint8_t *) plain, length, text);
    return text;
}

static bool
sv_serials_cursor_read(const char *cursor, sv_serial_sight_t *after, sv_arena_t *arena)
{
    size_t length = strlen(cursor);
    char *plain = sv_arena_alloc(arena, length + 1), *item, *serial;
    int size = sv_base64url_decode(cursor, length, (uint8_t *) plain, length);

    if (size < 0) {
        return false;
    }
    plain[size] = '\0';
    item = strchr(plain, '\x02');
    serial = item != NULL ? strchr(item + 1, '\x02') : NULL;
    if (serial == NULL || (size_t) (item - plain) != strlen(SV_SERIALS_CURSOR) ||
        memcmp(plain, SV_SERIALS_CURSOR, (size_t) (item - plain)) != 0) {
        return false;
    }
    *serial = '\0';
    after->item_code = item + 1;
    after->serial_key = serial + 1;
    return true;
}

static bool
sv_serials_is_behind(const sv_serial_sight_t *sight, const sv_serial_sight_t *after)
{
    int by_item = after->item_code != NULL ? strcmp(sight->item_code, after->item_code) : 1;

    return by_item > 0 || (by_item == 0 && strcmp(sight->serial_key, after->serial_key) > 0);
}

/* ---- a page */

void
sv_serial_write_json(sv_json_writer_t *w, const sv_serial_sight_t *sight, const sv_serial_facts_t *facts)
{
    sv_json_object(w, NULL);
    sv_json_text(w, "serial_number", sight->serial_number);
    sv_json_text(w, "item_code", sight->item_code);
    sv_json_text(w, "state", sv_serial_states[sight->state]);
    sv_json_bool(w, "swapped", sight->swapped);
    sv_json_text(w, "rack_id", sight->rack_id);
    sv_json_text(w, "session_id", facts->session_id);
    sv_json_text(w, "user_id", facts->user_id);
    sv_json_text(w, "client_record_id", facts->client_record_id);
    if (sight->before_rack_id != NULL) {
        sv_json_object(w, "before");
        sv_json_text(w, "count_id", facts->before_count_id);
        sv_json_text(w, "rack_id", sight->before_rack_id);
        sv_json_time(w, "at", facts->before_at_ms);
        sv_json_end(w);
    } else {
        sv_json_null(w, "before");
    }
    sv_json_end(w);
}

static void
sv_serials_write_totals(sv_json_writer_t *w, const sv_serials_of_count_t *serials)
{
    int64_t totals[SV_SERIAL_STATES] = { 0 }, swapped = 0;

    for (size_t i = 0; i < serials->count; i++) {
        totals[serials->sights[i].state]++;
        swapped += serials->sights[i].swapped;
    }
    sv_json_object(w, "totals");
    for (int state = 0; state < SV_SERIAL_STATES; state++) {
        sv_json_int(w, sv_serial_states[state], totals[state]);
    }
    sv_json_int(w, "swapped", swapped);
    sv_json_end(w);
}

static bool
sv_serials_is_asked(const sv_serial_query_t *query, const sv_serial_sight_t *sight)
{
    return (query->state < 0 || sight->state == (sv_serial_state_t) query->state) &&
           (!query->swapped || sight->swapped);
}

sv_status_t
sv_serials_list(sv_store_t *store, const sv_serial_query_t *query, sv_json_writer_t *w, sv_error_t *error)
{
    sv_serial_sight_t after = { 0 };
    const sv_serial_sight_t *last = NULL;
    sv_serials_of_count_t serials;
    int64_t told = 0;
    bool more = false;

    if (query->cursor != NULL && !sv_serials_cursor_read(query->cursor, &after, error->arena)) {
        return sv_fail(error, SV_ERR_CURSOR_INVALID, NULL);
    }
    if (sv_serials_of_count(store, query->count_id, query->item_code, &serials, error) != SV_OK) {
        return error->status;
    }
    sv_json_object(w, NULL);
    sv_json_text(w, "count_id", query->count_id);
    sv_serials_write_totals(w, &serials);
    sv_json_array(w, "items");
    for (size_t i = 0; i < serials.count && !more; i++) {
        if (!sv_serials_is_behind(&serials.sights[i], &after) || !sv_serials_is_asked(query, &serials.sights[i])) {
            continue;
        }
        more = told == query->limit;
        if (!more) {
            last = &serials.sights[i];
            sv_serial_write_json(w, last, &serials.facts[i]);
            told++;
        }
    }
    sv_json_end(w);
    sv_json_text(w, "next_cursor", more ? sv_serials_cursor_make(last, error->arena) : NULL);
    sv_json_end(w);
    return SV_OK;
}
