#include "core/report/query/saved_query.h"

#include "core/audit/audit.h"
#include "core/base/codec.h"
#include "core/store/document.h"
#include "core/store/transaction.h"

bool
sv_saved_query_read(const sv_json_fields_t *fields, sv_arena_t *arena, sv_saved_wanted_t *wanted)
{
    sv_json_fields_t inside = { .path = sv_json_field_path(fields, "query"), .error = fields->error };
    sv_report_query_t *query = NULL;

    *wanted = (sv_saved_wanted_t){ 0 };
    sv_json_get_text(fields, "name", SV_REQUIRED, 1, SV_SAVED_NAME_MAX, &wanted->name);
    sv_json_get_note(fields, "description", SV_OPTIONAL, SV_SAVED_TEXT_MAX, &wanted->description);
    if (sv_json_get_object(fields, "query", SV_REQUIRED, &inside.object)) {
        query = sv_report_query_read(&inside, arena);
    }
    if (query != NULL && fields->error->status == SV_OK) {
        wanted->query = sv_report_query_to_bson(query, arena);
    }
    return fields->error->status == SV_OK;
}

typedef struct {
    const sv_principal_t *who;
    const char *query_id;
    const sv_saved_wanted_t *wanted; /* NULL: it goes */
    bool create;
    sv_arena_t *arena;
    const bson_t *saved;
} sv_saved_change_t;

static bson_t *
sv_saved_filter(const char *query_id, sv_arena_t *arena)
{
    return sv_doc_take(BCON_NEW("query_id", BCON_UTF8(query_id)), arena);
}

static sv_status_t
sv_saved_audit(sv_store_t *store, const sv_saved_change_t *change, const char *action, sv_error_t *error)
{
    bson_t *details = sv_doc_new(change->arena);
    sv_audit_t entry = { .action = action, .details = details };

    BSON_APPEND_UTF8(details, "query_id", change->query_id);
    sv_doc_put_text(details, "name", sv_doc_text(change->saved, "name", change->arena));
    if (change->wanted != NULL) {
        BSON_APPEND_DOCUMENT(details, "query", change->wanted->query);
    }
    return sv_audit_write(store, change->who, &entry, error);
}

static void
sv_saved_put_person(bson_t *document, const char *name, const sv_principal_t *who)
{
    bson_t person;

    BSON_APPEND_DOCUMENT_BEGIN(document, name, &person);
    BSON_APPEND_UTF8(&person, "user_id", who->user_id);
    sv_doc_put_text(&person, "full_name", who->full_name);
    bson_append_document_end(document, &person);
}

static bson_t *
sv_saved_update(const sv_saved_change_t *change)
{
    bson_t *update = sv_doc_new(change->arena), set, once, dates;

    BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &set);
    BSON_APPEND_UTF8(&set, "name", change->wanted->name);
    sv_doc_put_text(&set, "description", change->wanted->description);
    BSON_APPEND_DOCUMENT(&set, "query", change->wanted->query);
    sv_saved_put_person(&set, "updated_by", change->who);
    bson_append_document_end(update, &set);
    BSON_APPEND_DOCUMENT_BEGIN(update, "$currentDate", &dates);
    BSON_APPEND_BOOL(&dates, "updated_at", true);
    if (change->create) {
        BSON_APPEND_BOOL(&dates, "created_at", true);
    }
    bson_append_document_end(update, &dates);
    if (change->create) {
        BSON_APPEND_DOCUMENT_BEGIN(update, "$setOnInsert", &once);
        sv_saved_put_person(&once, "created_by", change->who);
        bson_append_document_end(update, &once);
    }
    return update;
}

/* For people, who would not know which is which.  What two save at the same moment may have one name. */
static sv_status_t
sv_saved_check_name(sv_store_t *store, const sv_saved_change_t *change, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(
        BCON_NEW("name", BCON_UTF8(change->wanted->name), "query_id", "{", "$ne", BCON_UTF8(change->query_id), "}"),
        change->arena);
    const bson_t *other = NULL;

    if (sv_store_find_one(store, SV_COLLECTION_REPORT_QUERIES, filter, NULL, change->arena, &other, error) != SV_OK) {
        return error->status;
    }
    return other != NULL ? sv_fail(error, SV_ERR_ALREADY_EXISTS, "There is a query named %s", change->wanted->name)
                         : SV_OK;
}

static sv_status_t
sv_saved_save_body(sv_store_t *store, void *context, sv_error_t *error)
{
    sv_saved_change_t *change = context;
    sv_status_t status;

    if ((!change->create &&
         sv_saved_query_load(store, change->query_id, change->arena, &change->saved, error) != SV_OK) ||
        sv_saved_check_name(store, change, error) != SV_OK) {
        return error->status;
    }
    status =
        sv_store_find_and_update(store, SV_COLLECTION_REPORT_QUERIES, sv_saved_filter(change->query_id, change->arena),
                                 sv_saved_update(change), true, change->create, change->arena, &change->saved, error);
    if (status == SV_OK && change->saved == NULL) {
        return sv_fail(error, SV_ERR_NOT_FOUND, "There is no query %s", change->query_id);
    }
    return status == SV_OK ? sv_saved_audit(store, change, change->create ? "query.create" : "query.change", error)
                           : status;
}

