#include "core/settings/secret_file.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { SV_SECRET_FILE_MAX = 64 * 1024 };

typedef struct {
    size_t length;
    char bytes[];
} sv_secret_t;

static void
sv_secret_wipe(void *data)
{
    sv_secret_t *secret = data;

    OPENSSL_cleanse(secret->bytes, secret->length);
}

/* Reads up to `size` bytes; what is longer fills the buffer. */
static sv_status_t
sv_secret_read(const char *path, char *bytes, size_t size, size_t *length, sv_error_t *error)
{
    FILE *stream = fopen(path, "re");
    bool failed;

    if (stream == NULL) {
        return sv_fail(error, SV_ERR_VALIDATION_FAILED, "%s cannot be opened: %s", path, strerror(errno));
    }
    setvbuf(stream, NULL, _IONBF, 0); /* no copy of the secret in stdio's buffer */
    *length = fread(bytes, 1, size, stream);
    failed = ferror(stream) != 0;
    fclose(stream);
    return failed ? sv_fail(error, SV_ERR_VALIDATION_FAILED, "%s cannot be read", path) : SV_OK;
}

static const char *
sv_secret_keep(sv_arena_t *arena, const char *bytes, size_t length)
{
    sv_secret_t *secret = sv_arena_alloc(arena, sizeof(*secret) + length + 1);

    secret->length = length;
    memcpy(secret->bytes, bytes, length);
    secret->bytes[length] = '\0';
    sv_arena_on_destroy(arena, sv_secret_wipe, secret);
    return secret->bytes;
}

sv_status_t
sv_secret_file_read(const char *path, sv_arena_t *arena, const char **bytes, size_t *length, sv_error_t *error)
{
    char content[SV_SECRET_FILE_MAX + 1]; /* the last byte tells a file that is too long */
    size_t size = 0;

    if (sv_secret_read(path, content, sizeof(content), &size, error) == SV_OK) {
        while (size > 0 && size <= SV_SECRET_FILE_MAX && (content[size - 1] == '\n' || content[size - 1] == '\r')) {
            size--;
        }
        if (size > SV_SECRET_FILE_MAX) {
            sv_fail(error, SV_ERR_VALIDATION_FAILED, "%s is longer than %d bytes", path, SV_SECRET_FILE_MAX);
        } else if (size == 0) {
            sv_fail(error, SV_ERR_VALIDATION_FAILED, "%s is empty", path);
        } else {
            *bytes = sv_secret_keep(arena, content, size);
            *length = size;
        }
    }
    OPENSSL_cleanse(content, sizeof(content));
    return error->status;
}
