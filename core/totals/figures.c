#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/time_zone.h"
#include "core/stock/units.h"
#include "core/store/document.h"
#include "core/store/filter.h"
#include "core/sync/counting.h"
#include "core/totals/lines.h"
#include "core/warehouse/warehouse.h"

/* The part and what else its record says, until all lines are there. */
typedef struct {
    sv_totals_part_t part;
    sv_quantity_t verified_qty, damage_qty, non_returnable_damaged_qty;
    bool unknown;
    bool expired;
    int64_t changed_ms, counted_ms;
    bool linked; /* counted under a code that was none: its unit was nobody's then */
    const char *uom, *expiry_date;
} sv_figure_said_t;

typedef struct {
    sv_totals_lines_t *lines;
    sv_figure_said_t *said;
    size_t count, capacity;
    const sv_time_zone_t *zone; /* of the warehouse's days */
} sv_figures_said_t;

static int
sv_compare_parts(const void *a, const void *b)
{
    const sv_totals_part_t *x = a, *y = b;

    if (x->line != y->line) {
        return x->line < y->line ? -1 : 1;
    }
    return strcmp(x->rack_id != NULL ? x->rack_id : "", y->rack_id != NULL ? y->rack_id : "");
}

static bool
sv_parts_are_of_one_rack(const sv_totals_part_t *a, const sv_totals_part_t *b)
{
    return sv_compare_parts(a, b) == 0;
}

static void
sv_staff_add(sv_totals_staff_t *staff, const char *user_id, sv_arena_t *arena)
{
    for (size_t i = 0; i < staff->count; i++) {
        if (strcmp(staff->ids[i], user_id) == 0) {
            return;
        }
    }
    staff->ids = sv_arena_grow(arena, staff->ids, staff->count, &staff->capacity, sizeof(staff->ids[0]));
    staff->ids[staff->count++] = user_id;
}

/* ---- reading */

/* Said to be, or past its day when it was counted. */
static bool
sv_figure_is_expired(const sv_figures_said_t *figures, const bson_t *record, const sv_figure_said_t *said)
{
    const char *condition = sv_doc_text(record, "condition", figures->lines->arena);
    int year, month, day;
    char counted_on[48];

    if (condition != NULL && strcmp(condition, "expired") == 0) {
        return true;
    }
    if (said->expiry_date == NULL || said->expiry_date[0] == '\0') {
        return false;
    }
    sv_day_to_date(sv_time_zone_day(figures->zone, said->counted_ms), &year, &month, &day);
    snprintf(counted_on, sizeof(counted_on), "%04d-%02d-%02d", year, month, day);
    return strcmp(said->expiry_date, counted_on) < 0;
}

static void
sv_figures_add(const bson_t *record, void *context)
{
    sv_figures_said_t *figures = context;
    sv_arena_t *arena = figures->lines->arena;
    const char *lot = sv_doc_text(record, "lot_key", arena);
    sv_figure_said_t *said;

    if (!sv_counting_does(record)) {
        return;
    }
    figures->said = sv_arena_grow(arena, figures->said, figures->count, &figures->capacity, sizeof(figures->said[0]));
    said = &figures->said[figures->count];
    *said = (sv_figure_said_t){
        .part = { .item_code = sv_doc_text(record, "item_code", arena),
                  .lot = lot != NULL ? lot : "",
                  .rack_id = sv_doc_text(record, "rack_id", arena),
                  .round = sv_doc_int(record, "round"),
                  .declared_empty = sv_doc_bool(record, "declared_empty"),
                  .user_id = sv_doc_text(record, "user_id", arena),
                  .decided_by = sv_doc_text(record, "decided_by", arena),
                  .linked_by = sv_doc_text(record, "review.by", arena),
                  .serial_numbers = sv_doc_has(record, "serial_numbers.0")
                                        ? sv_doc_copy(sv_doc_child(record, "serial_numbers", arena), arena)
                                        : NULL },
        .verified_qty = sv_doc_quantity(record, "verified_qty"),
        .damage_qty = sv_doc_quantity(record, "damage_qty"),
        .non_returnable_damaged_qty = sv_doc_quantity(record, "non_returnable_damaged_qty"),
        .unknown = sv_doc_bool(record, "unknown"),
        .changed_ms = sv_doc_time(record, "changed_at"),
        .counted_ms = sv_doc_time(record, sv_doc_has(record, "counted_at") ? "counted_at" : "changed_at"),
        .linked = sv_doc_has(record, "counted_as") || sv_doc_has(record, "unknown_item_id"),
        .uom = sv_doc_text(record, "uom", arena),
        .expiry_date = sv_doc_text(record, "expiry_date", arena),
    };
    said->part.stock = said->verified_qty;
    sv_totals_add(&said->part.stock, said->damage_qty);
    said->expired = sv_figure_is_expired(figures, record, said);
    figures->count += sv_totals_item(figures->lines, said->part.item_code) != NULL;
}

/* An item that was derived a few times has few records that ceased to count: they did so in transactions of their own.
 * All of its records are read and sifted here, as what is asked beyond the index has a server open each of them.  Of
 * others only what counts is read, however often they were counted: `counts` stands in the index before the rack. */
enum { SV_SIFTED_DERIVATIONS = 20 };

