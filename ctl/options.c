#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ctl/ctl.h"

int
sv_ctl_usage(const sv_ctl_command_t *command, const char *format, ...)
{
    FILE *out = format == NULL ? stdout : stderr;
    va_list args;

    if (format != NULL) {
        va_start(args, format);
        fputs("stockverifyctl: ", out);
        vfprintf(out, format, args);
        fputc('\n', out);
        va_end(args);
    }
    fprintf(out, "usage: stockverifyctl [-c FILE] %s%s%s %s\n%s\n", command->group, command->verb == NULL ? "" : " ",
            command->verb == NULL ? "" : command->verb, command->arguments, command->text);
    return format == NULL ? SV_CTL_DONE : SV_CTL_USAGE;
}

/* Takes one option and its value; 0 when argv[0] is none of them, -1 when its value is missing. */
static int
sv_ctl_option_take(const sv_ctl_option_t *option, int argc, char **argv)
{
    size_t length = strlen(option->name);

    if (strncmp(argv[0], option->name, length) != 0 || (argv[0][length] != '\0' && argv[0][length] != '=')) {
        return 0;
    }
    if (option->given != NULL) {
        *option->given = true;
        return argv[0][length] == '=' ? -1 : 1;
    }
    if (argv[0][length] == '=') {
        *option->value = argv[0] + length + 1;
        return 1;
    }
    *option->value = argc > 1 ? argv[1] : NULL;
    return argc > 1 ? 2 : -1;
}

bool
sv_ctl_options(const sv_ctl_command_t *command, int argc, char **argv, const sv_ctl_option_t *options,
               size_t option_count, const char **words, size_t count)
{
    size_t found = 0;

    for (int i = 0, taken; i < argc; i += taken) {
        taken = 0;
        for (size_t k = 0; taken == 0 && k < option_count; k++) {
            taken = sv_ctl_option_take(&options[k], argc - i, argv + i);
        }
        if (taken < 0 || (taken == 0 && argv[i][0] == '-' && argv[i][1] == '-')) {
            sv_ctl_usage(command, "%s: %s", argv[i], taken < 0 ? "its value is missing" : "there is no such option");
            return false;
        }
        if (taken == 0) {
            taken = 1;
            if (found < count) {
                words[found] = argv[i];
            }
            found++;
        }
    }
    if (found != count) {
        sv_ctl_usage(command, "%zu words are needed, %zu were given", count, found);
        return false;
    }
    return true;
}

FILE *
sv_ctl_open(const char *path)
{
    FILE *stream = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");

    if (stream == NULL) {
        fprintf(stderr, "stockverifyctl: %s: %s\n", path, strerror(errno));
    }
    return stream;
}

void
sv_ctl_close(FILE *stream)
{
    if (stream != stdin) {
        fclose(stream);
    }
}
