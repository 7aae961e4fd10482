#include <string.h>

#include "core/store/document.h"
#include "core/sync/batch_state.h"
#include "core/sync/record_clock.h"

static sv_text_list_t
sv_read_texts(const bson_t *document, const char *name, sv_arena_t *arena)
{
    const bson_t *array = sv_doc_child(document, name, arena);
    sv_text_list_t list = { 0 };
    bson_iter_t iter;

    if (array == NULL) {
        return list;
    }
    list.items = sv_arena_alloc(arena, bson_count_keys(array) * sizeof(*list.items));
    for (bson_iter_init(&iter, array); bson_iter_next(&iter);) {
        if (BSON_ITER_HOLDS_UTF8(&iter)) {
            list.items[list.count++] = sv_arena_strdup(arena, bson_iter_utf8(&iter, NULL));
        }
    }
    return list;
}

static void
sv_read_figure(sv_figure_t *figure, const bson_t *record, sv_arena_t *arena)
{
    const char *status = sv_doc_text(record, "status", arena);

    figure->user_id = sv_doc_text(record, "user_id", arena);
    figure->session_id = sv_doc_text(record, "session_id", arena);
    figure->rack_id = sv_doc_text(record, "rack_id", arena);
    figure->count_id = sv_doc_text(record, "count_id", arena);
    figure->item_key = sv_doc_text(record, "item_code", arena);
    if (figure->item_key == NULL) {
        figure->item_key = sv_arena_printf(arena, "\x01%s", sv_doc_text(record, "unknown_item_id", arena));
    }
    figure->content_hash = sv_doc_text(record, "content_hash", arena);
    figure->order = sv_doc_int(record, "order");
    figure->order_suspect = sv_stored_order_is_suspect(record);
    figure->fence = sv_doc_int(record, "fence");
    figure->is_void = status != NULL && strcmp(status, "void") == 0;
    figure->partial = sv_doc_bool(record, "partial");
    figure->superseded = sv_doc_bool(record, "superseded");
    figure->replaced = sv_doc_bool(record, "replaced");
    figure->serials = sv_read_texts(record, "serial_numbers", arena);
}

static sv_slot_t *
sv_read_slot(const bson_t *record, sv_batch_run_t *run)
{
    sv_slot_t *slot = sv_batch_slot(run, sv_doc_text(record, "client_record_id", run->arena));

    if (slot->stored == NULL) {
        slot->stored = record;
        sv_read_figure(&slot->before, record, run->arena);
        slot->now = slot->before;
        slot->exists = true;
    }
    return slot;
}

static void
sv_read_own_row(const bson_t *record, void *context)
{
    sv_batch_run_t *run = context;
    sv_slot_t *slot = sv_read_slot(record, run);

    sv_batch_link(run, &run->figures, sv_key_figure(run, slot->now.session_id, slot->now.item_key), slot);
}

static void
sv_read_round_row(const bson_t *record, void *context)
{
    sv_batch_run_t *run = context;
    sv_slot_t *slot = sv_read_slot(record, run);

    sv_batch_link(run, &run->rounds, sv_key_round(run, slot->now.count_id, slot->now.rack_id, slot->now.item_key),
                  slot);
}

/* What the batch has already stored. */
static sv_status_t
sv_read_by_id(sv_batch_run_t *run, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(run->arena);
    sv_query_texts_t ids;

    sv_query_texts_init(&ids, run->arena);
    for (size_t i = 0; i < run->batch->count; i++) {
        if (!run->batch->records[i].malformed) {
            sv_query_texts_add(&ids, run->batch->records[i].client_record_id);
        }
    }
    if (ids.count == 0) {
        return SV_OK;
    }
    sv_query_in(filter, "client_record_id", &ids);
    return sv_query_each(run->store, SV_COLLECTION_VERIFICATION_RECORDS, filter, NULL, sv_read_own_row, run, error);
}

typedef struct {
    sv_query_texts_t known;
    sv_query_texts_t unknown;
} sv_read_items_t;

static void
sv_read_items_add(sv_read_items_t *items, const char *item_key)
{
    bool known = item_key[0] != '\x01';

    sv_query_texts_add(known ? &items->known : &items->unknown, known ? item_key : item_key + 1);
}

/* Items of the batch's good records, all of them or one floor session's, and those that their edits leave. */
static bool
sv_read_items(const sv_batch_run_t *run, const char *session_id, sv_read_items_t *items)
{
    sv_query_texts_init(&items->known, run->arena);
    sv_query_texts_init(&items->unknown, run->arena);
    for (size_t i = 0; i < run->batch->count; i++) {
        const sv_record_t *record = &run->batch->records[i];
        const sv_slot_t *slot;

        if (record->malformed || (session_id != NULL && strcmp(record->session_id, session_id) != 0)) {
            continue;
        }
        sv_read_items_add(items, record->item_key);
        slot = sv_text_map_get(&run->slot_of, record->client_record_id);
        if (slot != NULL && slot->stored != NULL && strcmp(slot->before.item_key, record->item_key) != 0) {
            sv_read_items_add(items, slot->before.item_key);
        }
    }
    return items->known.count + items->unknown.count > 0;
}

