#include "core/adjust/adjustment.h"

#include "core/store/document.h"

const char *const sv_adjustment_status_names[] = { "approved", "posting", "stopped", "refused", "posted", NULL };

const char *const sv_posting_state_names[] = {
    "pending", "sent", "applied", "refused", "superseded", "withdrawn", NULL
};

const char *
sv_adjustment_status_name(sv_adjustment_status_t status)
{
    return sv_adjustment_status_names[status];
}

const char *
sv_posting_state_name(sv_posting_state_t state)
{
    return sv_posting_state_names[state];
}

sv_status_t
sv_adjustment_find(sv_store_t *store, const char *adjustment_id, sv_arena_t *arena, sv_adjustment_t *adjustment,
                   sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("adjustment_id", BCON_UTF8(adjustment_id)), arena);
    const bson_t *document = NULL;
    const char *kind;

    if (sv_store_find_one(store, SV_COLLECTION_ADJUSTMENTS, filter, NULL, arena, &document, error) != SV_OK) {
        return error->status;
    }
    if (document == NULL) {
        return sv_fail(error, SV_ERR_NOT_FOUND, "There is no adjustment %s", adjustment_id);
    }
    kind = sv_doc_text(document, "kind", arena);
    *adjustment = (sv_adjustment_t){
        .adjustment_id = sv_doc_text(document, "adjustment_id", arena),
        .count_id = sv_doc_text(document, "count_id", arena),
        .warehouse = sv_doc_text(document, "warehouse", arena),
        .status = sv_doc_text(document, "status", arena),
        .reversal = kind != NULL && strcmp(kind, "reversal") == 0,
        .reversed_by = sv_doc_text(document, "reversed_by", arena),
        .seq = sv_doc_int(document, "seq"),
        .line_count = sv_doc_int(document, "line_count"),
        .document = document,
    };
    return SV_OK;
}

sv_status_t
sv_adjustment_count_states(sv_store_t *store, const char *adjustment_id, int64_t counts[SV_POSTING_STATES],
                           sv_error_t *error)
{
    for (int state = 0; error->status == SV_OK && state < SV_POSTING_STATES; state++) {
        bson_t *filter = sv_doc_take(BCON_NEW("adjustment_id", BCON_UTF8(adjustment_id), "posting.state",
                                              BCON_UTF8(sv_posting_state_names[state])),
                                     error->arena);

        sv_store_count(store, SV_COLLECTION_ADJUSTMENT_LINES, filter, &counts[state], error);
    }
    return error->status;
}

static void
sv_write_fields(sv_json_writer_t *w, const bson_t *document, const char *const *fields, size_t count)
{
    bson_iter_t iter;

    for (size_t i = 0; i < count; i++) {
        if (bson_iter_init_find(&iter, document, fields[i])) {
            sv_doc_write_value(w, fields[i], &iter);
        } else {
            sv_json_null(w, fields[i]);
        }
    }
}

void
sv_adjustment_write_members(sv_json_writer_t *w, const bson_t *head)
{
    static const char *const fields[] = { "adjustment_id", "kind",      "count_id",    "reverses",    "reversed_by",
                                          "warehouse",     "seq",       "status",      "line_count",  "superseded",
                                          "unvalued",      "uncompared", "sums",      "currency",    "value",       "gross_value",
                                          "approved_by",   "note",      "approved_at", "exported_at",
                                          "posting_since", "posted_at", "error",       "unsent" };

    sv_write_fields(w, head, fields, sizeof(fields) / sizeof(fields[0]));
}

static void
sv_write_head(sv_json_writer_t *w, const bson_t *row, void *context)
{
    (void) context;
    sv_json_object(w, NULL);
    sv_adjustment_write_members(w, row);
    sv_json_end(w);
}

sv_status_t
sv_adjustment_list(sv_store_t *store, const sv_adjustment_query_t *query, sv_page_t *page, sv_json_writer_t *w,
                   sv_arena_t *arena, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(arena);
    const struct {
        const char *field, *value;
    } wanted[] = { { "status", query->status }, { "warehouse", query->warehouse }, { "count_id", query->count_id } };

    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        if (wanted[i].value != NULL) {
            BSON_APPEND_UTF8(filter, wanted[i].field, wanted[i].value);
        }
    }
    page->list = "adjustments";
    page->sort_field = "approved_at";
    page->unique_field = "adjustment_id";
    page->direction = -1;
    return sv_page_run(store, SV_COLLECTION_ADJUSTMENTS, filter, NULL, page, sv_write_head, NULL, w, arena, error);
}

static void
sv_write_line(sv_json_writer_t *w, const bson_t *row, void *context)
{
    static const char *const fields[] = { "n",         "item_code",   "lot",  "uom",     "delta",        "unit_cost",
                                          "value",     "gross_value", "book", "counted", "line_version", "accepted_by",
                                          "counted_at" };
    static const char *const posting[] = { "state", "attempts", "error", "sent_at", "at" };
    const bson_t *child = sv_doc_child(row, "posting", context);
    const bson_t none = BSON_INITIALIZER;

    sv_json_object(w, NULL);
    sv_write_fields(w, row, fields, sizeof(fields) / sizeof(fields[0]));
    sv_json_object(w, "posting");
    sv_write_fields(w, child != NULL ? child : &none, posting, sizeof(posting) / sizeof(posting[0]));
    sv_json_end(w);
    sv_json_end(w);
}

sv_status_t
sv_adjustment_list_lines(sv_store_t *store, const char *adjustment_id, const char *state, sv_page_t *page,
                         sv_json_writer_t *w, sv_arena_t *arena, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("adjustment_id", BCON_UTF8(adjustment_id)), arena);

    if (state != NULL) {
        BSON_APPEND_UTF8(filter, "posting.state", state);
    }
    page->list = "adjustment_lines";
    page->sort_field = NULL;
    page->unique_field = "n";
    page->direction = 1;
    return sv_page_run(store, SV_COLLECTION_ADJUSTMENT_LINES, filter, NULL, page, sv_write_line, arena, w, arena,
                       error);
}
