/* User activity: what each person counted on each day, how fast, and what else they did. */
#include <string.h>

#include "core/report/fixed/fixed_rows.h"
#include "core/store/document.h"
#include "core/base/text_map.h"

enum { SV_FROM_ACTIONS = SV_FROM_JOIN, SV_FROM_USER };

/* ---- what was counted, and when: offline work comes in late, and a phone's calendar may say anything */

static void
sv_activity_put_records_match(bson_t *match, const sv_fixed_filters_t *filters)
{
    sv_fixed_match_text(match, "user_id", filters->user);
    sv_fixed_match_text(match, "warehouse", filters->warehouse);
    sv_fixed_match_text(match, "floor", filters->floor);
    sv_fixed_match_text(match, "count_id", filters->count_id);
    sv_fixed_match_time(match, "counted_at", filters);
}

/* By person, day, hour and floor session; then by person and day: of the clocks of the report's zone. */
static void
sv_activity_put_records_groups(bson_t *stages, const char *zone)
{
    BCON_APPEND(stages, "1", "{", "$group", "{", "_id", "{", "day", "{", "$dateTrunc", "{", "date", "$counted_at",
                "unit", "day", "timezone", BCON_UTF8(zone), "}", "}", "user", "$user_id", "hour", "{", "$dateTrunc",
                "{", "date", "$counted_at", "unit", "hour", "timezone", BCON_UTF8(zone), "}", "}", "session",
                "$session_id", "rack", "$rack_id", "}", "records", "{", "$sum", BCON_INT64(1), "}", "voids", "{",
                "$sum", "{", "$cond", "[", "{", "$eq", "[", "$status", "void", "]", "}", BCON_INT64(1), BCON_INT64(0),
                "]", "}", "}", "first", "{", "$min", "$counted_at", "}", "last", "{", "$max", "$counted_at", "}", "}",
                "}");
    BCON_APPEND(stages, "2", "{", "$group", "{", "_id", "{", "day", "$_id.day", "user", "$_id.user", "}", "records",
                "{", "$sum", "$records", "}", "voids", "{", "$sum", "$voids", "}", "hours", "{", "$addToSet",
                "$_id.hour", "}", "sessions", "{", "$addToSet", "$_id.session", "}", "racks", "{", "$addToSet",
                "$_id.rack", "}", "first", "{", "$min", "$first", "}", "last", "{", "$max", "$last", "}", "}", "}");
    BCON_APPEND(stages, "3", "{", "$project", "{", "records", BCON_INT32(1), "voids", BCON_INT32(1), "hours", "{",
                "$size", "$hours", "}", "sessions", "{", "$size", "$sessions", "}", "racks", "{", "$size", "$racks",
                "}", "first", BCON_INT32(1), "last", BCON_INT32(1), "}", "}");
    BCON_APPEND(stages, "4", "{", "$sort", "{", "_id.day", BCON_INT32(1), "_id.user", BCON_INT32(1), "}", "}");
}

static sv_status_t
sv_activity_open_records(sv_fixed_work_t *work, mongoc_cursor_t **cursor, sv_error_t *error)
{
    bson_t *pipeline = sv_doc_new(work->arena), stages, stage, match;

    BSON_APPEND_ARRAY_BEGIN(pipeline, "pipeline", &stages);
    BSON_APPEND_DOCUMENT_BEGIN(&stages, "0", &stage);
    BSON_APPEND_DOCUMENT_BEGIN(&stage, "$match", &match);
    sv_activity_put_records_match(&match, work->filters);
    bson_append_document_end(&stage, &match);
    bson_append_document_end(&stages, &stage);
    sv_activity_put_records_groups(&stages, sv_fixed_zone(work));
    bson_append_array_end(pipeline, &stages);
    return sv_fixed_aggregate(work, SV_COLLECTION_VERIFICATION_RECORDS, pipeline, cursor, error);
}

/* ---- what they did, in the audit trail */

static sv_status_t
sv_activity_open_actions(sv_fixed_work_t *work, mongoc_cursor_t **cursor, sv_error_t *error)
{
    const sv_fixed_filters_t *filters = work->filters;
    bson_t *pipeline = sv_doc_new(work->arena), stages, stage, match;

    BSON_APPEND_ARRAY_BEGIN(pipeline, "pipeline", &stages);
    BSON_APPEND_DOCUMENT_BEGIN(&stages, "0", &stage);
    BSON_APPEND_DOCUMENT_BEGIN(&stage, "$match", &match);
    if (filters->user != NULL) {
        BSON_APPEND_UTF8(&match, "user_id", filters->user);
    } else {
        BCON_APPEND(&match, "user_id", "{", "$gt", "", "}");
    }
    sv_fixed_match_text(&match, "warehouse", filters->warehouse);
    sv_fixed_match_text(&match, "count_id", filters->count_id);
    sv_fixed_match_time(&match, "at", filters);
    bson_append_document_end(&stage, &match);
    bson_append_document_end(&stages, &stage);
    BCON_APPEND(&stages, "1", "{", "$group", "{", "_id", "{", "day", "{", "$dateTrunc", "{", "date", "$at", "unit",
                "day", "timezone", BCON_UTF8(sv_fixed_zone(work)), "}", "}", "user", "$user_id", "}", "actions", "{",
                "$sum", BCON_INT64(1), "}", "}", "}");
    BCON_APPEND(&stages, "2", "{", "$sort", "{", "_id.day", BCON_INT32(1), "_id.user", BCON_INT32(1), "}", "}");
    bson_append_array_end(pipeline, &stages);
    return sv_fixed_aggregate(work, SV_COLLECTION_ACTIVITY_LOGS, pipeline, cursor, error);
}