static void
sv_filter_items(bson_t *filter, const sv_read_items_t *items)
{
    bson_t either, one;

    if (items->unknown.count == 0) {
        sv_query_in(filter, "item_code", &items->known);
    } else if (items->known.count == 0) {
        sv_query_in(filter, "unknown_item_id", &items->unknown);
    } else {
        BSON_APPEND_ARRAY_BEGIN(filter, "$or", &either);
        BSON_APPEND_DOCUMENT_BEGIN(&either, "0", &one);
        sv_query_in(&one, "item_code", &items->known);
        bson_append_document_end(&either, &one);
        BSON_APPEND_DOCUMENT_BEGIN(&either, "1", &one);
        sv_query_in(&one, "unknown_item_id", &items->unknown);
        bson_append_document_end(&either, &one);
        bson_append_array_end(filter, &either);
    }
}

/* Whether other figures of an item than whole ones of known items can matter. */
static bool
sv_read_needs_parts(const sv_batch_run_t *run, const sv_read_items_t *items)
{
    for (size_t i = 0; i < run->session_count; i++) {
        if (run->sessions[i].has_partials) {
            return true;
        }
    }
    return items->unknown.count > 0;
}

/* Other records of the same floor sessions for the same items. */
static sv_status_t
sv_read_figures(sv_batch_run_t *run, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(run->arena);
    sv_query_texts_t sessions;
    sv_read_items_t items;

    sv_query_texts_init(&sessions, run->arena);
    for (size_t i = 0; i < run->session_count; i++) {
        if (run->resolving || (run->sessions[i].outcome == SV_FENCE_HOLDS && run->sessions[i].open)) {
            sv_query_texts_add(&sessions, run->sessions[i].session_id);
        }
    }
    if (sessions.count == 0 || !sv_read_items(run, NULL, &items)) {
        return SV_OK;
    }
    sv_query_in(filter, "session_id", &sessions);
    sv_filter_items(filter, &items);
    if (!sv_read_needs_parts(run, &items)) {
        BSON_APPEND_BOOL(filter, "whole", true);
    }
    return sv_query_each(run->store, SV_COLLECTION_VERIFICATION_RECORDS, filter, NULL, sv_read_own_row, run, error);
}

/* What earlier holders of the rack counted in this count; all others, when the record is to count over all. */
static sv_status_t
sv_read_rounds(sv_batch_run_t *run, sv_error_t *error)
{
    for (size_t i = 0; i < run->session_count; i++) {
        const sv_fenced_t *session = &run->sessions[i];
        bson_t *filter;
        sv_read_items_t items;

        if (session->outcome == SV_FENCE_UNKNOWN || (session->facts.round <= 1 && !run->over_all) ||
            !sv_read_items(run, session->session_id, &items)) {
            continue;
        }
        filter = sv_doc_new(run->arena);
        BSON_APPEND_UTF8(filter, "count_id", session->facts.count_id);
        BSON_APPEND_UTF8(filter, "rack_id", session->facts.rack_id);
        sv_filter_items(filter, &items);
        sv_query_compare(filter, "fence", run->over_all ? "$ne" : "$lt", session->facts.fence);
        if (sv_query_each(run->store, SV_COLLECTION_VERIFICATION_RECORDS, filter, NULL, sv_read_round_row, run,
                          error) != SV_OK) {
            return error->status;
        }
    }
    return SV_OK;
}

static void
sv_read_serial_row(const bson_t *document, void *context)
{
    sv_batch_run_t *run = context;
    sv_serial_t *serial = sv_batch_serial(run, sv_doc_text(document, "serial_number", run->arena));

    serial->stored = document;
    serial->before_id = sv_doc_text(document, "current.client_record_id", run->arena);
    serial->before_count = sv_doc_text(document, "current.count_id", run->arena);
    serial->holder_id = serial->before_id;
}

