#include "core/report/query/query_cursor.h"

#include "core/base/clock.h"

enum {
    SV_MONGO_TIME_LIMIT = 50,       /* MaxTimeMSExpired */
    SV_MONGO_SNAPSHOT_TOO_OLD = 239 /* SnapshotTooOld */
};

sv_status_t
sv_report_cursor_end(mongoc_cursor_t *cursor, int64_t deadline_ms, sv_error_t *error)
{
    bson_error_t reason;

    if (!mongoc_cursor_error(cursor, &reason)) {
        return SV_OK;
    }
    if (reason.code == SV_MONGO_TIME_LIMIT ||
        (reason.domain == MONGOC_ERROR_STREAM && deadline_ms != 0 && sv_clock_monotonic_ms() >= deadline_ms)) {
        return sv_fail(error, SV_ERR_QUERY_TOO_SLOW, NULL);
    }
    if (reason.code == SV_MONGO_SNAPSHOT_TOO_OLD) {
        return sv_fail(error, SV_ERR_SNAPSHOT_WINDOW_EXCEEDED, NULL);
    }
    return sv_store_fail(&reason, error);
}

void
sv_report_read_options(const sv_report_run_t *how, bson_t *options)
{
    bson_error_t reason;

    if (how->snapshot != NULL) {
        mongoc_client_session_append(how->snapshot, options, &reason);
    }
    if (how->time_limit_ms > 0) {
        BSON_APPEND_INT64(options, "maxTimeMS", how->time_limit_ms);
    }
}

sv_status_t
sv_report_too_slow(const sv_report_query_t *query, int64_t limit_ms, sv_error_t *error)
{
    sv_buffer_t names;
    size_t count, named = 0;
    const sv_report_field_t *fields = sv_report_fields(query->collection, &count);

    sv_buffer_init(&names, error->arena, 256);
    sv_buffer_puts(&names, "");
    for (size_t i = 0; i < count; i++) {
        if ((fields[i].flags & SV_FIELD_FAST) != 0) {
            sv_buffer_printf(&names, "%s%s", named++ == 0 ? "" : ", ", fields[i].name);
        }
    }
    sv_error_clear(error);
    return sv_fail(error, SV_ERR_QUERY_TOO_SLOW,
                   "The query took longer than %s. Narrow it by a filter (eq, in, between, starts_with) on one of %s%s",
                   limit_ms > 0 ? sv_arena_printf(error->arena, "%lld s", (long long) ((limit_ms + 999) / 1000))
                                : "the MongoDB server allows",
                   names.data, limit_ms > 0 ? ", or take a snapshot of it, which may take its time" : "");
}
