/* Audit trail: every entry, with its place in the sealed chain. */
#include "core/report/fixed/fixed_rows.h"
#include "core/store/document.h"

enum { SV_FROM_USER = SV_FROM_JOIN };

static const sv_fixed_join_t sv_audit_joins[] = {
    { "user_id", SV_COLLECTION_USERS, "user_id", NULL },
};

static void
sv_audit_details(const sv_fixed_work_t *work, const sv_fixed_row_t *row, sv_row_value_t *value)
{
    const bson_t *details = sv_doc_child(row->documents[0], "details", work->batch);
    sv_json_writer_t writer;
    sv_buffer_t text;

    if (details == NULL) {
        return;
    }
    sv_buffer_init(&text, work->batch, 256);
    sv_json_writer_init(&writer, &text);
    sv_doc_write_json(&writer, NULL, details);
    *value = (sv_row_value_t){ .known = true, .text = text.data, .length = (uint32_t) text.length };
}

#define SV_AUDIT_CELL(name, title, type)                                                                               \
    {                                                                                                                  \
        { name, title, SV_COLUMN_##type, false, false, false }, SV_FROM_ROW, name, NULL                                \
    }

static const sv_fixed_cell_t sv_audit_cells[] = {
    SV_AUDIT_CELL("at", "At", TIME),
    SV_AUDIT_CELL("action", "Action", TEXT),
    SV_AUDIT_CELL("user_id", "User", TEXT),
    { { "username", "User name", SV_COLUMN_TEXT, false, false, false }, SV_FROM_USER, "username", NULL },
    { { "full_name", "Name", SV_COLUMN_TEXT, false, false, false }, SV_FROM_USER, "full_name", NULL },
    SV_AUDIT_CELL("role", "Role", TEXT),
    SV_AUDIT_CELL("warehouse", "Warehouse", TEXT),
    SV_AUDIT_CELL("rack_id", "Rack", TEXT),
    SV_AUDIT_CELL("session_id", "Floor session", TEXT),
    SV_AUDIT_CELL("count_id", "Count", TEXT),
    { { "details", "Details", SV_COLUMN_TEXT, false, false, false }, 0, NULL, sv_audit_details },
    SV_AUDIT_CELL("request_id", "Request", TEXT),
    SV_AUDIT_CELL("sealed", "Sealed", BOOL),
    { { "seq", "Number in the chain", SV_COLUMN_INT, true, false, false }, SV_FROM_ROW, "seq", NULL },
    SV_AUDIT_CELL("prev_hash", "Hash before", TEXT),
    SV_AUDIT_CELL("hash", "Hash", TEXT),
};

/* Entries that are written meanwhile are of the next report. */
static sv_status_t
sv_audit_run(sv_fixed_work_t *work, sv_error_t *error)
{
    sv_fixed_filters_t filters = *work->filters;
    bson_t *filter = sv_doc_new(work->arena);
    bson_t *options =
        sv_doc_take(BCON_NEW("sort", "{", "at", BCON_INT32(1), "}", "allowDiskUse", BCON_BOOL(true)), work->arena);
    mongoc_cursor_t *cursor;

    if (filters.to_ms == 0 || filters.to_ms > work->now_ms) {
        filters.to_ms = work->now_ms;
    }
    sv_fixed_match_text(filter, "user_id", filters.user);
    sv_fixed_match_text(filter, "warehouse", filters.warehouse);
    sv_fixed_match_text(filter, "count_id", filters.count_id);
    sv_fixed_match_time(filter, "at", &filters);
    return sv_store_find(work->store, SV_COLLECTION_ACTIVITY_LOGS, filter, options, &cursor, error) == SV_OK
               ? sv_fixed_stream(work, cursor, error)
               : error->status;
}

const sv_fixed_row_of_table_t sv_fixed_audit_trail = {
    .report = { "audit_trail", "Audit trail", "report.audit",
                SV_FILTER_WAREHOUSE | SV_FILTER_USER | SV_FILTER_COUNT | SV_FILTER_TIME, "written" },
    .cells = sv_audit_cells,
    .cell_count = sizeof(sv_audit_cells) / sizeof(sv_audit_cells[0]),
    .joins = sv_audit_joins,
    .join_count = sizeof(sv_audit_joins) / sizeof(sv_audit_joins[0]),
    .run = sv_audit_run,
};
