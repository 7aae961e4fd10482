#ifndef SV_REDIS_SCRIPTS_H
#define SV_REDIS_SCRIPTS_H

#include <stdint.h>

/* The Lua scripts of core/redis/lua, embedded at build.  scripts.def lists them. */
typedef enum {
    SV_SCRIPT_NONE = 0,
#define SV_SCRIPT(name, symbol)  SV_SCRIPT_##name,
#include "core/redis/scripts.def"
#undef SV_SCRIPT
    SV_SCRIPT_COUNT
} sv_script_t;

const char *sv_script_source(sv_script_t script);
const char *sv_script_sha1(sv_script_t script);      /* 40 hex digits; computed once, before threads, by sv_scripts_init */
void        sv_scripts_init(void);
/* The EVENTS_KEPT that scripts trim the events to, where it is not its default; before sv_scripts_init. */
void        sv_scripts_keep_events(int64_t count);

#endif
