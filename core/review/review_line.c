#include "core/review/review_line.h"

#include <string.h>

#include "core/review/rack_facts.h"
#include "core/review/review_list.h"
#include "core/serials/serial_list.h"
#include "core/store/document.h"
#include "core/sync/counting.h"
#include "core/warehouse/warehouse.h"

typedef struct {
    sv_store_t *store;
    const sv_count_t *count;
    const char *item_code;
    sv_json_writer_t *w;
    sv_arena_t *arena;
    const bson_t *item; /* NULL: the master lacks it */
    size_t lines;
    sv_text_map_t racks; /* with a figure of it, or that expect it: rack_id -> book_qty document or itself */
    const char **rack_ids;
    size_t rack_count, rack_capacity;
} sv_drill_t;

static void
sv_drill_write_line(const bson_t *line, void *context)
{
    sv_drill_t *drill = context;

    drill->lines++;
    sv_review_write_line(drill->w, NULL, line, drill->item, drill->arena);
}

static sv_status_t
sv_drill_lines(sv_drill_t *drill, sv_error_t *error)
{
    bson_t *of_item = sv_doc_take(BCON_NEW("item_code", BCON_UTF8(drill->item_code)), drill->arena);
    bson_t *filter = sv_doc_take(
        BCON_NEW("session_id", BCON_UTF8(drill->count->session_id), "item_code", BCON_UTF8(drill->item_code)),
        drill->arena);
    bson_t *options = sv_doc_take(BCON_NEW("sort", "{", "lot", BCON_INT32(1), "}"), drill->arena);

    if (sv_store_find_one(drill->store, SV_COLLECTION_ERP_ITEMS, of_item, NULL, drill->arena, &drill->item, error) !=
        SV_OK) {
        return error->status;
    }
    sv_json_text(drill->w, "item_code", drill->item_code);
    sv_json_array(drill->w, "lines");
    if (sv_store_each(drill->store, SV_COLLECTION_SESSION_BOOK, filter, options, sv_drill_write_line, drill, error) !=
        SV_OK) {
        return error->status;
    }
    sv_json_end(drill->w);
    return drill->lines > 0 ? SV_OK
                            : sv_fail(error, SV_ERR_NOT_FOUND, "The count has no line of item %s", drill->item_code);
}

/* ---- racks */

static void
sv_drill_add_rack(sv_drill_t *drill, const char *rack_id)
{
    void **place = rack_id != NULL ? sv_text_map_put(&drill->racks, rack_id) : NULL;

    if (place != NULL && *place == NULL) {
        *place = drill;
        drill->rack_ids = sv_arena_grow(drill->arena, drill->rack_ids, drill->rack_count, &drill->rack_capacity,
                                        sizeof(drill->rack_ids[0]));
        drill->rack_ids[drill->rack_count++] = rack_id;
    }
}

static void
sv_drill_take_rack(const bson_t *row, void *context)
{
    sv_drill_t *drill = context;

    sv_drill_add_rack(drill, sv_doc_text(row, "rack_id", drill->arena));
}

static void
sv_drill_take_expected(const bson_t *row, void *context)
{
    sv_drill_t *drill = context;
    const char *rack_id = sv_doc_text(row, "rack_id", drill->arena);
    sv_error_t ignored;
    sv_rack_t rack;

    sv_error_init(&ignored, drill->arena);
    if (rack_id != NULL && !sv_doc_bool(row, "deleted") &&
        sv_rack_find(drill->store, rack_id, drill->arena, &rack, &ignored) == SV_OK &&
        sv_count_covers(drill->count, &rack)) {
        sv_drill_add_rack(drill, rack_id);
    }
}

static const char *const sv_standings[] = {
    [SV_LINE_RACK_OPEN] = "open",
    [SV_LINE_RACK_COMPLETED] = "completed",
    [SV_LINE_RACK_EMPTY] = "empty",
    [SV_LINE_RACK_EXCLUDED] = "excluded",
};

static const char *const sv_recount_words[] = {
    [SV_LINE_RECOUNT_NONE] = NULL,
    [SV_LINE_RECOUNT_PENDING] = "pending",
    [SV_LINE_RECOUNT_DONE] = "done",
};

static void
sv_drill_write_rack(sv_drill_t *drill, const sv_rack_facts_t *rack)
{
    sv_line_rack_t told = { 0 };
    int64_t recount_round;

    sv_rack_facts_of_item(rack, drill->item_code, &told, &recount_round);
    sv_json_object(drill->w, NULL);
    sv_json_text(drill->w, "rack_id", rack->rack_id);
    sv_json_text(drill->w, "standing", sv_standings[told.standing]);
    sv_json_text(drill->w, "recount", sv_recount_words[told.recount]);
    sv_json_array(drill->w, "rounds");
    for (size_t i = 0; i < rack->count; i++) {
        const sv_rack_round_fact_t *round = &rack->rounds[i];

        sv_json_object(drill->w, NULL);
        sv_json_int(drill->w, "round", round->number);
        sv_json_bool(drill->w, "begun", round->begun);
        sv_json_bool(drill->w, "completed", round->completed);
        sv_json_bool(drill->w, "asked", round->asked);
        sv_json_end(drill->w);
    }
    sv_json_end(drill->w);
    sv_json_end(drill->w);
}

