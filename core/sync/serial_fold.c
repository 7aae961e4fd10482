#include "core/sync/serial_fold.h"

#include "core/base/text_gate.h"

const char *
sv_serial_fold(const char *serial_number, sv_arena_t *arena)
{
    return sv_text_fold(serial_number, arena);
}
