#include "core/oversight/analytics_sources.h"

#include <string.h>

#include "core/store/document.h"
#include "core/store/filter.h"
#include "core/sync/counting.h"
#include "core/sync/query.h"

enum { SV_ANALYTICS_MS = 5000 };

/* ---- who counted a line, and where */

typedef struct sv_line_share_s {
    const char *of; /* a user, or a floor */
    struct sv_line_share_s *next;
} sv_line_share_t;

typedef struct {
    sv_analytics_t *analytics;
    sv_text_map_t shares; /* line -> sv_line_share_t */
    int64_t records;
} sv_line_shares_t;

static const char *
sv_line_key(const char *count_id, const char *item_code, const char *lot, sv_arena_t *arena)
{
    return sv_arena_printf(arena, "%s\x02%s\x02%s", count_id, item_code, lot != NULL ? lot : "");
}

static void
sv_line_shares_take(const bson_t *record, void *context)
{
    sv_line_shares_t *shares = context;
    sv_arena_t *arena = shares->analytics->error->arena;
    bool by_staff = shares->analytics->query->group_by == SV_BY_STAFF;
    const char *count_id = sv_doc_text(record, "count_id", arena), *code = sv_doc_text(record, "item_code", arena);
    const char *of = sv_doc_text(record, by_staff ? "user_id" : "floor", arena);
    sv_line_share_t *share, **place;

    shares->records++;
    if (count_id == NULL || code == NULL || of == NULL) {
        return;
    }
    place = (sv_line_share_t **) sv_text_map_put(
        &shares->shares, sv_line_key(count_id, code, sv_doc_text(record, "lot_key", arena), arena));
    for (share = *place; share != NULL && strcmp(share->of, of) != 0; share = share->next) {
    }
    if (share == NULL) {
        share = sv_arena_zalloc(arena, sizeof(*share));
        share->of = of;
        share->next = *place;
        *place = share;
    }
}

static sv_status_t
sv_line_shares_read_count(sv_line_shares_t *shares, const char *count_id)
{
    sv_error_t *error = shares->analytics->error;
    bson_t *filter = sv_doc_take(BCON_NEW("count_id", BCON_UTF8(count_id)), error->arena);
    bson_t *options = sv_doc_take(BCON_NEW("projection", "{", "count_id", BCON_INT32(1), "item_code", BCON_INT32(1),
                                           "lot_key", BCON_INT32(1), "user_id", BCON_INT32(1), "floor", BCON_INT32(1),
                                           "}", "maxTimeMS", BCON_INT64(SV_ANALYTICS_MS), "limit",
                                           BCON_INT64(SV_ANALYTICS_RECORDS + 1 - shares->records)),
                                  error->arena);

    sv_counting_filter(filter);
    if (sv_store_each(shares->analytics->store, SV_COLLECTION_VERIFICATION_RECORDS, filter, options,
                      sv_line_shares_take, shares, error) == SV_OK &&
        shares->records > SV_ANALYTICS_RECORDS) {
        return sv_fail(error, SV_ERR_QUERY_TOO_SLOW, "More than %d figures are meant; name a count, or a shorter time",
                       SV_ANALYTICS_RECORDS);
    }
    return error->status;
}

static sv_status_t
sv_line_shares_read(sv_line_shares_t *shares, const sv_variance_rows_t *rows)
{
    const char *last = NULL; /* rows of a count stand together */

    sv_text_map_init(&shares->shares, shares->analytics->error->arena, rows->count);
    for (size_t i = 0; i < rows->count; i++) {
        if (last == NULL || strcmp(last, rows->rows[i].count_id) != 0) {
            last = rows->rows[i].count_id;
            if (sv_line_shares_read_count(shares, last) != SV_OK) {
                break;
            }
        }
    }
    return shares->analytics->error->status;
}

/* ---- lines */

