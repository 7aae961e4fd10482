#include "core/auth/account_list.h"

#include "core/store/document.h"
#include "core/store/filter.h"

const char *const sv_account_sorts[] = { "username", "full_name",     "role",       "warehouse",
                                         "enabled",  "last_login_at", "created_at", NULL };

void
sv_account_write_json(sv_json_writer_t *w, const char *name, const sv_account_t *account)
{
    sv_json_object(w, name);
    sv_json_text(w, "user_id", account->user_id);
    sv_json_text(w, "username", account->username);
    sv_json_text(w, "full_name", account->full_name);
    sv_json_text(w, "role", sv_role_name(account->role));
    sv_json_text(w, "warehouse", account->warehouse);
    sv_json_bool(w, "enabled", account->enabled);
    sv_json_bool(w, "has_pin", account->pin_hash != NULL);
    sv_json_time(w, "created_at", account->created_at_ms);
    sv_json_time(w, "last_login_at", account->last_login_at_ms);
    sv_json_end(w);
}

static bson_t *
sv_account_filter(const sv_account_query_t *query, sv_arena_t *arena)
{
    static const char *const searched[] = { "username", "full_name", "user_id", NULL };
    bson_t *filter = sv_doc_new(arena);

    if (query->role != SV_ROLE_ANYONE) {
        BSON_APPEND_UTF8(filter, "role", sv_role_name(query->role));
    }
    if (query->warehouse != NULL) {
        BSON_APPEND_UTF8(filter, "warehouse", query->warehouse);
    }
    if (query->enabled != NULL) {
        BSON_APPEND_BOOL(filter, "enabled", *query->enabled);
    }
    sv_filter_contains(filter, searched, query->search);
    return filter;
}

static void
sv_account_write_row(sv_json_writer_t *w, const bson_t *row, void *context)
{
    sv_account_t account;

    sv_account_read(row, context, &account);
    sv_account_write_json(w, NULL, &account);
}

sv_status_t
sv_account_page_write(sv_store_t *store, sv_account_query_t *query, sv_json_writer_t *w, sv_arena_t *arena,
                      sv_error_t *error)
{
    query->page.unique_field = "user_id";
    return sv_page_run(store, SV_COLLECTION_USERS, sv_account_filter(query, arena), NULL, &query->page,
                       sv_account_write_row, arena, w, arena, error);
}

/* ---- people */

static void
sv_people_write_row(sv_json_writer_t *w, const bson_t *row, void *context)
{
    sv_account_t account;

    sv_account_read(row, context, &account);
    sv_json_object(w, NULL);
    sv_json_text(w, "user_id", account.user_id);
    sv_json_text(w, "username", account.username);
    sv_json_text(w, "full_name", account.full_name);
    sv_json_text(w, "role", sv_role_name(account.role));
    sv_json_text(w, "warehouse", account.warehouse);
    sv_json_bool(w, "enabled", account.enabled);
    sv_json_end(w);
}

sv_status_t
sv_people_page_write(sv_store_t *store, const char *warehouse, sv_page_t *page, sv_json_writer_t *w, sv_arena_t *arena,
                     sv_error_t *error)
{
    bson_t *filter =
        warehouse == NULL
            ? sv_doc_new(arena)
            : sv_doc_take(BCON_NEW("warehouse", "{", "$in", "[", BCON_UTF8(warehouse), BCON_NULL, "]", "}"), arena);

    page->list = "people";
    page->sort_field = "full_name";
    page->unique_field = "user_id";
    page->direction = 1;
    return sv_page_run(store, SV_COLLECTION_USERS, filter, NULL, page, sv_people_write_row, arena, w, arena, error);
}
