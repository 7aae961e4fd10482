/* Session history: who was on which rack, how long, and what came of it. */
#include "core/report/fixed/fixed_rows.h"
#include "core/store/document.h"
#include "core/store/filter.h"
#include "core/sync/counting.h"

enum { SV_FROM_COUNT = SV_FROM_JOIN, SV_FROM_FIGURES };

/* What was recorded in each of the sessions, as far as it counts: neither withdrawn nor replaced; an item counts once.
 */
static sv_status_t
sv_sessions_open_figures(sv_store_t *store, const char *const *ids, size_t count, mongoc_cursor_t **cursor,
                         sv_arena_t *arena, sv_error_t *error)
{
    bson_t *pipeline = sv_doc_new(arena), *options = sv_store_options(store, arena), stages, stage, match;

    BSON_APPEND_ARRAY_BEGIN(pipeline, "pipeline", &stages);
    BSON_APPEND_DOCUMENT_BEGIN(&stages, "0", &stage);
    BSON_APPEND_DOCUMENT_BEGIN(&stage, "$match", &match);
    sv_filter_in(&match, "session_id", ids, count);
    sv_counting_filter(&match);
    bson_append_document_end(&stage, &match);
    bson_append_document_end(&stages, &stage);
    BCON_APPEND(&stages, "1", "{", "$group", "{", "_id", "{", "session", "$session_id", "item", "$item_code", "unknown",
                "$unknown_item_id", "}", "records", "{", "$sum", BCON_INT64(1), "}", "verified_qty", "{", "$sum",
                "$verified_qty", "}", "damage_qty", "{", "$sum", "$damage_qty", "}", "non_returnable_damaged_qty", "{",
                "$sum", "$non_returnable_damaged_qty", "}", "}", "}");
    BCON_APPEND(&stages, "2", "{", "$group", "{", "_id", "$_id.session", "items", "{", "$sum", BCON_INT64(1), "}",
                "records", "{", "$sum", "$records", "}", "verified_qty", "{", "$sum", "$verified_qty", "}",
                "damage_qty", "{", "$sum", "$damage_qty", "}", "non_returnable_damaged_qty", "{", "$sum",
                "$non_returnable_damaged_qty", "}", "}", "}");
    bson_append_array_end(pipeline, &stages);
    BSON_APPEND_BOOL(options, "allowDiskUse", true);
    *cursor = mongoc_collection_aggregate(store->collections[SV_COLLECTION_VERIFICATION_RECORDS], MONGOC_QUERY_NONE,
                                          pipeline, options, NULL);
    (void) error; /* a failure is the cursor's to tell, at its end */
    return SV_OK;
}

static const sv_fixed_join_t sv_sessions_joins[] = {
    { "count_id", SV_COLLECTION_SESSIONS, "session_id", NULL },
    { "session_id", SV_COLLECTION_VERIFICATION_RECORDS, "_id", sv_sessions_open_figures },
};

static int64_t
sv_session_ended(const bson_t *session)
{
    int64_t completed_ms = sv_doc_time(session, "completed_at");

    return completed_ms != 0 ? completed_ms : sv_doc_time(session, "interrupted_at");
}

static void
sv_sessions_ended_at(const sv_fixed_work_t *work, const sv_fixed_row_t *row, sv_row_value_t *value)
{
    (void) work;
    value->number = sv_session_ended(row->documents[0]);
    value->known = value->number != 0;
}

static int64_t
sv_session_seconds(const sv_fixed_work_t *work, const bson_t *session)
{
    int64_t started_ms = sv_doc_time(session, "started_at"), ended_ms = sv_session_ended(session);

    if (ended_ms == 0) {
        ended_ms = work->now_ms;
    }
    return ended_ms > started_ms ? (ended_ms - started_ms) / 1000 : 0;
}

static void
sv_sessions_duration(const sv_fixed_work_t *work, const sv_fixed_row_t *row, sv_row_value_t *value)
{
    value->known = true;
    value->number = sv_session_seconds(work, row->documents[0]);
}

/* To two places, as the session's own statistics tell it. */
static void
sv_sessions_pace(const sv_fixed_work_t *work, const sv_fixed_row_t *row, sv_row_value_t *value)
{
    int64_t seconds = sv_session_seconds(work, row->documents[0]);
    int64_t items = row->documents[SV_FROM_FIGURES] != NULL ? sv_doc_int(row->documents[SV_FROM_FIGURES], "items") : 0;

    value->known = true;
    value->number = ((items * 12000 + (seconds > 0 ? seconds : 1)) / (2 * (seconds > 0 ? seconds : 1))) * 10000;
}

/* A figure of a session without records is 0, not unknown. */
static void
sv_session_figure(const sv_fixed_row_t *row, const char *name, sv_column_type_t type, sv_row_value_t *value)
{
    sv_fixed_read(row->documents[SV_FROM_FIGURES], name, type, value);
    value->known = true;
}

