#include <stdlib.h>
#include <string.h>

#include "core/counts/count.h"
#include "core/serials/serial_list.h"
#include "core/store/document.h"
#include "core/store/filter.h"
#include "core/sync/counting.h"
#include "core/sync/query.h"
#include "core/sync/record.h"
#include "core/base/text_map.h"
#include "core/sync/serial_fold.h"

enum { SV_SIGHT_CHUNK = 500 };

/* A serial number as it is being looked into. */
typedef struct {
    sv_serial_sight_t sight;
    sv_serial_facts_t facts;
    bool known;       /* its document was read */
    bool placed;      /* and says that it is somewhere */
    int64_t before_n; /* of the place told as `before` */
} sv_sighting_t;

typedef struct {
    sv_store_t *store;
    sv_arena_t *arena;
    const char *count_id;
    const char *const *only; /* these items; NULL: any */
    size_t only_count;
    bool flags_only; /* of numbers that are in the count its figures tell all but their earlier places */
    sv_count_t count;
    int64_t started_ms;
    sv_sighting_t **list;
    size_t length, room;
    sv_text_map_t of_key;     /* item and key -> sv_sighting_t */
    sv_text_map_t racks;      /* that were counted */
    sv_text_map_t items;      /* that were counted */
    sv_text_map_t warehouses; /* of other counts: count -> warehouse */
    sv_text_map_t contested;  /* keys */
    const char **item_codes;
    size_t item_count, item_room;
} sv_sighting_run_t;

static sv_sighting_t *
sv_sighting_of(sv_sighting_run_t *run, const char *item_code, const char *serial_number)
{
    const char *key = sv_serial_fold(serial_number, run->arena);
    void **place = sv_text_map_put(&run->of_key, sv_arena_printf(run->arena, "%s\x02%s", item_code, key));
    sv_sighting_t *sighting = *place;

    if (sighting == NULL) {
        sighting = sv_arena_zalloc(run->arena, sizeof(*sighting));
        sighting->sight.serial_number = serial_number;
        sighting->sight.serial_key = key;
        sighting->sight.item_code = item_code;
        *place = sighting;
        run->list = sv_arena_grow(run->arena, run->list, run->length, &run->room, sizeof(*run->list));
        run->list[run->length++] = sighting;
    }
    return sighting;
}

/* ---- what the count's figures carry */

static void
sv_sighting_add_item(sv_sighting_run_t *run, const char *item_code)
{
    void **place = sv_text_map_put(&run->items, item_code);

    if (*place == NULL) {
        *place = run;
        run->item_codes =
            sv_arena_grow(run->arena, run->item_codes, run->item_count, &run->item_room, sizeof(*run->item_codes));
        run->item_codes[run->item_count++] = item_code;
    }
}

/* What a figure carries; `facts` of all of them. */
static void
sv_sighting_add_figure(sv_sighting_run_t *run, const sv_serial_figure_t *figure, const sv_serial_facts_t *facts)
{
    bson_iter_t iter;

    *sv_text_map_put(&run->racks, figure->rack_id) = run;
    sv_sighting_add_item(run, figure->item_code);
    if (figure->numbers == NULL || !bson_iter_init(&iter, figure->numbers)) {
        return;
    }
    while (bson_iter_next(&iter)) {
        if (BSON_ITER_HOLDS_UTF8(&iter)) {
            sv_sighting_t *sighting =
                sv_sighting_of(run, figure->item_code, sv_arena_strdup(run->arena, bson_iter_utf8(&iter, NULL)));

            sighting->sight.rack_id = figure->rack_id;
            sighting->facts = *facts;
        }
    }
}

static void
sv_sighting_record_row(const bson_t *record, void *context)
{
    sv_sighting_run_t *run = context;
    const sv_serial_figure_t figure = { .item_code = sv_doc_text(record, "item_code", run->arena),
                                        .rack_id = sv_doc_text(record, "rack_id", run->arena),
                                        .numbers = sv_doc_child(record, "serial_numbers", run->arena) };
    const sv_serial_facts_t facts = { .client_record_id = sv_doc_text(record, "client_record_id", run->arena),
                                      .session_id = sv_doc_text(record, "session_id", run->arena),
                                      .user_id = sv_doc_text(record, "user_id", run->arena) };

    if (figure.item_code != NULL && figure.rack_id != NULL) {
        sv_sighting_add_figure(run, &figure, &facts);
    }
}

