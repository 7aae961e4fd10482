#ifndef SV_LOGIN_REFUSED_H
#define SV_LOGIN_REFUSED_H

#include "core/auth/login.h"

/*
 * The audit trail of logins that were refused: `login.refused` with the name tried, the address and the reason.  At most
 * SV_LOGIN_REFUSED_MAX entries a minute in all, or whoever guesses from many addresses fills the trail; the last
 * of a minute says `more: true`.  A failure to write it is logged and changes nothing for the client.  The same
 * work for known and unknown names.  Runs on any thread that owns `store`.
 */
enum { SV_LOGIN_REFUSED_MAX = 60 };

void sv_login_refused_audit(sv_store_t *store, const sv_principal_t *who, const sv_login_t *login, sv_status_t reason,
                            sv_arena_t *arena);

#endif
