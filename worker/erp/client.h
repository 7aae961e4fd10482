#ifndef SV_ERP_CLIENT_H
#define SV_ERP_CLIENT_H

#include <bson/bson.h>

#include "core/erp/mapping.h"
#include "core/settings/settings.h"

/*
 * Asks the ERP by way of a child process (worker/erp/child.h), which is started when first needed and killed when it
 * does not answer in time: a call ends within its limit whatever the ERP and its driver do.  One thread at a time.
 * All failures are SV_ERR_UNAVAILABLE with the cause.
 */
typedef struct sv_erp_client_s sv_erp_client_t;

/* Asked every tenth of a second while the ERP is waited for; NULL: never. */
typedef bool (*sv_erp_give_up_t)(void *context);

/* `mapping` must outlive it. */
sv_erp_client_t *sv_erp_client_create(const sv_settings_t *settings, const sv_erp_mapping_t *mapping,
                                      sv_erp_give_up_t give_up, void *context);
void sv_erp_client_destroy(sv_erp_client_t *client); /* NULL is allowed; kills the child */

/* Has a connection when it is asked next, which so need not make one within its own limit. */
sv_status_t sv_erp_client_connect(sv_erp_client_t *client, int64_t limit_ms, sv_error_t *error);

/* Runs a statement; `values` are texts for its parameters, in their order.  It is at its first row then. */
sv_status_t sv_erp_client_query(sv_erp_client_t *client, const sv_erp_statement_t *statement, const char *const *values,
                                int64_t limit_ms, sv_error_t *error);
/* What the ERP answered instead of rows: SQLSTATE and the driver's text, until the next query; NULL: the last call did
 * not fail, or for want of an answer. */
const char *sv_erp_client_refusal(const sv_erp_client_t *client);
/* Its columns, until the next query. */
size_t sv_erp_client_columns(const sv_erp_client_t *client, const char *const **names);

/* Some rows more, until the next call: an array of arrays of texts and nulls; *rows NULL after the last. */
sv_status_t sv_erp_client_next(sv_erp_client_t *client, int64_t limit_ms, const bson_t **rows, sv_error_t *error);

/* Rows of values for a statement that is to be executed once for each. */
typedef struct {
    const sv_erp_statement_t *statement;
    const char *const *const *rows; /* a text or NULL for each of its parameters, in their order */
    size_t count;
    int64_t for_ms; /* none is begun later */
    size_t given;   /* out: as many of the first are on their way */
    size_t taken;   /* out: as many of the first have the ERP's word */
} sv_erp_writing_t;

/* Has the child execute the statement for rows in their order, prepared once, each committed by itself: sent by the
 * first call, waited for by the second, `limit_ms` for each row; nothing else is asked of the client in between.  The
 * first fails with nothing `given`.  The second: SV_OK: what is behind `taken` was not begun.  Else with
 * sv_erp_client_refusal(): the row behind `taken` was answered an error, those behind it were not begun; without: any
 * row from `taken` to `given` may be in the ERP. */
sv_status_t
sv_erp_client_write(sv_erp_client_t *client, sv_erp_writing_t *writing, int64_t limit_ms, sv_error_t *error);
sv_status_t
sv_erp_client_written(sv_erp_client_t *client, sv_erp_writing_t *writing, int64_t limit_ms, sv_error_t *error);

#endif
