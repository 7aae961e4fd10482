#include "core/warehouse/warehouse.h"

#include <string.h>

#include "core/base/log.h"
#include "core/store/document.h"
#include "core/warehouse/zone_cache.h"

static void
sv_warehouse_take(const bson_t *document, sv_arena_t *arena, sv_warehouse_t *warehouse)
{
    warehouse->warehouse = sv_doc_text(document, "warehouse", arena);
    warehouse->name = sv_doc_text(document, "name", arena);
    warehouse->time_zone = sv_doc_text(document, "time_zone", arena);
    warehouse->currency = sv_doc_text(document, "currency", arena);
    warehouse->rack_books = sv_doc_bool(document, "rack_books");
}

static bson_t *
sv_warehouse_filter(const char *code, sv_arena_t *arena)
{
    return sv_doc_take(BCON_NEW("warehouse", BCON_UTF8(code)), arena);
}

sv_status_t
sv_warehouse_read(sv_store_t *store, const char *code, sv_arena_t *arena, sv_warehouse_t *warehouse, sv_error_t *error)
{
    const bson_t *document = NULL;
    sv_status_t status = sv_store_find_one(store, SV_COLLECTION_WAREHOUSES, sv_warehouse_filter(code, arena), NULL,
                                           arena, &document, error);

    *warehouse = (sv_warehouse_t){ .warehouse = code };
    if (status == SV_OK && document != NULL) {
        sv_warehouse_take(document, arena, warehouse);
    }
    return status;
}

sv_status_t
sv_warehouses_read(sv_store_t *store, sv_arena_t *arena, sv_warehouse_t **warehouses, size_t *count, sv_error_t *error)
{
    bson_t *options = sv_doc_take(BCON_NEW("sort", "{", "warehouse", BCON_INT32(1), "}"), arena);
    size_t capacity = 0;
    mongoc_cursor_t *cursor;
    const bson_t *row;
    sv_status_t status = sv_store_find(store, SV_COLLECTION_WAREHOUSES, sv_doc_new(arena), options, &cursor, error);

    *warehouses = NULL;
    *count = 0;
    if (status != SV_OK) {
        return status;
    }
    while (mongoc_cursor_next(cursor, &row)) {
        *warehouses = sv_arena_grow(arena, *warehouses, *count, &capacity, sizeof(**warehouses));
        sv_warehouse_take(row, arena, &(*warehouses)[*count]);
        *count += (*warehouses)[*count].warehouse != NULL;
    }
    status = sv_store_cursor_end(store, cursor, error);
    mongoc_cursor_destroy(cursor);
    return status;
}

/* The name of the zone a warehouse has of its own, "" for none. */
static sv_status_t
sv_warehouse_zone_name(sv_store_t *store, const char *code, sv_arena_t *arena, const char **name, sv_error_t *error)
{
    sv_zone_cache_t *cache =
        sv_store_pool_keep(store->pool, SV_POOL_KEEPS_ZONES, sv_zone_cache_create, sv_zone_cache_destroy);
    char *kept = sv_arena_alloc(arena, SV_ZONE_NAME_SIZE);
    sv_warehouse_t warehouse;

    *name = kept;
    if (cache != NULL && sv_zone_cache_get(cache, code, kept)) {
        return SV_OK;
    }
    if (sv_warehouse_read(store, code, arena, &warehouse, error) != SV_OK) {
        return error->status;
    }
    *name = warehouse.time_zone != NULL ? warehouse.time_zone : "";
    if (cache != NULL) {
        sv_zone_cache_put(cache, code, *name);
    }
    return SV_OK;
}

static void
sv_zone_release(void *zone)
{
    sv_time_zone_free(zone);
}

sv_status_t
sv_warehouse_zone(sv_store_t *store, const char *code, sv_arena_t *arena, const sv_time_zone_t **zone,
                  sv_error_t *error)
{
    const char *name = "";
    sv_time_zone_t *opened = NULL;

    *zone = NULL;
    if (code != NULL && code[0] != '\0' && sv_warehouse_zone_name(store, code, arena, &name, error) != SV_OK) {
        return error->status;
    }
    if (name[0] != '\0') {
        opened = sv_time_zone_open(name);
        if (opened == NULL) {
            sv_log(SV_LOG_WARNING, "warehouse %s: this host knows no time zone %s; TIME_ZONE goes in its place", code,
                   name);
        }
    }
    if (opened == NULL) {
        opened = sv_time_zone_open(store->settings->time_zone);
    }
    if (opened == NULL) {
        return sv_fail_cause(error, SV_ERR_INTERNAL, "TIME_ZONE: this host knows no time zone %s",
                             store->settings->time_zone);
    }
    sv_arena_on_destroy(arena, sv_zone_release, opened);
    *zone = opened;
    return SV_OK;
}

const char *
sv_warehouse_time_zone_fault(const char *time_zone, sv_arena_t *arena)
{
    sv_time_zone_t *zone = sv_time_zone_open(time_zone);

    sv_time_zone_free(zone);
    return zone != NULL ? NULL : sv_arena_printf(arena, "There is no time zone %s", time_zone);
}

const char *
sv_warehouse_currency_fault(const char *currency, sv_arena_t *arena)
{
    bool good = strlen(currency) == 3;

    for (size_t i = 0; good && i < 3; i++) {
        good = currency[i] >= 'A' && currency[i] <= 'Z';
    }
    return good ? NULL : sv_arena_printf(arena, "%s is no currency: three capital letters, as EUR", currency);
}