sv_status_t
sv_saved_query_save(sv_store_t *store, const sv_principal_t *who, const char *query_id, const sv_saved_wanted_t *wanted,
                    sv_arena_t *arena, const bson_t **saved, sv_error_t *error)
{
    char fresh[SV_UUID_SIZE];
    sv_saved_change_t change = {
        .who = who, .query_id = query_id, .wanted = wanted, .create = query_id == NULL, .arena = arena
    };
    sv_status_t status;

    if (change.create) {
        sv_uuid_v4(fresh);
        change.query_id = fresh;
    }
    status = sv_transaction_run(store, sv_saved_save_body, &change, error);
    *saved = status == SV_OK ? change.saved : NULL;
    return status;
}

static sv_status_t
sv_saved_delete_body(sv_store_t *store, void *context, sv_error_t *error)
{
    sv_saved_change_t *change = context;
    bson_t *asking = sv_doc_take(BCON_NEW("params.query_id", BCON_UTF8(change->query_id)), change->arena);
    const bson_t *schedule = NULL;

    if (sv_saved_query_load(store, change->query_id, change->arena, &change->saved, error) != SV_OK ||
        sv_store_find_one(store, SV_COLLECTION_REPORT_SCHEDULES, asking, NULL, change->arena, &schedule, error) !=
            SV_OK) {
        return error->status;
    }
    if (schedule != NULL) {
        return sv_fail(error, SV_ERR_CONFLICT_STATE, "The schedule \"%s\" asks this query",
                       sv_doc_text(schedule, "name", change->arena));
    }
    if (sv_store_delete_many(store, SV_COLLECTION_REPORT_QUERIES, sv_saved_filter(change->query_id, change->arena),
                             NULL, error) != SV_OK) {
        return error->status;
    }
    return sv_saved_audit(store, change, "query.delete", error);
}

sv_status_t
sv_saved_query_delete(sv_store_t *store, const sv_principal_t *who, const char *query_id, sv_error_t *error)
{
    sv_saved_change_t change = { .who = who, .query_id = query_id, .arena = error->arena };

    return sv_transaction_run(store, sv_saved_delete_body, &change, error);
}

sv_status_t
sv_saved_query_load(sv_store_t *store, const char *query_id, sv_arena_t *arena, const bson_t **saved, sv_error_t *error)
{
    sv_status_t status = sv_store_find_one(store, SV_COLLECTION_REPORT_QUERIES, sv_saved_filter(query_id, arena), NULL,
                                           arena, saved, error);

    return status == SV_OK && *saved == NULL ? sv_fail(error, SV_ERR_NOT_FOUND, "There is no query %s", query_id)
                                             : status;
}

static void
sv_saved_write_person(sv_json_writer_t *w, const bson_t *saved, const char *name, sv_arena_t *arena)
{
    const bson_t *person = sv_doc_child(saved, name, arena);

    sv_json_object(w, name);
    sv_json_text(w, "user_id", sv_doc_text(person, "user_id", arena));
    sv_json_text(w, "full_name", sv_doc_text(person, "full_name", arena));
    sv_json_end(w);
}

void
sv_saved_query_write_json(sv_json_writer_t *w, const char *name, const bson_t *saved)
{
    sv_arena_t *arena = sv_arena_create();

    sv_json_object(w, name);
    sv_json_text(w, "query_id", sv_doc_text(saved, "query_id", arena));
    sv_json_text(w, "name", sv_doc_text(saved, "name", arena));
    sv_json_text(w, "description", sv_doc_text(saved, "description", arena));
    sv_doc_write_json(w, "query", sv_doc_child(saved, "query", arena));
    sv_saved_write_person(w, saved, "created_by", arena);
    sv_saved_write_person(w, saved, "updated_by", arena);
    sv_json_time(w, "created_at", sv_doc_time(saved, "created_at"));
    sv_json_time(w, "updated_at", sv_doc_time(saved, "updated_at"));
    sv_json_end(w);
    sv_arena_destroy(arena);
}

static void
sv_saved_write_row(sv_json_writer_t *w, const bson_t *row, void *context)
{
    (void) context;
    sv_saved_query_write_json(w, NULL, row);
}

sv_status_t
sv_saved_queries_list(sv_store_t *store, sv_page_t *page, sv_json_writer_t *w, sv_arena_t *arena, sv_error_t *error)
{
    page->list = "queries";
    page->sort_field = "name";
    page->unique_field = "query_id";
    page->direction = 1;
    return sv_page_run(store, SV_COLLECTION_REPORT_QUERIES, sv_doc_new(arena), NULL, page, sv_saved_write_row, NULL, w,
                       arena, error);
}

sv_report_query_t *
sv_saved_query_choose(sv_store_t *store, const sv_json_fields_t *fields, sv_arena_t *arena, const char **query_id)
{
    sv_json_fields_t inside = { .path = sv_json_field_path(fields, "query"), .error = fields->error };
    const bson_t *saved;

    *query_id = NULL;
    sv_json_get_identifier(fields, "query_id", SV_OPTIONAL, SV_SAVED_ID_MAX, query_id);
    if (*query_id == NULL) {
        return sv_json_get_object(fields, "query", SV_REQUIRED, &inside.object) ? sv_report_query_read(&inside, arena)
                                                                                : NULL;
    }
    if (json_object_get(fields->object, "query") != NULL) {
        sv_fail_field(fields->error, inside.path, "not_allowed", "stands in the place of query_id, not beside it");
        return NULL;
    }
    if (sv_saved_query_load(store, *query_id, arena, &saved, fields->error) == SV_ERR_NOT_FOUND) {
        sv_error_clear(fields->error);
        sv_fail_field(fields->error, sv_json_field_path(fields, "query_id"), "not_found", "There is no query %s",
                      *query_id);
        return NULL;
    }
    return fields->error->status == SV_OK
               ? sv_report_query_from_bson(sv_doc_child(saved, "query", arena), arena, fields->error)
               : NULL;
}
