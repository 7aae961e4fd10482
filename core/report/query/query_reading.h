#ifndef SV_REPORT_QUERY_READING_H
#define SV_REPORT_QUERY_READING_H

#include "core/report/query/query_plan.h"

/* A query being read from what a client sent; for query_parse.c and query_parse_filters.c alone. */
typedef struct {
    sv_report_query_t *query;
    const sv_json_fields_t *fields;
    sv_arena_t *arena;
} sv_query_reading_t;

enum { SV_QUERY_NAME_MAX = 64 };

/* Names the member as wrong; false. */
bool sv_query_wrong(const sv_json_fields_t *fields, const char *name, const char *code, const char *sentence);
/* Element `index` of the list `name` as an object to read; a bare text stands for {`alone`: text} where `alone` is not
 * NULL. */
bool sv_query_open_element(const sv_query_reading_t *reading, const char *name, size_t index, const json_t *element,
                           const char *alone, sv_json_fields_t *into);
/* The field of the collection that the member names; NULL, with the member named as wrong, when there is none. */
const sv_report_field_t *
sv_query_read_field(const sv_query_reading_t *reading, const sv_json_fields_t *fields, const char *member);
/* The list "filters". */
void sv_query_read_filters(const sv_query_reading_t *reading);

#endif
