#ifndef SV_INDEXES_H
#define SV_INDEXES_H

#include "core/store/store.h"

/*
 * The index catalogue of indexes.def, and how a database is brought to it.  Nothing is ever
 * dropped: an index of somebody else's stays, and one whose definition differs from the
 * catalogue's is reported for a person to decide.
 */
typedef struct {
    sv_collection_t collection;
    const char *name;
    const char *keys; /* "user_id,-started_at", "item_name:text" */
    bool unique;
    const char *partial; /* JSON filter, NULL: none */
    int expire_after_s;  /* -1: none */
    const char *text;
} sv_index_row_t;

extern const sv_index_row_t sv_index_rows[];
extern const size_t sv_index_row_count;

typedef enum {
    SV_INDEX_KEPT, /* it is there */
    SV_INDEX_CREATED,
    SV_INDEX_MISSING,     /* only from sv_indexes_show */
    SV_INDEX_DIFFERENT,   /* there under this name or on these keys, with another definition; left as it is */
    SV_INDEX_UNSUPPORTED, /* this server has no such kind of index: a warning */
    SV_INDEX_FAILED,
    SV_INDEX_OUTCOME_COUNT
} sv_index_outcome_t;

const char *sv_index_outcome_name(sv_index_outcome_t outcome); /* "created" */

typedef struct {
    unsigned counts[SV_INDEX_OUTCOME_COUNT];
} sv_index_summary_t;

/* Told once a row, in the catalogue's order within a collection; `detail` is the server's or our
 * sentence, NULL when there is nothing to say. */
typedef void (*sv_index_report_t)(const sv_index_row_t *row, sv_index_outcome_t outcome, const char *detail,
                                  void *context);

/*
 * Creates missing collections (a transaction cannot on every server) and missing indexes.  Any number of workers
 * may do so at once.  `report` may be NULL.  SV_OK says that every row was looked at, not that each could be
 * created: see the summary.  SV_ERR_UNAVAILABLE and SV_ERR_INTERNAL: the server could not be asked.
 */
sv_status_t sv_indexes_ensure(sv_store_t *store, sv_index_report_t report, void *context, sv_index_summary_t *summary,
                              sv_error_t *error);

/* The same without changing anything. */
sv_status_t sv_indexes_show(sv_store_t *store, sv_index_report_t report, void *context, sv_index_summary_t *summary,
                            sv_error_t *error);

#endif
