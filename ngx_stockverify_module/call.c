#include "ngx_stockverify_module/call.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/gunzip.h"
#include "core/base/text_gate.h"
#include "core/warehouse/day_zone.h"

enum { SV_PAGE_LIMIT_DEFAULT = 50, SV_PAGE_LIMIT_MAX = 500, SV_CURSOR_MAX = 1024 };

/* The header is a list of entity tags, weak ones among them, or "*". */
bool
sv_call_etag_matches(const sv_call_t *call, const char *etag)
{
    const char *list = call->if_none_match, *at = list;
    size_t length = strlen(etag);

    if (list == NULL || strcmp(list, "*") == 0) {
        return list != NULL;
    }
    while ((at = strstr(at, etag)) != NULL) {
        const char *behind = at + length;

        if ((at == list || at[-1] == ' ' || at[-1] == ',' || at[-1] == '/') &&
            (*behind == '\0' || *behind == ',' || *behind == ' ')) {
            return true;
        }
        at++;
    }
    return false;
}

const char *
sv_call_query(const sv_call_t *call, const char *name)
{
    for (size_t i = 0; i < call->query_count; i++) {
        if (strcmp(call->query[i].name, name) == 0) {
            return call->query[i].value;
        }
    }
    return NULL;
}

/* The status of a wrong parameter is 400, so it is set before the detail would make it 422. */
bool
sv_call_wrong_parameter(sv_call_t *call, const char *name, const char *code, const char *sentence)
{
    if (call->error.status == SV_OK) {
        sv_fail(&call->error, SV_ERR_PARAMETER_INVALID, NULL);
    }
    sv_fail_field(&call->error, name, code, "%s", sentence);
    return false;
}

bool
sv_call_query_int(sv_call_t *call, const char *name, int64_t min, int64_t max, int64_t absent, int64_t *value)
{
    const char *text = sv_call_query(call, name), *digits;
    char *end;

    *value = absent;
    if (text == NULL) {
        return true;
    }
    digits = text + (*text == '-');
    errno = 0;
    *value = strtoll(text, &end, 10);
    if (*digits < '0' || *digits > '9' || *end != '\0') {
        return sv_call_wrong_parameter(call, name, "wrong_type", "must be an integer");
    }
    if (errno == ERANGE || *value < min || *value > max) {
        return sv_call_wrong_parameter(
            call, name, "out_of_range",
            sv_arena_printf(call->arena, "must be from %lld to %lld", (long long) min, (long long) max));
    }
    return true;
}

bool
sv_call_query_time(sv_call_t *call, const char *name, int64_t *ms)
{
    const char *text = sv_call_query(call, name);

    *ms = 0;
    if (text == NULL || sv_time_parse(text, ms) || sv_date_parse(text, ms)) {
        return true;
    }
    return sv_call_wrong_parameter(call, name, "invalid_format", "must be a time as in RFC 3339, or a date");
}

static bool
sv_call_query_bound(sv_call_t *call, const char *name, sv_time_bound_t *bound)
{
    const char *text = sv_call_query(call, name);

    return text == NULL || sv_time_bound_parse(text, bound) ||
           sv_call_wrong_parameter(call, name, "invalid_format", "must be a time as in RFC 3339, or a date");
}

static bool
sv_call_query_zone(sv_call_t *call, const char **zone)
{
    sv_time_zone_t *opened;

    *zone = sv_call_query(call, "tz");
    if (*zone == NULL) {
        return true;
    }
    opened = sv_time_zone_open(*zone);
    if (opened == NULL) {
        return sv_call_wrong_parameter(call, "tz", "unknown", "is no time zone known here");
    }
    sv_time_zone_free(opened);
    return true;
}

bool
sv_call_query_range(sv_call_t *call, const char *warehouse, int64_t *from_ms, int64_t *to_ms)
{
    sv_time_range_t range = { 0 };

    return sv_call_query_bound(call, "from", &range.from) && sv_call_query_bound(call, "to", &range.to) &&
           sv_call_query_zone(call, &range.zone) &&
           sv_time_range_settle(call->store, &range, warehouse, from_ms, to_ms, &call->error) == SV_OK;
}

bool
sv_call_query_choice(sv_call_t *call, const char *name, const char *const *words, int *index)
{
    const char *text = sv_call_query(call, name);
    sv_buffer_t sentence;

    *index = -1;
    if (text == NULL) {
        return true;
    }
    sv_buffer_init(&sentence, call->arena, 128);
    sv_buffer_puts(&sentence, "must be one of");
    for (int i = 0; words[i] != NULL; i++) {
        if (strcmp(words[i], text) == 0) {
            *index = i;
            return true;
        }
        sv_buffer_printf(&sentence, "%s %s", i == 0 ? "" : ",", words[i]);
    }
    return sv_call_wrong_parameter(call, name, "not_allowed", sentence.data);
}

