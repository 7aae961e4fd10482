#include "core/review/line_derive.h"

#include <stdlib.h>
#include <string.h>

#include "core/review/line_serials.h"
#include "core/review/rack_facts.h"
#include "core/review/recount_ask.h"
#include "core/review/tolerance.h"
#include "core/store/document.h"
#include "core/store/filter.h"

/* What one rack has to do with one line: it expects the item, or has a figure of it. */
typedef struct {
    sv_totals_line_t *line;
    const char *rack_id;
    const sv_totals_part_t *part; /* a figure of the line there; NULL: the rack expects the item, and: */
    bool knows_book;              /* how many */
    sv_quantity_t book_qty;
} sv_line_tie_t;

typedef struct {
    sv_store_t *store;
    sv_totals_lines_t *lines;
    sv_arena_t *arena;
    const bson_t *count;
    sv_line_tie_t *ties; /* by line and rack, once they are sorted */
    size_t count_ties, capacity;
    sv_text_map_t first_lines; /* item_code -> its first line */
    sv_text_map_t here;        /* racks of the warehouse, of a count of the whole; ids */
    sv_racks_facts_t racks;
    sv_tolerance_t tolerance;
    bool asks; /* the tolerance may ask for recounts */
    sv_recount_asks_t recounts;
} sv_review_work_t;

/* ---- which racks have to do with which lines */

static sv_line_tie_t *
sv_review_tie(sv_review_work_t *work, sv_totals_line_t *line, const char *rack_id)
{
    work->ties = sv_arena_grow(work->arena, work->ties, work->count_ties, &work->capacity, sizeof(work->ties[0]));
    work->ties[work->count_ties] = (sv_line_tie_t){ .line = line, .rack_id = rack_id };
    return &work->ties[work->count_ties++];
}

/* Books of racks know no lots: a rack that expects an item may hold any lot of it. */
static void
sv_review_take_expected(const bson_t *row, void *context)
{
    sv_review_work_t *work = context;
    const char *code = sv_doc_text(row, "item_code", work->arena);
    const char *rack_id = sv_doc_text(row, "rack_id", work->arena);
    const sv_totals_line_t *end = work->lines->lines + work->lines->count;
    sv_totals_line_t *line = code != NULL ? sv_text_map_get(&work->first_lines, code) : NULL;

    if (line == NULL || rack_id == NULL || sv_doc_bool(row, "deleted") ||
        (!work->lines->scope->whole && !sv_book_scope_has_rack(work->lines->scope, rack_id))) {
        return;
    }
    for (const sv_totals_item_t *item = line->item; line < end && line->item == item; line++) {
        sv_line_tie_t *tie = sv_review_tie(work, line, rack_id);

        tie->knows_book = sv_doc_has(row, "book_qty");
        tie->book_qty = sv_doc_quantity(row, "book_qty");
    }
}

static void
sv_review_take_here(const bson_t *row, void *context)
{
    sv_review_work_t *work = context;
    const char *rack_id = sv_doc_text(row, "rack_id", work->arena);

    if (rack_id != NULL && !sv_doc_bool(row, "deleted")) {
        *sv_text_map_put(&work->here, rack_id) = work;
    }
}

/* Of a count of the whole warehouse: which racks are of that, and still there. */
static sv_status_t
sv_review_read_here(sv_review_work_t *work, sv_error_t *error)
{
    const char **ids = sv_arena_alloc(work->arena, (work->count_ties + 1) * sizeof(ids[0]));
    bson_t *filter = sv_doc_take(BCON_NEW("warehouse", BCON_UTF8(work->lines->scope->warehouse)), work->arena);
    bson_t *options =
        sv_doc_take(BCON_NEW("projection", "{", "rack_id", BCON_INT32(1), "deleted", BCON_INT32(1), "}"), work->arena);
    sv_text_map_t seen;
    size_t count = 0;

    sv_text_map_init(&work->here, work->arena, 64);
    sv_text_map_init(&seen, work->arena, 64);
    if (!work->lines->scope->whole || work->lines->scope->standing) {
        return SV_OK;
    }
    for (size_t i = 0; i < work->count_ties; i++) {
        void **place = sv_text_map_put(&seen, work->ties[i].rack_id);

        if (*place == NULL) {
            *place = work;
            ids[count++] = work->ties[i].rack_id;
        }
    }
    if (count == 0) {
        return SV_OK;
    }
    sv_filter_in(filter, "rack_id", ids, count);
    return sv_store_each(work->store, SV_COLLECTION_RACK_REGISTRY, filter, options, sv_review_take_here, work, error);
}

static int
sv_compare_ties(const void *a, const void *b)
{
    const sv_line_tie_t *x = a, *y = b;

    if (x->line != y->line) {
        return x->line < y->line ? -1 : 1;
    }
    return strcmp(x->rack_id, y->rack_id);
}

