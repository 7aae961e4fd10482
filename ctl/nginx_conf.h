#ifndef SV_CTL_NGINX_CONF_H
#define SV_CTL_NGINX_CONF_H

#include <stddef.h>

#include "core/base/arena.h"
#include "core/base/error.h"

/* One directive as nginx reads it: words[0] is its name. */
typedef void (*sv_nginx_directive_t)(void *context, const char *const *words, size_t count);

/*
 * Reads an nginx configuration, with the files it includes, and tells every directive in order: nginx.conf itself, what
 * `nginx -T` printed (then everything is in it already), or such output from standard input ("-").
 * Error: SV_ERR_VALIDATION_FAILED naming the file, also of an include that is not there.
 */
sv_status_t sv_nginx_conf_read(const char *path, sv_nginx_directive_t told, void *context, sv_error_t *error);

#endif
