#include "core/auth/principal.h"

/*
 * What each role may do, as words for clients that show or hide their buttons.  The route table decides what is
 * answered; these words follow it.
 */
#define SV_STAFF_PERMISSIONS                                                                                           \
    "rack.read", "rack.claim", "rack.release", "session.read_own", "session.complete_own", "count.read", "sync.batch", \
        "sync.resolve_own", "account.own"

#define SV_SUPERVISOR_PERMISSIONS                                                                                      \
    "rack.release_any", "session.read_any", "session.complete_any", "count.open", "count.reconcile", "count.close",    \
        "count.totals", "count.approve", "adjustment.stop", "adjustment.reverse", "sync.resolve_any", "sync.rescue"

static const char *const sv_staff_permissions[] = { SV_STAFF_PERMISSIONS, NULL };
static const char *const sv_supervisor_permissions[] = { SV_STAFF_PERMISSIONS, SV_SUPERVISOR_PERMISSIONS, NULL };
static const char *const sv_admin_permissions[] = { SV_STAFF_PERMISSIONS, SV_SUPERVISOR_PERMISSIONS, "system.status",
                                                    "adjustment.post", NULL };
static const char *const sv_no_permissions[] = { NULL };

static const char *const *const sv_permissions[] = {
    [SV_ROLE_ANYONE] = sv_no_permissions,
    [SV_ROLE_STAFF] = sv_staff_permissions,
    [SV_ROLE_SUPERVISOR] = sv_supervisor_permissions,
    [SV_ROLE_ADMIN] = sv_admin_permissions,
};

const char *const *
sv_role_permissions(sv_role_t role)
{
    return sv_permissions[role];
}
