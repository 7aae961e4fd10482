#ifndef SV_SYNC_QUERY_H
#define SV_SYNC_QUERY_H

#include "core/store/store.h"

/* A list of texts for $in. */
typedef struct {
    bson_t *array;
    uint32_t count;
} sv_query_texts_t;

void sv_query_texts_init(sv_query_texts_t *texts, sv_arena_t *arena);
void sv_query_texts_add(sv_query_texts_t *texts, const char *text); /* NULL: adds nothing */
/* Appends {name: {$in: texts}}. */
void sv_query_in(bson_t *filter, const char *name, const sv_query_texts_t *texts);

/* Appends {name: {operator: value}}. */
void sv_query_compare(bson_t *filter, const char *name, const char *operator, int64_t value);

/* Appends {name: {field: true}}, as $currentDate and $unset take it. */
void sv_query_mark(bson_t *update, const char *name, const char *field);

/* Every document a find gives, each a copy in the arena: row(document, context). */
typedef void (*sv_query_row_t)(const bson_t *document, void *context);
sv_status_t sv_query_each(sv_store_t *store, sv_collection_t collection, const bson_t *filter, const bson_t *projection,
                          sv_query_row_t row, void *context, sv_error_t *error);

#endif
