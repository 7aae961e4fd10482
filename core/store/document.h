#ifndef SV_DOCUMENT_H
#define SV_DOCUMENT_H

#include <bson/bson.h>

#include "core/base/arena.h"
#include "core/base/json_writer.h"
#include "core/base/quantity.h"

/* Reading fields of a BSON document; `path` may be dotted ("current.rack_id").  A field that is
 * missing, null or of another type gives NULL, 0 or false.  Texts are copied into the arena. */
const char   *sv_doc_text(const bson_t *document, const char *path, sv_arena_t *arena);
int64_t       sv_doc_int(const bson_t *document, const char *path);        /* int32, int64, integral double */
bool          sv_doc_bool(const bson_t *document, const char *path);
int64_t       sv_doc_time(const bson_t *document, const char *path);       /* UTC ms */
sv_quantity_t sv_doc_quantity(const bson_t *document, const char *path);
bool          sv_doc_has(const bson_t *document, const char *path);        /* present and not null */
/* A sub-document or an array as a bson_t view in the arena, NULL when absent; valid while `document` is. */
const bson_t *sv_doc_child(const bson_t *document, const char *path, sv_arena_t *arena);

/* Gives every document of an array to `visit`, as long as the call lasts; other elements are passed over. */
typedef void (*sv_doc_visit_t)(const bson_t *document, void *context);
void sv_doc_each(const bson_t *document, const char *path, sv_doc_visit_t visit, void *context, sv_arena_t *arena);

/* A new bson_t that the arena destroys. */
bson_t *sv_doc_new(sv_arena_t *arena);
bson_t *sv_doc_copy(const bson_t *document, sv_arena_t *arena);
/* Hands a bson_t over to the arena: sv_doc_take(BCON_NEW(...), arena).  Texts from outside go into BCON_NEW
 * as BCON_UTF8(text) only: a bare "{" would open a document. */
bson_t *sv_doc_take(bson_t *document, sv_arena_t *arena);

/* Appending: NULL texts and 0 times become null. */
void sv_doc_put_text(bson_t *document, const char *name, const char *text);
void sv_doc_put_time(bson_t *document, const char *name, int64_t ms);
void sv_doc_put_texts(bson_t *document, const char *name, const char *const *texts, size_t count); /* an array */
void sv_doc_put_quantity(bson_t *document, const char *name, sv_quantity_t quantity);

/* Any BSON value as plain JSON: Decimal128 and numbers as numbers, dates as RFC 3339, ObjectId as text, `_id` left out of objects. */
void sv_doc_write_json(sv_json_writer_t *w, const char *name, const bson_t *document);
void sv_doc_write_value(sv_json_writer_t *w, const char *name, const bson_iter_t *iter);

#endif
