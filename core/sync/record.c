#include "core/sync/record.h"

#include <stdarg.h>

const char *const sv_record_statuses[] = { "partial", "finalized", "void", NULL };

bool
sv_record_fail(sv_record_t *record, sv_arena_t *arena, const char *field, const char *code, const char *format, ...)
{
    va_list args;

    if (record->fault.code == NULL) {
        va_start(args, format);
        record->fault.field = sv_arena_strdup(arena, field);
        record->fault.code = code;
        record->fault.message = sv_arena_vprintf(arena, format, args);
        va_end(args);
    }
    return false;
}
