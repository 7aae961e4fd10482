#include "core/base/text.h"
#include "core/base/text_gate.h"
#include "ngx_stockverify_module/router.h"

enum { SV_CODE_MAX = 1024 };

static const char sv_code_parameter[] = "code";

static sv_status_t
sv_query_fail(sv_call_t *call, sv_status_t status, const char *name, const char *code, const char *sentence)
{
    sv_fail(&call->error, status, NULL);
    return sv_fail_field(&call->error, name, code, "%s", sentence);
}

static const char *
sv_query_known(const sv_route_entry_t *entry, const char *name)
{
    for (const char **known = entry->query_names; *known != NULL; known++) {
        if (strcmp(*known, name) == 0) {
            return *known;
        }
    }
    return entry->code_param >= 0 && strcmp(name, sv_code_parameter) == 0 ? sv_code_parameter : NULL;
}

static const char *
sv_query_decode(sv_call_t *call, const char *text, size_t length)
{
    char *decoded = sv_arena_alloc(call->arena, length + 1);

    return sv_percent_decode(text, length, true, decoded) < 0 ? NULL : decoded;
}

static sv_status_t
sv_query_add(const sv_route_entry_t *entry, sv_call_t *call, const char *pair, size_t length)
{
    const char *equals = memchr(pair, '=', length);
    size_t name_length = equals == NULL ? length : (size_t) (equals - pair);
    const char *name = sv_query_decode(call, pair, name_length), *value, *known;

    if (name == NULL) {
        return sv_fail(&call->error, SV_ERR_PARAMETER_INVALID,
                       "A query parameter's name has a bad escape, a NUL or invalid UTF-8");
    }
    known = sv_query_known(entry, name);
    if (known == NULL) {
        return sv_query_fail(call, SV_ERR_PARAMETER_UNKNOWN, name, "unknown", "This parameter is not known here");
    }
    value = equals == NULL ? "" : sv_query_decode(call, equals + 1, length - name_length - 1);
    if (value == NULL) {
        return sv_query_fail(call, SV_ERR_PARAMETER_INVALID, name, "invalid_character",
                             "The value has a bad escape, a NUL or invalid UTF-8");
    }
    if (sv_call_query(call, name) != NULL) {
        return sv_query_fail(call, SV_ERR_PARAMETER_INVALID, name, "duplicate", "The parameter was sent twice");
    }
    call->query[call->query_count++] = (sv_query_parameter_t){ known, value };
    return SV_OK;
}

sv_status_t
sv_route_read_query(const sv_route_entry_t *entry, ngx_str_t args, sv_call_t *call)
{
    const char *at = (const char *) args.data, *end = at + args.len, *code;

    while (at < end) {
        const char *ampersand = memchr(at, '&', (size_t) (end - at));
        size_t length = (size_t) ((ampersand == NULL ? end : ampersand) - at);

        if (length > 0 && sv_query_add(entry, call, at, length) != SV_OK) {
            return call->error.status;
        }
        at += length + 1;
    }
    code = entry->code_param >= 0 ? sv_call_query(call, sv_code_parameter) : NULL;
    if (code != NULL) {
        code = sv_text_pass(SV_TEXT_CODE, code, SV_CODE_MAX, call->arena);
        if (code == NULL) {
            return sv_query_fail(call, SV_ERR_PARAMETER_INVALID, sv_code_parameter, "invalid_format",
                                 "The code must not be empty, nor have control characters");
        }
        call->params[entry->code_param] = code;
    }
    return SV_OK;
}
