#include "core/photos/photo_name.h"

#include <ctype.h>
#include <stdbool.h>

#include "core/base/text_gate.h"

static bool
sv_photo_name_is_mixed(const char *name)
{
    bool small = false, capital = false;

    for (; *name != '\0'; name++) {
        small = small || islower((unsigned char) *name);
        capital = capital || isupper((unsigned char) *name);
    }
    return small && capital;
}

void
sv_photo_names_take(const char **names, size_t count, sv_arena_t *arena)
{
    for (size_t i = 0; i < count; i++) {
        if (sv_photo_name_is_mixed(names[i])) {
            names[i] = sv_text_fold_uuid(names[i], arena);
        }
    }
}
