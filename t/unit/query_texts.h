#ifndef SV_UNIT_QUERY_TEXTS_H
#define SV_UNIT_QUERY_TEXTS_H

#include "core/base/json_reader.h"
#include "core/report/query/query_cursor.h"

/* Report queries as texts with ' for ", in an arena that a test has to itself. */
extern sv_arena_t *query_arena;
extern sv_error_t query_error;

int query_texts_open(void **state);
int query_texts_close(void **state);

const json_t *query_json(const char *text);
sv_report_query_t *query_parse(const char *text); /* fails the test where it is none */

#endif
