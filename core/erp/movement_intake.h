#ifndef SV_ERP_MOVEMENT_INTAKE_H
#define SV_ERP_MOVEMENT_INTAKE_H

#include "core/erp/intake_options.h"
#include "core/erp/mapping.h"
#include "core/store/store.h"

/*
 * Takes the rows of [movements] into item_movements (docs/erp.md): what moved in a span of time, in any order, told as
 * often as the ERP likes.  What is wrong with a row is told and the row refused.
 */
typedef struct sv_erp_movement_intake_s sv_erp_movement_intake_t;

/* A movement's transaction may be committed after others that bear later times: so much is read again. */
#define SV_ERP_MOVEMENTS_AGAIN_MS INT64_C(3600000)
/* Where the first import begins: longer than a count lasts. */
#define SV_ERP_MOVEMENTS_FIRST_MS (INT64_C(31) * 24 * 3600 * 1000)

typedef struct {
    int64_t rows, created, changed, refused;
    int64_t latest_ms; /* the latest moved_at; 0: no row was taken */
} sv_erp_moved_t;

/* A time as databases write it: RFC 3339, a blank for its T, an offset of hours alone; without one it is UTC. */
bool sv_erp_time_parse(const char *text, int64_t *ms);

/* `columns` are the ERP's.  SV_ERR_VALIDATION_FAILED when they lack what a movement must have.  *intake is to be closed
 * in any case; of the options `report` and `context` count. */
sv_status_t sv_erp_movement_intake_open(sv_store_t *store, const sv_erp_mapping_t *mapping, const char *const *columns,
                                        size_t column_count, const sv_erp_intake_options_t *options,
                                        sv_erp_movement_intake_t **intake, sv_error_t *error);
/* Some rows: arrays of texts and nulls, in the order of the columns. */
sv_status_t sv_erp_movement_intake_rows(sv_erp_movement_intake_t *intake, const bson_t *rows, sv_error_t *error);
/* Writes all that is left; *moved is all that was taken. */
sv_status_t sv_erp_movement_intake_finish(sv_erp_movement_intake_t *intake, sv_erp_moved_t *moved, sv_error_t *error);
void sv_erp_movement_intake_close(sv_erp_movement_intake_t *intake); /* NULL is allowed */

#endif