/* ---- cells */

/* Either of the two has the row's day and person. */
static const bson_t *
sv_activity_either(const sv_fixed_row_t *row)
{
    return row->documents[0] != NULL ? row->documents[0] : row->documents[SV_FROM_ACTIONS];
}

static void
sv_activity_day(const sv_fixed_work_t *work, const sv_fixed_row_t *row, sv_row_value_t *value)
{
    sv_fixed_read(sv_activity_either(row), "_id.day", SV_COLUMN_DATE, value);
    value->number = value->known ? sv_fixed_day(work, value->number) : 0;
}

static void
sv_activity_user(const sv_fixed_work_t *work, const sv_fixed_row_t *row, sv_row_value_t *value)
{
    (void) work;
    sv_fixed_read(sv_activity_either(row), "_id.user", SV_COLUMN_TEXT, value);
}

static void
sv_activity_count(const sv_fixed_row_t *row, const char *name, sv_row_value_t *value)
{
    value->known = true;
    value->number = row->documents[0] != NULL ? sv_doc_int(row->documents[0], name) : 0;
}

#define SV_ACTIVITY_COUNT(name)                                                                                        \
    static void sv_activity_##name(const sv_fixed_work_t *work, const sv_fixed_row_t *row, sv_row_value_t *value)      \
    {                                                                                                                  \
        (void) work;                                                                                                   \
        sv_activity_count(row, #name, value);                                                                          \
    }

SV_ACTIVITY_COUNT(records)
SV_ACTIVITY_COUNT(voids)
SV_ACTIVITY_COUNT(sessions)
SV_ACTIVITY_COUNT(racks)
SV_ACTIVITY_COUNT(hours)

/* Records for each hour of the clock in which there were any; to two places. */
static void
sv_activity_pace(const sv_fixed_work_t *work, const sv_fixed_row_t *row, sv_row_value_t *value)
{
    int64_t hours = row->documents[0] != NULL ? sv_doc_int(row->documents[0], "hours") : 0;

    (void) work;
    value->known = hours > 0;
    if (hours > 0) {
        value->number = (sv_doc_int(row->documents[0], "records") * 200 + hours) / (2 * hours) * 10000;
    }
}

/* The audit trail knows no floors. */
static void
sv_activity_actions(const sv_fixed_work_t *work, const sv_fixed_row_t *row, sv_row_value_t *value)
{
    value->known = work->filters->floor == NULL;
    value->number =
        row->documents[SV_FROM_ACTIONS] != NULL ? sv_doc_int(row->documents[SV_FROM_ACTIONS], "actions") : 0;
}

#define SV_ACTIVITY_FIGURE(name, title, total)                                                                         \
    {                                                                                                                  \
        { #name, title, SV_COLUMN_INT, false, false, total }, 0, NULL, sv_activity_##name                              \
    }

static const sv_fixed_cell_t sv_activity_cells[] = {
    { { "day", "Day", SV_COLUMN_DATE, true, true, false }, 0, NULL, sv_activity_day },
    { { "user_id", "User", SV_COLUMN_TEXT, true, true, false }, 0, NULL, sv_activity_user },
    { { "username", "User name", SV_COLUMN_TEXT, false, false, false }, SV_FROM_USER, "username", NULL },
    { { "full_name", "Name", SV_COLUMN_TEXT, false, false, false }, SV_FROM_USER, "full_name", NULL },
    SV_ACTIVITY_FIGURE(records, "Records", true),
    SV_ACTIVITY_FIGURE(voids, "Withdrawn records", true),
    SV_ACTIVITY_FIGURE(sessions, "Floor sessions", false),
    SV_ACTIVITY_FIGURE(racks, "Racks", false),
    { { "hours_counted", "Hours counted in", SV_COLUMN_INT, false, false, true }, 0, NULL, sv_activity_hours },
    { { "scans_per_hour", "Scans per hour", SV_COLUMN_QUANTITY, false, false, false }, 0, NULL, sv_activity_pace },
    SV_ACTIVITY_FIGURE(actions, "Actions", true),
    { { "first_at", "First record", SV_COLUMN_TIME, false, false, false }, SV_FROM_ROW, "first", NULL },
    { { "last_at", "Last record", SV_COLUMN_TIME, false, false, false }, SV_FROM_ROW, "last", NULL },
};

/* ---- the two side by side: both are in the order of day and person */

typedef struct {
    mongoc_cursor_t *cursor;
    const bson_t *document; /* NULL: at its end */
} sv_activity_side_t;

static void
sv_activity_advance(sv_activity_side_t *side)
{
    if (!mongoc_cursor_next(side->cursor, &side->document)) {
        side->document = NULL;
    }
}

static int
sv_activity_order(const bson_t *a, const bson_t *b)
{
    sv_row_value_t day[2], user[2];

    if (a == NULL || b == NULL) {
        return (a == NULL) - (b == NULL);
    }
    sv_fixed_read(a, "_id.day", SV_COLUMN_DATE, &day[0]);
    sv_fixed_read(b, "_id.day", SV_COLUMN_DATE, &day[1]);
    sv_fixed_read(a, "_id.user", SV_COLUMN_TEXT, &user[0]);
    sv_fixed_read(b, "_id.user", SV_COLUMN_TEXT, &user[1]);
    if (day[0].number != day[1].number) {
        return day[0].number < day[1].number ? -1 : 1;
    }
    return sv_row_key_compare(user[0].known ? user[0].text : "", user[0].length, user[1].known ? user[1].text : "",
                              user[1].length);
}

/* The person's names, looked up once. */
static sv_status_t
sv_activity_find_user(sv_fixed_work_t *work, sv_text_map_t *users, const sv_fixed_row_t *row, const bson_t **user,
                      sv_error_t *error)
{
    const char *kept;
    sv_row_value_t id;
    bson_t *filter, *wanted;

    sv_fixed_read(sv_activity_either(row), "_id.user", SV_COLUMN_TEXT, &id);
    *user = id.known ? sv_text_map_get(users, id.text) : NULL;
    if (!id.known || *user != NULL) {
        return SV_OK;
    }
    kept = sv_arena_strdup(work->arena, id.text);
    filter = sv_doc_take(BCON_NEW("user_id", BCON_UTF8(kept)), work->arena);
    wanted = sv_doc_take(BCON_NEW("username", BCON_INT32(1), "full_name", BCON_INT32(1)), work->arena);
    if (sv_store_find_one(work->store, SV_COLLECTION_USERS, filter, wanted, work->arena, user, error) != SV_OK) {
        return error->status;
    }
    *user = *user != NULL ? *user : sv_doc_new(work->arena);
    *sv_text_map_put(users, kept) = (void *) (uintptr_t) *user;
    return SV_OK;
}

static sv_status_t
sv_activity_merge(sv_fixed_work_t *work, sv_activity_side_t *records, sv_activity_side_t *actions, sv_error_t *error)
{
    sv_status_t status = SV_OK;
    sv_text_map_t users;

    sv_text_map_init(&users, work->arena, 64);
    sv_activity_advance(records);
    sv_activity_advance(actions);
    while (status == SV_OK && (records->document != NULL || actions->document != NULL)) {
        int order = sv_activity_order(records->document, actions->document);
        sv_fixed_row_t row = { .documents = { order <= 0 ? records->document : NULL,
                                              order >= 0 ? actions->document : NULL } };

        status = sv_activity_find_user(work, &users, &row, &row.documents[SV_FROM_USER], error);
        if (status == SV_OK) {
            status = sv_fixed_emit(work, &row, error);
        }
        if (order <= 0) {
            sv_activity_advance(records);
        }
        if (order >= 0) {
            sv_activity_advance(actions);
        }
    }
    if (status == SV_OK) {
        status = sv_store_cursor_end(work->store, records->cursor, error);
    }
    return status == SV_OK ? sv_store_cursor_end(work->store, actions->cursor, error) : status;
}

static sv_status_t
sv_activity_run(sv_fixed_work_t *work, sv_error_t *error)
{
    sv_activity_side_t records = { 0 }, actions = { 0 };
    sv_status_t status = sv_activity_open_records(work, &records.cursor, error);

    if (status == SV_OK) {
        status = sv_activity_open_actions(work, &actions.cursor, error);
    }
    if (status == SV_OK) {
        status = sv_activity_merge(work, &records, &actions, error);
    }
    mongoc_cursor_destroy(records.cursor);
    mongoc_cursor_destroy(actions.cursor);
    return status;
}

const sv_fixed_row_of_table_t sv_fixed_user_activity = {
    .report = { "user_activity", "User activity", "report.generate",
                SV_FILTER_WAREHOUSE | SV_FILTER_FLOOR | SV_FILTER_USER | SV_FILTER_COUNT | SV_FILTER_TIME, "done" },
    .cells = sv_activity_cells,
    .cell_count = sizeof(sv_activity_cells) / sizeof(sv_activity_cells[0]),
    .run = sv_activity_run,
};
