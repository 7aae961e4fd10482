#include "core/photos/image.h"

#include <stdbool.h>
#include <string.h>

static uint32_t
sv_image_big(const uint8_t *at, size_t bytes)
{
    uint32_t value = 0;

    for (size_t i = 0; i < bytes; i++) {
        value = value << 8 | at[i];
    }
    return value;
}

static uint32_t
sv_image_little(const uint8_t *at, size_t bytes)
{
    uint32_t value = 0;

    for (size_t i = bytes; i > 0; i--) {
        value = value << 8 | at[i - 1];
    }
    return value;
}

/* ---- JPEG (ITU-T T.81, B.1.1): segments of a marker and a length, up to the frame's, which has the size */

enum { SV_JPEG_MARK = 0xff, SV_JPEG_SOI = 0xd8, SV_JPEG_EOI = 0xd9, SV_JPEG_SOS = 0xda, SV_JPEG_TEM = 0x01 };

/* SOF0 to SOF15 without what shares their range: DHT (C4), JPG (C8), DAC (CC). */
static bool
sv_jpeg_is_frame(uint8_t marker)
{
    return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
}

static bool
sv_jpeg_is_alone(uint8_t marker)
{
    return marker == SV_JPEG_TEM || (marker >= 0xd0 && marker <= 0xd7);
}

static bool
sv_jpeg_size(const uint8_t *data, size_t length, sv_image_t *image)
{
    size_t at = 2;

    while (at + 4 <= length && data[at] == SV_JPEG_MARK) {
        uint8_t marker = data[at + 1];
        size_t segment;

        if (marker == SV_JPEG_MARK) { /* a filler */
            at++;
            continue;
        }
        if (sv_jpeg_is_alone(marker)) {
            at += 2;
            continue;
        }
        segment = sv_image_big(data + at + 2, 2);
        if (marker == SV_JPEG_SOS || marker == SV_JPEG_EOI || marker == SV_JPEG_SOI || segment < 2) {
            return false;
        }
        if (sv_jpeg_is_frame(marker)) {
            if (segment < 8 || at + 9 > length) {
                return false;
            }
            image->height = sv_image_big(data + at + 5, 2);
            image->width = sv_image_big(data + at + 7, 2);
            return true;
        }
        at += 2 + segment;
    }
    return false;
}

/* ---- PNG: IHDR is the first chunk */

static bool
sv_png_size(const uint8_t *data, size_t length, sv_image_t *image)
{
    static const uint8_t header[] = { 0, 0, 0, 13, 'I', 'H', 'D', 'R' };

    if (length < 33 || memcmp(data + 8, header, sizeof(header)) != 0) {
        return false;
    }
    image->width = sv_image_big(data + 16, 4);
    image->height = sv_image_big(data + 20, 4);
    return true;
}

/* ---- WebP (RFC 9649): the first chunk says of which kind it is */

static bool
sv_webp_size(const uint8_t *data, size_t length, sv_image_t *image)
{
    const uint8_t *body = data + 20;

    if (length < 30) {
        return false;
    }
    if (memcmp(data + 12, "VP8X", 4) == 0) {
        image->width = sv_image_little(body + 4, 3) + 1;
        image->height = sv_image_little(body + 7, 3) + 1;
        return true;
    }
    if (memcmp(data + 12, "VP8L", 4) == 0 && body[0] == 0x2f) {
        uint32_t bits = sv_image_little(body + 1, 4);

        image->width = (bits & 0x3fff) + 1;
        image->height = (bits >> 14 & 0x3fff) + 1;
        return true;
    }
    if (memcmp(data + 12, "VP8 ", 4) == 0 && (body[0] & 1) == 0 && memcmp(body + 3, "\x9d\x01\x2a", 3) == 0) {
        image->width = sv_image_little(body + 6, 2) & 0x3fff;
        image->height = sv_image_little(body + 8, 2) & 0x3fff;
        return true;
    }
    return false;
}

/* ---- all */

static bool
sv_image_is_jpeg(const uint8_t *data, size_t length)
{
    return length >= 3 && memcmp(data, "\xff\xd8\xff", 3) == 0;
}

static bool
sv_image_is_png(const uint8_t *data, size_t length)
{
    return length >= 8 && memcmp(data, "\x89PNG\r\n\x1a\n", 8) == 0;
}

static bool
sv_image_is_webp(const uint8_t *data, size_t length)
{
    return length >= 12 && memcmp(data, "RIFF", 4) == 0 && memcmp(data + 8, "WEBP", 4) == 0;
}

static const struct {
    const char *content_type, *extension;
    bool (*is)(const uint8_t *data, size_t length);
    bool (*size)(const uint8_t *data, size_t length, sv_image_t *image);
} sv_image_kinds[] = {
    { "image/jpeg", "jpg", sv_image_is_jpeg, sv_jpeg_size },
    { "image/png", "png", sv_image_is_png, sv_png_size },
    { "image/webp", "webp", sv_image_is_webp, sv_webp_size },
};

sv_image_status_t
sv_image_read(const uint8_t *data, size_t length, sv_image_t *image)
{
    for (size_t i = 0; i < sizeof(sv_image_kinds) / sizeof(sv_image_kinds[0]); i++) {
        if (sv_image_kinds[i].is(data, length)) {
            *image = (sv_image_t){ sv_image_kinds[i].content_type, sv_image_kinds[i].extension, 0, 0 };
            return sv_image_kinds[i].size(data, length, image) ? SV_IMAGE_OK : SV_IMAGE_BROKEN;
        }
    }
    return SV_IMAGE_UNKNOWN;
}
