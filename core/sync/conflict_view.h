#ifndef SV_SYNC_CONFLICT_VIEW_H
#define SV_SYNC_CONFLICT_VIEW_H

#include "core/auth/principal.h"
#include "core/base/json_writer.h"
#include "core/store/store.h"
#include "core/base/text_map.h"
#include "core/sync/conflict_actions.h"

/* Kept conflicts as a client sees them: who counts blind sees them without what others counted (blind.h). */
typedef struct {
    const sv_principal_t *who;
    sv_text_map_t blind; /* the counts concerned whose figures of others the reader does not see */
    sv_conflict_facts_t facts;
    sv_arena_t *arena;
} sv_conflict_view_t;

/* What these conflicts are seen with; asks for their counts, too, when the reader is no supervisor. */
sv_status_t sv_conflict_view(sv_store_t *store, const sv_principal_t *who, const bson_t *const *conflicts, size_t count,
                             sv_conflict_view_t *view, sv_error_t *error);

/* One of them; `name` as the JSON writer takes it. */
void
sv_conflict_write_json(sv_json_writer_t *w, const char *name, const bson_t *conflict, const sv_conflict_view_t *view);

#endif
