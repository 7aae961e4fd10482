#include "core/unknown/unknown_resolve.h"

#include <string.h>

#include "core/audit/audit.h"
#include "core/base/log.h"
#include "core/items/item_keys.h"
#include "core/totals/touch.h"
#include "core/store/document.h"
#include "core/store/transaction.h"

const char *const sv_unknown_actions[] = { "link", "create", "reject", NULL };

/* What a find's status is by each of them. */
static const char *const sv_unknown_outcomes[] = { "linked", "created", "rejected" };

enum { SV_SETTLE_AT_ONCE_RACKS = 20 };

typedef struct {
    sv_store_t *store;
    const sv_principal_t *who;
    const sv_unknown_resolve_t *resolve;
    bool by_master;
    const bson_t *find;
    const char *code;
    const char *item_code;
    bool repeats;
} sv_unknown_work_t;

static sv_status_t
sv_unknown_read(sv_unknown_work_t *work, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(error->arena);

    BSON_APPEND_UTF8(filter, "unknown_item_id", work->resolve->unknown_item_id);
    if (sv_store_find_one(work->store, SV_COLLECTION_UNKNOWN_ITEMS, filter, NULL, error->arena, &work->find, error) !=
        SV_OK) {
        return error->status;
    }
    if (work->find == NULL) {
        return sv_fail(error, SV_ERR_NOT_FOUND, "There is no unknown item %s", work->resolve->unknown_item_id);
    }
    work->code = sv_doc_text(work->find, "code", error->arena);
    work->item_code = work->resolve->item_code;
    if (work->item_code == NULL && work->resolve->action == SV_UNKNOWN_CREATE) {
        work->item_code = work->code;
    }
    if (work->item_code == NULL && work->resolve->action != SV_UNKNOWN_REJECT) {
        return sv_fail_field(error, "item_code", "required", "item_code is required");
    }
    return SV_OK;
}

/* Decided before: the same way is the same answer, another way comes too late. */
static sv_status_t
sv_unknown_repeat(sv_unknown_work_t *work, sv_error_t *error)
{
    const char *status = sv_doc_text(work->find, "status", error->arena);
    const char *item_code = sv_doc_text(work->find, "item_code", error->arena);

    work->repeats = false;
    if (status == NULL || strcmp(status, "open") == 0 ||
        (strcmp(status, "rejected") == 0 && work->resolve->action != SV_UNKNOWN_REJECT)) {
        return SV_OK;
    }
    work->repeats = strcmp(status, sv_unknown_outcomes[work->resolve->action]) == 0 &&
                    (item_code == NULL || strcmp(item_code, work->item_code) == 0);
    if (!work->repeats) {
        return sv_fail(error, SV_ERR_CONFLICT_RESOLVED, "The unknown item is %s%s%s already", status,
                       item_code != NULL ? ": " : "", item_code != NULL ? item_code : "");
    }
    return SV_OK;
}

static sv_status_t
sv_unknown_find_item(sv_unknown_work_t *work, const bson_t **item, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(error->arena), *projection = sv_doc_new(error->arena);

    BSON_APPEND_UTF8(filter, "item_code", work->item_code);
    BSON_APPEND_INT32(projection, "item_code", 1);
    return sv_store_find_one(work->store, SV_COLLECTION_ERP_ITEMS, filter, projection, error->arena, item, error);
}

static sv_status_t
sv_unknown_insert_item(sv_unknown_work_t *work, const char *name, sv_error_t *error)
{
    bool has_barcode = work->code != NULL && strcmp(work->code, work->item_code) != 0;
    bson_t *item = sv_doc_new(error->arena), barcodes;
    int64_t now_ms;

    if (sv_store_now(work->store, &now_ms, error) != SV_OK) {
        return error->status;
    }
    BSON_APPEND_UTF8(item, "item_code", work->item_code);
    BSON_APPEND_UTF8(item, "item_name", name);
    sv_doc_put_text(item, "barcode", has_barcode ? work->code : NULL);
    BSON_APPEND_ARRAY_BEGIN(item, "barcodes", &barcodes);
    if (has_barcode) {
        BSON_APPEND_UTF8(&barcodes, "0", work->code);
    }
    bson_append_array_end(item, &barcodes);
    sv_doc_put_text(item, "warehouse", sv_doc_text(work->find, "warehouse", error->arena));
    BSON_APPEND_BOOL(item, "serial_tracked", false);
    BSON_APPEND_BOOL(item, "verified", false);
    BSON_APPEND_BOOL(item, "deleted", false);
    BSON_APPEND_UTF8(item, "found_as", work->resolve->unknown_item_id);
    sv_item_keys_put(item, item, error->arena);
    sv_doc_put_time(item, "updated_at", now_ms);
    return sv_store_insert(work->store, SV_COLLECTION_ERP_ITEMS, item, error);
}

