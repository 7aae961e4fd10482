#ifndef SV_ERROR_LOG_H
#define SV_ERROR_LOG_H

#include "core/auth/principal.h"
#include "core/base/json_writer.h"
#include "core/store/page.h"

/*
 * What went wrong (docs/data-model.md, error_logs): in the server's own requests, in jobs, and in the console on
 * people's devices.  Kept for ninety days.
 */
typedef enum { SV_ERROR_OF_SERVER, SV_ERROR_OF_WORKER, SV_ERROR_OF_CONSOLE } sv_error_source_t;

extern const char *const sv_error_sources[]; /* NULL-terminated */

typedef struct {
    sv_error_source_t source;
    const char *code;
    const char *message;
    const char *route;  /* a route's id, a job's kind, a page of the console */
    const char *job_id; /* these and what follows may be NULL */
    const char *stack;
    const char *version; /* of the console */
    const char *device;
} sv_error_entry_t;

/* Notes an error; that it could not be noted is logged and changes nothing. */
void sv_error_log_note(sv_store_t *store, const sv_principal_t *who, const sv_error_entry_t *entry, sv_arena_t *arena);

/* The console's own: SV_ERR_RATE_LIMITED past SV_CONSOLE_ERRORS_MAX of a user in a minute. */
enum { SV_CONSOLE_ERRORS_MAX = 30 };
sv_status_t
sv_error_log_report(sv_store_t *store, const sv_principal_t *who, const sv_error_entry_t *entry, sv_error_t *error);

typedef struct {
    const char *source, *code, *user_id, *request_id; /* NULL: any */
    int64_t from_ms, to_ms;                           /* 0: open */
    sv_page_t page;                                   /* limit and cursor */
} sv_error_query_t;

/* A page's members into an object that is open, newest first. */
sv_status_t sv_error_log_write(sv_store_t *store, sv_error_query_t *query, sv_json_writer_t *w, sv_error_t *error);

#endif