bool
sv_call_query_identifier(sv_call_t *call, const char *name, size_t max_characters, const char **value)
{
    const char *text = sv_call_query(call, name);

    *value = text == NULL ? NULL : sv_text_pass(SV_TEXT_CODE, text, max_characters, call->arena);
    if (text == NULL || *value != NULL) {
        return true;
    }
    return sv_call_wrong_parameter(call, name, "invalid_format",
                                   sv_arena_printf(call->arena,
                                                   "must have 1 to %zu characters, none of them a control character",
                                                   max_characters));
}

bool
sv_call_query_place(sv_call_t *call, const char *name, const char **value)
{
    return sv_call_query_identifier(call, name, SV_CALL_PLACE_MAX, value);
}

const char *
sv_call_warehouse(const sv_call_t *call, const char *asked)
{
    const char *own = call->principal.warehouse;

    if (asked != NULL) {
        return asked;
    }
    return own != NULL && own[0] != '\0' ? own : NULL;
}

/* page and page_size, as the replaced system had them: nothing that cursor and limit could say beside them. */
static bool
sv_call_query_numbered(sv_call_t *call, sv_page_t *page)
{
    const char *name = sv_call_query(call, "page") != NULL ? "page" : "page_size";

    if (sv_call_query(call, "cursor") != NULL || sv_call_query(call, "limit") != NULL) {
        return sv_call_wrong_parameter(call, name, "not_allowed", "stands for itself, without cursor and limit");
    }
    if (!sv_call_query_int(call, "page", 1, SV_PAGE_REACH, 1, &page->number) ||
        !sv_call_query_int(call, "page_size", 1, SV_PAGE_LIMIT_MAX, SV_PAGE_LIMIT_DEFAULT, &page->limit)) {
        return false;
    }
    return page->number * page->limit <= SV_PAGE_REACH ||
           sv_call_wrong_parameter(
               call, name, "out_of_range",
               sv_arena_printf(call->arena, "must not reach beyond row %d: go on by next_cursor", SV_PAGE_REACH));
}

bool
sv_call_query_page(sv_call_t *call, sv_page_t *page)
{
    if (sv_call_query(call, "page") != NULL || sv_call_query(call, "page_size") != NULL) {
        return sv_call_query_numbered(call, page);
    }
    page->cursor = sv_call_query(call, "cursor");
    if (!sv_call_query_int(call, "limit", 1, SV_PAGE_LIMIT_MAX, SV_PAGE_LIMIT_DEFAULT, &page->limit)) {
        return false;
    }
    if (page->cursor != NULL && (page->cursor[0] == '\0' || strlen(page->cursor) > SV_CURSOR_MAX)) {
        sv_fail(&call->error, SV_ERR_CURSOR_INVALID, NULL);
        return false;
    }
    return true;
}

static bool
sv_call_query_sort(sv_call_t *call, const char *const *fields, const char **sort)
{
    const char *text = sv_call_query(call, "sort");
    sv_buffer_t sentence;

    if (text == NULL) {
        return true;
    }
    *sort = text;
    sv_buffer_init(&sentence, call->arena, 128);
    sv_buffer_puts(&sentence, "must be one of");
    for (int i = 0; fields[i] != NULL; i++) {
        if (strcmp(fields[i], text[0] == '-' ? text + 1 : text) == 0) {
            return true;
        }
        sv_buffer_printf(&sentence, "%s %s", i == 0 ? "" : ",", fields[i]);
    }
    sv_buffer_puts(&sentence, ", or one of them behind a -");
    return sv_call_wrong_parameter(call, "sort", "not_allowed", sentence.data);
}

bool
sv_call_query_sorted_page(sv_call_t *call, const char *list, const char *const *fields, const char *absent,
                          sv_page_t *page)
{
    const char *sort = absent;

    if (!sv_call_query_sort(call, fields, &sort) || !sv_call_query_page(call, page)) {
        return false;
    }
    page->direction = sort[0] == '-' ? -1 : 1;
    page->sort_field = sort[0] == '-' ? sort + 1 : sort;
    page->list = sv_arena_printf(call->arena, "%s %s", list, sort);
    return true;
}

const json_t *
sv_call_body(sv_call_t *call)
{
    return sv_call_body_loosely(call, NULL);
}

void
sv_call_set_body(sv_call_t *call, const char *body, size_t length)
{
    static const char mark[] = "\xef\xbb\xbf";
    size_t skipped = strncmp(body, mark, sizeof(mark) - 1) == 0 ? sizeof(mark) - 1 : 0;

    call->body = body + skipped;
    call->body_length = length - skipped;
}