/* Whole records: picking twenty of their members costs a server more than sending the others. */
static sv_status_t
sv_figures_read_some(sv_store_t *store, sv_figures_said_t *figures, bool sifted, sv_error_t *error)
{
    const sv_totals_lines_t *lines = figures->lines;
    const char **codes = sv_arena_alloc(lines->arena, (lines->item_count + 1) * sizeof(codes[0]));
    bson_t *filter = sv_doc_new(lines->arena);
    size_t count = 0;

    for (size_t i = 0; i < lines->item_count; i++) {
        if (sifted == (lines->items[i].derivations <= SV_SIFTED_DERIVATIONS)) {
            codes[count++] = lines->codes[i];
        }
    }
    if (count == 0) {
        return SV_OK;
    }
    BSON_APPEND_UTF8(filter, "count_id", lines->scope->count_id);
    sv_filter_in(filter, "item_code", codes, count);
    if (!sifted) {
        sv_counting_filter(filter);
    }
    return sv_store_each(store, SV_COLLECTION_VERIFICATION_RECORDS, filter, NULL, sv_figures_add, figures, error);
}

static sv_status_t
sv_figures_read(sv_store_t *store, sv_figures_said_t *figures, sv_error_t *error)
{
    return sv_figures_read_some(store, figures, true, error) == SV_OK
               ? sv_figures_read_some(store, figures, false, error)
               : error->status;
}

/* ---- adding up */

/* Lines of lots that nothing was known of. */
static void
sv_figures_make_lines(sv_figures_said_t *figures)
{
    sv_totals_lines_t *lines = figures->lines;

    for (size_t i = 0; i < figures->count; i++) {
        const sv_totals_part_t *part = &figures->said[i].part;

        if (sv_totals_line(lines, part->item_code, part->lot) == NULL) {
            sv_totals_add_line(lines, sv_totals_item(lines, part->item_code), part->lot);
            sv_totals_sort_lines(lines);
        }
    }
}

/* *kept is what records before it said; true: this one says something else. */
static bool
sv_figure_differs(const char **kept, const char *said)
{
    if (said == NULL || said[0] == '\0') {
        return false;
    }
    if (*kept == NULL) {
        *kept = said;
        return false;
    }
    return strcmp(*kept, said) != 0;
}

static void
sv_line_add_figure(sv_totals_line_t *line, const sv_figure_said_t *said)
{
    sv_totals_add(&line->verified_qty, said->verified_qty);
    sv_totals_add(&line->damage_qty, said->damage_qty);
    sv_totals_add(&line->non_returnable_damaged_qty, said->non_returnable_damaged_qty);
    if (said->expired) {
        sv_totals_add(&line->expired_qty, said->part.stock);
    }
    line->unknown |= said->unknown;
    line->uom_mixed |= line->item->uom == NULL
                           ? sv_figure_differs(&line->uom, said->uom)
                           : said->linked && said->uom != NULL && !sv_uom_is(said->uom, line->item->uom);
    line->expiry_mixed |= line->lot[0] != '\0' && sv_figure_differs(&line->expiry_date, said->expiry_date);
    if (line->records == 0 || said->counted_ms < line->first_counted_ms) {
        line->first_counted_ms = said->counted_ms;
    }
    if (line->records == 0 || said->counted_ms > line->last_counted_ms) {
        line->last_counted_ms = said->counted_ms;
    }
    line->records++;
    if (line->last_user_id == NULL || said->changed_ms >= line->last_at_ms) {
        line->last_user_id = said->part.user_id;
        line->last_at_ms = said->changed_ms;
    }
}

static void
sv_parts_count_racks(const sv_totals_parts_t *parts, bool standing)
{
    for (size_t i = 0; i < parts->count; i++) {
        const sv_totals_part_t *part = &parts->parts[i];

        part->line->racks += part->rack_id != NULL && (i == 0 || !sv_parts_are_of_one_rack(&parts->parts[i - 1], part));
        if (!standing) {
            sv_totals_add(&part->line->compared_qty, part->stock);
        }
    }
}

sv_status_t
sv_totals_read_figures(sv_store_t *store, sv_totals_lines_t *lines, sv_totals_staff_t *staff, sv_error_t *error)
{
    sv_totals_parts_t *parts = &lines->parts;
    sv_figures_said_t figures = { .lines = lines };
    sv_status_t status = sv_warehouse_zone(store, lines->scope->warehouse, lines->arena, &figures.zone, error);

    if (status == SV_OK) {
        status = sv_figures_read(store, &figures, error);
    }
    if (status != SV_OK) {
        return status;
    }
    sv_figures_make_lines(&figures);
    sv_totals_complete_lines(lines);
    parts->parts = sv_arena_alloc(lines->arena, (figures.count + 1) * sizeof(parts->parts[0]));
    for (size_t i = 0; i < figures.count; i++) {
        sv_figure_said_t *said = &figures.said[i];

        said->part.line = sv_totals_line(lines, said->part.item_code, said->part.lot);
        sv_line_add_figure(said->part.line, said);
        if (said->part.user_id != NULL) {
            sv_staff_add(staff, said->part.user_id, lines->arena);
        }
        parts->parts[parts->count++] = said->part;
    }
    if (parts->count > 0) {
        qsort(parts->parts, parts->count, sizeof(parts->parts[0]), sv_compare_parts);
    }
    sv_parts_count_racks(parts, lines->scope->standing);
    return SV_OK;
}
