#include "core/totals/totals.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/log.h"
#include "core/base/text_map.h"
#include "core/store/document.h"
#include "core/store/filter.h"
#include "core/store/transaction.h"
#include "core/totals/lines.h"

/* What a round reads and takes at most.  Lines of a busy floor name the same items again and again, and an item is
 * derived once however many do. */
enum { SV_TOTALS_LINES = 4000, SV_TOTALS_TOUCHES = 100000, SV_TOTALS_ITEMS = 500 };

/* A worker that derives without end takes what the floor needs of the database: it rests as many times as long. */
enum { SV_TOTALS_RESTS = 4 };

/* An item of a count that somebody touched. */
typedef struct {
    const char *count_id;
    const char *item_code;
} sv_touch_t;

/* A line of touched_items, with what it names: touches[first] and on. */
typedef struct {
    bson_t *id; /* {_id} */
    size_t first, count;
} sv_touched_line_t;

/* What a round has read before its transaction. */
typedef struct {
    sv_arena_t *arena;
    sv_touched_line_t *lines;
    size_t line_count, line_capacity;
    sv_touch_t *touches; /* of the lines, as they name them */
    size_t touch_count, touch_capacity;
    sv_text_map_t seen; /* count and item of the touches, each once */
} sv_totals_work_t;

/* Some of it, derived in one transaction. */
typedef struct {
    bson_t *ids;         /* {$in: [...]} of the lines */
    sv_touch_t *touches; /* sorted, each once */
    size_t touch_count;
    int64_t taken;              /* of its lines, by the last run of the transaction */
    sv_recounts_asked_t *asked; /* touch_count at most; of the last run of the transaction */
    size_t asked_count;
    sv_arena_t *arena;
} sv_totals_share_t;

static int
sv_compare_touches(const void *a, const void *b)
{
    const sv_touch_t *x = a, *y = b;
    int order = strcmp(x->count_id, y->count_id);

    return order != 0 ? order : strcmp(x->item_code, y->item_code);
}

static void
sv_share_sort(sv_totals_share_t *share)
{
    size_t kept = 0;

    if (share->touch_count == 0) {
        return;
    }
    qsort(share->touches, share->touch_count, sizeof(share->touches[0]), sv_compare_touches);
    for (size_t i = 1; i < share->touch_count; i++) {
        if (sv_compare_touches(&share->touches[kept], &share->touches[i]) != 0) {
            share->touches[++kept] = share->touches[i];
        }
    }
    share->touch_count = kept + 1;
}

static void
sv_work_add_touch(sv_totals_work_t *work, const char *count_id, const char *item_code)
{
    *sv_text_map_put(&work->seen, sv_arena_printf(work->arena, "%s\x01%s", count_id, item_code)) = work;
    work->touches =
        sv_arena_grow(work->arena, work->touches, work->touch_count, &work->touch_capacity, sizeof(work->touches[0]));
    work->touches[work->touch_count++] = (sv_touch_t){ count_id, item_code };
}

static void
sv_work_add_line(sv_totals_work_t *work, const bson_t *document)
{
    const char *count_id = sv_doc_text(document, "count_id", work->arena);
    const bson_t *codes = sv_doc_child(document, "item_codes", work->arena);
    sv_touched_line_t *line;
    bson_iter_t iter;

    work->lines =
        sv_arena_grow(work->arena, work->lines, work->line_count, &work->line_capacity, sizeof(work->lines[0]));
    line = &work->lines[work->line_count++];
    *line = (sv_touched_line_t){ sv_filter_same(document, work->arena), work->touch_count, 0 };
    if (count_id != NULL && codes != NULL && bson_iter_init(&iter, codes)) {
        while (bson_iter_next(&iter)) {
            if (BSON_ITER_HOLDS_UTF8(&iter)) {
                sv_work_add_touch(work, count_id, sv_arena_strdup(work->arena, bson_iter_utf8(&iter, NULL)));
            }
        }
    }
    line->count = work->touch_count - line->first;
}

