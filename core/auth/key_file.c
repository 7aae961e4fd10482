#include "core/auth/key_file.h"

#include "core/settings/secret_file.h"

sv_status_t
sv_key_file_read(const char *setting, const char *path, size_t min_bytes, sv_arena_t *arena, sv_key_t *key,
                 sv_error_t *error)
{
    const char *bytes;
    size_t length;

    if (path == NULL || path[0] == '\0') {
        return sv_fail(error, SV_ERR_VALIDATION_FAILED, "%s is not set: it must name a key file", setting);
    }
    if (sv_secret_file_read(path, arena, &bytes, &length, error) != SV_OK) {
        error->message = sv_arena_printf(error->arena, "%s: %s", setting, error->message);
        return error->status;
    }
    if (length < min_bytes) {
        return sv_fail(error, SV_ERR_VALIDATION_FAILED, "%s: %s has %zu bytes; it must have %zu or more", setting, path,
                       length, min_bytes);
    }
    *key = (sv_key_t){ .bytes = (const uint8_t *) bytes, .length = length };
    return SV_OK;
}