static sv_status_t
sv_sightings_read_records(sv_sighting_run_t *run, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(run->arena);

    BSON_APPEND_UTF8(filter, "count_id", run->count_id);
    if (run->only != NULL) {
        sv_filter_in(filter, "item_code", run->only, run->only_count);
    }
    sv_counting_filter(filter);
    return sv_store_each(run->store, SV_COLLECTION_VERIFICATION_RECORDS, filter, NULL, sv_sighting_record_row, run,
                         error);
}

/* Of one item too the racks are those of the whole count: where it was looked for. */
static void
sv_sighting_rack_row(const bson_t *session, void *context)
{
    sv_sighting_run_t *run = context;
    const char *rack_id = sv_doc_text(session, "rack_id", run->arena);

    if (rack_id != NULL) {
        *sv_text_map_put(&run->racks, rack_id) = run;
    }
}

static sv_status_t
sv_sightings_read_racks(sv_sighting_run_t *run, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("count_id", BCON_UTF8(run->count_id)), run->arena);
    bson_t *projection = sv_doc_take(BCON_NEW("rack_id", BCON_INT32(1)), run->arena);

    return sv_query_each(run->store, SV_COLLECTION_VERIFICATION_SESSIONS, filter, projection, sv_sighting_rack_row, run,
                         error);
}

/* ---- where they were before */

/* A place counts as earlier when it is of another count that found it before this one began, or before it found it. */
static void
sv_sighting_consider(sv_sighting_run_t *run, sv_sighting_t *sighting, int64_t n, const bson_t *place)
{
    const char *count_id = sv_doc_text(place, "count_id", run->arena);
    int64_t at_ms = sv_doc_time(place, "at");

    if (count_id == NULL || strcmp(count_id, run->count_id) == 0 || n <= sighting->before_n ||
        at_ms >= run->started_ms) {
        return;
    }
    sighting->before_n = n;
    sighting->sight.before_rack_id = sv_doc_text(place, "rack_id", run->arena);
    sighting->facts.before_count_id = count_id;
    sighting->facts.before_at_ms = at_ms;
}

static void
sv_sighting_serial_row(const bson_t *serial, void *context)
{
    sv_sighting_run_t *run = context;
    const char *item_code = sv_doc_text(serial, "item_code", run->arena);
    const char *number = sv_doc_text(serial, "serial_number", run->arena);
    const bson_t *current = sv_doc_child(serial, "current", run->arena);
    sv_sighting_t *sighting;

    if (item_code == NULL || number == NULL) {
        return;
    }
    sighting = sv_sighting_of(run, item_code, number);
    if (!sighting->known) {
        sighting->known = true;
        sighting->placed = sv_doc_has(serial, "current");
        sighting->sight.serial_number = number; /* as it was first spelt */
    }
    if (current != NULL) {
        sv_sighting_consider(run, sighting, sv_doc_int(serial, "moves") + 1, current);
    }
}

static void
sv_sighting_place_row(const bson_t *place, void *context)
{
    sv_sighting_run_t *run = context;
    const char *item_code = sv_doc_text(place, "item_code", run->arena);
    const char *number = sv_doc_text(place, "serial_number", run->arena);

    if (item_code != NULL && number != NULL && sv_text_map_get(&run->items, item_code) != NULL) {
        sv_sighting_consider(run, sv_sighting_of(run, item_code, number), sv_doc_int(place, "n"), place);
    }
}

