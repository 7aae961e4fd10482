/* Any bytes: what is taken for a picture has a type, and no read goes past the end. */
#include <stdint.h>
#include <stdlib.h>

#include "core/photos/image.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sv_image_t image;

    if (sv_image_read(data, size, &image) == SV_IMAGE_OK && (image.content_type == NULL || image.extension == NULL)) {
        abort();
    }
    return 0;
}
