#ifndef SV_BASE_JSON_WRITER_H
#define SV_BASE_JSON_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/buffer.h"
#include "core/base/quantity.h"

/*
 * Writes compact JSON (RFC 8259) into a buffer, commas and escapes by itself:
 *
 *     sv_json_object(w, NULL);
 *     sv_json_text(w, "rack_id", rack->rack_id);
 *     sv_json_array(w, "floors");  ...  sv_json_end(w);
 *     sv_json_end(w);
 *
 * `name` is the member's name inside an object and NULL inside an array or at
 * the top.  A NULL text is written as null.
 */
enum { SV_JSON_MAX_DEPTH = 32 };

typedef struct {
    sv_buffer_t *out;
    unsigned depth;
    bool has_member[SV_JSON_MAX_DEPTH + 1];
    char closer[SV_JSON_MAX_DEPTH + 1];
} sv_json_writer_t;

void sv_json_writer_init(sv_json_writer_t *w, sv_buffer_t *out);

void sv_json_object(sv_json_writer_t *w, const char *name);
void sv_json_array(sv_json_writer_t *w, const char *name);
void sv_json_end(sv_json_writer_t *w); /* closes the innermost */

void sv_json_text(sv_json_writer_t *w, const char *name, const char *text);
void sv_json_text_n(sv_json_writer_t *w, const char *name, const char *text, size_t length);
void sv_json_int(sv_json_writer_t *w, const char *name, int64_t value);
void sv_json_bool(sv_json_writer_t *w, const char *name, bool value);
void sv_json_null(sv_json_writer_t *w, const char *name);
void sv_json_double(sv_json_writer_t *w, const char *name, double value); /* not for quantities */
void sv_json_quantity(sv_json_writer_t *w, const char *name, sv_quantity_t value);
/* RFC 3339; 0 is written as null. */
void sv_json_time(sv_json_writer_t *w, const char *name, int64_t ms);
/* A piece of JSON that is complete and valid already. */
void sv_json_raw(sv_json_writer_t *w, const char *name, const char *json, size_t length);

#endif
