#ifndef SV_KEY_FILE_H
#define SV_KEY_FILE_H

#include <stdint.h>

#include "core/base/error.h"

/* A key kept outside the database: the bytes of a file, less the line ends at its end. */
typedef struct {
    const uint8_t *bytes;
    size_t length;
} sv_key_t;

enum { SV_KEY_MIN_BYTES = 32 };

/* Reads the file into the arena, which wipes it when it is destroyed.  `setting` names the file's setting in messages.
 * Blocking: at start, never in a request.  SV_ERR_VALIDATION_FAILED when the path is empty, the file cannot be read, or
 * it holds fewer than min_bytes. */
sv_status_t sv_key_file_read(const char *setting, const char *path, size_t min_bytes, sv_arena_t *arena, sv_key_t *key,
                             sv_error_t *error);

#endif
