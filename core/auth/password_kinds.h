#ifndef SV_PASSWORD_KINDS_H
#define SV_PASSWORD_KINDS_H

#include "core/store/store.h"

/*
 * What kinds of password hashes the accounts have, and so what a login must do that nobody learns from its time which
 * of them an account has, or whether there is one.
 *
 * A kind is all of a hash before its salt: "$2b$12$", "$argon2id$v=19$m=47104,t=1,p=1$".  Beside the kind of the
 * settings there are others until everybody with one has logged in: hashes brought from another system, and hashes of
 * changed parameters.  Every login by password verifies against one hash of each kind: its account's, and decoys.
 */
enum { SV_PASSWORD_KINDS_MAX = 4 };

typedef struct {
    const char *hashes[SV_PASSWORD_KINDS_MAX + 1];
    size_t count;
} sv_password_decoys_t;

/* Decoys of every kind there is but that of `checked` (what the login verifies against anyway).  With more than
 * SV_PASSWORD_KINDS_MAX old kinds at once those in the middle of their order are left out. */
sv_status_t
sv_password_decoys_find(sv_store_t *store, const char *checked, sv_password_decoys_t *decoys, sv_error_t *error);

/* Verifies against them all; none has a password. */
void sv_password_decoys_verify(const sv_password_decoys_t *decoys, const char *password);

#endif
