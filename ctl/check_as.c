#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/buffer.h"
#include "ctl/check.h"

bool
sv_check_user_find(const char *name, sv_arena_t *arena, sv_check_user_t *user)
{
    const struct passwd *entry = getpwnam(name);

    if (entry == NULL) {
        return false;
    }
    *user = (sv_check_user_t){ sv_arena_strdup(arena, name), entry->pw_uid, entry->pw_gid };
    return true;
}

void
sv_check_user_self(sv_arena_t *arena, sv_check_user_t *user)
{
    const struct passwd *entry = getpwuid(geteuid());

    *user = (sv_check_user_t){ entry == NULL ? sv_arena_printf(arena, "uid %u", (unsigned) geteuid())
                                             : sv_arena_strdup(arena, entry->pw_name),
                               geteuid(), getegid() };
}

/* Becomes the user for good, with all of their groups. */
static bool
sv_check_become(const sv_check_user_t *user)
{
    return geteuid() == user->uid ||
           (initgroups(user->name, user->gid) == 0 && setgid(user->gid) == 0 && setuid(user->uid) == 0);
}

/* What went wrong in one line; "" for nothing. */
static const char *
sv_check_sentence(const sv_ctl_t *ctl)
{
    const sv_error_t *error = &ctl->error;

    if (error->status == SV_OK) {
        return "";
    }
    return sv_arena_printf(ctl->arena, "%s%s%s",
                           error->message != NULL ? error->message : sv_status_message(error->status),
                           error->cause == NULL ? "" : ": ", error->cause == NULL ? "" : error->cause);
}

static void __attribute__((noreturn))
sv_check_child(sv_ctl_t *ctl, const sv_check_user_t *user, sv_check_t *check, const sv_check_run_t *run, int to)
{
    const char *sentence;

    if (!sv_check_become(user)) {
        sentence = sv_arena_printf(ctl->arena, "cannot become %s: %s", user->name, strerror(errno));
    } else {
        check(ctl, run);
        sentence = sv_check_sentence(ctl);
    }
    for (size_t left = strlen(sentence); left > 0;) {
        ssize_t written = write(to, sentence, left);

        if (written <= 0) {
            break;
        }
        sentence += written;
        left -= (size_t) written;
    }
    _exit(0);
}

/* What the child said, and whether it came to its end. */
static sv_status_t
sv_check_answer(sv_ctl_t *ctl, pid_t child, int from)
{
    sv_buffer_t text;
    char bytes[512];
    ssize_t count;
    int status;

    sv_buffer_init(&text, ctl->arena, 128);
    sv_buffer_puts(&text, "");
    while ((count = read(from, bytes, sizeof(bytes))) > 0 || (count < 0 && errno == EINTR)) {
        if (count > 0) {
            sv_buffer_append(&text, bytes, (size_t) count);
        }
    }
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        return sv_fail(&ctl->error, SV_ERR_INTERNAL, "the check itself broke off (status %d)", status);
    }
    return text.length == 0 ? SV_OK : sv_fail(&ctl->error, SV_ERR_CONFLICT_STATE, "%s", text.data);
}

sv_status_t
sv_check_as(sv_ctl_t *ctl, const sv_check_user_t *user, sv_check_t *check, const sv_check_run_t *run)
{
    int ends[2];
    pid_t child;

    sv_error_clear(&ctl->error);
    if (pipe(ends) != 0) {
        return sv_fail(&ctl->error, SV_ERR_INTERNAL, "pipe: %s", strerror(errno));
    }
    fflush(NULL);
    child = fork();
    if (child < 0) {
        close(ends[0]);
        close(ends[1]);
        return sv_fail(&ctl->error, SV_ERR_INTERNAL, "fork: %s", strerror(errno));
    }
    if (child == 0) {
        close(ends[0]);
        sv_check_child(ctl, user, check, run, ends[1]);
    }
    close(ends[1]);
    sv_check_answer(ctl, child, ends[0]);
    close(ends[0]);
    return ctl->error.status;
}