/* Everything that a collection has of the items, some of them at a time. */
static sv_status_t
sv_sightings_read_of_items(sv_sighting_run_t *run, sv_collection_t collection, sv_error_t *error)
{
    bool serials = collection == SV_COLLECTION_ITEM_SERIALS;

    for (size_t i = 0; i < run->item_count; i += SV_SIGHT_CHUNK) {
        size_t left = run->item_count - i;
        bson_t *filter = sv_doc_new(run->arena);

        sv_filter_in(filter, "item_code", run->item_codes + i, left < SV_SIGHT_CHUNK ? left : SV_SIGHT_CHUNK);
        if (serials && run->flags_only) {
            BCON_APPEND(filter, "current.count_id", "{", "$ne", BCON_UTF8(run->count_id), "}");
        }
        if (sv_store_each(run->store, collection, filter, NULL,
                          serials ? sv_sighting_serial_row : sv_sighting_place_row, run, error) != SV_OK) {
            return error->status;
        }
        if (run->length > SV_SERIALS_OF_COUNT_MAX) {
            return sv_fail(error, SV_ERR_PARAMETER_INVALID,
                           "The count has more than %d serial numbers; ask by item_code", SV_SERIALS_OF_COUNT_MAX);
        }
    }
    return SV_OK;
}

/* ---- what is to be told of them */

static void
sv_sighting_contested_row(const bson_t *conflict, void *context)
{
    sv_sighting_run_t *run = context;
    const char *number = sv_doc_text(conflict, "server.serial_number", run->arena);

    if (number != NULL) {
        *sv_text_map_put(&run->contested, sv_serial_fold(number, run->arena)) = run;
    }
}

static sv_status_t
sv_sightings_read_conflicts(sv_sighting_run_t *run, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("count_id", BCON_UTF8(run->count_id), "status", BCON_UTF8("open"), "type",
                                          BCON_UTF8("duplicate_serial")),
                                 run->arena);

    return sv_query_each(run->store, SV_COLLECTION_SYNC_CONFLICTS, filter, NULL, sv_sighting_contested_row, run, error);
}

static void
sv_sighting_warehouse_row(const bson_t *count, void *context)
{
    sv_sighting_run_t *run = context;

    *sv_text_map_put(&run->warehouses, sv_doc_text(count, "session_id", run->arena)) =
        (void *) sv_doc_text(count, "warehouse", run->arena);
}

static sv_status_t
sv_sightings_read_warehouses(sv_sighting_run_t *run, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(run->arena);
    bson_t *projection = sv_doc_take(BCON_NEW("session_id", BCON_INT32(1), "warehouse", BCON_INT32(1)), run->arena);
    sv_query_texts_t ids;
    sv_text_map_t seen;

    sv_text_map_init(&seen, run->arena, 0);
    sv_query_texts_init(&ids, run->arena);
    for (size_t i = 0; i < run->length; i++) {
        const char *count_id = run->list[i]->facts.before_count_id;
        void **place = count_id != NULL ? sv_text_map_put(&seen, count_id) : NULL;

        if (place != NULL && *place == NULL) {
            *place = run;
            sv_query_texts_add(&ids, count_id);
        }
    }
    if (ids.count == 0) {
        return SV_OK;
    }
    sv_query_in(filter, "session_id", &ids);
    return sv_query_each(run->store, SV_COLLECTION_SESSIONS, filter, projection, sv_sighting_warehouse_row, run, error);
}

/* Whether the count looked where it was. */
static bool
sv_sighting_is_in_scope(const sv_sighting_run_t *run, const sv_sighting_t *sighting)
{
    const char *warehouse = sv_text_map_get(&run->warehouses, sighting->facts.before_count_id);

    if (warehouse == NULL || run->count.warehouse == NULL || strcmp(warehouse, run->count.warehouse) != 0) {
        return false;
    }
    return (!sv_count_is_standing(&run->count) && run->count.floor == NULL && run->count.racks == NULL) ||
           sv_text_map_get(&run->racks, sighting->sight.before_rack_id) != NULL;
}

/* In the count, or gone from where it was: what was given back since, or was elsewhere, is neither. */
static bool
sv_sighting_is_told(const sv_sighting_run_t *run, const sv_sighting_t *sighting)
{
    if (sighting->sight.rack_id != NULL) {
        return true;
    }
    return sighting->sight.before_rack_id != NULL && sighting->placed && sv_sighting_is_in_scope(run, sighting);
}