static sv_status_t
sv_review_read_expected(sv_review_work_t *work, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(work->arena);
    bson_t *options = sv_doc_take(BCON_NEW("projection", "{", "item_code", BCON_INT32(1), "rack_id", BCON_INT32(1),
                                           "book_qty", BCON_INT32(1), "deleted", BCON_INT32(1), "}"),
                                  work->arena);

    sv_text_map_init(&work->first_lines, work->arena, work->lines->item_count);
    for (size_t i = work->lines->count; i > 0; i--) {
        *sv_text_map_put(&work->first_lines, work->lines->lines[i - 1].item->item_code) = &work->lines->lines[i - 1];
    }
    sv_totals_put_filter(filter, work->lines);
    return sv_store_each(work->store, SV_COLLECTION_RACK_ITEMS, filter, options, sv_review_take_expected, work, error);
}

static sv_status_t
sv_review_read_racks(sv_review_work_t *work, sv_error_t *error)
{
    const sv_totals_parts_t *parts = &work->lines->parts;
    const char **ids;

    if (sv_review_read_expected(work, error) != SV_OK || sv_review_read_here(work, error) != SV_OK) {
        return error->status;
    }
    for (size_t i = 0; i < parts->count; i++) {
        if (parts->parts[i].rack_id != NULL) {
            sv_review_tie(work, parts->parts[i].line, parts->parts[i].rack_id)->part = &parts->parts[i];
        }
    }
    if (work->count_ties > 1) {
        qsort(work->ties, work->count_ties, sizeof(work->ties[0]), sv_compare_ties);
    }
    ids = sv_arena_alloc(work->arena, (work->count_ties + 1) * sizeof(ids[0]));
    for (size_t i = 0; i < work->count_ties; i++) {
        ids[i] = work->ties[i].rack_id;
    }
    return sv_racks_facts_read(work->store, work->count, ids, work->count_ties, &work->racks, work->arena, error);
}

/* ---- what waits for a person */

static void
sv_review_take_conflict(const bson_t *row, void *context)
{
    sv_review_work_t *work = context;
    const char *code = sv_doc_text(row, "item_code", work->arena);
    const sv_totals_line_t *end = work->lines->lines + work->lines->count;
    sv_totals_line_t *line = code != NULL ? sv_text_map_get(&work->first_lines, code) : NULL;

    if (line == NULL) {
        return;
    }
    for (const sv_totals_item_t *item = line->item; line < end && line->item == item; line++) {
        line->review.conflicts++;
    }
}

static sv_status_t
sv_review_read_conflicts(sv_review_work_t *work, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("count_id", BCON_UTF8(work->lines->scope->count_id), "status",
                                          BCON_UTF8("open"), "outdated", "{", "$ne", BCON_BOOL(true), "}"),
                                 work->arena);
    bson_t *options = sv_doc_take(BCON_NEW("projection", "{", "item_code", BCON_INT32(1), "}"), work->arena);

    sv_totals_put_filter(filter, work->lines);
    return sv_store_each(work->store, SV_COLLECTION_SYNC_CONFLICTS, filter, options, sv_review_take_conflict, work,
                         error);
}

static void
sv_review_take_rejected(const bson_t *row, void *context)
{
    sv_review_work_t *work = context;
    const char *code = sv_doc_text(row, "code", work->arena);
    sv_totals_line_t *line = code != NULL ? sv_text_map_get(&work->first_lines, code) : NULL;

    if (line != NULL) {
        line->review.rejected = line->unknown;
    }
}

/* Codes of no item that somebody looked at, and said that they are none. */
static sv_status_t
sv_review_read_rejected(sv_review_work_t *work, sv_error_t *error)
{
    const char **codes = sv_arena_alloc(work->arena, (work->lines->count + 1) * sizeof(codes[0]));
    bson_t *filter = sv_doc_new(work->arena);
    size_t count = 0;

    for (size_t i = 0; i < work->lines->count; i++) {
        if (work->lines->lines[i].unknown) {
            codes[count++] = work->lines->lines[i].item->item_code;
        }
    }
    if (count == 0) {
        return SV_OK;
    }
    sv_filter_in(filter, "code", codes, count);
    BSON_APPEND_UTF8(filter, "status", "rejected");
    return sv_store_each(work->store, SV_COLLECTION_UNKNOWN_ITEMS, filter, NULL, sv_review_take_rejected, work, error);
}

/* ---- deciding */

static void
sv_review_add_user(sv_review_line_t *review, const char *user_id, sv_arena_t *arena)
{
    for (size_t i = 0; i < review->user_count; i++) {
        if (user_id == NULL || strcmp(review->users[i], user_id) == 0) {
            return;
        }
    }
    if (user_id != NULL) {
        review->users =
            sv_arena_grow(arena, review->users, review->user_count, &review->user_capacity, sizeof(review->users[0]));
        review->users[review->user_count++] = user_id;
    }
}

