#ifndef SV_AUDIT_LIST_H
#define SV_AUDIT_LIST_H

#include "core/base/json_writer.h"
#include "core/store/page.h"

/* The audit trail as administrators read it. */
typedef struct {
    const char *user_id, *session_id, *rack_id, *count_id, *warehouse, *request_id; /* NULL: any */
    const char *action;                                                             /* a part of it; NULL: any */
    int64_t from_ms, to_ms;                                                         /* 0: open */
    bool verify;                                                                    /* walk the whole chain too */
    sv_page_t page;                                                                 /* limit, cursor and direction */
} sv_audit_query_t;

/*
 * A page's members into an object that is open.  Each entry tells whether it still is what was sealed (`verified`; null
 * while it is not sealed); where the query says `verify`, `chain` tells of the whole chain as `stockverifyctl audit
 * verify` does.
 */
sv_status_t sv_audit_page_write(sv_store_t *store, sv_audit_query_t *query, sv_json_writer_t *w, sv_error_t *error);

#endif
