#include <stdio.h>
#include <string.h>

#include "core/review/line_derive.h"
#include "core/store/document.h"

void
sv_review_read_line(const bson_t *document, sv_totals_line_t *line, sv_arena_t *arena)
{
    sv_review_line_t *review = &line->review;

    review->version = sv_doc_int(document, "version");
    review->accepted_version = sv_doc_int(document, "accepted.version");
    review->told = sv_doc_text(document, "told", arena);
    review->old_state = sv_line_state_named(sv_doc_text(document, "state", arena));
    review->was_undecided = sv_doc_bool(document, "undecided");
    review->had_variance = sv_doc_has(document, "variance");
    review->old_variance = sv_doc_quantity(document, "variance");
    review->had_value = sv_doc_has(document, "value");
    review->old_value = sv_doc_quantity(document, "value");
}

void
sv_review_put_flags(const sv_totals_line_t *line, bson_t *counted)
{
    char digits[16];
    const char *key;
    uint32_t n = 0;
    bson_t array;

    BSON_APPEND_ARRAY_BEGIN(counted, "flags", &array);
    for (int flag = 0; flag < SV_LINE_FLAGS; flag++) {
        if ((line->review.flags & SV_LINE_FLAG_BIT(flag)) != 0) {
            bson_uint32_to_string(n++, &key, digits, sizeof(digits));
            BSON_APPEND_UTF8(&array, key, sv_line_flag_name(flag));
        }
    }
    bson_append_array_end(counted, &array);
}

sv_line_state_t
sv_review_told_state(const sv_totals_line_t *line)
{
    return line->review.accepted ? SV_LINE_ACCEPTED : line->review.state;
}

static void
sv_put_perhaps(bson_t *document, const char *name, bool known, sv_quantity_t quantity)
{
    if (known) {
        sv_doc_put_quantity(document, name, quantity);
    } else {
        BSON_APPEND_NULL(document, name);
    }
}

void
sv_review_put_line(const sv_totals_line_t *line, bson_t *set)
{
    const sv_review_line_t *review = &line->review;
    sv_quantity_t gross = review->variance < 0 ? -review->variance : review->variance;
    sv_quantity_t gross_value = review->value < 0 ? -review->value : review->value;
    char digits[16];
    const char *key;
    bson_t users;

    BSON_APPEND_INT64(set, "version", review->version);
    BSON_APPEND_UTF8(set, "told", review->told);
    BSON_APPEND_UTF8(set, "state", sv_line_states[sv_review_told_state(line)]);
    BSON_APPEND_BOOL(set, "undecided", review->undecided);
    BSON_APPEND_BOOL(set, "rejected", review->rejected);
    BSON_APPEND_INT64(set, "conflicts", review->conflicts);
    sv_doc_put_time(set, "counted_at", line->records > 0 ? line->last_counted_ms : 0);
    sv_put_perhaps(set, "variance", review->has_variance, review->variance);
    sv_put_perhaps(set, "value", review->has_value, review->value);
    sv_put_perhaps(set, "gross", review->has_variance, gross);
    sv_put_perhaps(set, "gross_value", review->has_value, gross_value);
    BSON_APPEND_ARRAY_BEGIN(set, "counted_by", &users);
    for (size_t i = 0; i < review->user_count; i++) {
        bson_uint32_to_string((uint32_t) i, &key, digits, sizeof(digits));
        BSON_APPEND_UTF8(&users, key, review->users[i]);
    }
    bson_append_array_end(set, &users);
}
