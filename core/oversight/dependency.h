#ifndef SV_DEPENDENCY_H
#define SV_DEPENDENCY_H

#include "core/base/json_writer.h"
#include "core/store/store.h"

/* What the system needs beside itself, and how that is, as administrators are told (GET /api/admin/system-status). */
typedef struct {
    const char *name;
    const char *state;      /* up, down, refuses_writes, off (none is configured), unknown (nobody could be asked) */
    int64_t latency_us;     /* -1: not measured */
    const char *version;    /* NULL: not known */
    const char *breaker;    /* NULL: there is none before it */
    int64_t error_at_ms;    /* 0: not known when */
    const char *last_error; /* NULL: none */
} sv_dependency_t;

void sv_dependency_write(sv_json_writer_t *w, const sv_dependency_t *dependency);

/* What the database tells of itself and of parts that leave their traces in it. */
typedef struct {
    const char *mongodb_version;
    sv_dependency_t workers;
    sv_dependency_t mail;
    const char *erp_error; /* why the last import that failed did; NULL: none in ninety days */
    int64_t erp_error_at_ms;
} sv_dependencies_stored_t;

/* In the arena of `error`.  On any thread that owns `store`. */
sv_status_t sv_dependencies_read(sv_store_t *store, sv_dependencies_stored_t *stored, sv_error_t *error);

#endif
