/* The records of a rescued file become conflicts. */
#include <string.h>

#include "core/base/text_map.h"
#include "core/floor/floor.h"
#include "core/rescue/rescue.h"
#include "core/store/document.h"
#include "core/sync/conflict.h"
#include "core/sync/query.h"
#include "core/sync/record_read.h"
#include "core/sync/record_same.h"

enum { SV_RESCUE_CHUNK = 250 };

static const char sv_rescue_list[] = "records";

/* A piece of the file. */
typedef struct {
    sv_rescued_t *rescued;
    sv_verdict_t *verdicts;
    size_t count;
    sv_text_map_t *sessions; /* session_id -> sv_floor_session_t; one without user_id is none of the owner's */
    sv_text_map_t stored;    /* client_record_id -> const bson_t, whosever */
    sv_text_map_t standing;  /* count, rack and item -> the figure that counts there */
} sv_rescue_piece_t;

static void
sv_rescue_refuse(sv_rescued_t *rescued, const sv_record_t *record, const sv_record_fault_t *fault, bool retry)
{
    sv_rescue_fail(rescued, &(sv_rescue_fault_t){ .list = sv_rescue_list,
                                                  .index = record->index,
                                                  .id = record->told_id,
                                                  .field = fault->field,
                                                  .code = fault->code,
                                                  .message = fault->message,
                                                  .retry = retry });
}

static sv_status_t
sv_rescue_session(sv_rescue_piece_t *piece, const char *session_id, const sv_floor_session_t **session,
                  sv_error_t *error)
{
    void **place = sv_text_map_put(piece->sessions, session_id);

    if (*place == NULL) {
        sv_floor_session_t *found = sv_arena_zalloc(piece->rescued->arena, sizeof(*found));
        sv_status_t status =
            sv_floor_session_find(piece->rescued->store, session_id, piece->rescued->arena, found, error);

        if (status != SV_OK && status != SV_ERR_NOT_FOUND) {
            return status;
        }
        if (status == SV_ERR_NOT_FOUND) {
            sv_error_clear(error);
        }
        if (found->user_id == NULL || strcmp(found->user_id, piece->rescued->rescue->owner.user_id) != 0) {
            found->user_id = NULL;
        }
        *place = found;
    }
    *session = *place;
    return SV_OK;
}

/* Only what can be read can be kept, and only of a floor session of the phone's user: its rack and count tell where. */
static sv_status_t
sv_rescue_take(sv_rescue_piece_t *piece, const sv_record_t *record, sv_error_t *error)
{
    static const sv_record_fault_t no_session = { "session_id", "session_unknown",
                                                  "The floor session is none of this user's" };
    const sv_floor_session_t *session;

    if (record->malformed) {
        sv_rescue_refuse(piece->rescued, record, &record->fault, false);
        return SV_OK;
    }
    if (sv_rescue_session(piece, record->session_id, &session, error) != SV_OK) {
        return error->status;
    }
    if (session->user_id == NULL) {
        sv_rescue_refuse(piece->rescued, record, &no_session, false);
        return SV_OK;
    }
    piece->verdicts[piece->count++] =
        (sv_verdict_t){ .kind = SV_VERDICT_CONFLICT,
                        .record = record,
                        .type = SV_CONFLICT_RESCUED,
                        .message = "It was rescued from a phone; a person decides whether it counts",
                        .count_id = session->count_id,
                        .rack_id = session->rack_id,
                        .warehouse = session->warehouse };
    return SV_OK;
}

/* ---- what the server has instead */

static void
sv_rescue_stored_row(const bson_t *row, void *context)
{
    sv_rescue_piece_t *piece = context;

    *sv_text_map_put(&piece->stored, sv_doc_text(row, "client_record_id", piece->rescued->arena)) = (void *) row;
}

static sv_status_t
sv_rescue_read_stored(sv_rescue_piece_t *piece, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(piece->rescued->arena);
    sv_query_texts_t ids;

    sv_text_map_init(&piece->stored, piece->rescued->arena, piece->count);
    sv_query_texts_init(&ids, piece->rescued->arena);
    for (size_t i = 0; i < piece->count; i++) {
        sv_query_texts_add(&ids, piece->verdicts[i].record->client_record_id);
    }
    sv_query_in(filter, "client_record_id", &ids);
    return sv_query_each(piece->rescued->store, SV_COLLECTION_VERIFICATION_RECORDS, filter, NULL, sv_rescue_stored_row,
                         piece, error);
}

static const char *
sv_rescue_place_key(const sv_rescue_piece_t *piece, const char *count_id, const char *rack_id, const char *item_code)
{
    return sv_arena_printf(piece->rescued->arena, "%s\x02%s\x02%s", count_id, rack_id, item_code);
}

static const char *
sv_rescue_text(const bson_t *row, const char *name, sv_arena_t *arena)
{
    const char *text = sv_doc_text(row, name, arena);

    return text != NULL ? text : "";
}

static void
sv_rescue_standing_row(const bson_t *row, void *context)
{
    sv_rescue_piece_t *piece = context;
    sv_arena_t *arena = piece->rescued->arena;

    *sv_text_map_put(&piece->standing, sv_rescue_place_key(piece, sv_rescue_text(row, "count_id", arena),
                                                           sv_rescue_text(row, "rack_id", arena),
                                                           sv_rescue_text(row, "item_code", arena))) = (void *) row;
}

