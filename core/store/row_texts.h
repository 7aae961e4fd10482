#ifndef SV_ROW_TEXTS_H
#define SV_ROW_TEXTS_H

#include <bson/bson.h>

#include "core/base/arena.h"

/* A text of every row that is read: an sv_store_row_t and its context, for sv_store_each() and sv_doc_each().  Rows
 * without one are passed over; a text may stand in it several times. */
typedef struct {
    const char *field; /* path of the text in a row */
    sv_arena_t *arena;
    const char **texts;
    size_t count, capacity;
} sv_row_texts_t;

void sv_row_texts_take(const bson_t *row, void *texts);

#endif