static sv_status_t
sv_drill_racks(sv_drill_t *drill, sv_error_t *error)
{
    bson_t *expected = sv_doc_take(BCON_NEW("item_code", BCON_UTF8(drill->item_code)), drill->arena);
    bson_t *figures =
        sv_doc_take(BCON_NEW("count_id", BCON_UTF8(drill->count->session_id), "item_code", BCON_UTF8(drill->item_code)),
                    drill->arena);
    bson_t *options = sv_doc_take(BCON_NEW("projection", "{", "rack_id", BCON_INT32(1), "}"), drill->arena);
    sv_racks_facts_t racks;

    sv_text_map_init(&drill->racks, drill->arena, 16);
    if (sv_store_each(drill->store, SV_COLLECTION_VERIFICATION_RECORDS, figures, options, sv_drill_take_rack, drill,
                      error) != SV_OK ||
        sv_store_each(drill->store, SV_COLLECTION_RACK_ITEMS, expected, NULL, sv_drill_take_expected, drill, error) !=
            SV_OK ||
        sv_racks_facts_read(drill->store, drill->count->document, drill->rack_ids, drill->rack_count, &racks,
                            drill->arena, error) != SV_OK) {
        return error->status;
    }
    sv_json_array(drill->w, "racks");
    for (size_t i = 0; i < drill->rack_count; i++) {
        sv_drill_write_rack(drill, sv_rack_facts_of(&racks, drill->rack_ids[i]));
    }
    sv_json_end(drill->w);
    return SV_OK;
}

/* ---- records, serial numbers, conflicts */

static void
sv_drill_write_record(const bson_t *record, void *context)
{
    static const char *const texts[] = { "client_record_id", "session_id", "rack_id",         "user_id",
                                         "status",           "standing",   "replaced_by",     "decision",
                                         "decided_by",       "condition",  "variance_reason", "remark" };
    static const char *const quantities[] = { "verified_qty", "damage_qty", "non_returnable_damaged_qty" };
    sv_drill_t *drill = context;
    sv_json_writer_t *w = drill->w;
    const char *lot = sv_doc_text(record, "lot_key", drill->arena);

    sv_json_object(w, NULL);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        sv_json_text(w, texts[i], sv_doc_text(record, texts[i], drill->arena));
    }
    for (size_t i = 0; i < sizeof(quantities) / sizeof(quantities[0]); i++) {
        sv_json_quantity(w, quantities[i], sv_doc_quantity(record, quantities[i]));
    }
    sv_json_text(w, "lot", lot != NULL ? lot : "");
    sv_json_int(w, "round", sv_doc_int(record, "round"));
    sv_json_bool(w, "counts", sv_counting_does(record));
    sv_json_bool(w, "declared_empty", sv_doc_bool(record, "declared_empty"));
    sv_json_time(w, "counted_at", sv_doc_time(record, "counted_at"));
    sv_json_time(w, "received_at", sv_doc_time(record, "received_at"));
    sv_json_end(w);
}

static void
sv_drill_write_conflict(const bson_t *conflict, void *context)
{
    static const char *const texts[] = { "conflict_id", "type",    "status",     "client_record_id", "session_id",
                                         "rack_id",     "user_id", "resolution", "resolved_by" };
    sv_drill_t *drill = context;

    sv_json_object(drill->w, NULL);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        sv_json_text(drill->w, texts[i], sv_doc_text(conflict, texts[i], drill->arena));
    }
    sv_json_time(drill->w, "created_at", sv_doc_time(conflict, "created_at"));
    sv_json_end(drill->w);
}

static sv_status_t
sv_drill_rows(sv_drill_t *drill, const char *name, sv_collection_t collection, const char *sort, sv_store_row_t write,
              sv_error_t *error)
{
    bson_t *filter =
        sv_doc_take(BCON_NEW("count_id", BCON_UTF8(drill->count->session_id), "item_code", BCON_UTF8(drill->item_code)),
                    drill->arena);
    bson_t *options = sv_doc_take(
        BCON_NEW("sort", "{", sort, BCON_INT32(1), "}", "limit", BCON_INT64(SV_REVIEW_RECORDS)), drill->arena);
    sv_status_t status;

    sv_json_array(drill->w, name);
    status = sv_store_each(drill->store, collection, filter, options, write, drill, error);
    sv_json_end(drill->w);
    return status;
}

static sv_status_t
sv_drill_serials(sv_drill_t *drill, sv_error_t *error)
{
    sv_serials_of_count_t serials;

    if (sv_serials_of_items(drill->store, drill->count->session_id, &drill->item_code, 1, &serials, error) != SV_OK) {
        return error->status;
    }
    sv_json_array(drill->w, "serials");
    for (size_t i = 0; i < serials.count && i < SV_REVIEW_RECORDS; i++) {
        sv_serial_write_json(drill->w, &serials.sights[i], &serials.facts[i]);
    }
    sv_json_end(drill->w);
    return SV_OK;
}

sv_status_t
sv_review_line_write(sv_store_t *store, const sv_count_t *count, const char *item_code, sv_json_writer_t *w,
                     sv_arena_t *arena, sv_error_t *error)
{
    sv_drill_t drill = { .store = store, .count = count, .item_code = item_code, .w = w, .arena = arena };
    sv_warehouse_t warehouse;

    if (sv_warehouse_read(store, count->warehouse, arena, &warehouse, error) != SV_OK) {
        return error->status;
    }
    sv_json_text(w, "currency", warehouse.currency);
    if (sv_drill_lines(&drill, error) != SV_OK || sv_drill_racks(&drill, error) != SV_OK ||
        sv_drill_rows(&drill, "records", SV_COLLECTION_VERIFICATION_RECORDS, "received_at", sv_drill_write_record,
                      error) != SV_OK ||
        sv_drill_serials(&drill, error) != SV_OK) {
        return error->status;
    }
    return sv_drill_rows(&drill, "conflicts", SV_COLLECTION_SYNC_CONFLICTS, "created_at", sv_drill_write_conflict,
                         error);
}