static sv_status_t
sv_unknown_create_item(sv_unknown_work_t *work, sv_error_t *error)
{
    const char *name = work->resolve->item_name;
    sv_status_t status;

    if (name == NULL) {
        name = sv_doc_text(work->find, "name", error->arena);
    }
    if (name == NULL) {
        return sv_fail_field(error, "item_name", "required", "item_name is required: the find has none");
    }
    if (strlen(work->item_code) > SV_ITEM_KEY_MAX) {
        return sv_fail_field(error, "item_code", "too_long", "An item's code has at most %d characters",
                             SV_ITEM_KEY_MAX);
    }
    status = sv_unknown_insert_item(work, name, error);
    if (status == SV_ERR_ALREADY_EXISTS) {
        sv_error_clear(error);
        return sv_fail_field(error, "item_code", "already_exists", "There is an item %s; link to it", work->item_code);
    }
    return status;
}

/* The code finds the item from now on, whatever the master says of it later. */
static sv_status_t
sv_unknown_give_code(sv_unknown_work_t *work, sv_error_t *error)
{
    sv_arena_t *arena = error->arena;
    bson_t *filter = sv_doc_new(arena), *update, *set = sv_doc_new(arena);
    const bson_t *item = NULL;

    if (work->resolve->action != SV_UNKNOWN_LINK || work->by_master || work->code == NULL || work->code[0] == '\0' ||
        strlen(work->code) > SV_ITEM_KEY_MAX || strcmp(work->code, work->item_code) == 0) {
        return SV_OK;
    }
    BSON_APPEND_UTF8(filter, "item_code", work->item_code);
    update = sv_doc_take(BCON_NEW("$addToSet", "{", "linked_codes", BCON_UTF8(work->code), "}", "$currentDate", "{",
                                  "updated_at", BCON_BOOL(true), "}"),
                         arena);
    if (sv_store_find_and_update(work->store, SV_COLLECTION_ERP_ITEMS, filter, update, true, false, arena, &item,
                                 error) != SV_OK ||
        item == NULL) {
        return error->status;
    }
    sv_item_keys_put(set, item, arena);
    update = sv_doc_new(arena);
    BSON_APPEND_DOCUMENT(update, "$set", set);
    return sv_store_update_one(work->store, SV_COLLECTION_ERP_ITEMS, filter, update, NULL, error);
}

/* The item is there, or is made. */
static sv_status_t
sv_unknown_item(sv_unknown_work_t *work, sv_error_t *error)
{
    const bson_t *item;

    if (work->resolve->action == SV_UNKNOWN_REJECT) {
        return SV_OK;
    }
    if (sv_unknown_find_item(work, &item, error) != SV_OK) {
        return error->status;
    }
    if (work->resolve->action == SV_UNKNOWN_LINK) {
        return item != NULL ? SV_OK
                            : sv_fail_field(error, "item_code", "unknown", "There is no item %s", work->item_code);
    }
    if (item != NULL) {
        return sv_fail_field(error, "item_code", "already_exists", "There is an item %s; link to it", work->item_code);
    }
    return sv_unknown_create_item(work, error);
}

static sv_status_t
sv_unknown_write(sv_unknown_work_t *work, bson_t *filter, sv_error_t *error)
{
    bson_t *update = sv_doc_new(error->arena), set;

    BCON_APPEND(filter, "status", "{", "$in", "[", BCON_UTF8("open"), BCON_UTF8("rejected"), "]", "}");
    BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &set);
    BSON_APPEND_UTF8(&set, "status", sv_unknown_outcomes[work->resolve->action]);
    sv_doc_put_text(&set, "item_code", work->item_code);
    sv_doc_put_text(&set, "resolved_by", work->by_master ? NULL : work->who->user_id);
    sv_doc_put_text(&set, "note", work->resolve->note);
    if (work->resolve->action != SV_UNKNOWN_REJECT) {
        BSON_APPEND_BOOL(&set, "settling", true);
    }
    bson_append_document_end(update, &set);
    BCON_APPEND(update, "$currentDate", "{", "resolved_at", BCON_BOOL(true), "updated_at", BCON_BOOL(true), "}");
    return sv_store_update_many(work->store, SV_COLLECTION_UNKNOWN_ITEMS, filter, update, NULL, error);
}

/* The find, and all others of its code: it is the code that means the item. */
static sv_status_t
sv_unknown_write_all(sv_unknown_work_t *work, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(error->arena);

    BSON_APPEND_UTF8(filter, "unknown_item_id", work->resolve->unknown_item_id);
    if (sv_unknown_write(work, filter, error) != SV_OK || work->code == NULL) {
        return error->status;
    }
    filter = sv_doc_new(error->arena);
    BSON_APPEND_UTF8(filter, "code", work->code);
    return sv_unknown_write(work, filter, error);
}

