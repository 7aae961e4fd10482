#ifndef SV_COUNT_LINES_H
#define SV_COUNT_LINES_H

#include <jansson.h>

#include "core/auth/principal.h"
#include "core/base/json_writer.h"
#include "core/store/page.h"

/*
 * Count lines: what a device saw scan by scan, as evidence behind the figures, with reasons and corrections.  They are
 * part of no total and change no figure.  A line never changes: the same again is taken for sent again.  They are kept
 * as long as the records.
 */
enum { SV_COUNT_LINES_SENT = 500 /* at once */, SV_COUNT_LINES_SESSION = 20000 /* of a floor session */ };

typedef struct {
    const char *line_id; /* as sent; NULL: it was no text */
    size_t index;
    /* set: it is refused */
    const char *field, *code, *message;
    const bson_t *document; /* as it is stored */
} sv_count_line_t;

typedef struct {
    const char *session_id;
    sv_count_line_t *lines; /* in the order sent */
    size_t count;
} sv_count_lines_t;

/* Reads {session_id, lines[]}: a fault of a line is its own.  SV_ERR_VALIDATION_FAILED for the whole. */
sv_status_t sv_count_lines_read(const json_t *body, sv_count_lines_t *lines, sv_error_t *error);

/* Stores what is good, for the session's owner or a supervisor: SV_OK, each line is stored or says why not.
 * SV_ERR_NOT_FOUND, SV_ERR_FORBIDDEN, SV_ERR_WRONG_KIND of the session; SV_ERR_UNAVAILABLE: send all again.  On a
 * thread that owns `store`; results live in error->arena. */
sv_status_t
sv_count_lines_store(sv_store_t *store, const sv_principal_t *who, sv_count_lines_t *lines, sv_error_t *error);
/* One JSON object: ok[], errors[]. */
void sv_count_lines_write_json(sv_json_writer_t *w, const sv_count_lines_t *lines);

/* A page of a floor session's lines, in the order of their own times; members of an open object. */
sv_status_t sv_count_lines_list(sv_store_t *store, const sv_principal_t *who, const char *session_id, sv_page_t *page,
                                sv_json_writer_t *w, sv_arena_t *arena, sv_error_t *error);

#endif
