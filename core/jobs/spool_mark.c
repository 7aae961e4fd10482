#include "core/jobs/spool_mark.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/codec.h"
#include "core/store/document.h"
#include "core/store/filter.h"

/* Folders that are looked at to tell whether a spool without a mark is ours. */
enum { SV_MARK_FOLDERS = 100, SV_MARK_LINE = 256 };

/* Whoever asks first makes it. */
static sv_status_t
sv_installation_id(sv_store_t *store, const char **id, sv_error_t *error)
{
    enum { SV_TRIES = 3 };
    bson_t *filter = sv_doc_take(BCON_NEW("_id", "installation"), error->arena);
    const bson_t *installation = NULL;
    char fresh[SV_UUID_SIZE];
    bson_t *update;
    sv_status_t status = SV_ERR_ALREADY_EXISTS;

    sv_uuid_v4(fresh);
    update = sv_doc_take(BCON_NEW("$setOnInsert", "{", "id", BCON_UTF8(fresh), "}"), error->arena);
    for (int i = 0; status == SV_ERR_ALREADY_EXISTS && i < SV_TRIES; i++) {
        sv_error_clear(error);
        status = sv_store_find_and_update(store, SV_COLLECTION_INSTALLATION, filter, update, true, true, error->arena,
                                          &installation, error);
    }
    *id = installation != NULL ? sv_doc_text(installation, "id", error->arena) : NULL;
    if (status == SV_OK && *id == NULL) {
        status = sv_fail_cause(error, SV_ERR_INTERNAL, "the collection installation has no id");
    }
    return status;
}

/* *mark NULL: there is none. */
static sv_status_t
sv_mark_read(const char *path, const char **mark, sv_error_t *error)
{
    FILE *file = fopen(path, "re");
    char line[SV_MARK_LINE] = "";

    *mark = NULL;
    if (file == NULL && errno == ENOENT) {
        return SV_OK;
    }
    if (file == NULL || fgets(line, sizeof(line), file) == NULL) {
        sv_fail_cause(error, SV_ERR_UNAVAILABLE, "%s: %s", path, file == NULL ? strerror(errno) : "it is empty");
    } else {
        line[strcspn(line, "\r\n")] = '\0';
        *mark = sv_arena_strdup(error->arena, line);
    }
    if (file != NULL) {
        fclose(file);
    }
    return error->status;
}

/* Whole or not at all, and never over another's. */
static sv_status_t
sv_mark_write(const char *path, const char *mark, sv_error_t *error)
{
    char *part = sv_arena_printf(error->arena, "%s.XXXXXX", path);
    int fd = mkostemp(part, O_CLOEXEC);
    size_t length = strlen(mark);
    bool written = fd >= 0 && write(fd, mark, length) == (ssize_t) length && write(fd, "\n", 1) == 1 &&
                   fchmod(fd, 0640) == 0 && fsync(fd) == 0 && (link(part, path) == 0 || errno == EEXIST);

    if (!written) {
        sv_fail_cause(error, SV_ERR_UNAVAILABLE, "%s: %s", path, strerror(errno));
    }
    if (fd >= 0) {
        close(fd);
        unlink(part);
    }
    return error->status;
}

/* Ids of jobs that have a folder, some of them. */
static size_t
sv_spool_jobs(const char *spool_dir, const char **job_ids, size_t limit, sv_arena_t *arena)
{
    DIR *folder = opendir(sv_arena_printf(arena, "%s/jobs", spool_dir));
    struct dirent *entry;
    size_t count = 0;

    while (folder != NULL && count < limit && (entry = readdir(folder)) != NULL) {
        if (entry->d_name[0] != '.') {
            job_ids[count++] = sv_arena_strdup(arena, entry->d_name);
        }
    }
    if (folder != NULL) {
        closedir(folder);
    }
    return count;
}

