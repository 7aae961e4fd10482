#include "core/review/undecided.h"

#include "core/store/document.h"
#include "core/store/filter.h"
#include "core/store/row_texts.h"

const char *const sv_bar_reasons[] = {
    [SV_BAR_INCOMPLETE] = "incomplete",
    [SV_BAR_RECOUNT_ASKED] = "recount_asked",
    [SV_BAR_NOT_RECOUNTED] = "not_recounted",
    [SV_BAR_NOT_ACCEPTED] = "not_accepted",
    [SV_BAR_UNKNOWN] = "unknown",
    [SV_BAR_CONFLICT] = "conflict",
    [SV_BAR_FIND] = "find",
    [SV_BAR_RECOUNT] = "recount",
};

typedef struct {
    sv_undecided_t *undecided;
    sv_arena_t *arena;
} sv_bars_t;

/* NULL: enough are told. */
static sv_undecided_row_t *
sv_bars_add(sv_undecided_t *undecided, sv_bar_reason_t reason)
{
    if (undecided->count == undecided->limit) {
        undecided->more = true;
        return NULL;
    }
    undecided->rows[undecided->count] = (sv_undecided_row_t){ .reason = reason };
    return &undecided->rows[undecided->count++];
}

static sv_bar_reason_t
sv_line_bar(const bson_t *line, sv_arena_t *arena)
{
    if (sv_doc_int(line, "conflicts") > 0) {
        return SV_BAR_CONFLICT;
    }
    if (sv_doc_bool(line, "counted.unknown")) {
        return SV_BAR_UNKNOWN;
    }
    switch (sv_line_state_named(sv_doc_text(line, "state", arena))) {
    case SV_LINE_RECOUNT_ASKED:
        return SV_BAR_RECOUNT_ASKED;
    case SV_LINE_NOT_RECOUNTED:
        return SV_BAR_NOT_RECOUNTED;
    case SV_LINE_INCOMPLETE:
    case SV_LINE_STATES: /* stored by a version that knew no states, and not derived since */
        return SV_BAR_INCOMPLETE;
    default:
        return SV_BAR_NOT_ACCEPTED;
    }
}

static void
sv_bars_add_line(sv_undecided_t *undecided, const bson_t *line, sv_arena_t *arena)
{
    const char *lot = sv_doc_text(line, "lot", arena);
    sv_undecided_row_t *row = sv_bars_add(undecided, sv_line_bar(line, arena));

    if (row != NULL) {
        row->item_code = sv_doc_text(line, "item_code", arena);
        row->lot = lot != NULL ? lot : "";
        row->version = sv_doc_int(line, "version");
    }
}

static void
sv_bars_take_line(const bson_t *line, void *context)
{
    sv_bars_t *bars = context;

    sv_bars_add_line(bars->undecided, line, bars->arena);
}

/* As the two queries for them say it (sv_bars_read_lines). */
void
sv_review_undecided_line(sv_undecided_t *undecided, const bson_t *line, sv_arena_t *arena)
{
    if (sv_doc_bool(line, "undecided") || (sv_doc_has(line, "counted") && !sv_doc_has(line, "state"))) {
        sv_bars_add_line(undecided, line, arena);
    }
}

static void
sv_bars_take_conflict(const bson_t *conflict, void *context)
{
    sv_bars_t *bars = context;
    sv_undecided_row_t *row = sv_bars_add(bars->undecided, SV_BAR_CONFLICT);

    if (row != NULL) {
        row->item_code = sv_doc_text(conflict, "item_code", bars->arena);
        row->conflict_id = sv_doc_text(conflict, "conflict_id", bars->arena);
        row->rack_id = sv_doc_text(conflict, "rack_id", bars->arena);
    }
}

static void
sv_bars_take_find(const bson_t *find, void *context)
{
    sv_bars_t *bars = context;
    sv_undecided_row_t *row = sv_bars_add(bars->undecided, SV_BAR_FIND);

    if (row != NULL) {
        row->unknown_item_id = sv_doc_text(find, "unknown_item_id", bars->arena);
        row->rack_id = sv_doc_text(find, "rack_id", bars->arena);
    }
}

static void
sv_bars_take_recount(const bson_t *recount, void *context)
{
    sv_bars_t *bars = context;
    sv_undecided_row_t *row = sv_bars_add(bars->undecided, SV_BAR_RECOUNT);

    if (row != NULL) {
        row->rack_id = sv_doc_text(recount, "rack_id", bars->arena);
    }
}

/* Recounts that are not done, but of racks which were excluded after somebody had begun: nobody need go there again. */
static sv_status_t
sv_bars_put_recounts(sv_store_t *store, const char *count_id, bson_t *filter, sv_arena_t *arena, sv_error_t *error)
{
    bson_t *count_filter = sv_doc_take(BCON_NEW("session_id", BCON_UTF8(count_id)), arena);
    bson_t *fields = sv_doc_take(BCON_NEW("excluded", BCON_INT32(1)), arena);
    sv_row_texts_t excluded = { .field = "rack_id", .arena = arena };
    const bson_t *count = NULL;
    bson_t others;

    if (sv_store_find_one(store, SV_COLLECTION_SESSIONS, count_filter, fields, arena, &count, error) != SV_OK ||
        count == NULL) {
        return error->status;
    }
    sv_doc_each(count, "excluded", sv_row_texts_take, &excluded, arena);
    if (excluded.count > 0) {
        BSON_APPEND_DOCUMENT_BEGIN(filter, "rack_id", &others);
        sv_doc_put_texts(&others, "$nin", excluded.texts, excluded.count);
        bson_append_document_end(filter, &others);
    }
    return SV_OK;
}

