#include "core/jobs/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

const char *
sv_spool_file(const char *job_id, int64_t attempt, const char *extension, sv_arena_t *arena)
{
    return sv_arena_printf(arena, "jobs/%s/%" PRId64 ".%s", job_id, attempt, extension);
}

static sv_status_t
sv_spool_make(const char *path, sv_error_t *error)
{
    if (mkdir(path, 0750) != 0 && errno != EEXIST) {
        return sv_fail_cause(error, SV_ERR_UNAVAILABLE, "%s: %s", path, strerror(errno));
    }
    return SV_OK;
}

sv_status_t
sv_spool_prepare(const char *spool_dir, const char *job_id, sv_error_t *error)
{
    sv_status_t status = sv_spool_make(sv_arena_printf(error->arena, "%s/jobs", spool_dir), error);

    if (status == SV_OK) {
        status = sv_spool_make(sv_arena_printf(error->arena, "%s/jobs/%s", spool_dir, job_id), error);
    }
    return status;
}

typedef bool (*sv_spool_choice_t)(const void *context, const char *file);

static void
sv_spool_remove_files(const char *path, sv_spool_choice_t goes, const void *context)
{
    DIR *folder = opendir(path);
    struct dirent *entry;

    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 && goes(context, entry->d_name)) {
            unlinkat(dirfd(folder), entry->d_name, 0);
        }
    }
    if (folder != NULL) {
        closedir(folder);
    }
}

static void
sv_spool_remove_some(const char *spool_dir, const char *job_id, sv_spool_choice_t goes, const void *context)
{
    sv_arena_t *arena = sv_arena_create();

    sv_spool_remove_files(sv_arena_printf(arena, "%s/jobs/%s", spool_dir, job_id), goes, context);
    sv_arena_destroy(arena);
}

static bool
sv_spool_is_of_attempt(const void *context, const char *file)
{
    const int64_t *attempt = context;
    char *rest;

    return strtoll(file, &rest, 10) == *attempt && *rest == '.';
}

void
sv_spool_remove_attempt(const char *spool_dir, const char *job_id, int64_t attempt)
{
    sv_spool_remove_some(spool_dir, job_id, sv_spool_is_of_attempt, &attempt);
}

static bool
sv_spool_is_other(const void *context, const char *file)
{
    return strcmp(context, file) != 0;
}

void
sv_spool_clean(const char *spool_dir, const char *job_id, const char *keep)
{
    const char *name = strrchr(keep, '/');

    sv_spool_remove_some(spool_dir, job_id, sv_spool_is_other, name != NULL ? name + 1 : keep);
}

/* Named by the time, so that whoever comes by later knows how long it has lain. */
void
sv_spool_bury(const char *spool_dir, const char *job_id)
{
    sv_arena_t *arena = sv_arena_create();
    const char *graveyard = sv_arena_printf(arena, "%s/graveyard", spool_dir);

    mkdir(graveyard, 0750);
    rename(sv_arena_printf(arena, "%s/jobs/%s", spool_dir, job_id),
           sv_arena_printf(arena, "%s/%" PRId64 "-%s", graveyard, (int64_t) time(NULL), job_id));
    sv_arena_destroy(arena);
}

static bool
sv_spool_is_any(const void *context, const char *file)
{
    (void) context, (void) file;
    return true;
}

void
sv_spool_purge(const char *spool_dir, int64_t grace_s)
{
    sv_arena_t *arena = sv_arena_create();
    const char *graveyard = sv_arena_printf(arena, "%s/graveyard", spool_dir);
    DIR *folder = opendir(graveyard);
    struct dirent *entry;

    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        char *rest;
        int64_t buried_s = strtoll(entry->d_name, &rest, 10);

        if (buried_s > 0 && *rest == '-' && buried_s + grace_s <= time(NULL)) {
            sv_arena_t *mine = sv_arena_create();
            const char *path = sv_arena_printf(mine, "%s/%s", graveyard, entry->d_name);

            sv_spool_remove_files(path, sv_spool_is_any, NULL);
            rmdir(path);
            sv_arena_destroy(mine);
        }
    }
    if (folder != NULL) {
        closedir(folder);
    }
    sv_arena_destroy(arena);
}

sv_status_t
sv_spool_walk(const char *spool_dir, int64_t idle_s, sv_spool_visit_t visit, void *context, sv_error_t *error)
{
    DIR *folder = opendir(sv_arena_printf(error->arena, "%s/jobs", spool_dir));
    struct dirent *entry;
    struct stat state;
    sv_status_t status = SV_OK;

    if (folder == NULL) {
        return errno == ENOENT ? SV_OK : sv_fail_cause(error, SV_ERR_UNAVAILABLE, "%s: %s", spool_dir, strerror(errno));
    }
    while (status == SV_OK && (entry = readdir(folder)) != NULL) {
        if (entry->d_name[0] != '.' && fstatat(dirfd(folder), entry->d_name, &state, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISDIR(state.st_mode) && state.st_mtime + idle_s < time(NULL)) {
            status = visit(context, entry->d_name, error);
        }
    }
    closedir(folder);
    return status;
}