static sv_status_t
sv_read_serials(sv_batch_run_t *run, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(run->arena);
    sv_query_texts_t numbers;

    for (size_t i = 0; i < run->batch->count; i++) {
        const sv_record_t *record = &run->batch->records[i];

        for (size_t j = 0; !record->malformed && j < record->serial_numbers.count; j++) {
            sv_batch_serial(run, record->serial_numbers.items[j]);
        }
    }
    /* Edits and later rounds give back what the record before had. */
    for (size_t i = 0; i < run->slot_count; i++) {
        for (size_t j = 0; j < run->slots[i]->before.serials.count; j++) {
            sv_batch_serial(run, run->slots[i]->before.serials.items[j]);
        }
    }
    if (run->serial_count == 0) {
        return SV_OK;
    }
    sv_query_texts_init(&numbers, run->arena);
    for (size_t i = 0; i < run->serial_count; i++) {
        sv_query_texts_add(&numbers, run->serials[i]->serial_number);
    }
    sv_query_in(filter, "serial_number", &numbers);
    return sv_query_each(run->store, SV_COLLECTION_ITEM_SERIALS, filter, NULL, sv_read_serial_row, run, error);
}

static void
sv_read_open_row(const bson_t *count, void *context)
{
    sv_batch_run_t *run = context;
    const char *count_id = sv_doc_text(count, "session_id", run->arena);
    const char *kind = sv_doc_text(count, "kind", run->arena), *status = sv_doc_text(count, "status", run->arena);

    /* A standing count bars nothing once its period is over: in the next one the serial moves. */
    if (kind != NULL && strcmp(kind, "standing") == 0 && status != NULL && strcmp(status, "OPEN") != 0) {
        return;
    }
    for (size_t i = 0; i < run->serial_count; i++) {
        if (run->serials[i]->before_count != NULL && strcmp(run->serials[i]->before_count, count_id) == 0) {
            run->serials[i]->before_open = true;
        }
    }
}

/* Whether the counts in which serials were found are not over. */
static sv_status_t
sv_read_open_counts(sv_batch_run_t *run, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(run->arena), *projection = sv_doc_new(run->arena);
    sv_query_texts_t counts;
    sv_text_map_t seen;

    sv_query_texts_init(&counts, run->arena);
    sv_text_map_init(&seen, run->arena, 0);
    for (size_t i = 0; i < run->serial_count; i++) {
        if (run->serials[i]->before_count != NULL) {
            void **place = sv_text_map_put(&seen, run->serials[i]->before_count);

            if (*place == NULL) {
                *place = run;
                sv_query_texts_add(&counts, run->serials[i]->before_count);
            }
        }
    }
    if (counts.count == 0) {
        return SV_OK;
    }
    sv_query_in(filter, "session_id", &counts);
    BCON_APPEND(filter, "status", "{", "$in", "[", BCON_UTF8("OPEN"), BCON_UTF8("RECONCILE"), "]", "}");
    BCON_APPEND(projection, "session_id", BCON_INT32(1), "kind", BCON_INT32(1), "status", BCON_INT32(1));
    return sv_query_each(run->store, SV_COLLECTION_SESSIONS, filter, projection, sv_read_open_row, run, error);
}

static void
sv_read_book_row(const bson_t *row, void *context)
{
    sv_batch_run_t *run = context;
    sv_quantity_t *book_qty;

    if (!sv_doc_has(row, "book_qty") || sv_doc_bool(row, "deleted")) {
        return;
    }
    book_qty = sv_arena_alloc(run->arena, sizeof(*book_qty));
    *book_qty = sv_doc_quantity(row, "book_qty");
    *sv_text_map_put(&run->book, sv_key_book(run, sv_doc_text(row, "rack_id", run->arena),
                                             sv_doc_text(row, "item_code", run->arena))) = book_qty;
}

/* The racks' own book quantities, where a strict count asks for them. */
static sv_status_t
sv_read_book(sv_batch_run_t *run, sv_error_t *error)
{
    for (size_t i = 0; i < run->session_count; i++) {
        bson_t *filter;
        sv_read_items_t items;

        if (run->sessions[i].outcome == SV_FENCE_UNKNOWN || !run->sessions[i].facts.strict ||
            !sv_read_items(run, run->sessions[i].session_id, &items) || items.known.count == 0) {
            continue;
        }
        filter = sv_doc_new(run->arena);
        BSON_APPEND_UTF8(filter, "rack_id", run->sessions[i].facts.rack_id);
        sv_query_in(filter, "item_code", &items.known);
        if (sv_query_each(run->store, SV_COLLECTION_RACK_ITEMS, filter, NULL, sv_read_book_row, run, error) != SV_OK) {
            return error->status;
        }
    }
    return SV_OK;
}

sv_status_t
sv_batch_read(sv_batch_run_t *run, sv_error_t *error)
{
    /* In this order: what is found decides what is asked for next. */
    static sv_status_t (*const reads[])(sv_batch_run_t *, sv_error_t *) = {
        sv_read_by_id, sv_read_figures, sv_read_rounds, sv_read_serials, sv_read_open_counts, sv_read_book,
    };

    for (size_t i = 0; i < sizeof(reads) / sizeof(reads[0]); i++) {
        if (reads[i](run, error) != SV_OK) {
            return error->status;
        }
    }
    return SV_OK;
}
