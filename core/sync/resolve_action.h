#ifndef SV_SYNC_RESOLVE_ACTION_H
#define SV_SYNC_RESOLVE_ACTION_H

/* What a person may choose for a conflict. */
typedef enum { SV_RESOLVE_KEEP_SERVER, SV_RESOLVE_KEEP_MINE, SV_RESOLVE_MERGE } sv_resolve_action_t;

extern const char *const sv_resolve_actions[]; /* "keep_server", "keep_mine", "merge", NULL; in resolve.c */

#endif
