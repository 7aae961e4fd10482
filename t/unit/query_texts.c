#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "t/unit/query_texts.h"

sv_arena_t *query_arena;
sv_error_t query_error;

int
query_texts_open(void **state)
{
    (void) state;
    query_arena = sv_arena_create();
    sv_error_init(&query_error, query_arena);
    return 0;
}

int
query_texts_close(void **state)
{
    (void) state;
    sv_arena_destroy(query_arena);
    return 0;
}

const json_t *
query_json(const char *text)
{
    char *quoted = sv_arena_strdup(query_arena, text);
    const json_t *json;

    for (char *c = quoted; *c != '\0'; c++) {
        *c = *c == '\'' ? '"' : *c;
    }
    json = sv_json_parse_object(quoted, strlen(quoted), query_arena, &query_error);
    if (json == NULL) {
        fail_msg("%s: %s", quoted, query_error.message);
    }
    return json;
}

sv_report_query_t *
query_parse(const char *text)
{
    sv_report_query_t *query;

    sv_error_clear(&query_error);
    query = sv_report_query_parse(query_json(text), query_arena, &query_error);
    if (query == NULL) {
        fail_msg("%s: %s %s", text, query_error.detail_count > 0 ? query_error.details[0].field : "",
                 query_error.detail_count > 0 ? query_error.details[0].message : sv_status_code(query_error.status));
    }
    return query;
}
