#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/photos/photo.h"
#include "core/store/document.h"

enum { SV_PHOTO_CHUNKS_A_READ = 4 };

static sv_status_t
sv_photo_write_chunk(const bson_t *chunk, int64_t number, int fd, int64_t *written, sv_error_t *error)
{
    bson_iter_t iter;
    const uint8_t *data = NULL;
    uint32_t length = 0;

    if (sv_doc_int(chunk, "n") == number && bson_iter_init_find(&iter, chunk, "data") &&
        BSON_ITER_HOLDS_BINARY(&iter)) {
        bson_iter_binary(&iter, NULL, &length, &data);
    }
    if (data == NULL || length == 0) {
        return sv_fail_cause(error, SV_ERR_INTERNAL, "chunk %lld of a photo is missing", (long long) number);
    }
    for (uint32_t at = 0; at < length;) {
        ssize_t count = write(fd, data + at, length - at);

        if (count < 0 && errno != EINTR) {
            return sv_fail_cause(error, SV_ERR_UNAVAILABLE, "a photo could not be written to a temporary file: %s",
                                 strerror(errno));
        }
        at += count > 0 ? (uint32_t) count : 0;
    }
    *written += length;
    return SV_OK;
}

sv_status_t
sv_photo_copy(sv_store_t *store, const bson_t *photo, int fd, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(error->arena), *options = sv_doc_new(error->arena);
    int64_t number = 0, written = 0;
    mongoc_cursor_t *cursor;
    const bson_t *chunk;
    bson_iter_t id;

    if (!bson_iter_init_find(&id, photo, "_id")) {
        return sv_fail_cause(error, SV_ERR_INTERNAL, "a photo without an _id");
    }
    bson_append_iter(filter, "files_id", -1, &id);
    BCON_APPEND(options, "sort", "{", "n", BCON_INT32(1), "}", "batchSize", BCON_INT32(SV_PHOTO_CHUNKS_A_READ));
    if (sv_store_find(store, SV_COLLECTION_PHOTO_CHUNKS, filter, options, &cursor, error) != SV_OK) {
        return error->status;
    }
    while (error->status == SV_OK && mongoc_cursor_next(cursor, &chunk)) {
        sv_photo_write_chunk(chunk, number++, fd, &written, error);
    }
    if (error->status == SV_OK) {
        sv_store_cursor_end(store, cursor, error);
    }
    mongoc_cursor_destroy(cursor);
    if (error->status == SV_OK && written != sv_doc_int(photo, "length")) {
        sv_fail_cause(error, SV_ERR_INTERNAL, "a photo of %lld bytes has chunks of %lld",
                      (long long) sv_doc_int(photo, "length"), (long long) written);
    }
    return error->status;
}