/* The figures that count where records of one floor session were counted. */
static sv_status_t
sv_rescue_read_standing_of(sv_rescue_piece_t *piece, size_t first, sv_error_t *error)
{
    const sv_verdict_t *place = &piece->verdicts[first];
    bson_t *filter = sv_doc_new(piece->rescued->arena);
    sv_query_texts_t codes;

    sv_query_texts_init(&codes, piece->rescued->arena);
    for (size_t i = first; i < piece->count; i++) {
        const sv_record_t *record = piece->verdicts[i].record;

        if (strcmp(record->session_id, place->record->session_id) == 0 && record->item_code != NULL) {
            sv_query_texts_add(&codes, record->item_code);
        }
    }
    if (codes.count == 0 || place->count_id == NULL || place->rack_id == NULL) {
        return SV_OK;
    }
    BSON_APPEND_UTF8(filter, "count_id", place->count_id);
    sv_query_in(filter, "item_code", &codes);
    BSON_APPEND_BOOL(filter, "counts", true);
    BSON_APPEND_UTF8(filter, "rack_id", place->rack_id);
    return sv_query_each(piece->rescued->store, SV_COLLECTION_VERIFICATION_RECORDS, filter, NULL,
                         sv_rescue_standing_row, piece, error);
}

static sv_status_t
sv_rescue_read_standing(sv_rescue_piece_t *piece, sv_error_t *error)
{
    sv_text_map_t asked;

    sv_text_map_init(&piece->standing, piece->rescued->arena, piece->count);
    sv_text_map_init(&asked, piece->rescued->arena, 0);
    for (size_t i = 0; i < piece->count; i++) {
        void **place = sv_text_map_put(&asked, piece->verdicts[i].record->session_id);

        if (*place == NULL) {
            *place = piece;
            if (sv_rescue_read_standing_of(piece, i, error) != SV_OK) {
                return error->status;
            }
        }
    }
    return SV_OK;
}

/* What came before the phone was lost needs nobody; another's record of that id is not this user's to see. */
static void
sv_rescue_judge(sv_rescue_piece_t *piece, sv_verdict_t *verdict)
{
    sv_arena_t *arena = piece->rescued->arena;
    const sv_record_t *record = verdict->record;
    const bson_t *stored = sv_text_map_get(&piece->stored, record->client_record_id);
    const char *item_code = record->item_code;

    if (stored == NULL) {
        if (item_code != NULL && verdict->count_id != NULL && verdict->rack_id != NULL) {
            verdict->server_record = sv_text_map_get(
                &piece->standing, sv_rescue_place_key(piece, verdict->count_id, verdict->rack_id, item_code));
        }
    } else if (strcmp(sv_rescue_text(stored, "user_id", arena), piece->rescued->rescue->owner.user_id) != 0) {
        verdict->type = SV_CONFLICT_FOREIGN_RECORD;
        verdict->message = "The client_record_id is another user's record";
    } else if (sv_record_has_content(record, sv_doc_text(stored, "content_hash", arena), stored, arena)) {
        verdict->kind = SV_VERDICT_OK;
    } else {
        verdict->server_record = stored;
    }
}

/* ---- pieces */

static sv_status_t
sv_rescue_piece(sv_rescue_piece_t *piece, sv_error_t *error)
{
    sv_rescued_t *rescued = piece->rescued;

    if (piece->count == 0) {
        return SV_OK;
    }
    if (sv_rescue_read_stored(piece, error) != SV_OK || sv_rescue_read_standing(piece, error) != SV_OK) {
        return error->status;
    }
    for (size_t i = 0; i < piece->count; i++) {
        sv_rescue_judge(piece, &piece->verdicts[i]);
    }
    sv_conflicts_keep(rescued->store, &rescued->rescue->owner, piece->verdicts, piece->count, rescued->arena);
    for (size_t i = 0; i < piece->count; i++) {
        if (piece->verdicts[i].kind == SV_VERDICT_ERROR) {
            sv_rescue_refuse(rescued, piece->verdicts[i].record, &piece->verdicts[i].fault, piece->verdicts[i].retry);
        }
    }
    rescued->verdict_count += piece->count;
    return SV_OK;
}

sv_status_t
sv_rescue_records(sv_rescued_t *rescued, sv_error_t *error)
{
    size_t count = json_array_size(rescued->rescue->records);
    sv_record_t *records = sv_arena_alloc(rescued->arena, (count + 1) * sizeof(*records));
    sv_record_reader_t reader;
    sv_text_map_t sessions;

    rescued->verdicts = sv_arena_alloc(rescued->arena, (count + 1) * sizeof(*rescued->verdicts));
    sv_record_reader_init(&reader, rescued->arena);
    sv_text_map_init(&sessions, rescued->arena, 0);
    for (size_t at = 0; at < count; at += SV_RESCUE_CHUNK) {
        sv_rescue_piece_t piece = { .rescued = rescued,
                                    .verdicts = rescued->verdicts + rescued->verdict_count,
                                    .sessions = &sessions };

        for (size_t i = at; i < count && i < at + SV_RESCUE_CHUNK; i++) {
            sv_record_read(&reader, json_array_get(rescued->rescue->records, i), i, &records[i]);
            if (sv_rescue_take(&piece, &records[i], error) != SV_OK) {
                return error->status;
            }
        }
        if (sv_rescue_piece(&piece, error) != SV_OK) {
            return error->status;
        }
    }
    return SV_OK;
}
