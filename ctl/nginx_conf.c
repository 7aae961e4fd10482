#include "ctl/nginx_conf.h"

#include <ctype.h>
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>

#include "core/base/buffer.h"

enum { SV_NGINX_WORDS_MAX = 64, SV_NGINX_DEPTH_MAX = 16, SV_NGINX_FILE_MAX = 16 * 1024 * 1024 };

typedef struct {
    sv_nginx_directive_t told;
    void *context;
    const char *folder; /* that includes are relative to: the first file's */
    bool complete;      /* what `nginx -T` printed: includes stand in it */
    int depth;
    sv_error_t *error;
} sv_nginx_reader_t;

static void sv_nginx_read_file(sv_nginx_reader_t *reader, const char *path);

/* The file's text; NULL: the error names it. */
static const char *
sv_nginx_load(sv_nginx_reader_t *reader, const char *path)
{
    sv_error_t *error = reader->error;
    FILE *stream = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    sv_buffer_t text;
    int c;

    if (stream == NULL) {
        sv_fail(error, SV_ERR_VALIDATION_FAILED, "%s cannot be opened: %s", path, strerror(errno));
        return NULL;
    }
    sv_buffer_init(&text, error->arena, 4096);
    sv_buffer_puts(&text, "");
    while (text.length < SV_NGINX_FILE_MAX && (c = getc(stream)) != EOF) {
        sv_buffer_putc(&text, c == '\0' ? ' ' : (char) c);
    }
    if (ferror(stream)) {
        sv_fail(error, SV_ERR_VALIDATION_FAILED, "%s cannot be read: %s", path, strerror(errno));
    }
    if (stream != stdin) {
        fclose(stream);
    }
    return error->status == SV_OK ? text.data : NULL;
}

/* The next word: its end in *text; NULL at `;`, `{`, `}` (in *mark) and at the end (NUL in *mark). */
static const char *
sv_nginx_word(const char **text, char *mark, sv_arena_t *arena)
{
    const char *at = *text;
    sv_buffer_t word;
    char quote;

    for (; isspace((unsigned char) *at) || *at == '#'; at++) {
        if (*at == '#') {
            at += strcspn(at, "\n");
            if (*at == '\0') {
                break;
            }
        }
    }
    *mark = *at;
    if (*at == '\0' || strchr(";{}", *at) != NULL) {
        *text = at + (*at != '\0');
        return NULL;
    }
    quote = *at == '"' || *at == '\'' ? *at++ : '\0';
    sv_buffer_init(&word, arena, 32);
    sv_buffer_puts(&word, "");
    for (; *at != '\0' && (quote != '\0' ? *at != quote : !isspace((unsigned char) *at) && strchr(";{", *at) == NULL);
         at++) {
        if (*at == '\\' && at[1] != '\0' && strchr("\"'\\", at[1]) != NULL) {
            at++;
        }
        sv_buffer_putc(&word, *at);
    }
    *text = at + (quote != '\0' && *at == quote);
    return word.data;
}

static void
sv_nginx_include(sv_nginx_reader_t *reader, const char *pattern)
{
    sv_arena_t *arena = reader->error->arena;
    const char *path = pattern[0] == '/' ? pattern : sv_arena_printf(arena, "%s/%s", reader->folder, pattern);
    glob_t found;

    if (strpbrk(path, "*?[") == NULL) {
        sv_nginx_read_file(reader, path);
        return;
    }
    if (glob(path, 0, NULL, &found) == 0) {
        for (size_t i = 0; i < found.gl_pathc && reader->error->status == SV_OK; i++) {
            sv_nginx_read_file(reader, sv_arena_strdup(arena, found.gl_pathv[i]));
        }
        globfree(&found);
    }
}

static void
sv_nginx_read_text(sv_nginx_reader_t *reader, const char *text)
{
    const char *words[SV_NGINX_WORDS_MAX];
    size_t count = 0;
    char mark = ';';

    while (reader->error->status == SV_OK) {
        const char *word = sv_nginx_word(&text, &mark, reader->error->arena);

        if (word != NULL) {
            if (count < SV_NGINX_WORDS_MAX) {
                words[count++] = word;
            }
            continue;
        }
        if (count > 1 && mark == ';' && strcmp(words[0], "include") == 0) {
            if (!reader->complete) {
                sv_nginx_include(reader, words[1]);
            }
        } else if (count > 0) {
            reader->told(reader->context, words, count);
        }
        count = 0;
        if (mark == '\0') {
            return;
        }
    }
}

static void
sv_nginx_read_file(sv_nginx_reader_t *reader, const char *path)
{
    const char *text;

    if (reader->depth == SV_NGINX_DEPTH_MAX) {
        sv_fail(reader->error, SV_ERR_VALIDATION_FAILED, "%s: includes are nested too deep", path);
        return;
    }
    text = sv_nginx_load(reader, path);
    if (text == NULL) {
        return;
    }
    if (reader->depth == 0) {
        reader->complete = strcmp(path, "-") == 0 || strncmp(text, "# configuration file ", 21) == 0 ||
                           strstr(text, "\n# configuration file ") != NULL;
    }
    reader->depth++;
    sv_nginx_read_text(reader, text);
    reader->depth--;
}

sv_status_t
sv_nginx_conf_read(const char *path, sv_nginx_directive_t told, void *context, sv_error_t *error)
{
    const char *slash = strrchr(path, '/');
    sv_nginx_reader_t reader = { .told = told, .context = context, .error = error };

    reader.folder = slash == NULL ? "." : sv_arena_strndup(error->arena, path, (size_t) (slash - path));
    sv_nginx_read_file(&reader, path);
    return error->status;
}