/* Replaces a packed body by what it holds. */
static sv_status_t
sv_call_unpack_body(sv_call_t *call)
{
    size_t length;
    char *plain;

    switch (sv_gunzip(call->body, call->body_length, call->body_limit, &plain, &length)) {
    case SV_GUNZIP_OK:
        break;
    case SV_GUNZIP_TOO_LARGE:
        return sv_fail(&call->error, SV_ERR_BODY_TOO_LARGE, "The unpacked body is too large");
    case SV_GUNZIP_NO_MEMORY:
        return sv_fail_cause(&call->error, SV_ERR_BUSY, "no memory to unpack a body of %zu bytes", call->body_length);
    case SV_GUNZIP_BROKEN:
        return sv_fail(&call->error, SV_ERR_JSON_INVALID, "The body is not whole gzip");
    }
    sv_arena_on_destroy(call->arena, free, plain);
    sv_call_set_body(call, plain, length);
    call->body_packed = false;
    return SV_OK;
}

static const char *
sv_call_body_start(const sv_call_t *call)
{
    return call->body + strspn(call->body, " \t\r\n");
}

/* Whether nothing was said: no body, or null for one that need not be. */
static bool
sv_call_body_absent(const sv_call_t *call)
{
    const char *start;

    if (call->body == NULL || call->body_length == 0) {
        return true;
    }
    start = sv_call_body_start(call);
    return call->body_optional && strncmp(start, "null", 4) == 0 &&
           start + 4 + strspn(start + 4, " \t\r\n") == call->body + call->body_length;
}

static const json_t *
sv_call_read_body(sv_call_t *call, const char *loose, bool many)
{
    static const char empty[] = "{}";

    if (call->body_packed && sv_call_unpack_body(call) != SV_OK) {
        return NULL;
    }
    if (sv_call_body_absent(call)) {
        if (!call->body_optional) {
            sv_fail(&call->error, SV_ERR_JSON_INVALID, "A JSON object is required as body");
            return NULL;
        }
        return sv_json_parse_object(empty, sizeof(empty) - 1, call->arena, &call->error);
    }
    return (many ? sv_json_parse_object_of_many : sv_json_parse_object_loosely)(call->body, call->body_length, loose,
                                                                                call->arena, &call->error);
}

const json_t *
sv_call_body_loosely(sv_call_t *call, const char *loose)
{
    return sv_call_read_body(call, loose, false);
}

const json_t *
sv_call_body_of_many(sv_call_t *call, const char *loose)
{
    return sv_call_read_body(call, loose, true);
}

/* A bare list becomes the member `list` of an object; false: no memory. */
static bool
sv_call_wrap_list(sv_call_t *call, const char *list)
{
    size_t room = call->body_length + strlen(list) + sizeof("{\"\":}");
    char *whole = malloc(room), *at = whole;

    if (whole == NULL) {
        sv_fail_cause(&call->error, SV_ERR_BUSY, "no memory for a body of %zu bytes", call->body_length);
        return false;
    }
    sv_arena_on_destroy(call->arena, free, whole);
    at += sprintf(at, "{\"%s\":", list);
    memcpy(at, call->body, call->body_length);
    at += call->body_length;
    strcpy(at, "}");
    call->body_length = (size_t) (at + 1 - whole);
    call->body = whole;
    return true;
}

const json_t *
sv_call_body_list_loosely(sv_call_t *call, const char *list, const char *loose)
{
    const json_t *body;
    bool bare;

    if (call->body_packed && sv_call_unpack_body(call) != SV_OK) {
        return NULL;
    }
    bare = call->body != NULL && *sv_call_body_start(call) == '[';
    if (bare && !sv_call_wrap_list(call, list)) {
        return NULL;
    }
    body = sv_call_body_loosely(call, loose);
    /* What stood behind the list would be members beside it now. */
    if (bare && body != NULL && json_object_size(body) != 1) {
        sv_fail(&call->error, SV_ERR_JSON_INVALID, "The body is not valid JSON: something follows the value");
        return NULL;
    }
    return body;
}

sv_redis_command_t *
sv_call_effect(sv_call_t *call)
{
    sv_redis_command_t *effect = sv_arena_zalloc(call->arena, sizeof(*effect));

    effect->arena = call->arena;
    if (call->effect_count == call->effect_capacity) {
        size_t capacity = call->effect_capacity * 2 + 8;
        sv_redis_command_t **grown = sv_arena_alloc(call->arena, capacity * sizeof(*grown));

        if (call->effect_count > 0) {
            memcpy(grown, call->effects, call->effect_count * sizeof(*grown));
        }
        call->effects = grown;
        call->effect_capacity = capacity;
    }
    call->effects[call->effect_count++] = effect;
    return effect;
}