static sv_status_t
sv_warehouse_check(const char *code, const sv_warehouse_change_t *change, sv_error_t *error)
{
    const char *fault;

    if (code[0] == '\0' || strlen(code) > SV_WAREHOUSE_MAX * 4) {
        return sv_fail_field(error, "warehouse", "invalid", "A warehouse's code has 1 to %d characters",
                             SV_WAREHOUSE_MAX);
    }
    if (change->time_zone != NULL && change->time_zone[0] != '\0' &&
        (fault = sv_warehouse_time_zone_fault(change->time_zone, error->arena)) != NULL) {
        sv_fail_field(error, "time_zone", "unknown_time_zone", "%s", fault);
    }
    if (change->currency != NULL && change->currency[0] != '\0' &&
        (fault = sv_warehouse_currency_fault(change->currency, error->arena)) != NULL) {
        sv_fail_field(error, "currency", "invalid", "%s", fault);
    }
    return error->status;
}

/* What the change says goes under $set, the rest of a new document under $setOnInsert. */
static void
sv_warehouse_put(bson_t *set, bson_t *new_ones, const char *field, const char *value)
{
    if (value != NULL) {
        sv_doc_put_text(set, field, value[0] != '\0' ? value : NULL);
    } else {
        BSON_APPEND_NULL(new_ones, field);
    }
}

static bson_t *
sv_warehouse_update(const sv_warehouse_change_t *change, int64_t now_ms, sv_arena_t *arena)
{
    bson_t *update = sv_doc_new(arena), *set = sv_doc_new(arena), *new_ones = sv_doc_new(arena);

    sv_warehouse_put(set, new_ones, "name", change->name);
    sv_warehouse_put(set, new_ones, "time_zone", change->time_zone);
    sv_warehouse_put(set, new_ones, "currency", change->currency);
    BSON_APPEND_BOOL(change->rack_books != NULL ? set : new_ones, "rack_books",
                     change->rack_books != NULL && *change->rack_books);
    sv_doc_put_time(new_ones, "created_at", now_ms);
    if (!bson_empty(set)) {
        BSON_APPEND_DOCUMENT(update, "$set", set);
        BCON_APPEND(update, "$currentDate", "{", "updated_at", BCON_BOOL(true), "}");
    } else {
        sv_doc_put_time(new_ones, "updated_at", now_ms);
    }
    BSON_APPEND_DOCUMENT(update, "$setOnInsert", new_ones);
    return update;
}

sv_status_t
sv_warehouse_set(sv_store_t *store, const char *code, const sv_warehouse_change_t *change, sv_error_t *error)
{
    const bson_t *document = NULL;
    int64_t now_ms;
    sv_status_t status = sv_warehouse_check(code, change, error);

    if (status == SV_OK) {
        status = sv_store_now(store, &now_ms, error);
    }
    for (int tries = 0; status == SV_OK && tries < 2; tries++) {
        status = sv_store_find_and_update(store, SV_COLLECTION_WAREHOUSES, sv_warehouse_filter(code, error->arena),
                                          sv_warehouse_update(change, now_ms, error->arena), true, true, error->arena,
                                          &document, error);
        if (status != SV_ERR_ALREADY_EXISTS) {
            break;
        }
        /* Somebody else made it known in between: now it is there to be changed. */
        sv_error_clear(error);
        status = SV_OK;
    }
    return status;
}

/* The next warehouse after `*code` that has a rack; NULL: there is none.  One step along the index. */
static sv_status_t
sv_warehouse_of_racks_next(sv_store_t *store, const char **code, sv_arena_t *arena, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("warehouse", "{", "$gt", BCON_UTF8(*code), "}"), arena);
    bson_t *options = sv_doc_take(BCON_NEW("sort", "{", "warehouse", BCON_INT32(1), "}", "limit", BCON_INT64(1),
                                           "projection", "{", "_id", BCON_INT32(0), "warehouse", BCON_INT32(1), "}"),
                                  arena);
    mongoc_cursor_t *cursor;
    const bson_t *row;
    sv_status_t status = sv_store_find(store, SV_COLLECTION_RACK_REGISTRY, filter, options, &cursor, error);

    if (status != SV_OK) {
        return status;
    }
    *code = mongoc_cursor_next(cursor, &row) ? sv_doc_text(row, "warehouse", arena) : NULL;
    status = sv_store_cursor_end(store, cursor, error);
    mongoc_cursor_destroy(cursor);
    return status;
}

sv_status_t
sv_warehouses_learn(sv_store_t *store, bool dry_run, int64_t *learned, sv_error_t *error)
{
    static const sv_warehouse_change_t nothing = { 0 };
    const char *code = "";
    sv_arena_t *arena = error->arena;
    sv_status_t status = sv_warehouse_of_racks_next(store, &code, arena, error);

    *learned = 0;
    while (status == SV_OK && code != NULL) {
        const bson_t *known = NULL;

        status = sv_store_find_one(store, SV_COLLECTION_WAREHOUSES, sv_warehouse_filter(code, arena), NULL, arena,
                                   &known, error);
        if (status == SV_OK && known == NULL) {
            status = dry_run ? SV_OK : sv_warehouse_set(store, code, &nothing, error);
            *learned += status == SV_OK;
        }
        if (status == SV_OK) {
            status = sv_warehouse_of_racks_next(store, &code, arena, error);
        }
    }
    return status;
}