/* Takes the oldest lines that were not set aside, of one count (NULL: of all), until they name enough items. */
static sv_status_t
sv_work_read(sv_store_t *store, const char *count_id, sv_totals_work_t *work, bool *more, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("failed_at", BCON_NULL), work->arena), *options = sv_doc_new(work->arena);
    mongoc_cursor_t *cursor;
    const bson_t *line;
    size_t read = 0;
    sv_status_t status;

    sv_text_map_init(&work->seen, work->arena, SV_TOTALS_ITEMS);
    if (count_id != NULL) {
        BSON_APPEND_UTF8(filter, "count_id", count_id);
    }
    BCON_APPEND(options, "sort", "{", "at", BCON_INT32(1), "}", "limit", BCON_INT64(SV_TOTALS_LINES));
    status = sv_store_find(store, SV_COLLECTION_TOUCHED_ITEMS, filter, options, &cursor, error);
    if (status != SV_OK) {
        return status;
    }
    while (mongoc_cursor_next(cursor, &line)) {
        read++;
        if (work->seen.count < SV_TOTALS_ITEMS && work->touch_count < SV_TOTALS_TOUCHES) {
            sv_work_add_line(work, line);
        }
    }
    status = sv_store_cursor_end(store, cursor, error);
    mongoc_cursor_destroy(cursor);
    *more = read > work->line_count || read == SV_TOTALS_LINES;
    return status;
}

static sv_totals_share_t
sv_work_share(const sv_totals_work_t *work, size_t from, size_t count)
{
    sv_totals_share_t share = { .ids = sv_doc_new(work->arena), .arena = work->arena };
    bson_t list;

    share.touches = sv_arena_alloc(work->arena, (work->touch_count + 1) * sizeof(share.touches[0]));
    share.asked = sv_arena_alloc(work->arena, (work->touch_count + 1) * sizeof(share.asked[0]));
    BSON_APPEND_ARRAY_BEGIN(share.ids, "$in", &list);
    for (size_t i = from; i < from + count; i++) {
        const sv_touched_line_t *line = &work->lines[i];
        char digits[16];
        const char *key;
        bson_iter_t iter;

        bson_uint32_to_string((uint32_t) (i - from), &key, digits, sizeof(digits));
        if (bson_iter_init_find(&iter, line->id, "_id")) {
            bson_append_iter(&list, key, -1, &iter);
        }
        memcpy(&share.touches[share.touch_count], &work->touches[line->first], line->count * sizeof(share.touches[0]));
        share.touch_count += line->count;
    }
    bson_append_array_end(share.ids, &list);
    sv_share_sort(&share);
    return share;
}

static sv_status_t
sv_totals_derive(sv_store_t *store, void *context, sv_error_t *error)
{
    sv_totals_share_t *share = context;
    sv_arena_t *arena = sv_arena_create();
    bson_t *filter = sv_doc_new(arena);
    sv_status_t status;

    share->asked_count = 0;
    share->taken = 0;
    BSON_APPEND_DOCUMENT(filter, "_id", share->ids);
    status = sv_store_delete_many(store, SV_COLLECTION_TOUCHED_ITEMS, filter, &share->taken, error);
    /* Without any of its lines, another round has derived all of it since they were read. */
    for (size_t from = 0; status == SV_OK && share->taken > 0 && from < share->touch_count;) {
        const char *count_id = share->touches[from].count_id;
        const char **codes = sv_arena_alloc(arena, (share->touch_count - from) * sizeof(codes[0]));
        const char *asked_of = NULL;
        size_t count = 0;

        while (from < share->touch_count && strcmp(share->touches[from].count_id, count_id) == 0) {
            codes[count++] = share->touches[from++].item_code;
        }
        status = sv_totals_derive_count(store, count_id, codes, count, &asked_of, arena, error);
        if (asked_of != NULL) {
            share->asked[share->asked_count++] =
                (sv_recounts_asked_t){ .count_id = count_id, .warehouse = sv_arena_strdup(share->arena, asked_of) };
        }
    }
    sv_arena_destroy(arena);
    return status;
}

/* A line whose totals cannot be derived, alone: it must not keep all others waiting.  It stays, for a person to see. */
static sv_status_t
sv_totals_set_aside(sv_store_t *store, const sv_totals_work_t *work, const sv_totals_share_t *share, sv_error_t *error)
{
    const char *cause = error->cause != NULL ? error->cause : sv_status_code(error->status);
    bson_t *filter = sv_doc_new(work->arena);
    bson_t *update = sv_doc_take(
        BCON_NEW("$set", "{", "failed", BCON_UTF8(cause), "}", "$currentDate", "{", "failed_at", BCON_BOOL(true), "}"),
        work->arena);

    sv_log(SV_LOG_WARNING, "totals of count %s, item %s cannot be derived: %s",
           share->touch_count > 0 ? share->touches[0].count_id : "?",
           share->touch_count > 0 ? share->touches[0].item_code : "?", cause);
    sv_error_clear(error);
    BSON_APPEND_DOCUMENT(filter, "_id", share->ids);
    return sv_store_update_many(store, SV_COLLECTION_TOUCHED_ITEMS, filter, update, NULL, error);
}

