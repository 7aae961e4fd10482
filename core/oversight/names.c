#include "core/oversight/names.h"

#include "core/store/document.h"
#include "core/store/filter.h"

static void
sv_name_take(const bson_t *user, void *context)
{
    sv_text_map_t *names = context;
    const char *user_id = sv_doc_text(user, "user_id", names->arena);

    if (user_id != NULL) {
        *sv_text_map_put(names, user_id) = (void *) sv_doc_text(user, "full_name", names->arena);
    }
}

sv_status_t
sv_names_read(sv_store_t *store, const char *const *user_ids, size_t count, sv_text_map_t *names, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(error->arena);

    sv_text_map_init(names, error->arena, 64);
    sv_filter_in(filter, "user_id", user_ids, count);
    return sv_store_each(store, SV_COLLECTION_USERS, filter, NULL, sv_name_take, names, error);
}
