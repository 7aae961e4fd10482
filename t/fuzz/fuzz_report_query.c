/* A report query as anyone may send it: what is taken becomes BSON of the table's paths and our operators only, and
 * comes back the same from where it is kept. */
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json_reader.h"
#include "core/report/query/query_plan.h"
#include "core/store/document.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const operators[] = {
    "$eq",     "$ne",    "$gt",     "$gte",     "$lt",    "$lte",   "$in",        "$nin",       "$and",
    "$nor",    "$match", "$lookup", "$unwind",  "$group", "$sum",   "$min",       "$max",       "$cond",
    "$ifNull", "$sort",  "$limit",  "$project", "$facet", "$count", "$dateTrunc", "$addFields", "$divide",
};
static const char *const words[] = {
    "_id",        "rows",       "total",
    "from",       "localField", "foreignField",
    "as",         "path",       "preserveNullAndEmptyArrays",
    "date",       "unit",       "startOfWeek",
    "d",          "projection", "sort",
    "batchSize",  "limit",      "timezone",
    "superseded", /* of records of the version before: they do not count */
};

static bool
listed(const char *key, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(list[i], key) == 0) {
            return true;
        }
    }
    return false;
}

/* A path of the table, with or without its link's alias before it. */
static bool
is_path(const sv_report_query_t *query, const char *key)
{
    size_t count;
    const sv_report_field_t *fields = sv_report_fields(query->collection, &count);

    for (size_t i = 0; i < count; i++) {
        const char *alias = sv_link_rows[fields[i].link].alias, *rest = key;

        if (alias != NULL && strncmp(rest, alias, strlen(alias)) == 0 && rest[strlen(alias)] == '.') {
            rest += strlen(alias) + 1;
        }
        if (strcmp(rest, fields[i].path) == 0) {
            return true;
        }
    }
    for (int link = 1; link < SV_LINK_COUNT_OF; link++) {
        const char *local = sv_report_link_local(query->collection, (sv_link_t) link);

        if (local != NULL && strcmp(local, key) == 0) {
            return true;
        }
    }
    return false;
}

/* "0" of a list; "k0", "a12", "a3n", "_id.k0" of groups. */
static bool
is_made(const char *key)
{
    const char *c = strncmp(key, "_id.", 4) == 0 ? key + 4 : key;

    c += *c == 'k' || *c == 'a';
    if (!isdigit((unsigned char) *c)) {
        return false;
    }
    while (isdigit((unsigned char) *c)) {
        c++;
    }
    c += *c == 'n' || *c == 'v';
    return *c == '\0';
}

static void
check_keys(const sv_report_query_t *query, const bson_iter_t *parent)
{
    bson_iter_t iter;

    if (!bson_iter_recurse(parent, &iter)) {
        abort();
    }
    while (bson_iter_next(&iter)) {
        const char *key = bson_iter_key(&iter);

        if (!listed(key, operators, sizeof(operators) / sizeof(operators[0])) &&
            !listed(key, words, sizeof(words) / sizeof(words[0])) && !is_made(key) && !is_path(query, key)) {
            abort();
        }
        if (BSON_ITER_HOLDS_DOCUMENT(&iter) || BSON_ITER_HOLDS_ARRAY(&iter)) {
            check_keys(query, &iter);
        }
    }
}

static void
check_document(const sv_report_query_t *query, const bson_t *document, sv_arena_t *arena)
{
    bson_t *holder = sv_doc_new(arena);
    bson_iter_t iter;

    if (!bson_validate(document, BSON_VALIDATE_UTF8, NULL)) {
        abort();
    }
    BSON_APPEND_DOCUMENT(holder, "0", document);
    bson_iter_init_find(&iter, holder, "0");
    check_keys(query, &iter);
}

static void
check_columns(const sv_report_query_t *query)
{
    size_t count;
    const sv_column_t *columns = sv_report_query_columns(query, &count);

    if (count == 0) {
        abort();
    }
    for (size_t i = 0; i < count; i++) {
        for (size_t n = 0; n < i; n++) {
            if (strcmp(columns[i].name, columns[n].name) == 0) {
                abort();
            }
        }
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sv_arena_t *arena = sv_arena_create();
    sv_report_query_t *query = NULL, *again;
    const json_t *body;
    sv_error_t error;

    sv_error_init(&error, arena);
    body = sv_json_parse_object((const char *) data, size, arena, &error);
    if (body != NULL) {
        query = sv_report_query_parse(body, arena, &error);
    }
    if (body != NULL && (query == NULL) != (error.status != SV_OK)) {
        abort();
    }
    if (query != NULL) {
        const bson_t *stored = sv_report_query_to_bson(query, arena);

        check_columns(query);
        check_document(query, sv_report_query_filter(query, arena), arena);
        check_document(query, sv_report_query_find_options(query, 5, arena), arena);
        check_document(query, sv_report_query_pipeline(query, 5, true, arena), arena);
        check_document(query, sv_report_query_count_pipeline(query, arena), arena);
        again = sv_report_query_from_bson(stored, arena, &error);
        if (again == NULL || !bson_equal(stored, sv_report_query_to_bson(again, arena)) ||
            strcmp(sv_report_query_describe(query, arena), sv_report_query_describe(again, arena)) != 0) {
            abort();
        }
    }
    sv_arena_destroy(arena);
    return 0;
}
