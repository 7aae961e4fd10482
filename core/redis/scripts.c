#include "core/redis/scripts.h"

#include <inttypes.h>
#include <openssl/sha.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/codec.h"
#include "core/base/fatal.h"

#include "lua_scripts.inc"

static const char *const sv_script_texts[SV_SCRIPT_COUNT] = {
#define SV_SCRIPT(name, symbol) [SV_SCRIPT_##name] = sv_lua_##symbol,
#include "core/redis/scripts.def"
#undef SV_SCRIPT
};

/* A word of the scripts that stands for a number of the settings. */
static const char sv_events_kept_word[] = "EVENTS_KEPT";
static int64_t sv_events_kept = 10000;

/* Both written once, by sv_scripts_init. */
static const char *sv_script_sources[SV_SCRIPT_COUNT];
static char sv_script_digests[SV_SCRIPT_COUNT][SHA_DIGEST_LENGTH * 2 + 1];

static const char *
sv_script_with_settings(const char *text)
{
    const char *word = strstr(text, sv_events_kept_word);
    char *source = NULL;

    if (word == NULL) {
        return text;
    }
    if (asprintf(&source, "%.*s%" PRId64 "%s", (int) (word - text), text, sv_events_kept,
                 word + sizeof(sv_events_kept_word) - 1) < 0) {
        sv_fatal("out of memory");
    }
    return source;
}

void
sv_scripts_keep_events(int64_t count)
{
    sv_events_kept = count;
}

void
sv_scripts_init(void)
{
    unsigned char digest[SHA_DIGEST_LENGTH];

    for (size_t i = SV_SCRIPT_NONE + 1; i < SV_SCRIPT_COUNT; i++) {
        if (sv_script_sources[i] == NULL) {
            sv_script_sources[i] = sv_script_with_settings(sv_script_texts[i]);
        }
        SHA1((const unsigned char *) sv_script_sources[i], strlen(sv_script_sources[i]), digest);
        sv_hex_encode(digest, sizeof(digest), sv_script_digests[i]);
    }
}

const char *
sv_script_source(sv_script_t script)
{
    return sv_script_sources[script];
}

const char *
sv_script_sha1(sv_script_t script)
{
    return sv_script_digests[script];
}
