#include "core/search/distance.h"

#include <string.h>

static size_t
sv_pattern_slot(const sv_pattern_t *pattern, uint32_t point)
{
    size_t slot = (point * UINT32_C(2654435761) >> 20) % SV_PATTERN_SLOTS;

    /* At most 64 of the slots are taken. */
    while (pattern->keys[slot] != 0 && pattern->keys[slot] != point) {
        slot = (slot + 1) % SV_PATTERN_SLOTS;
    }
    return slot;
}

static uint64_t
sv_pattern_places(const sv_pattern_t *pattern, uint32_t point)
{
    return point < 128 ? pattern->ascii[point] : pattern->values[sv_pattern_slot(pattern, point)];
}

void
sv_pattern_prepare(sv_pattern_t *pattern, const uint32_t *points, size_t length)
{
    memset(pattern, 0, sizeof(*pattern));
    pattern->length = length < SV_PATTERN_LONGEST ? length : SV_PATTERN_LONGEST;
    for (size_t i = 0; i < pattern->length; i++) {
        uint64_t bit = UINT64_C(1) << i;

        if (points[i] < 128) {
            pattern->ascii[points[i]] |= bit;
        } else {
            size_t slot = sv_pattern_slot(pattern, points[i]);

            pattern->keys[slot] = points[i];
            pattern->values[slot] |= bit;
        }
    }
}

size_t
sv_pattern_distance(const sv_pattern_t *pattern, const uint32_t *text, size_t length, size_t limit)
{
    uint64_t vertical_more = ~UINT64_C(0), vertical_less = 0, diagonal = 0, places_before = 0;
    uint64_t last = pattern->length > 0 ? UINT64_C(1) << (pattern->length - 1) : 0;
    size_t distance = pattern->length;

    length = length < SV_PATTERN_LONGEST ? length : SV_PATTERN_LONGEST;
    if (pattern->length == 0) {
        return length;
    }
    for (size_t i = 0; i < length; i++) {
        uint64_t places = sv_pattern_places(pattern, text[i]);
        uint64_t exchanged = ((~diagonal & places) << 1) & places_before;
        uint64_t horizontal_more, horizontal_less;

        diagonal = (((places & vertical_more) + vertical_more) ^ vertical_more) | places | vertical_less | exchanged;
        horizontal_more = vertical_less | ~(diagonal | vertical_more);
        horizontal_less = diagonal & vertical_more;
        if (horizontal_more & last) {
            distance++;
        } else if (horizontal_less & last) {
            distance--;
        }
        /* Each of the signs still to come takes one edit back at most. */
        if (distance > limit + (length - i - 1)) {
            return distance;
        }
        horizontal_more = horizontal_more << 1 | 1;
        horizontal_less = horizontal_less << 1;
        vertical_more = horizontal_less | ~(diagonal | horizontal_more);
        vertical_less = horizontal_more & diagonal;
        places_before = places;
    }
    return distance;
}

size_t
sv_pattern_common(const sv_pattern_t *pattern, const uint32_t *text, size_t length)
{
    uint64_t free_places = ~UINT64_C(0);
    uint64_t all = pattern->length == 64 ? ~UINT64_C(0) : (UINT64_C(1) << pattern->length) - 1;

    length = length < SV_PATTERN_LONGEST ? length : SV_PATTERN_LONGEST;
    for (size_t i = 0; i < length; i++) {
        uint64_t taken = free_places & sv_pattern_places(pattern, text[i]);

        free_places = (free_places + taken) | (free_places - taken);
    }
    return (size_t) __builtin_popcountll(~free_places & all);
}
