#ifndef SV_USER_JSON_H
#define SV_USER_JSON_H

#include "core/auth/principal.h"
#include "core/base/json_writer.h"

/* {user_id, username, full_name, role, warehouse, permissions}: a user as the API tells of one. */
void sv_user_write_json(sv_json_writer_t *w, const char *name, const sv_principal_t *user);

#endif
