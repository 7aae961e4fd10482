#ifndef SV_FAMILY_H
#define SV_FAMILY_H

#include "core/auth/principal.h"
#include "core/store/store.h"

/*
 * A family is one login: the chain of refresh tokens that followed from it (core/auth/refresh.h), of which one at most
 * is live.  Ending a family revokes that one.  Access tokens of it are refused at once through Redis
 * (sv_gate_end_families_command); when Redis forgot, the gate finds the family among sv_families_ended().
 */
typedef struct {
    const char **ids; /* in the arena */
    size_t count;
} sv_families_t;

/* Revokes one family; in the transaction when there is one. */
sv_status_t sv_family_revoke(sv_store_t *store, const char *family_id, bool *was_live, sv_error_t *error);

/* Revokes the families of a user, but not keep_family_id (NULL: all), and names those that were live. */
sv_status_t sv_families_revoke(sv_store_t *store, const char *user_id, const char *keep_family_id, sv_arena_t *arena,
                               sv_families_t *ended, sv_error_t *error);

/* The families of a user of which an access token may still live although they were ended. */
sv_status_t
sv_families_ended(sv_store_t *store, const char *user_id, sv_arena_t *arena, sv_families_t *ended, sv_error_t *error);

/* How long after the end of a family an access token of it can live, in seconds. */
int64_t sv_family_token_life(const sv_settings_t *settings);

/* Ends the login a request was made from (who->family_id, NULL: none), with its audit entry. */
sv_status_t sv_family_log_out(sv_store_t *store, const sv_principal_t *who, bool *was_live, sv_error_t *error);

/* Ends the login that a refresh token is of, whoever it was: on one device another login took its place.  In the
 * transaction; `by` is who logged in, for the audit entry.  What was live is named in *ended (one at most), its owner
 * in *user_id. */
sv_status_t sv_family_replace(sv_store_t *store, const sv_principal_t *by, const char *token, sv_families_t *ended,
                              const char **user_id, sv_error_t *error);

#endif
