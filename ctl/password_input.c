#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "core/auth/password.h"
#include "ctl/ctl.h"

enum { SV_PASSWORD_LINE = 1024 };

/* The first line of a stream, without its end. */
static const char *
sv_password_line(sv_ctl_t *ctl, FILE *stream)
{
    char line[SV_PASSWORD_LINE];
    size_t length;

    if (fgets(line, sizeof(line), stream) == NULL) {
        sv_fail(&ctl->error, SV_ERR_VALIDATION_FAILED, "There is no password to read");
        return NULL;
    }
    length = strcspn(line, "\r\n");
    if (length == sizeof(line) - 1) {
        sv_fail(&ctl->error, SV_ERR_VALIDATION_FAILED, "The password is too long");
        return NULL;
    }
    return sv_arena_strndup(ctl->arena, line, length);
}

static const char *
sv_password_prompt(sv_ctl_t *ctl, FILE *terminal, const char *prompt)
{
    struct termios shown, hidden;
    const char *password;

    if (tcgetattr(fileno(terminal), &shown) != 0) {
        sv_fail(&ctl->error, SV_ERR_VALIDATION_FAILED, "The terminal cannot hide what is typed: %s", strerror(errno));
        return NULL;
    }
    hidden = shown;
    hidden.c_lflag &= ~(tcflag_t) ECHO;
    fputs(prompt, terminal);
    fflush(terminal);
    tcsetattr(fileno(terminal), TCSAFLUSH, &hidden);
    password = sv_password_line(ctl, terminal);
    tcsetattr(fileno(terminal), TCSAFLUSH, &shown);
    fputc('\n', terminal);
    return password;
}

static const char *
sv_password_ask(sv_ctl_t *ctl)
{
    FILE *terminal = fopen("/dev/tty", "r+e");
    const char *password, *again;

    if (terminal == NULL) {
        sv_fail(&ctl->error, SV_ERR_VALIDATION_FAILED, "There is no terminal to ask on; use --password-file");
        return NULL;
    }
    password = sv_password_prompt(ctl, terminal, "Password: ");
    again = password == NULL ? NULL : sv_password_prompt(ctl, terminal, "Again: ");
    fclose(terminal);
    if (again != NULL && strcmp(password, again) != 0) {
        sv_fail(&ctl->error, SV_ERR_VALIDATION_FAILED, "The two passwords differ");
        return NULL;
    }
    return again;
}

const char *
sv_ctl_password(sv_ctl_t *ctl, const char *path)
{
    const char *password;
    FILE *stream;

    if (path == NULL) {
        password = sv_password_ask(ctl);
    } else {
        stream = sv_ctl_open(path);
        if (stream == NULL) {
            sv_fail(&ctl->error, SV_ERR_VALIDATION_FAILED, "The password file cannot be read");
            return NULL;
        }
        password = sv_password_line(ctl, stream);
        sv_ctl_close(stream);
    }
    if (password != NULL && !sv_password_acceptable(password, "password", &ctl->error)) {
        return NULL;
    }
    return password;
}
