/* Pictures by their first bytes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "core/photos/image.h"

#define BYTES(text) text, sizeof(text) - 1

static const struct {
    const char *what, *bytes;
    size_t length;
    sv_image_status_t status;
    const char *content_type;
    uint32_t width, height;
} pictures[] = {
    { "PNG", BYTES("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\1\2\0\0\3\4\x8\2\0\0\0crc."), SV_IMAGE_OK, "image/png", 258,
      772 },
    { "PNG of another first chunk", BYTES("\x89PNG\r\n\x1a\n\0\0\0\rIDAT\0\0\1\2\0\0\3\4\x8\2\0\0\0crc."),
      SV_IMAGE_BROKEN, NULL, 0, 0 },
    { "JPEG", BYTES("\xff\xd8\xff\xe0\0\4ab\xff\xc0\0\x11\x8\1\2\3\4\3"), SV_IMAGE_OK, "image/jpeg", 772, 258 },
    { "JPEG, progressive, with fillers", BYTES("\xff\xd8\xff\xff\xff\xc2\0\x11\x8\0\1\0\2\3"), SV_IMAGE_OK,
      "image/jpeg", 2, 1 },
    { "JPEG with tables before the frame", BYTES("\xff\xd8\xff\xc4\0\4\xc0\xc0\xff\x01\xff\xc1\0\x11\x8\0\1\0\2\3"),
      SV_IMAGE_OK, "image/jpeg", 2, 1 },
    { "JPEG without a frame", BYTES("\xff\xd8\xff\xda\0\4ab\xff\xc0\0\x11\x8\0\1\0\2\3"), SV_IMAGE_BROKEN, NULL, 0, 0 },
    { "JPEG of segments that do not go on", BYTES("\xff\xd8\xff\xe0\0\0\xff\xc0\0\x11\x8\0\1\0\2\3"), SV_IMAGE_BROKEN,
      NULL, 0, 0 },
    { "JPEG of a segment beyond its end",
      BYTES("\xff\xd8\xff\xe0\xff\xff"
            "abcd"),
      SV_IMAGE_BROKEN, NULL, 0, 0 },
    { "WebP, extended", BYTES("RIFF\x16\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\1\1\0\2\2\0"), SV_IMAGE_OK, "image/webp", 258,
      515 },
    { "WebP, lossless", BYTES("RIFF\x16\0\0\0WEBPVP8L\x0a\0\0\0\x2f\x01\xc0\0\0\0\0\0\0\0"), SV_IMAGE_OK, "image/webp",
      2, 4 },
    { "WebP, lossy", BYTES("RIFF\x16\0\0\0WEBPVP8 \x0a\0\0\0\0\0\0\x9d\x01\x2a\5\0\6\0"), SV_IMAGE_OK, "image/webp", 5,
      6 },
    { "WebP of a chunk that is no picture", BYTES("RIFF\x16\0\0\0WEBPEXIF\x0a\0\0\0\0\0\0\x9d\x01\x2a\5\0\6\0"),
      SV_IMAGE_BROKEN, NULL, 0, 0 },
    { "sound", BYTES("RIFF\x16\0\0\0WAVEfmt \x0a\0\0\0\0\0\0\x9d\x01\x2a\5\0\6\0"), SV_IMAGE_UNKNOWN, NULL, 0, 0 },
    { "GIF", BYTES("GIF89a\1\0\1\0\0\0\0"), SV_IMAGE_UNKNOWN, NULL, 0, 0 },
    { "a page", BYTES("<html><script>"), SV_IMAGE_UNKNOWN, NULL, 0, 0 },
    { "nothing", BYTES(""), SV_IMAGE_UNKNOWN, NULL, 0, 0 },
};

static sv_image_status_t
look(const char *bytes, size_t length, sv_image_t *image)
{
    uint8_t *copy = malloc(length + 1); /* a copy of its own, whose end the sanitizer watches */
    uint8_t *exact = length == 0 ? copy : realloc(copy, length);
    sv_image_status_t status;

    assert_non_null(exact);
    memcpy(exact, bytes, length);
    status = sv_image_read(exact, length, image);
    free(exact);
    return status;
}

static void
test_pictures(void **state)
{
    (void) state;
    for (size_t i = 0; i < sizeof(pictures) / sizeof(pictures[0]); i++) {
        sv_image_t image;
        sv_image_status_t status = look(pictures[i].bytes, pictures[i].length, &image);

        if (status != pictures[i].status) {
            fail_msg("%s: %d", pictures[i].what, (int) status);
        }
        if (status == SV_IMAGE_OK && (strcmp(image.content_type, pictures[i].content_type) != 0 ||
                                      image.width != pictures[i].width || image.height != pictures[i].height)) {
            fail_msg("%s: %s, %u times %u", pictures[i].what, image.content_type, image.width, image.height);
        }
    }
}

/* Wherever a picture is torn, it is read no further than it goes. */
static void
test_torn(void **state)
{
    (void) state;
    for (size_t i = 0; i < sizeof(pictures) / sizeof(pictures[0]); i++) {
        for (size_t length = 0; length < pictures[i].length; length++) {
            sv_image_t image;

            look(pictures[i].bytes, length, &image);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pictures),
        cmocka_unit_test(test_torn),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
