#ifndef SV_PASSWORD_IMPORT_H
#define SV_PASSWORD_IMPORT_H

#include <stdbool.h>

/* Password hashes that another system made. */

/* Whether the text can be taken for an account's hash: bcrypt ($2a$, $2b$, $2y$) or an Argon2id PHC string, whole, and
 * no dearer to verify than a login may be.  false: *reason says why not. */
bool sv_password_hash_importable(const char *text, const char **reason);

/* Whether a text that should be a password is some system's hash instead ($2b$..., $argon2id$..., $6$..., {SSHA}...).
 */
bool sv_password_looks_hashed(const char *text);

#endif
