#include "core/base/gunzip.h"

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <zlib.h>

/* The first piece of room, in packed lengths: JSON packs to a quarter and less. */
enum { SV_GUNZIP_GUESS = 8, SV_GUNZIP_ROOM_MIN = 1024, SV_GZIP_ONLY = 16 };

typedef struct {
    z_stream stream;
    char *plain;
    size_t length, room; /* of `plain`, without the NUL */
    size_t limit;
} sv_unpacking_t;

/* Room for one byte more than the limit tells that there is more. */
static sv_gunzip_t
sv_gunzip_make_room(sv_unpacking_t *unpacking)
{
    size_t room = unpacking->room * 2, most = unpacking->limit + 1;
    char *grown;

    if (unpacking->length < unpacking->room) {
        return SV_GUNZIP_OK;
    }
    if (unpacking->room == most) {
        return SV_GUNZIP_TOO_LARGE;
    }
    room = room > most ? most : room;
    grown = realloc(unpacking->plain, room + 1);
    if (grown == NULL) {
        return SV_GUNZIP_NO_MEMORY;
    }
    unpacking->plain = grown;
    unpacking->room = room;
    return SV_GUNZIP_OK;
}

/* Unpacks one member to its end. */
static sv_gunzip_t
sv_gunzip_member(sv_unpacking_t *unpacking)
{
    z_stream *stream = &unpacking->stream;

    for (;;) {
        sv_gunzip_t room = sv_gunzip_make_room(unpacking);
        uInt given;
        int result;

        if (room != SV_GUNZIP_OK) {
            return room;
        }
        stream->next_out = (Bytef *) unpacking->plain + unpacking->length;
        stream->avail_out = given = (uInt) (unpacking->room - unpacking->length);
        result = inflate(stream, Z_NO_FLUSH);
        unpacking->length += given - stream->avail_out;
        if (result == Z_STREAM_END) {
            return SV_GUNZIP_OK;
        }
        if (result == Z_MEM_ERROR) {
            return SV_GUNZIP_NO_MEMORY;
        }
        /* Z_BUF_ERROR: nothing to read any more, so it was cut off. */
        if (result != Z_OK) {
            return SV_GUNZIP_BROKEN;
        }
    }
}

static sv_gunzip_t
sv_gunzip_members(sv_unpacking_t *unpacking)
{
    do {
        sv_gunzip_t outcome = sv_gunzip_member(unpacking);

        if (outcome != SV_GUNZIP_OK) {
            return outcome;
        }
    } while (unpacking->stream.avail_in > 0 && inflateReset(&unpacking->stream) == Z_OK);
    if (unpacking->length > unpacking->limit) {
        return SV_GUNZIP_TOO_LARGE;
    }
    unpacking->plain[unpacking->length] = '\0';
    return SV_GUNZIP_OK;
}

sv_gunzip_t
sv_gunzip(const char *packed, size_t length, size_t limit, char **plain, size_t *plain_length)
{
    sv_unpacking_t unpacking = { .limit = limit };
    sv_gunzip_t outcome;

    *plain = NULL;
    *plain_length = 0;
    if (length > INT_MAX || limit > INT_MAX) {
        return SV_GUNZIP_TOO_LARGE;
    }
    unpacking.room = length * SV_GUNZIP_GUESS;
    unpacking.room = unpacking.room < SV_GUNZIP_ROOM_MIN ? SV_GUNZIP_ROOM_MIN : unpacking.room;
    unpacking.room = unpacking.room > limit + 1 ? limit + 1 : unpacking.room;
    unpacking.plain = malloc(unpacking.room + 1);
    unpacking.stream.next_in = (Bytef *) packed;
    unpacking.stream.avail_in = (uInt) length;
    if (unpacking.plain == NULL || inflateInit2(&unpacking.stream, MAX_WBITS + SV_GZIP_ONLY) != Z_OK) {
        free(unpacking.plain);
        return SV_GUNZIP_NO_MEMORY;
    }
    outcome = sv_gunzip_members(&unpacking);
    inflateEnd(&unpacking.stream);
    if (outcome != SV_GUNZIP_OK) {
        free(unpacking.plain);
        return outcome;
    }
    *plain = unpacking.plain;
    *plain_length = unpacking.length;
    return SV_GUNZIP_OK;
}
