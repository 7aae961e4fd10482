#include "core/redis/scripts.h"

#include <openssl/sha.h>
#include <stddef.h>
#include <string.h>

#include "core/base/codec.h"

#include "lua_scripts.inc"

static const char *const sv_script_sources[SV_SCRIPT_COUNT] = {
#define SV_SCRIPT(name, symbol) [SV_SCRIPT_##name] = sv_lua_##symbol,
#include "core/redis/scripts.def"
#undef SV_SCRIPT
};

static char sv_script_digests[SV_SCRIPT_COUNT][SHA_DIGEST_LENGTH * 2 + 1]; /* written once, by sv_scripts_init */

void
sv_scripts_init(void)
{
    unsigned char digest[SHA_DIGEST_LENGTH];

    for (size_t i = SV_SCRIPT_NONE + 1; i < SV_SCRIPT_COUNT; i++) {
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