static void
sv_totals_tell_asked(sv_totals_t *done, const sv_totals_share_t *share, sv_arena_t *arena)
{
    for (size_t i = 0; i < share->asked_count; i++) {
        done->asked =
            sv_arena_grow(arena, done->asked, done->asked_count, &done->asked_capacity, sizeof(done->asked[0]));
        done->asked[done->asked_count++] =
            (sv_recounts_asked_t){ .count_id = sv_arena_strdup(arena, share->asked[i].count_id),
                                   .warehouse = sv_arena_strdup(arena, share->asked[i].warehouse) };
    }
}

/* Derives lines[from] and on, in one transaction.  *refused: it failed by what they hold, not by the database. */
static sv_status_t
sv_totals_take(sv_store_t *store, const sv_totals_work_t *work, size_t from, size_t count, sv_totals_t *done,
               bool *refused, sv_error_t *error)
{
    sv_totals_share_t share = sv_work_share(work, from, count);
    /* A book line made by the freezing at this moment: the next run finds it. */
    sv_status_t status = sv_transaction_run_past_duplicates(store, sv_totals_derive, &share, error);

    *refused = status != SV_OK && sv_status_kind(status) != SV_KIND_UNAVAILABLE;
    if (status == SV_OK) {
        sv_totals_tell_asked(done, &share, error->arena);
        done->touched += share.taken;
        done->items += share.taken > 0 ? (int64_t) share.touch_count : 0;
    } else if (*refused && count == 1) {
        status = sv_totals_set_aside(store, work, &share, error);
    }
    return status;
}

/* One of the lines stops all: of two halves either the first has it, or goes well and the second has it. */
static sv_status_t
sv_totals_find_refused(sv_store_t *store, const sv_totals_work_t *work, sv_totals_t *done, sv_error_t *error)
{
    size_t from = 0, count = work->line_count;
    bool refused = true;
    sv_status_t status = SV_OK;

    while (count > 1) {
        size_t half = count / 2;

        sv_error_clear(error);
        status = sv_totals_take(store, work, from, half, done, &refused, error);
        if (status != SV_OK && !refused) {
            return status;
        }
        if (refused && half == 1) {
            return status; /* set aside */
        }
        from += refused ? 0 : half;
        count = refused ? half : count - half;
    }
    sv_error_clear(error);
    return sv_totals_take(store, work, from, count, done, &refused, error);
}

static sv_status_t
sv_totals_round_of(sv_store_t *store, const char *count_id, sv_totals_t *done, sv_error_t *error)
{
    sv_totals_work_t work = { .arena = sv_arena_create() };
    bool refused = false;
    sv_status_t status;

    memset(done, 0, sizeof(*done));
    status = sv_work_read(store, count_id, &work, &done->more, error);
    if (status == SV_OK && work.line_count > 0) {
        status = sv_totals_take(store, &work, 0, work.line_count, done, &refused, error);
    }
    if (refused && work.line_count > 1) {
        status = sv_totals_find_refused(store, &work, done, error);
        done->more = true;
    }
    sv_arena_destroy(work.arena);
    return status;
}

sv_status_t
sv_totals_round(sv_store_t *store, sv_totals_t *done, sv_error_t *error)
{
    return sv_totals_round_of(store, NULL, done, error);
}

sv_status_t
sv_totals_count_round(sv_store_t *store, const char *count_id, sv_totals_t *done, sv_error_t *error)
{
    return sv_totals_round_of(store, count_id, done, error);
}

int64_t
sv_totals_rest_ms(int64_t took_ms, int64_t lateness_ms)
{
    int64_t rest_ms = SV_TOTALS_RESTS * took_ms, left_ms = lateness_ms - took_ms;
    int64_t least_ms = took_ms < lateness_ms ? took_ms : lateness_ms;

    return rest_ms < left_ms ? rest_ms : left_ms > least_ms ? left_ms : least_ms;
}