static sv_status_t
sv_spool_may_be_ours(sv_store_t *store, bool *may, sv_error_t *error)
{
    const char *job_ids[SV_MARK_FOLDERS];
    size_t count = sv_spool_jobs(store->settings->spool_dir, job_ids, SV_MARK_FOLDERS, error->arena);
    bson_t *filter = sv_doc_new(error->arena);
    const bson_t *known = NULL;
    sv_status_t status;

    *may = count == 0;
    if (*may) {
        return SV_OK;
    }
    sv_filter_in(filter, "job_id", job_ids, count);
    status = sv_store_find_one(store, SV_COLLECTION_JOBS, filter, NULL, error->arena, &known, error);
    *may = known != NULL;
    return status;
}

static sv_status_t
sv_spool_adopt(sv_store_t *store, const char *path, const char *ours, const char **mark, sv_error_t *error)
{
    bool may = false;
    sv_status_t status = sv_spool_may_be_ours(store, &may, error);

    if (status != SV_OK) {
        return status;
    }
    if (!may) {
        return sv_fail_cause(error, SV_ERR_CONFLICT_STATE,
                             "SPOOL_DIR has files of jobs that this database does not know, and no mark of whose they "
                             "are: if they are no other environment's, write the line \"%s\" to %s",
                             ours, path);
    }
    status = sv_mark_write(path, ours, error);
    return status == SV_OK ? sv_mark_read(path, mark, error) : status;
}

static const char *
sv_mark_path(const sv_store_t *store, sv_arena_t *arena)
{
    return sv_arena_printf(arena, "%s/stockverify-spool", store->settings->spool_dir);
}

/* The mark of a database has its id at the beginning. */
static sv_status_t
sv_mark_agrees(const char *path, const char *mark, const char *id, const char *ours, sv_error_t *error)
{
    if (mark != NULL && id != NULL && strncmp(mark, id, strlen(id)) == 0) {
        return SV_OK;
    }
    return sv_fail_cause(error, SV_ERR_CONFLICT_STATE,
                         "SPOOL_DIR is another database's: %s says \"%s\", this database is \"%s\"; each "
                         "environment needs a directory of its own",
                         path, mark != NULL ? mark : "", ours);
}

sv_status_t
sv_spool_check(sv_store_t *store, sv_error_t *error)
{
    const char *path = sv_mark_path(store, error->arena), *mark = NULL, *id = NULL;
    bson_t *filter = sv_doc_take(BCON_NEW("_id", "installation"), error->arena);
    const bson_t *installation = NULL;
    bool may = false;

    if (sv_mark_read(path, &mark, error) != SV_OK || sv_store_find_one(store, SV_COLLECTION_INSTALLATION, filter, NULL,
                                                                       error->arena, &installation, error) != SV_OK) {
        return error->status;
    }
    if (mark == NULL) {
        if (sv_spool_may_be_ours(store, &may, error) == SV_OK && !may) {
            sv_fail_cause(
                error, SV_ERR_CONFLICT_STATE,
                "SPOOL_DIR has files of jobs that this database does not know, and no mark of whose they are");
        }
        return error->status;
    }
    id = installation != NULL ? sv_doc_text(installation, "id", error->arena) : NULL;
    return sv_mark_agrees(path, mark, id, id != NULL ? id : "one without a worker so far", error);
}

sv_status_t
sv_spool_claim(sv_store_t *store, sv_error_t *error)
{
    const char *path = sv_mark_path(store, error->arena);
    const char *id = NULL, *mark = NULL, *ours;
    sv_status_t status = sv_installation_id(store, &id, error);

    if (status == SV_OK) {
        status = sv_mark_read(path, &mark, error);
    }
    if (status != SV_OK) {
        return status;
    }
    ours = sv_arena_printf(error->arena, "%s %s", id, store->settings->mongodb_database);
    if (mark == NULL && sv_spool_adopt(store, path, ours, &mark, error) != SV_OK) {
        return error->status;
    }
    return sv_mark_agrees(path, mark, id, ours, error);
}
