#include "core/base/error_copy.h"

static const char *
sv_error_text(const char *text, sv_arena_t *arena)
{
    return text != NULL ? sv_arena_strdup(arena, text) : NULL;
}

static sv_holder_t *
sv_error_holder(const sv_holder_t *from, sv_arena_t *arena)
{
    sv_holder_t *holder = sv_arena_alloc(arena, sizeof(*holder));

    *holder = *from;
    holder->user_id = sv_error_text(from->user_id, arena);
    holder->full_name = sv_error_text(from->full_name, arena);
    holder->session_id = sv_error_text(from->session_id, arena);
    return holder;
}

sv_status_t
sv_error_copy(const sv_error_t *from, sv_error_t *to)
{
    if (to->status != SV_OK || from->status == SV_OK) {
        return to->status;
    }
    for (size_t i = 0; i < from->detail_count; i++) {
        sv_fail_field(to, from->details[i].field, from->details[i].code, "%s", from->details[i].message);
    }
    to->status = from->status;
    to->message = sv_error_text(from->message, to->arena);
    to->holder = from->holder != NULL ? sv_error_holder(from->holder, to->arena) : NULL;
    to->retry_after_s = from->retry_after_s;
    to->cause = sv_error_text(from->cause, to->arena);
    return to->status;
}
