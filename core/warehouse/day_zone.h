#ifndef SV_DAY_ZONE_H
#define SV_DAY_ZONE_H

#include "core/base/time_bound.h"
#include "core/warehouse/warehouse.h"

/*
 * Whose days a question means: those of the zone that it names, else of the warehouse that it is about, by itself or by
 * its count, else of TIME_ZONE.
 */

/* The zone lives in the arena.  SV_ERR_VALIDATION_FAILED with `field` for a name that is no zone here. */
sv_status_t sv_day_zone(sv_store_t *store, const char *name, const char *field, const char *warehouse,
                        sv_arena_t *arena, const sv_time_zone_t **zone, sv_error_t *error);

/* *warehouse where it is one; else that of the count, where there is such a count; else NULL. */
sv_status_t sv_day_zone_warehouse(sv_store_t *store, const char *count_id, sv_arena_t *arena, const char **warehouse,
                                  sv_error_t *error);

/* From the one, before the other; 0: open on that side.  SV_ERR_VALIDATION_FAILED with the field "to" where nothing can
 * lie between them, and "tz" for a zone that is none. */
sv_status_t sv_time_range_settle(sv_store_t *store, const sv_time_range_t *range, const char *warehouse,
                                 int64_t *from_ms, int64_t *to_ms, sv_error_t *error);

#endif
