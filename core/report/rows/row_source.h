#ifndef SV_ROW_SOURCE_H
#define SV_ROW_SOURCE_H

#include <bson/bson.h>

#include "core/base/error.h"

/* Rows one after another, from wherever they come: *row is the next one, valid until the next call; NULL at the end. */
typedef struct {
    sv_status_t (*next)(void *context, const bson_t **row, sv_error_t *error);
    void *context;
} sv_row_source_t;

/* Takes rows one after another; a status that is not SV_OK stops whoever gives them and is what that returns. */
typedef struct {
    sv_status_t (*row)(void *context, const bson_t *row, sv_error_t *error);
    void *context;
} sv_row_sink_t;

#endif
