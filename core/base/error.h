#ifndef SV_BASE_ERROR_H
#define SV_BASE_ERROR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/arena.h"

/* SV_OK, or one row of errors.def. */
typedef enum {
    SV_OK = 0,
#define SV_ERROR(name, code, kind, message)  SV_ERR_##name,
#include "core/base/errors.def"
#undef SV_ERROR
    SV_STATUS_COUNT
} sv_status_t;

/* What kind of failure a row is; the module turns a kind into an HTTP status. */
typedef enum {
    SV_KIND_NONE = 0, SV_KIND_MALFORMED, SV_KIND_UNAUTHORIZED, SV_KIND_FORBIDDEN, SV_KIND_NOT_FOUND,
    SV_KIND_METHOD, SV_KIND_CONFLICT, SV_KIND_GONE, SV_KIND_PRECONDITION, SV_KIND_TOO_LONG, SV_KIND_TOO_LARGE, SV_KIND_MEDIA_TYPE, SV_KIND_RANGE, SV_KIND_RULE,
    SV_KIND_THROTTLED, SV_KIND_UNAVAILABLE, SV_KIND_UPSTREAM, SV_KIND_INTERNAL
} sv_kind_t;

/* One field that is wrong: its path ("records[3].verified_qty"), a stable word, a sentence. */
typedef struct {
    const char  *field;
    const char  *code;
    const char  *message;
} sv_detail_t;

/* Who holds a rack; told with rack_locked and lock_lost. */
typedef struct {
    const char  *user_id;
    const char  *full_name;
    const char  *session_id;
    int64_t      since_ms;       /* UTC milliseconds; 0 when unknown */
    int64_t      lock_ttl_s;     /* seconds left of the lease; 0 when none */
} sv_holder_t;

enum { SV_ERROR_MAX_DETAILS = 100 };

/*
 * An error as a value.  Strings live in `arena`.  A fresh error (sv_error_init)
 * is SV_OK; the first status set wins, details gather.
 */
typedef struct {
    sv_arena_t   *arena;
    sv_status_t   status;
    const char   *message;       /* NULL: the table's */
    sv_detail_t  *details;       /* array of detail_count */
    size_t        detail_count;
    sv_holder_t  *holder;        /* NULL when nobody holds anything */
    int           retry_after_s; /* 0: the kind's default */
    const char   *cause;         /* for the log only, never for a client; may be NULL */
} sv_error_t;

const char *sv_status_code(sv_status_t status);       /* "rack_locked"; SV_OK gives "ok" */
const char *sv_status_message(sv_status_t status);
sv_kind_t   sv_status_kind(sv_status_t status);

void sv_error_init(sv_error_t *error, sv_arena_t *arena);

/* Sets the status (the message may be NULL) and returns it, so a function ends
 * with `return sv_fail(error, SV_ERR_NOT_FOUND, "There is no rack %s", id);`. */
sv_status_t sv_fail(sv_error_t *error, sv_status_t status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* As sv_fail, for failures whose reason is for operators: `format` goes to
 * `cause`, the client is told the table's message. */
sv_status_t sv_fail_cause(sv_error_t *error, sv_status_t status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Adds a wrong field and sets SV_ERR_VALIDATION_FAILED unless a status is set.
 * Past SV_ERROR_MAX_DETAILS details are dropped.  `field` is copied, `code`
 * must be a literal.  Returns the status. */
sv_status_t sv_fail_field(sv_error_t *error, const char *field, const char *code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Back to SV_OK, keeping the arena: before a retry. */
void sv_error_clear(sv_error_t *error);

#endif
