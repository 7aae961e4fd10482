#include "core/auth/user_json.h"

void
sv_user_write_json(sv_json_writer_t *w, const char *name, const sv_principal_t *user)
{
    const char *const *permissions = sv_role_permissions(user->role);

    sv_json_object(w, name);
    sv_json_text(w, "id", user->user_id);
    sv_json_text(w, "user_id", user->user_id);
    sv_json_text(w, "username", user->username);
    sv_json_text(w, "full_name", user->full_name);
    sv_json_text(w, "role", sv_role_name(user->role));
    if (user->warehouse == NULL || user->warehouse[0] == '\0') {
        sv_json_null(w, "warehouse");
    } else {
        sv_json_text(w, "warehouse", user->warehouse);
    }
    sv_json_array(w, "permissions");
    for (size_t i = 0; permissions[i] != NULL; i++) {
        sv_json_text(w, NULL, permissions[i]);
    }
    sv_json_end(w);
    sv_json_end(w);
}
