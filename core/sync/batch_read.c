#include <string.h>

#include "core/counts/count.h"
#include "core/counts/count_state.h"
#include "core/store/document.h"
#include "core/store/filter.h"
#include "core/sync/batch_state.h"
#include "core/sync/links.h"
#include "core/sync/old_ids.h"
#include "core/sync/serial_key.h"

static sv_slot_t *
sv_read_slot(const bson_t *record, sv_batch_run_t *run)
{
    const bson_t *now = sv_old_ids_read(run, record);
    sv_slot_t *slot = sv_batch_slot(run, sv_doc_text(now, "client_record_id", run->arena));
    bool misspelt = strcmp(sv_doc_text(record, "client_record_id", run->arena), slot->client_record_id) != 0;

    /* The version before may have stored one under both spellings. */
    if (slot->stored == NULL || (slot->misspelt && !misspelt)) {
        slot->misspelt = misspelt;
        sv_figures_read(run, slot, now);
        sv_batch_link(run, &run->figures, slot->now.key, slot);
    }
    return slot;
}

static void
sv_read_own_row(const bson_t *record, void *context)
{
    sv_read_slot(record, context);
}

static void
sv_read_figure_row(const bson_t *record, void *context)
{
    sv_batch_run_t *run = context;

    *sv_text_map_put(&run->complete, sv_read_slot(record, run)->now.key) = run;
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
            sv_old_ids_ask(run, &run->batch->records[i], &ids);
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

/* Items of the batch's good records of a floor session, and those that their edits leave. */
static bool
sv_read_items(const sv_batch_run_t *run, const char *session_id, sv_read_items_t *items)
{
    sv_query_texts_init(&items->known, run->arena);
    sv_query_texts_init(&items->unknown, run->arena);
    for (size_t i = 0; i < run->batch->count; i++) {
        const sv_record_t *record = &run->batch->records[i];
        const sv_slot_t *slot;

        if (record->malformed || strcmp(record->session_id, session_id) != 0) {
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

/* All figures of the batch's items on its racks, of every floor session of the count. */
static sv_status_t
sv_read_figures(sv_batch_run_t *run, sv_error_t *error)
{
    for (size_t i = 0; i < run->session_count; i++) {
        const sv_fenced_t *session = &run->sessions[i];
        bson_t *filter, *rest;
        sv_read_items_t items;

        if (session->outcome == SV_FENCE_UNKNOWN || !sv_read_items(run, session->session_id, &items)) {
            continue;
        }
        filter = sv_doc_new(run->arena);
        rest = sv_doc_new(run->arena);
        BSON_APPEND_UTF8(filter, "rack_id", session->facts.rack_id);
        BSON_APPEND_UTF8(rest, "count_id", session->facts.count_id);
        sv_filter_items(rest, &items);
        sv_filter_rest(filter, rest);
        if (sv_query_each(run->store, SV_COLLECTION_VERIFICATION_RECORDS, filter, NULL, sv_read_figure_row, run,
                          error) != SV_OK) {
            return error->status;
        }
    }
    sv_figures_begin(run);
    return SV_OK;
}

/* The serial numbers of the batch, and those its edits and later rounds give back. */
static void
sv_read_list_serials(sv_batch_run_t *run)
{
    for (size_t i = 0; i < run->batch->count; i++) {
        const sv_record_t *record = &run->batch->records[i];

        for (size_t j = 0; !record->malformed && j < record->serial_numbers.count; j++) {
            sv_batch_serial(run, record->item_key, record->serial_numbers.items[j]);
        }
    }
    for (size_t i = 0; i < run->slot_count; i++) {
        const sv_figure_t *before = &run->slots[i]->before;

        for (size_t j = 0; j < before->serials.count; j++) {
            sv_batch_serial(run, before->item_key, before->serials.items[j]);
            if (run->slots[i]->linked) {
                sv_batch_serial(run, run->slots[i]->now.item_key, before->serials.items[j]);
            }
        }
    }
}

static bool
sv_read_has_serials(const sv_batch_run_t *run)
{
    for (size_t i = 0; i < run->batch->count; i++) {
        if (!run->batch->records[i].malformed && run->batch->records[i].serial_numbers.count > 0) {
            return true;
        }
    }
    for (size_t i = 0; i < run->slot_count; i++) {
        if (run->slots[i]->before.serials.count > 0) {
            return true;
        }
    }
    return false;
}

sv_status_t
sv_batch_read_serials(sv_batch_run_t *run, sv_error_t *error)
{
    bson_t *filter;

    if (!sv_read_has_serials(run)) {
        return SV_OK;
    }
    sv_read_list_serials(run);
    filter = sv_doc_new(run->arena);
    sv_serials_filter(run, filter);
    return sv_query_each(run->store, SV_COLLECTION_ITEM_SERIALS, filter, NULL, sv_serials_read, run, error);
}

static void
sv_read_open_row(const bson_t *count, void *context)
{
    sv_batch_run_t *run = context;
    const char *count_id = sv_doc_text(count, "session_id", run->arena);
    const char *kind = sv_doc_text(count, "kind", run->arena), *status = sv_doc_text(count, "status", run->arena);
    /* A standing count bars nothing once its period is over: in the next one the serial moves. */
    bool bars = !(kind != NULL && strcmp(kind, "standing") == 0 && !sv_count_state_admits_claims(status));

    for (size_t i = 0; i < run->serial_count; i++) {
        if (run->serials[i]->before_count != NULL && strcmp(run->serials[i]->before_count, count_id) == 0) {
            run->serials[i]->before_open = bars;
            run->serials[i]->before_blind = sv_doc_bool(count, "blind");
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
    sv_count_filter_live(filter, "status");
    BCON_APPEND(projection, "session_id", BCON_INT32(1), "kind", BCON_INT32(1), "status", BCON_INT32(1), "blind",
                BCON_INT32(1));
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

/* Whether figures of the session are compared with its rack's book: that of a rack which a blind count has in its
 * scope could be found out by trying. */
static sv_status_t
sv_read_is_compared(sv_batch_run_t *run, const sv_fenced_t *session, bool *compared, sv_error_t *error)
{
    const sv_rack_t rack = { .rack_id = session->facts.rack_id,
                             .warehouse = session->facts.warehouse,
                             .floor = session->facts.floor };
    bool blind = false;

    *compared = session->outcome != SV_FENCE_UNKNOWN && session->facts.strict;
    if (*compared && run->who->role < SV_ROLE_SUPERVISOR &&
        sv_count_blind_over(run->store, &rack, &blind, error) == SV_OK) {
        *compared = !blind;
    }
    return error->status;
}

/* The racks' own book quantities, where a strict count asks for them. */
static sv_status_t
sv_read_book(sv_batch_run_t *run, sv_error_t *error)
{
    for (size_t i = 0; i < run->session_count; i++) {
        sv_read_items_t items;
        bson_t *filter;
        bool compared;

        if (sv_read_is_compared(run, &run->sessions[i], &compared, error) != SV_OK) {
            return error->status;
        }
        if (!compared || !sv_read_items(run, run->sessions[i].session_id, &items) || items.known.count == 0) {
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
        sv_serials_begin,  sv_links_follow,       sv_read_by_id,       sv_read_figures,
        sv_old_ids_rename, sv_batch_read_serials, sv_read_open_counts, sv_read_book,
    };

    for (size_t i = 0; i < sizeof(reads) / sizeof(reads[0]); i++) {
        if (reads[i](run, error) != SV_OK) {
            return error->status;
        }
    }
    return SV_OK;
}

sv_status_t
sv_batch_read_rack_figures(sv_batch_run_t *run, const char *count_id, const char *rack_id, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(run->arena);

    BSON_APPEND_UTF8(filter, "count_id", count_id);
    BSON_APPEND_UTF8(filter, "rack_id", rack_id);
    if (sv_serials_begin(run, error) != SV_OK || sv_query_each(run->store, SV_COLLECTION_VERIFICATION_RECORDS, filter,
                                                               NULL, sv_read_figure_row, run, error) != SV_OK) {
        return error->status;
    }
    sv_figures_begin(run);
    return sv_old_ids_rename(run, error);
}

sv_status_t
sv_batch_read_rack(sv_batch_run_t *run, const char *count_id, const char *rack_id, sv_error_t *error)
{
    return sv_batch_read_rack_figures(run, count_id, rack_id, error) == SV_OK ? sv_batch_read_serials(run, error)
                                                                              : error->status;
}
