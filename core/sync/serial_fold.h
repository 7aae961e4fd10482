#ifndef SV_SERIAL_FOLD_H
#define SV_SERIAL_FOLD_H

#include "core/base/arena.h"

/* A serial number is one piece whatever the case of its ASCII letters: this is what it is compared by. */
const char *sv_serial_fold(const char *serial_number, sv_arena_t *arena);

#endif
