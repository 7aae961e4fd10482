#include <string.h>

#include "core/adjust/approve_steps.h"
#include "core/counts/book.h"
#include "core/review/line_state.h"
#include "core/store/document.h"

enum { SV_LINES_BATCH = 2000 };

/* What came of the count for one line of it; nothing where it equals its book. */
typedef struct {
    sv_approval_t *approval; /* of which the reading thread has the count and `bars` */
    int64_t uncompared;
    sv_line_feed_t *feed;
    sv_error_t *error;
    sv_arena_t *arena; /* of a row */
} sv_lines_work_t;

static bool
sv_row_has_flag(const bson_t *row, const char *flag, sv_arena_t *arena)
{
    const bson_t *flags = sv_doc_child(row, "counted.flags", arena);
    bson_iter_t iter;

    if (flags == NULL || !bson_iter_init(&iter, flags)) {
        return false;
    }
    while (bson_iter_next(&iter)) {
        if (BSON_ITER_HOLDS_UTF8(&iter) && strcmp(bson_iter_utf8(&iter, NULL), flag) == 0) {
            return true;
        }
    }
    return false;
}

/* Counted, and nothing to compare it with (no book, or units that do not add up): the supervisor is told, since the
 * books stay as they are there. */
static bool
sv_row_is_uncompared(const bson_t *row, sv_arena_t *arena)
{
    return sv_doc_int(row, "counted.records") > 0 && !sv_doc_has(row, "counted.compared_qty") &&
           !sv_row_has_flag(row, "unknown", arena);
}

/* From what the line was approved: kept, since nobody derives it again from records that may be gone one day. */
static bson_t *
sv_row_origin(const bson_t *row, sv_arena_t *arena)
{
    bson_t *origin = sv_doc_new(arena);

    sv_doc_put_quantity(origin, "book", sv_doc_quantity(row, "system_qty"));
    sv_doc_put_quantity(origin, "moved", sv_doc_quantity(row, "counted.moved_qty"));
    sv_doc_put_quantity(origin, "adjusted", sv_doc_quantity(row, "counted.adjusted_qty"));
    sv_doc_put_quantity(origin, "counted", sv_doc_quantity(row, "counted.compared_qty"));
    BSON_APPEND_INT64(origin, "line_version", sv_doc_int(row, "version"));
    sv_doc_put_text(origin, "accepted_by", sv_doc_text(row, "accepted.by", arena));
    sv_doc_put_time(origin, "counted_at", sv_doc_time(row, "counted.last_counted_at"));
    return origin;
}

static void
sv_lines_take(const bson_t *row, sv_lines_work_t *work)
{
    sv_adjustment_line_t line = { .delta = sv_doc_quantity(row, "variance") };
    bool superseded = sv_row_has_flag(row, "superseded", work->arena);
    const char *lot, *state = sv_doc_text(row, "state", work->arena);

    sv_review_undecided_line(&work->approval->bars, row, work->error->arena);
    work->uncompared += sv_row_is_uncompared(row, work->arena);
    /* What nobody accepted is nobody's decision (core/review/undecided.h barred the approval if it needed one). */
    if (!superseded && (state == NULL || strcmp(state, sv_line_states[SV_LINE_ACCEPTED]) != 0)) {
        return;
    }
    /* A code of no item that nobody linked was rejected: the books have nothing to correct there.  Of what is barred no
     * line need be written. */
    if (line.delta == 0 || work->approval->bars.count > 0 || sv_row_has_flag(row, "unknown", work->arena)) {
        return;
    }
    lot = sv_doc_text(row, "lot", work->arena);
    line.item_code = sv_doc_text(row, "item_code", work->arena);
    line.lot = lot != NULL ? lot : "";
    line.uom = sv_doc_text(row, "uom", work->arena);
    line.has_cost = sv_book_cost(row, &line.unit_cost);
    line.state = superseded ? SV_POSTING_SUPERSEDED : SV_POSTING_PENDING;
    line.origin = sv_row_origin(row, work->arena);
    sv_line_feed_add(work->feed, &line, work->error);
}

/* Lines in the order of their codes and lots, which is that of the index; whole, since the development server takes
 * four times as long for so many members as for all. */
static sv_status_t
sv_lines_read(sv_line_feed_t *feed, sv_store_t *store, void *context, sv_error_t *error)
{
    sv_lines_work_t *work = context;
    bson_t *filter = sv_doc_take(BCON_NEW("session_id", BCON_UTF8(work->approval->count_id)), error->arena);
    bson_t *options = sv_doc_take(BCON_NEW("sort", "{", "item_code", BCON_INT32(1), "lot", BCON_INT32(1), "}",
                                           "batchSize", BCON_INT32(SV_LINES_BATCH)),
                                  error->arena);
    mongoc_cursor_t *cursor;
    const bson_t *row;

    work->feed = feed;
    work->error = error;
    if (sv_store_find(store, SV_COLLECTION_SESSION_BOOK, filter, options, &cursor, error) != SV_OK) {
        return error->status;
    }
    while (error->status == SV_OK && !work->approval->bars.more && mongoc_cursor_next(cursor, &row)) {
        work->arena = sv_arena_create();
        sv_lines_take(row, work);
        sv_arena_destroy(work->arena);
    }
    if (error->status == SV_OK) {
        sv_store_cursor_end(store, cursor, error);
    }
    mongoc_cursor_destroy(cursor);
    return error->status;
}

sv_status_t
sv_approval_write_lines(sv_approval_t *approval, sv_error_t *error)
{
    sv_lines_work_t work = { .approval = approval };

    approval->writer = (sv_line_writer_t){ .job = approval->job,
                                           .adjustment_id = approval->count_id,
                                           .count_id = approval->count_id,
                                           .warehouse = approval->count.warehouse,
                                           .seq = approval->seq };
    if (sv_line_writer_run(&approval->writer, sv_lines_read, &work, error) == SV_OK && approval->bars.count > 0) {
        return sv_approval_fail_undecided(&approval->bars, error);
    }
    approval->writer.sums.uncompared = work.uncompared;
    return error->status;
}
