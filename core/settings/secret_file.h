#ifndef SV_SETTINGS_SECRET_FILE_H
#define SV_SETTINGS_SECRET_FILE_H

#include <stddef.h>

#include "core/base/arena.h"
#include "core/base/error.h"

/* Reads a file that holds one key or password, at most 64 KiB, NUL-terminated in
 * the arena.  Line breaks at its end are no part of it: editors and `openssl rand
 * -base64` leave one.  Everyone who reads a key reads it here, so that all agree
 * on its bytes.  The arena's copy is wiped when the arena is destroyed.
 * Error: SV_ERR_VALIDATION_FAILED naming the file (unreadable, too long, empty). */
sv_status_t sv_secret_file_read(const char *path, sv_arena_t *arena, const char **bytes, size_t *length,
                                sv_error_t *error);

#endif
