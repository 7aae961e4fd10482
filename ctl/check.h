#ifndef SV_CTL_CHECK_H
#define SV_CTL_CHECK_H

#include <sys/types.h>

#include "ctl/ctl.h"

/*
 * What `stockverifyctl check` looks at.  Every check runs in a child process, as the user that will need what it tries,
 * so that files and sockets only root can open are found out; it connects anew and leaves nothing behind.
 */
typedef struct {
    const char *name;
    uid_t uid;
    gid_t gid;
} sv_check_user_t;

typedef struct {
    sv_ctl_t *worker; /* the settings of worker and ctl */
    sv_ctl_t *nginx;  /* those of nginx.conf; NULL: not read */
    sv_check_user_t worker_user, nginx_user;
    const char *token; /* unguessable; names the files and keys of this run */
} sv_check_run_t;

/* One thing that must be right; SV_OK, or ctl->error says what is wrong. */
typedef sv_status_t sv_check_t(sv_ctl_t *ctl, const sv_check_run_t *run);

/* Runs the check with the settings of `ctl` as `user`; its verdict is in ctl->error. */
sv_status_t sv_check_as(sv_ctl_t *ctl, const sv_check_user_t *user, sv_check_t *check, const sv_check_run_t *run);

/* The user of a name; false: there is none. */
bool sv_check_user_find(const char *name, sv_arena_t *arena, sv_check_user_t *user);
/* Who runs this. */
void sv_check_user_self(sv_arena_t *arena, sv_check_user_t *user);

/* Reads nginx' settings, and the user of its processes, from a configuration (core/settings: directives). */
sv_status_t sv_check_read_nginx(const char *path, sv_ctl_t *nginx, const char **user);

sv_check_t sv_check_settings, sv_check_agreement, sv_check_worker_files, sv_check_nginx_files;
sv_check_t sv_check_spool_written, sv_check_spool_read, sv_check_spool_cleared, sv_check_spool_mark;
sv_check_t sv_check_redis, sv_check_redis_shared, sv_check_mongodb, sv_check_indexes, sv_check_migrations;
sv_check_t sv_check_worker_runs;

#endif
