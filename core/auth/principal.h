#ifndef SV_PRINCIPAL_H
#define SV_PRINCIPAL_H

#include "core/base/error.h"

/* staff < supervisor < admin: a higher role may do what a lower may. */
typedef enum { SV_ROLE_ANYONE = 0, SV_ROLE_STAFF, SV_ROLE_SUPERVISOR, SV_ROLE_ADMIN } sv_role_t;

const char *sv_role_name(sv_role_t role);              /* "staff" */
bool sv_role_parse(const char *name, sv_role_t *role); /* not "anyone" */

/* Who makes a request, as the gate found it (core/auth/gate.h). */
typedef struct {
    const char *user_id;
    const char *username;
    const char *full_name;
    const char *warehouse; /* may be NULL or empty: none */
    sv_role_t role;
    const char *family_id;  /* of the login; NULL for tokens of others */
    const char *request_id; /* for audit entries */
    const char *address;    /* client's address, for throttling and audit */
} sv_principal_t;

/* The permissions of a role as API words ("rack.claim", "sync.batch", "count.open", ...): a
 * NULL-terminated list from one table (core/auth/permissions.c). */
const char *const *sv_role_permissions(sv_role_t role);

#endif
