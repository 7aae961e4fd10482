#ifndef SV_IMAGE_H
#define SV_IMAGE_H

#include <stddef.h>
#include <stdint.h>

/* What a picture is, by its bytes: JPEG (a frame of any coding), PNG or WebP (lossy, lossless, extended).  Only the
 * head is read and nothing is decoded: whoever shows it decodes it. */
typedef enum {
    SV_IMAGE_OK = 0,
    SV_IMAGE_UNKNOWN, /* begins as none of them */
    SV_IMAGE_BROKEN   /* begins as one of them and does not tell its size */
} sv_image_status_t;

typedef struct {
    const char *content_type;
    const char *extension; /* "jpg" */
    uint32_t width, height;
} sv_image_t;

sv_image_status_t sv_image_read(const uint8_t *data, size_t length, sv_image_t *image);

#endif
