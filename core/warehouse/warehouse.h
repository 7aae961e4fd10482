#ifndef SV_WAREHOUSE_H
#define SV_WAREHOUSE_H

#include "core/base/time_zone.h"
#include "core/store/store.h"
#include "core/warehouse/warehouse_code.h"

/*
 * Warehouses (docs/data-model.md, warehouses): whose days, whose money, and whether the books know what each rack
 * holds. A warehouse is known by its document; one that has racks gets it by sv_warehouses_learn.
 */
enum { SV_WAREHOUSE_NAME_MAX = 200 };

typedef struct {
    const char *warehouse;
    const char *name;      /* NULL: it has none */
    const char *time_zone; /* NULL: the setting TIME_ZONE */
    const char *currency;  /* ISO 4217; NULL: not known */
    bool rack_books;       /* the books say what stands on each rack (rack_items.book_qty) */
} sv_warehouse_t;

/* One without a document is as a new one: nothing but its code. */
sv_status_t
sv_warehouse_read(sv_store_t *store, const char *code, sv_arena_t *arena, sv_warehouse_t *warehouse, sv_error_t *error);

/* All that are known, by code. */
sv_status_t
sv_warehouses_read(sv_store_t *store, sv_arena_t *arena, sv_warehouse_t **warehouses, size_t *count, sv_error_t *error);

/* The zone whose days are the warehouse's: its own, else TIME_ZONE; of no warehouse (NULL) TIME_ZONE.  Remembered for
 * ten seconds by the pool.  The zone lives in the arena. */
sv_status_t sv_warehouse_zone(sv_store_t *store, const char *code, sv_arena_t *arena, const sv_time_zone_t **zone,
                              sv_error_t *error);

/* What is to be changed; a member that is NULL stays, "" takes the value away. */
typedef struct {
    const char *name;
    const char *time_zone;
    const char *currency;
    const bool *rack_books;
} sv_warehouse_change_t;

/* Makes the warehouse known, or changes it.  SV_ERR_VALIDATION_FAILED names the field. */
sv_status_t
sv_warehouse_set(sv_store_t *store, const char *code, const sv_warehouse_change_t *change, sv_error_t *error);
/* Why a value is none for the field, in the error's arena; NULL: it is good. */
const char *sv_warehouse_time_zone_fault(const char *time_zone, sv_arena_t *arena);
const char *sv_warehouse_currency_fault(const char *currency, sv_arena_t *arena);

/* Makes the warehouses of all racks known; `dry_run` only counts those that are not. */
sv_status_t sv_warehouses_learn(sv_store_t *store, bool dry_run, int64_t *learned, sv_error_t *error);

#endif
