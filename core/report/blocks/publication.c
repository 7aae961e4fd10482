#include "core/report/blocks/publication.h"

#include <string.h>

#include "core/audit/audit.h"
#include "core/base/log.h"
#include "core/store/document.h"
#include "core/store/transaction.h"

/* Whose blocks the head has that is there; NULL: there is none. */
static sv_status_t
sv_publication_owner(const sv_publication_t *publication, const char **owner, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW(publication->id_field, BCON_UTF8(publication->id)), error->arena);
    bson_t *wanted = sv_doc_take(BCON_NEW("owner", BCON_INT32(1)), error->arena);
    const bson_t *head = NULL;
    sv_status_t status =
        sv_store_find_one(publication->store, publication->heads, filter, wanted, error->arena, &head, error);

    *owner = head != NULL ? sv_doc_text(head, "owner", error->arena) : NULL;
    return status;
}

sv_status_t
sv_publication_begin(sv_publication_t *publication, bool *published, sv_error_t *error)
{
    const char *owner;
    int64_t removed = 0;
    sv_status_t status = sv_publication_owner(publication, &owner, error);

    *published = owner != NULL;
    if (status == SV_OK) {
        status = sv_block_owners_round(publication->store, publication->claim->job_id, &removed, error);
    }
    return status;
}

/* On the writer's thread, and seen by the publication's once the writer is finished. */
static sv_status_t
sv_publication_note(void *context, sv_store_t *store, sv_error_t *error)
{
    sv_publication_t *publication = context;

    publication->noted = true;
    return sv_block_owner_note(store, &publication->blocks, publication->claim, error);
}

sv_block_writer_t *
sv_publication_writer(sv_publication_t *publication, const sv_row_layout_t *layout, sv_error_t *error)
{
    sv_block_announce_t announce = { sv_publication_note, publication };

    return sv_block_writer_create(publication->store, &publication->blocks, layout, &announce, error);
}

typedef struct {
    const sv_publication_t *publication;
    const bson_t *head;
    sv_block_writer_t *writer;
    const sv_block_totals_t *totals;
} sv_publishing_t;

static sv_status_t
sv_publication_audit(sv_store_t *store, const sv_publishing_t *publishing, sv_error_t *error)
{
    const sv_publication_t *publication = publishing->publication;
    sv_principal_t who = { .user_id = publication->claim->requested_by, .role = publication->claim->role };
    sv_audit_t entry = { .action = publication->action, .warehouse = publication->claim->warehouse };

    entry.details =
        sv_doc_take(BCON_NEW(publication->id_field, BCON_UTF8(publication->id), "rows",
                             BCON_INT64(publishing->totals->rows), "digest", BCON_UTF8(publishing->totals->digest)),
                    error->arena);
    return sv_audit_write(store, &who, &entry, error);
}

static sv_status_t
sv_publication_body(sv_store_t *store, void *context, sv_error_t *error)
{
    const sv_publishing_t *publishing = context;
    const sv_publication_t *publication = publishing->publication;
    bool held = false;
    sv_status_t status = sv_job_hold(store, publication->claim, &held, error);

    if (status == SV_OK && !held) {
        status = sv_fail_cause(error, SV_ERR_UNAVAILABLE, "attempt %lld of job %s was taken away",
                               (long long) publication->claim->attempt, publication->claim->job_id);
    }
    if (status == SV_OK && publication->noted) {
        status = sv_block_owner_settle(store, &publication->blocks, error);
    }
    if (status == SV_OK) {
        status = sv_block_writer_insert_last(publishing->writer, store, error);
    }
    if (status == SV_OK) {
        status = sv_store_insert(store, publication->heads, publishing->head, error);
    }
    return status == SV_OK ? sv_publication_audit(store, publishing, error) : status;
}

static sv_status_t
sv_publication_complete(const sv_publication_t *publication, bson_t *head, const sv_block_totals_t *totals,
                        sv_error_t *error)
{
    int64_t now_ms = 0;

    if (sv_store_now(publication->store, &now_ms, error) != SV_OK) {
        return error->status;
    }
    BSON_APPEND_INT64(head, "rows", totals->rows);
    BSON_APPEND_INT64(head, "blocks", totals->blocks);
    BSON_APPEND_INT64(head, "bytes", totals->bytes);
    BSON_APPEND_UTF8(head, "digest", totals->digest);
    BSON_APPEND_UTF8(head, "owner", publication->blocks.owner);
    BSON_APPEND_DATE_TIME(head, "created_at", now_ms);
    return SV_OK;
}

/* The head is there: of another attempt, or of this one, whose commit nobody answered. */
static sv_status_t
sv_publication_concede(sv_publication_t *publication, sv_error_t *error)
{
    const char *owner;
    sv_status_t status;

    sv_error_clear(error);
    status = sv_publication_owner(publication, &owner, error);
    publication->in_doubt = status != SV_OK || owner == NULL || strcmp(owner, publication->blocks.owner) == 0;
    if (status == SV_OK) {
        sv_publication_give_up(publication);
    }
    return status;
}

sv_status_t
sv_publication_publish(sv_publication_t *publication, bson_t *head, sv_block_writer_t *writer,
                       const sv_block_totals_t *totals, sv_error_t *error)
{
    sv_publishing_t publishing = { publication, head, writer, totals };
    sv_status_t status = sv_publication_complete(publication, head, totals, error);

    if (status != SV_OK) {
        return status;
    }
    status = sv_transaction_run(publication->store, sv_publication_body, &publishing, error);
    publication->in_doubt = status != SV_OK && publication->store->outcome_unknown;
    return status == SV_ERR_ALREADY_EXISTS ? sv_publication_concede(publication, error) : status;
}

void
sv_publication_give_up(const sv_publication_t *publication)
{
    sv_arena_t *arena;
    sv_error_t error;

    if (publication->in_doubt) {
        return;
    }
    arena = sv_arena_create();
    sv_error_init(&error, arena);
    if (sv_blocks_remove(publication->store, &publication->blocks, &error) != SV_OK) {
        sv_log(SV_LOG_NOTICE, "blocks of %s are removed later: %s", publication->blocks.owner,
               error.cause != NULL ? error.cause : sv_status_code(error.status));
    }
    sv_arena_destroy(arena);
}