static sv_status_t
sv_unknown_audit(sv_unknown_work_t *work, sv_error_t *error)
{
    bson_t *details = sv_doc_new(error->arena);
    sv_audit_t entry = { .action = "unknown_item.resolve",
                         .session_id = sv_doc_text(work->find, "session_id", error->arena),
                         .rack_id = sv_doc_text(work->find, "rack_id", error->arena),
                         .count_id = sv_doc_text(work->find, "count_id", error->arena),
                         .warehouse = sv_doc_text(work->find, "warehouse", error->arena),
                         .details = details };

    BSON_APPEND_UTF8(details, "unknown_item_id", work->resolve->unknown_item_id);
    sv_doc_put_text(details, "code", work->code);
    BSON_APPEND_UTF8(details, "action", sv_unknown_actions[work->resolve->action]);
    sv_doc_put_text(details, "item_code", work->item_code);
    BSON_APPEND_BOOL(details, "by_master", work->by_master);
    return sv_audit_write(work->store, work->who, &entry, error);
}

/* Lines under the code wait for nobody any more, in whatever count of the warehouse they are. */
static sv_status_t
sv_unknown_touch(sv_unknown_work_t *work, sv_error_t *error)
{
    const char *warehouse = sv_doc_text(work->find, "warehouse", error->arena);

    return work->resolve->action == SV_UNKNOWN_REJECT && work->code != NULL && warehouse != NULL
               ? sv_totals_touch(work->store, warehouse, &work->code, 1, error)
               : SV_OK;
}

static sv_status_t
sv_unknown_body(sv_store_t *store, void *context, sv_error_t *error)
{
    sv_unknown_work_t *work = context;

    work->store = store;
    if (sv_unknown_read(work, error) != SV_OK || sv_unknown_repeat(work, error) != SV_OK || work->repeats) {
        return error->status;
    }
    if (sv_unknown_item(work, error) != SV_OK || sv_unknown_give_code(work, error) != SV_OK ||
        sv_unknown_write_all(work, error) != SV_OK || sv_unknown_touch(work, error) != SV_OK ||
        sv_unknown_audit(work, error) != SV_OK) {
        return error->status;
    }
    return sv_unknown_read(work, error);
}

static bool
sv_unknown_is_linked(const bson_t *find, sv_arena_t *arena)
{
    const char *status = sv_doc_text(find, "status", arena);

    return status != NULL && (strcmp(status, "linked") == 0 || strcmp(status, "created") == 0);
}

sv_status_t
sv_unknown_settle(sv_store_t *store, const sv_principal_t *who, const bson_t *find, size_t racks,
                  sv_relinked_t *relinked, sv_error_t *error)
{
    sv_link_t link = { .code = sv_doc_text(find, "code", error->arena),
                       .unknown_item_id = sv_doc_text(find, "unknown_item_id", error->arena),
                       .item_code = sv_doc_text(find, "item_code", error->arena) };

    return sv_relink(store, who, &link, racks, relinked, error);
}

sv_status_t
sv_unknown_resolve(sv_store_t *store, const sv_principal_t *who, const sv_unknown_resolve_t *resolve,
                   sv_unknown_resolved_t *resolved, sv_error_t *error)
{
    sv_unknown_work_t work = { .who = who, .resolve = resolve };
    sv_relinked_t relinked = { 0 };

    *resolved = (sv_unknown_resolved_t){ 0 };
    if (sv_transaction_run_past_duplicates(store, sv_unknown_body, &work, error) != SV_OK) {
        return error->status;
    }
    resolved->find = work.find;
    if (!sv_unknown_is_linked(work.find, error->arena)) {
        return SV_OK;
    }
    if (sv_unknown_settle(store, who, work.find, SV_SETTLE_AT_ONCE_RACKS, &relinked, error) != SV_OK) {
        /* decided it is: the worker does what could not be done now */
        sv_log(SV_LOG_WARNING, "records of unknown item %s wait for the worker: %s", resolve->unknown_item_id,
               error->cause != NULL ? error->cause : sv_status_message(error->status));
        sv_error_clear(error);
        relinked.more = true;
    }
    resolved->records = relinked.records;
    resolved->pending = relinked.more || relinked.waiting > 0;
    return SV_OK;
}

sv_status_t
sv_unknown_link_by_master(sv_store_t *store, const bson_t *find, const char *item_code, sv_error_t *error)
{
    static const sv_principal_t nobody = { .user_id = "worker", .username = "worker" };
    sv_unknown_resolve_t resolve = { .unknown_item_id = sv_doc_text(find, "unknown_item_id", error->arena),
                                     .action = SV_UNKNOWN_LINK,
                                     .item_code = item_code };
    sv_unknown_work_t work = { .who = &nobody, .resolve = &resolve, .by_master = true };
    sv_status_t status = sv_transaction_run_past_duplicates(store, sv_unknown_body, &work, error);

    if (status == SV_ERR_CONFLICT_RESOLVED || status == SV_ERR_VALIDATION_FAILED || status == SV_ERR_NOT_FOUND) {
        sv_error_clear(error); /* somebody decided, or the master changed, in between */
        status = SV_OK;
    }
    return status;
}