static void
sv_review_add_users(sv_review_work_t *work)
{
    const sv_totals_parts_t *parts = &work->lines->parts;

    for (size_t i = 0; i < parts->count; i++) {
        const sv_totals_part_t *part = &parts->parts[i];

        sv_review_add_user(&part->line->review, part->user_id, work->arena);
        sv_review_add_user(&part->line->review, part->decided_by, work->arena);
        sv_review_add_user(&part->line->review, part->linked_by, work->arena);
    }
}

/* Whether the rack of the tie is one the count is to count.  A standing count bars nothing: of it a rack without a
 * figure has a say only once it is completed. */
static bool
sv_review_ties(const sv_review_work_t *work, const sv_line_tie_t *tie, const sv_rack_facts_t *rack)
{
    const sv_book_scope_t *scope = work->lines->scope;

    if (tie->part != NULL) {
        return true;
    }
    if (scope->standing) {
        return sv_rack_facts_is_completed(rack);
    }
    return !scope->whole || sv_text_map_get(&work->here, tie->rack_id) != NULL;
}

/* One rack of a line: ties[0 .. *count). */
static bool
sv_review_rack(sv_review_work_t *work, const sv_line_tie_t *ties, size_t left, size_t *count, sv_line_rack_t *told)
{
    const sv_rack_facts_t *rack = sv_rack_facts_of(&work->racks, ties[0].rack_id);
    sv_review_line_t *review = &ties[0].line->review;
    bool has_all_empty = true, tied = false, lacks_book = false;
    sv_quantity_t missing = 0; /* what the books expect there, less what was counted */
    int64_t recount_round;

    *told = (sv_line_rack_t){ 0 };
    sv_rack_facts_of_item(rack, ties[0].line->item->item_code, told, &recount_round);
    for (*count = 0;
         *count < left && ties[*count].line == ties[0].line && strcmp(ties[*count].rack_id, ties[0].rack_id) == 0;
         (*count)++) {
        const sv_line_tie_t *tie = &ties[*count];

        tied |= sv_review_ties(work, tie, rack);
        if (tie->part != NULL) {
            told->has_figure = true;
            told->has_recounted |= tie->part->round >= recount_round;
            has_all_empty &= tie->part->declared_empty;
            sv_totals_add(&missing, -tie->part->stock);
        } else {
            lacks_book |= !tie->knows_book;
            sv_totals_add(&missing, tie->book_qty);
        }
    }
    if (told->standing == SV_LINE_RACK_OPEN && told->has_figure && has_all_empty) {
        told->standing = SV_LINE_RACK_EMPTY;
    }
    if (tied && told->standing == SV_LINE_RACK_EXCLUDED) {
        review->excluded_racks++;
        review->lacks_excluded_book |= lacks_book;
        sv_totals_add(&review->excluded_qty, missing);
    }
    return tied;
}

static void
sv_review_put_facts(const sv_review_work_t *work, sv_totals_line_t *line)
{
    sv_review_line_t *review = &line->review;
    const struct {
        sv_line_flag_t flag;
        bool set;
    } flags[] = { { SV_LINE_FLAG_UNKNOWN, line->unknown },      { SV_LINE_FLAG_DELISTED, line->book.delisted },
                  { SV_LINE_FLAG_LOT, line->expiry_mixed },     { SV_LINE_FLAG_MOVED, line->moved },
                  { SV_LINE_FLAG_MIXED, line->uom_mixed },      { SV_LINE_FLAG_EXCLUDED, review->excluded_racks > 0 },
                  { SV_LINE_FLAG_SUPERSEDED, line->superseded } };

    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        review->flags |= flags[i].set ? SV_LINE_FLAG_BIT(flags[i].flag) : 0;
    }
    if (line->compared && work->lines->scope->rack_books && !work->lines->scope->standing && !line->book.lot_tracked &&
        !review->lacks_excluded_book) {
        /* What stands on racks that need not be counted is neither missing nor found: wherever the variance is told. */
        sv_totals_add(&line->variance, review->excluded_qty);
    }
    review->has_variance = line->compared && review->state != SV_LINE_INCOMPLETE;
    review->variance = review->has_variance ? line->variance : 0;
    review->has_value = review->has_variance && line->book.has_cost &&
                        sv_quantity_mul(review->variance, line->book.unit_cost, &review->value);
    review->value = review->has_value ? review->value : 0;
}

static sv_line_facts_t
sv_review_facts(const sv_totals_line_t *line)
{
    const sv_review_line_t *review = &line->review;

    return (sv_line_facts_t){ .state = sv_review_told_state(line),
                              .flags = review->flags,
                              .has_variance = review->has_variance,
                              .variance = review->variance,
                              .has_conflict = review->conflicts > 0,
                              .rejected = review->rejected };
}