static int
sv_sighting_compare(const void *a, const void *b)
{
    const sv_serial_sight_t *one = &(*(sv_sighting_t *const *) a)->sight,
                            *other = &(*(sv_sighting_t *const *) b)->sight;
    int by_item = strcmp(one->item_code, other->item_code);

    return by_item != 0 ? by_item : strcmp(one->serial_key, other->serial_key);
}

static void
sv_sightings_tell(sv_sighting_run_t *run, sv_serials_of_count_t *serials)
{
    serials->sights = sv_arena_alloc(run->arena, (run->length + 1) * sizeof(*serials->sights));
    serials->facts = sv_arena_alloc(run->arena, (run->length + 1) * sizeof(*serials->facts));
    serials->count = 0;
    if (run->length > 1) {
        qsort(run->list, run->length, sizeof(*run->list), sv_sighting_compare);
    }
    for (size_t i = 0; i < run->length; i++) {
        sv_sighting_t *sighting = run->list[i];

        if (sv_sighting_is_told(run, sighting)) {
            sighting->sight.contested = sv_text_map_get(&run->contested, sighting->sight.serial_key) != NULL;
            serials->sights[serials->count] = sighting->sight;
            serials->facts[serials->count++] = sighting->facts;
        }
    }
    sv_serial_states_decide(serials->sights, serials->count, run->arena);
}

static sv_status_t
sv_sightings_begin(sv_sighting_run_t *run, sv_error_t *error)
{
    sv_text_map_t *const maps[] = { &run->of_key, &run->racks, &run->items, &run->warehouses, &run->contested };

    if (sv_count_find(run->store, run->count_id, run->arena, &run->count, error) != SV_OK) {
        return error->status;
    }
    run->started_ms = sv_doc_time(run->count.document, "started_at");
    for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
        sv_text_map_init(maps[i], run->arena, 0);
    }
    return SV_OK;
}

/* After what the figures carry. */
static sv_status_t
sv_sightings_finish(sv_sighting_run_t *run, sv_serials_of_count_t *serials, sv_error_t *error)
{
    if (sv_sightings_read_racks(run, error) != SV_OK ||
        sv_sightings_read_of_items(run, SV_COLLECTION_ITEM_SERIALS, error) != SV_OK ||
        sv_sightings_read_of_items(run, SV_COLLECTION_SERIAL_HISTORY, error) != SV_OK ||
        sv_sightings_read_conflicts(run, error) != SV_OK || sv_sightings_read_warehouses(run, error) != SV_OK) {
        return error->status;
    }
    sv_sightings_tell(run, serials);
    return SV_OK;
}

sv_status_t
sv_serials_of_items(sv_store_t *store, const char *count_id, const char *const *codes, size_t code_count,
                    sv_serials_of_count_t *serials, sv_error_t *error)
{
    sv_sighting_run_t run = {
        .store = store, .arena = error->arena, .count_id = count_id, .only = codes, .only_count = code_count
    };

    if (sv_sightings_begin(&run, error) != SV_OK || sv_sightings_read_records(&run, error) != SV_OK) {
        return error->status;
    }
    return sv_sightings_finish(&run, serials, error);
}

sv_status_t
sv_serials_of_figures(sv_store_t *store, const char *count_id, const sv_serial_figure_t *figures, size_t count,
                      sv_serials_of_count_t *serials, sv_error_t *error)
{
    static const sv_serial_facts_t nothing;
    sv_sighting_run_t run = { .store = store, .arena = error->arena, .count_id = count_id, .flags_only = true };

    if (sv_sightings_begin(&run, error) != SV_OK) {
        return error->status;
    }
    for (size_t i = 0; i < count; i++) {
        sv_sighting_add_figure(&run, &figures[i], &nothing);
    }
    return sv_sightings_finish(&run, serials, error);
}

sv_status_t
sv_serials_of_count(sv_store_t *store, const char *count_id, const char *item_code, sv_serials_of_count_t *serials,
                    sv_error_t *error)
{
    return sv_serials_of_items(store, count_id, item_code != NULL ? &item_code : NULL, item_code != NULL, serials,
                               error);
}
