#include "core/base/error.h"

#include <stdarg.h>

typedef struct {
    const char *code;
    sv_kind_t kind;
    const char *message;
} sv_error_row_t;

static const sv_error_row_t sv_error_rows[SV_STATUS_COUNT] = {
    [SV_OK] = { "ok", SV_KIND_NONE, "OK" },
#define SV_ERROR(name, code, kind, message) [SV_ERR_##name] = { code, SV_KIND_##kind, message },
#include "core/base/errors.def"
#undef SV_ERROR
};

static const sv_error_row_t *
sv_error_row(sv_status_t status)
{
    return &sv_error_rows[(unsigned) status < SV_STATUS_COUNT ? status : SV_ERR_INTERNAL];
}

const char *
sv_status_code(sv_status_t status)
{
    return sv_error_row(status)->code;
}

const char *
sv_status_message(sv_status_t status)
{
    return sv_error_row(status)->message;
}

sv_kind_t
sv_status_kind(sv_status_t status)
{
    return sv_error_row(status)->kind;
}

void
sv_error_init(sv_error_t *error, sv_arena_t *arena)
{
    *error = (sv_error_t){ .arena = arena };
}

void
sv_error_clear(sv_error_t *error)
{
    sv_error_init(error, error->arena);
}

sv_status_t
sv_fail(sv_error_t *error, sv_status_t status, const char *format, ...)
{
    va_list args;

    if (error->status != SV_OK) {
        return error->status;
    }
    error->status = status;
    if (format != NULL) {
        va_start(args, format);
        error->message = sv_arena_vprintf(error->arena, format, args);
        va_end(args);
    }
    return status;
}

sv_status_t
sv_fail_cause(sv_error_t *error, sv_status_t status, const char *format, ...)
{
    va_list args;

    if (error->status != SV_OK) {
        return error->status;
    }
    error->status = status;
    va_start(args, format);
    error->cause = sv_arena_vprintf(error->arena, format, args);
    va_end(args);
    return status;
}

sv_status_t
sv_fail_field(sv_error_t *error, const char *field, const char *code, const char *format, ...)
{
    sv_detail_t *detail;
    va_list args;

    if (error->status == SV_OK) {
        error->status = SV_ERR_VALIDATION_FAILED;
    }
    if (error->detail_count >= SV_ERROR_MAX_DETAILS) {
        return error->status;
    }
    /* Room grows in powers of two: most errors have one detail, few have many. */
    if ((error->detail_count & (error->detail_count - 1)) == 0) {
        size_t capacity = error->detail_count == 0 ? 1 : error->detail_count * 2;
        sv_detail_t *details = sv_arena_alloc(error->arena, capacity * sizeof(*details));

        for (size_t i = 0; i < error->detail_count; i++) {
            details[i] = error->details[i];
        }
        error->details = details;
    }
    detail = &error->details[error->detail_count++];
    detail->field = sv_arena_strdup(error->arena, field);
    detail->code = code;
    va_start(args, format);
    detail->message = sv_arena_vprintf(error->arena, format, args);
    va_end(args);
    return error->status;
}
