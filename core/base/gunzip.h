#ifndef SV_GUNZIP_H
#define SV_GUNZIP_H

#include <stddef.h>

/*
 * Unpacks gzip (RFC 1952, also several members in a row) to at most `limit` bytes: neither time nor memory grows past
 * what the limit allows, whatever a text that is small when packed would become.
 */
typedef enum {
    SV_GUNZIP_OK,
    SV_GUNZIP_BROKEN,    /* no gzip, cut off, a wrong checksum, something behind it */
    SV_GUNZIP_TOO_LARGE, /* more than the limit */
    SV_GUNZIP_NO_MEMORY
} sv_gunzip_t;

/* *plain: the caller's to free, NUL-terminated, NULL unless SV_GUNZIP_OK. */
sv_gunzip_t sv_gunzip(const char *packed, size_t length, size_t limit, char **plain, size_t *plain_length);

#endif