static void
sv_analytics_note_shared(sv_line_shares_t *shares, const sv_variance_row_t *row)
{
    sv_analytics_t *analytics = shares->analytics;
    const sv_line_share_t *share =
        sv_text_map_get(&shares->shares, sv_line_key(row->count_id, row->item_code, row->lot, analytics->error->arena));

    for (; share != NULL; share = share->next) {
        sv_analytics_sums_t *sums = sv_analytics_group_of(analytics, row->warehouse, share->of, share->of, 0);

        if (sums != NULL) {
            sv_analytics_note_line(analytics, sums, row);
        }
    }
}

sv_status_t
sv_analytics_read_lines(sv_analytics_t *analytics)
{
    const sv_analytics_query_t *query = analytics->query;
    const sv_variance_query_t variances = { .count_id = query->count_id,
                                            .warehouse = query->warehouse,
                                            .from_ms = query->from_ms,
                                            .to_ms = query->to_ms,
                                            .has_min_qty = true }; /* with what has no variance */
    bool shared = query->group_by == SV_BY_STAFF || query->group_by == SV_BY_FLOOR;
    sv_line_shares_t shares = { .analytics = analytics };
    sv_variance_rows_t rows = { 0 };

    if (sv_variance_rows_read(analytics->store, &variances, &rows, analytics->error->arena, analytics->error) !=
            SV_OK ||
        (shared && sv_line_shares_read(&shares, &rows) != SV_OK)) {
        return analytics->error->status;
    }
    for (size_t i = 0; i < rows.count && analytics->error->status == SV_OK; i++) {
        const sv_variance_row_t *row = &rows.rows[i];
        sv_analytics_sums_t *sums;

        if (!row->counted) {
            continue;
        }
        sv_analytics_note_line(analytics, &analytics->total, row);
        if (shared) {
            sv_analytics_note_shared(&shares, row);
        } else if ((sums = sv_analytics_group_of(analytics, row->warehouse, NULL, NULL, row->counted_at_ms)) != NULL) {
            sv_analytics_note_line(analytics, sums, row);
        }
    }
    return analytics->error->status;
}

/* ---- floor sessions */

static void
sv_analytics_note_session(sv_analytics_sums_t *sums, const sv_session_stats_t *stats)
{
    sums->sessions++;
    sums->speed.verified_items += stats->verified_items;
    sums->speed.duration_seconds += stats->duration_seconds;
}

static void
sv_analytics_take_session(const bson_t *session, void *context)
{
    sv_analytics_t *analytics = context;
    sv_arena_t *arena = analytics->error->arena;
    const bson_t *kept = sv_doc_child(session, "final_stats", arena);
    sv_analytics_sums_t *sums;
    sv_session_stats_t stats;

    if (kept == NULL) {
        return;
    }
    sv_stats_read(kept, &stats);
    sv_analytics_note_session(&analytics->total, &stats);
    sums = sv_analytics_group_of(analytics, sv_doc_text(session, "warehouse", arena),
                                 sv_doc_text(session, "user_id", arena), sv_doc_text(session, "floor", arena),
                                 sv_doc_time(session, "started_at"));
    if (sums != NULL) {
        sv_analytics_note_session(sums, &stats);
    }
}

sv_status_t
sv_analytics_read_sessions(sv_analytics_t *analytics)
{
    const sv_analytics_query_t *query = analytics->query;
    sv_arena_t *arena = analytics->error->arena;
    bson_t *filter = sv_doc_new(arena),
           *options = sv_doc_take(BCON_NEW("maxTimeMS", BCON_INT64(SV_ANALYTICS_MS)), arena);

    if (query->count_id != NULL) {
        BSON_APPEND_UTF8(filter, "count_id", query->count_id);
    } else {
        BSON_APPEND_UTF8(filter, "status", "completed");
        sv_filter_span(filter, "started_at", query->from_ms, query->to_ms);
    }
    if (query->warehouse != NULL) {
        BSON_APPEND_UTF8(filter, "warehouse", query->warehouse);
    }
    return sv_store_each(analytics->store, SV_COLLECTION_VERIFICATION_SESSIONS, filter, options,
                         sv_analytics_take_session, analytics, analytics->error);
}
