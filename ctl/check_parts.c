#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/auth/auth_keys.h"
#include "core/jobs/spool_mark.h"
#include "core/settings/secret_file.h"
#include "ctl/check.h"

sv_status_t
sv_check_settings(sv_ctl_t *ctl, const sv_check_run_t *run)
{
    (void) run;
    return sv_settings_check(&ctl->settings, ctl->arena, &ctl->error);
}

static sv_status_t
sv_check_readable(sv_ctl_t *ctl, const char *setting, const char *path)
{
    int file = path[0] == '\0' ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    char byte;

    if (path[0] == '\0') {
        return SV_OK;
    }
    if (file < 0 || read(file, &byte, 1) < 0) {
        sv_fail(&ctl->error, SV_ERR_VALIDATION_FAILED, "%s: %s cannot be opened by this user: %s", setting, path,
                strerror(errno));
    }
    if (file >= 0) {
        close(file);
    }
    return ctl->error.status;
}

/* The files that the connection string names; libmongoc opens them in each process that connects. */
static sv_status_t
sv_check_mongodb_files(sv_ctl_t *ctl)
{
    static const char *const options[] = { MONGOC_URI_TLSCAFILE, MONGOC_URI_TLSCERTIFICATEKEYFILE };
    mongoc_uri_t *uri = mongoc_uri_new(ctl->settings.mongodb_uri);

    for (size_t i = 0; uri != NULL && i < sizeof(options) / sizeof(options[0]); i++) {
        const char *path = mongoc_uri_get_option_as_utf8(uri, options[i], "");

        if (sv_check_readable(ctl, sv_arena_printf(ctl->arena, "%s of MONGODB_URI", options[i]), path) != SV_OK) {
            break;
        }
    }
    if (uri != NULL) {
        mongoc_uri_destroy(uri);
    }
    return ctl->error.status;
}

sv_status_t
sv_check_worker_files(sv_ctl_t *ctl, const sv_check_run_t *run)
{
    const sv_settings_t *settings = &ctl->settings;
    const char *password;
    size_t length;

    (void) run;
    sv_auth_keys_create(settings, ctl->arena, &ctl->error);
    if (ctl->error.status == SV_OK && settings->smtp_password_file[0] != '\0') {
        sv_secret_file_read(settings->smtp_password_file, ctl->arena, &password, &length, &ctl->error);
    }
    if (ctl->error.status != SV_OK ||
        sv_check_readable(ctl, "REDIS_PASSWORD_FILE", settings->redis_password_file) != SV_OK ||
        sv_check_readable(ctl, "SMTP_CA_FILE", settings->smtp_ca_file) != SV_OK) {
        return ctl->error.status;
    }
    return sv_check_mongodb_files(ctl);
}

sv_status_t
sv_check_nginx_files(sv_ctl_t *ctl, const sv_check_run_t *run)
{
    (void) run;
    return sv_check_mongodb_files(ctl);
}

static const char *
sv_check_spool_file(const sv_ctl_t *ctl, const sv_check_run_t *run, const char *ending)
{
    return sv_arena_printf(ctl->arena, "%s/.check-%s%s", ctl->settings.spool_dir, run->token, ending);
}

sv_status_t
sv_check_spool_written(sv_ctl_t *ctl, const sv_check_run_t *run)
{
    const char *part = sv_check_spool_file(ctl, run, ".part"), *whole = sv_check_spool_file(ctl, run, "");
    int file;

    umask(027); /* as the worker's unit has it */
    file = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    if (file < 0) {
        return sv_fail(&ctl->error, SV_ERR_VALIDATION_FAILED, "nothing can be written into SPOOL_DIR %s: %s",
                       ctl->settings.spool_dir, strerror(errno));
    }
    if (write(file, "check\n", 6) != 6 || fsync(file) != 0) {
        sv_fail(&ctl->error, SV_ERR_VALIDATION_FAILED, "writing into SPOOL_DIR %s fails: %s", ctl->settings.spool_dir,
                strerror(errno));
    } else if (rename(part, whole) != 0) {
        sv_fail(&ctl->error, SV_ERR_VALIDATION_FAILED, "renaming in SPOOL_DIR %s fails: %s", ctl->settings.spool_dir,
                strerror(errno));
    }
    close(file);
    if (ctl->error.status != SV_OK) {
        unlink(part);
    }
    return ctl->error.status;
}

sv_status_t
sv_check_spool_read(sv_ctl_t *ctl, const sv_check_run_t *run)
{
    int file = open(sv_check_spool_file(ctl, run, ""), O_RDONLY | O_CLOEXEC);

    if (file < 0) {
        return sv_fail(&ctl->error, SV_ERR_VALIDATION_FAILED,
                       "what the worker writes into SPOOL_DIR %s cannot be read: %s", ctl->settings.spool_dir,
                       strerror(errno));
    }
    close(file);
    return SV_OK;
}

sv_status_t
sv_check_spool_cleared(sv_ctl_t *ctl, const sv_check_run_t *run)
{
    unlink(sv_check_spool_file(ctl, run, ""));
    return SV_OK;
}

sv_status_t
sv_check_spool_mark(sv_ctl_t *ctl, const sv_check_run_t *run)
{
    (void) run;
    return sv_ctl_store(ctl) == NULL ? ctl->error.status : sv_spool_check(ctl->store, &ctl->error);
}
