#ifndef SV_NGINX_H
#define SV_NGINX_H

#include <stdbool.h>
#include <stdint.h>

/* nginx's headers, whose own warnings are not ours to mend. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wextra"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wsign-compare"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>
#include <ngx_http.h>
#include <ngx_thread_pool.h>
#pragma GCC diagnostic pop

#endif