/* Everything that a person saw of the line when it was accepted. */
static const char *
sv_review_tell(const sv_totals_line_t *line, sv_arena_t *arena)
{
    const sv_review_line_t *review = &line->review;
    const char *users = "";

    for (size_t i = 0; i < review->user_count; i++) {
        users = sv_arena_printf(arena, "%s\x02%s", users, review->users[i]);
    }
    return sv_arena_printf(
        arena, "%016llx",
        (unsigned long long) sv_text_hash(sv_arena_printf(
            arena, "%d %x %lld %lld %lld %lld %lld %lld %lld %lld %d %lld %d %lld %lld %s%s", (int) review->state,
            review->flags, (long long) line->records, (long long) line->racks, (long long) line->verified_qty,
            (long long) line->damage_qty, (long long) line->non_returnable_damaged_qty, (long long) line->expired_qty,
            (long long) line->compared_qty, (long long) line->moved_qty, line->book.known,
            (long long) line->book.system_qty, review->has_variance, (long long) review->variance,
            (long long) line->book.unit_cost, line->book.uom != NULL ? line->book.uom : "", users)));
}

static void
sv_review_settle(const sv_review_work_t *work, sv_totals_line_t *line)
{
    sv_review_line_t *review = &line->review;
    const char *told = sv_review_tell(line, work->arena);
    sv_line_facts_t facts = sv_review_facts(line);

    if (review->told == NULL || strcmp(review->told, told) != 0) {
        review->version++;
        review->told = told;
    }
    review->accepted = review->accepted_version == review->version && sv_line_may_be_accepted(&facts);
    facts = sv_review_facts(line);
    review->undecided = sv_line_is_undecided(&facts);
}

/* A line that differs by more than the count allows is counted again, once a round. */
static void
sv_review_ask(sv_review_work_t *work, sv_totals_line_t *line, const sv_line_tie_t *ties, size_t count)
{
    const sv_tolerance_line_t asked = { .variance = line->review.variance,
                                        .book = line->book.system_qty,
                                        .unit_cost = line->book.unit_cost };

    if (!work->asks || line->review.state != SV_LINE_COUNTED || !line->review.has_variance || line->unknown ||
        !sv_tolerance_is_exceeded(&work->tolerance, &asked)) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const sv_rack_facts_t *rack = sv_rack_facts_of(&work->racks, ties[i].rack_id);

        if (!rack->excluded && sv_review_ties(work, &ties[i], rack)) {
            sv_recount_ask_item(&work->recounts, rack, line->item->item_code,
                                ties[i].part != NULL ? ties[i].part->user_id : NULL);
            line->review.state = SV_LINE_RECOUNT_ASKED;
        }
    }
}

static void
sv_review_decide(sv_review_work_t *work)
{
    sv_line_rack_t *racks = sv_arena_alloc(work->arena, (work->count_ties + 1) * sizeof(racks[0]));
    size_t next = 0;

    for (size_t i = 0; i < work->lines->count; i++) {
        sv_totals_line_t *line = &work->lines->lines[i];
        size_t from = next, count = 0, step;

        while (next < work->count_ties && work->ties[next].line == line) {
            count += sv_review_rack(work, &work->ties[next], work->count_ties - next, &step, &racks[count]);
            next += step;
        }
        line->review.state = sv_line_state_decide(line->records > 0, racks, count);
        sv_review_put_facts(work, line);
        sv_review_ask(work, line, work->ties + from, next - from);
        sv_review_settle(work, line);
    }
}

sv_status_t
sv_review_derive(sv_store_t *store, const bson_t *count, sv_totals_lines_t *lines, bool *asked, sv_error_t *error)
{
    sv_review_work_t work = { .store = store, .lines = lines, .arena = lines->arena, .count = count };
    const char *status = sv_doc_text(count, "status", lines->arena);

    work.asks = sv_tolerance_read(count, &work.tolerance) && status != NULL &&
                (strcmp(status, "OPEN") == 0 || strcmp(status, "RECONCILE") == 0);
    sv_recount_asks_init(&work.recounts, lines->scope->count_id, lines->scope->warehouse, work.tolerance.different_user,
                         lines->arena);
    if (sv_review_read_racks(&work, error) != SV_OK || sv_review_read_conflicts(&work, error) != SV_OK ||
        sv_review_read_rejected(&work, error) != SV_OK || sv_line_serials_flag(store, lines, error) != SV_OK) {
        return error->status;
    }
    sv_review_add_users(&work);
    sv_review_decide(&work);
    *asked = work.recounts.count > 0;
    return sv_recount_asks_write(store, NULL, &work.recounts, error);
}
