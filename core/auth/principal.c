#include "core/auth/principal.h"

#include <string.h>

static const char *const sv_role_names[] = {
    [SV_ROLE_ANYONE] = "anyone",
    [SV_ROLE_STAFF] = "staff",
    [SV_ROLE_SUPERVISOR] = "supervisor",
    [SV_ROLE_ADMIN] = "admin",
};

const char *
sv_role_name(sv_role_t role)
{
    return sv_role_names[role];
}

bool
sv_role_parse(const char *name, sv_role_t *role)
{
    for (int i = SV_ROLE_STAFF; i <= SV_ROLE_ADMIN; i++) {
        if (strcmp(sv_role_names[i], name) == 0) {
            *role = (sv_role_t) i;
            return true;
        }
    }
    return false;
}