/* Those of a count's lines that are so. */
static bson_t *
sv_bars_lines(const char *count_id, bson_t *are_so)
{
    bson_t *filter = BCON_NEW("session_id", BCON_UTF8(count_id));

    sv_filter_rest(filter, are_so);
    bson_destroy(are_so);
    return filter;
}

typedef struct {
    sv_collection_t collection;
    bson_t *filter; /* freed by who reads it */
    sv_store_row_t take;
} sv_bars_place_t;

static sv_status_t
sv_bars_read(sv_store_t *store, sv_bars_t *bars, const sv_bars_place_t *places, size_t count, sv_error_t *error)
{
    bson_t *options = sv_doc_take(BCON_NEW("limit", BCON_INT64((int64_t) bars->undecided->limit + 1)), bars->arena);

    for (size_t i = 0; i < count; i++) {
        const bson_t *filter = sv_doc_take(places[i].filter, bars->arena);

        if (error->status == SV_OK && !bars->undecided->more) {
            sv_store_each(store, places[i].collection, filter, options, places[i].take, bars, error);
        }
    }
    return error->status;
}

sv_status_t
sv_review_undecided_elsewhere(sv_store_t *store, const char *count_id, size_t limit, sv_undecided_t *undecided,
                              sv_arena_t *arena, sv_error_t *error)
{
    sv_bars_t bars = { .undecided = undecided, .arena = arena };
    bson_t *recounts = BCON_NEW("count_id", BCON_UTF8(count_id), "state", "{", "$in", "[", BCON_UTF8("asked"),
                                BCON_UTF8("taken"), "]", "}");
    const sv_bars_place_t places[] = {
        { SV_COLLECTION_SYNC_CONFLICTS,
          BCON_NEW("count_id", BCON_UTF8(count_id), "status", BCON_UTF8("open"), "outdated", "{", "$ne",
                   BCON_BOOL(true), "}"),
          sv_bars_take_conflict },
        { SV_COLLECTION_UNKNOWN_ITEMS,
          BCON_NEW("count_id", BCON_UTF8(count_id), "status", BCON_UTF8("open"), "kind", BCON_UTF8("find")),
          sv_bars_take_find },
        { SV_COLLECTION_RECOUNTS, recounts, sv_bars_take_recount },
    };

    *undecided =
        (sv_undecided_t){ .rows = sv_arena_alloc(arena, (limit + 1) * sizeof(undecided->rows[0])), .limit = limit };
    sv_bars_put_recounts(store, count_id, recounts, arena, error);
    return sv_bars_read(store, &bars, places, sizeof(places) / sizeof(places[0]), error);
}

static sv_status_t
sv_bars_read_lines(sv_store_t *store, const char *count_id, sv_bars_t *bars, sv_error_t *error)
{
    const sv_bars_place_t places[] = {
        { SV_COLLECTION_SESSION_BOOK, sv_bars_lines(count_id, BCON_NEW("undecided", BCON_BOOL(true))),
          sv_bars_take_line },
        /* Lines of before that were counted and say nothing of themselves. */
        { SV_COLLECTION_SESSION_BOOK,
          sv_bars_lines(count_id, BCON_NEW("counted", "{", "$exists", BCON_BOOL(true), "}", "state", BCON_NULL)),
          sv_bars_take_line },
    };

    return sv_bars_read(store, bars, places, sizeof(places) / sizeof(places[0]), error);
}

/* What is decided elsewhere first: lines are many, and most of them wait for nothing but a person's word. */
sv_status_t
sv_review_undecided(sv_store_t *store, const char *count_id, size_t limit, sv_undecided_t *undecided, sv_arena_t *arena,
                    sv_error_t *error)
{
    sv_bars_t bars = { .undecided = undecided, .arena = arena };

    if (sv_review_undecided_elsewhere(store, count_id, limit, undecided, arena, error) != SV_OK) {
        return error->status;
    }
    return sv_bars_read_lines(store, count_id, &bars, error);
}

void
sv_undecided_write_json(sv_json_writer_t *w, const char *name, const sv_undecided_t *undecided)
{
    sv_json_array(w, name);
    for (size_t i = 0; i < undecided->count; i++) {
        const sv_undecided_row_t *row = &undecided->rows[i];

        sv_json_object(w, NULL);
        sv_json_text(w, "reason", sv_bar_reasons[row->reason]);
        sv_json_text(w, "item_code", row->item_code);
        sv_json_text(w, "lot", row->lot);
        sv_json_text(w, "rack_id", row->rack_id);
        sv_json_text(w, "unknown_item_id", row->unknown_item_id);
        sv_json_text(w, "conflict_id", row->conflict_id);
        sv_json_end(w);
    }
    sv_json_end(w);
}
