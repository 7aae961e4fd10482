#include "core/store/filter.h"

#include <string.h>

#include "core/store/document.h"

bson_t *
sv_filter_same(const bson_t *document, sv_arena_t *arena)
{
    bson_t *filter = sv_doc_new(arena);
    bson_iter_t id;

    if (bson_iter_init_find(&id, document, "_id")) {
        bson_append_iter(filter, "_id", -1, &id);
    }
    return filter;
}

void
sv_filter_in(bson_t *filter, const char *field, const char *const *values, size_t count)
{
    bson_t operator;

    BSON_APPEND_DOCUMENT_BEGIN(filter, field, &operator);
    sv_doc_put_texts(&operator, "$in", values, count);
    bson_append_document_end(filter, &operator);
}

/* The text as a regular expression of itself, to be freed with bson_free(). */
static char *
sv_filter_literal(const char *text)
{
    bson_string_t *literal = bson_string_new(NULL);

    for (const char *c = text; *c != '\0'; c++) {
        if (strchr("\\^$.|?*+()[]{}/-", *c) != NULL) {
            bson_string_append(literal, "\\");
        }
        bson_string_append_printf(literal, "%c", *c);
    }
    return bson_string_free(literal, false);
}

void
sv_filter_contains(bson_t *filter, const char *const *fields, const char *text)
{
    bson_t all, either, branches, branch;
    char *literal;
    const char *key;
    char digits[16];

    if (text == NULL) {
        return;
    }
    literal = sv_filter_literal(text);
    BSON_APPEND_ARRAY_BEGIN(filter, "$and", &all);
    BSON_APPEND_DOCUMENT_BEGIN(&all, "0", &either);
    BSON_APPEND_ARRAY_BEGIN(&either, "$or", &branches);
    for (uint32_t i = 0; fields[i] != NULL; i++) {
        bson_uint32_to_string(i, &key, digits, sizeof(digits));
        BSON_APPEND_DOCUMENT_BEGIN(&branches, key, &branch);
        BSON_APPEND_REGEX(&branch, fields[i], literal, "i");
        bson_append_document_end(&branches, &branch);
    }
    bson_append_array_end(&either, &branches);
    bson_append_document_end(&all, &either);
    bson_append_array_end(filter, &all);
    bson_free(literal);
}

void
sv_filter_span(bson_t *filter, const char *field, int64_t from_ms, int64_t to_ms)
{
    bson_t range;

    if (from_ms == 0 && to_ms == 0) {
        return;
    }
    BSON_APPEND_DOCUMENT_BEGIN(filter, field, &range);
    if (from_ms != 0) {
        BSON_APPEND_DATE_TIME(&range, "$gte", from_ms);
    }
    if (to_ms != 0) {
        BSON_APPEND_DATE_TIME(&range, "$lt", to_ms);
    }
    bson_append_document_end(filter, &range);
}

void
sv_filter_rest(bson_t *filter, const bson_t *rest)
{
    BCON_APPEND(filter, "$and", "[", "{", "$or", "[", BCON_DOCUMENT(rest), "]", "}", "]");
}

/* $dateAdd, because the development server adds no numbers to dates. */
static void
sv_filter_clock(bson_t *filter, const char *operator, const char * since, const char *length_field, int64_t length_ms)
{
    bson_t end = BSON_INITIALIZER;

    if (length_field != NULL) {
        BCON_APPEND(&end, "$dateAdd", "{", "startDate", BCON_UTF8(since), "unit", "millisecond", "amount", "{", "$add",
                    "[", BCON_UTF8(length_field), BCON_INT64(length_ms), "]", "}", "}");
    } else {
        BCON_APPEND(&end, "$dateAdd", "{", "startDate", BCON_UTF8(since), "unit", "millisecond", "amount",
                    BCON_INT64(length_ms), "}");
    }
    BCON_APPEND(filter, "$and", "[", "{", "$expr", "{", operator, "[", BCON_DOCUMENT(&end), "$$NOW", "]", "}", "}",
                "]");
    bson_destroy(&end);
}

void
sv_filter_past(bson_t *filter, const char *since, const char *length_field, int64_t length_ms)
{
    sv_filter_clock(filter, "$lte", since, length_field, length_ms);
}

void
sv_filter_to_come(bson_t *filter, const char *since, const char *length_field, int64_t length_ms)
{
    sv_filter_clock(filter, "$gt", since, length_field, length_ms);
}