#define SV_SESSION_FIGURE(name, type)                                                                                  \
    static void sv_sessions_##name(const sv_fixed_work_t *work, const sv_fixed_row_t *row, sv_row_value_t *value)      \
    {                                                                                                                  \
        (void) work;                                                                                                   \
        sv_session_figure(row, #name, SV_COLUMN_##type, value);                                                        \
    }

SV_SESSION_FIGURE(records, INT)
SV_SESSION_FIGURE(items, INT)
SV_SESSION_FIGURE(verified_qty, QUANTITY)
SV_SESSION_FIGURE(damage_qty, QUANTITY)
SV_SESSION_FIGURE(non_returnable_damaged_qty, QUANTITY)

#define SV_SESSION_CELL(name, title, type)                                                                             \
    {                                                                                                                  \
        { name, title, SV_COLUMN_##type, false, false, false }, SV_FROM_ROW, name, NULL                                \
    }
#define SV_SESSION_COMPUTED(name, title, type, total)                                                                  \
    {                                                                                                                  \
        { #name, title, SV_COLUMN_##type, false, false, total }, 0, NULL, sv_sessions_##name                           \
    }

static const sv_fixed_cell_t sv_sessions_cells[] = {
    { { "session_id", "Floor session", SV_COLUMN_TEXT, true, false, false }, SV_FROM_ROW, "session_id", NULL },
    SV_SESSION_CELL("user_id", "User", TEXT),
    SV_SESSION_CELL("username", "User name", TEXT),
    SV_SESSION_CELL("full_name", "Name", TEXT),
    SV_SESSION_CELL("warehouse", "Warehouse", TEXT),
    SV_SESSION_CELL("floor", "Floor", TEXT),
    SV_SESSION_CELL("zone", "Zone", TEXT),
    SV_SESSION_CELL("rack_id", "Rack", TEXT),
    SV_SESSION_CELL("count_id", "Count", TEXT),
    { { "count_name", "Count's name", SV_COLUMN_TEXT, false, false, false }, SV_FROM_COUNT, "name", NULL },
    SV_SESSION_CELL("round", "Round", INT),
    SV_SESSION_CELL("status", "Status", TEXT),
    SV_SESSION_CELL("superseded", "Superseded", BOOL),
    SV_SESSION_CELL("rack_completed", "Rack completed", BOOL),
    SV_SESSION_CELL("started_at", "Started at", TIME),
    { { "ended_at", "Ended at", SV_COLUMN_TIME, false, false, false }, 0, NULL, sv_sessions_ended_at },
    { { "duration_seconds", "Duration (s)", SV_COLUMN_INT, false, false, true }, 0, NULL, sv_sessions_duration },
    SV_SESSION_COMPUTED(records, "Records", INT, true),
    SV_SESSION_COMPUTED(items, "Items", INT, true),
    SV_SESSION_COMPUTED(verified_qty, "Verified quantity", QUANTITY, true),
    SV_SESSION_COMPUTED(damage_qty, "Damaged quantity", QUANTITY, true),
    SV_SESSION_COMPUTED(non_returnable_damaged_qty, "Damaged beyond return", QUANTITY, true),
    { { "items_per_minute", "Items per minute", SV_COLUMN_QUANTITY, false, false, false }, 0, NULL, sv_sessions_pace },
};

static sv_status_t
sv_sessions_run(sv_fixed_work_t *work, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(work->arena);
    bson_t *options = sv_doc_take(BCON_NEW("sort", "{", "started_at", BCON_INT32(1), "session_id", BCON_INT32(1), "}",
                                           "allowDiskUse", BCON_BOOL(true)),
                                  work->arena);
    mongoc_cursor_t *cursor;

    sv_fixed_match_text(filter, "user_id", work->filters->user);
    sv_fixed_match_text(filter, "warehouse", work->filters->warehouse);
    sv_fixed_match_text(filter, "floor", work->filters->floor);
    sv_fixed_match_text(filter, "count_id", work->filters->count_id);
    sv_fixed_match_time(filter, "started_at", work->filters);
    return sv_store_find(work->store, SV_COLLECTION_VERIFICATION_SESSIONS, filter, options, &cursor, error) == SV_OK
               ? sv_fixed_stream(work, cursor, error)
               : error->status;
}

const sv_fixed_row_of_table_t sv_fixed_session_history = {
    .report = { "session_history", "Session history", "report.generate",
                SV_FILTER_WAREHOUSE | SV_FILTER_FLOOR | SV_FILTER_USER | SV_FILTER_COUNT | SV_FILTER_TIME, "started" },
    .cells = sv_sessions_cells,
    .cell_count = sizeof(sv_sessions_cells) / sizeof(sv_sessions_cells[0]),
    .joins = sv_sessions_joins,
    .join_count = sizeof(sv_sessions_joins) / sizeof(sv_sessions_joins[0]),
    .run = sv_sessions_run,
};
