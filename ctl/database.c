#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/store/document.h"
#include "ctl/ctl.h"

/* What even a diagnosis has no use for. */
static const char *const sv_hidden_fields[] = { "password_hash", "pin_hash", "secret_hash" };

static bool
sv_collection_find(const char *name, sv_collection_t *collection)
{
    for (int i = 0; i < SV_COLLECTION_COUNT; i++) {
        if (strcmp(sv_collection_name((sv_collection_t) i), name) == 0) {
            *collection = (sv_collection_t) i;
            return true;
        }
    }
    return false;
}

/* An object given on the command line; NULL when it is none. */
static const bson_t *
sv_json_argument(sv_ctl_t *ctl, const char *what, const char *json)
{
    bson_error_t reason;
    bson_t *parsed = bson_new_from_json((const uint8_t *) json, (ssize_t) strlen(json), &reason);

    if (parsed == NULL) {
        sv_fail(&ctl->error, SV_ERR_JSON_INVALID, "The %s is not JSON: %s", what, reason.message);
        return NULL;
    }
    sv_arena_on_destroy(ctl->arena, (void (*)(void *)) bson_destroy, parsed);
    return parsed;
}

static const bson_t *
sv_find_options(sv_ctl_t *ctl, const char *limit, const char *sort)
{
    bson_t *options = sv_doc_new(ctl->arena);
    const bson_t *order;
    bson_t hidden;
    char *end;
    long long count;

    if (limit != NULL) {
        errno = 0;
        count = strtoll(limit, &end, 10);
        if (*end != '\0' || errno != 0 || count < 0) {
            sv_fail(&ctl->error, SV_ERR_VALIDATION_FAILED, "--limit: %s is not a number", limit);
            return NULL;
        }
        BSON_APPEND_INT64(options, "limit", count);
    }
    if (sort != NULL) {
        order = sv_json_argument(ctl, "sort", sort);
        if (order == NULL) {
            return NULL;
        }
        BSON_APPEND_DOCUMENT(options, "sort", order);
    }
    BSON_APPEND_DOCUMENT_BEGIN(options, "projection", &hidden);
    for (size_t i = 0; i < sizeof(sv_hidden_fields) / sizeof(sv_hidden_fields[0]); i++) {
        BSON_APPEND_INT32(&hidden, sv_hidden_fields[i], 0);
    }
    bson_append_document_end(options, &hidden);
    return options;
}

static sv_status_t
sv_find_print(sv_ctl_t *ctl, sv_collection_t collection, const bson_t *filter, const bson_t *options)
{
    mongoc_cursor_t *cursor;
    const bson_t *row;

    if (sv_store_find(ctl->store, collection, filter, options, &cursor, &ctl->error) != SV_OK) {
        return ctl->error.status;
    }
    while (mongoc_cursor_next(cursor, &row)) {
        char *json = bson_as_relaxed_extended_json(row, NULL);

        puts(json == NULL ? "{}" : json);
        bson_free(json);
    }
    sv_store_cursor_end(ctl->store, cursor, &ctl->error);
    mongoc_cursor_destroy(cursor);
    return ctl->error.status;
}

int
sv_ctl_db_find(sv_ctl_t *ctl, const sv_ctl_command_t *command, int argc, char **argv)
{
    const char *words[2], *limit = NULL, *sort = NULL;
    const sv_ctl_option_t options[] = { { "--limit", &limit, NULL }, { "--sort", &sort, NULL } };
    const bson_t *filter, *find_options;
    sv_collection_t collection;

    if (!sv_ctl_options(command, argc, argv, options, sizeof(options) / sizeof(options[0]), words, 2)) {
        return SV_CTL_USAGE;
    }
    if (!sv_collection_find(words[0], &collection)) {
        return sv_ctl_usage(command, "%s: there is no such collection", words[0]);
    }
    filter = sv_json_argument(ctl, "filter", words[1]);
    find_options = filter == NULL ? NULL : sv_find_options(ctl, limit, sort);
    if (find_options == NULL || sv_ctl_store(ctl) == NULL ||
        sv_find_print(ctl, collection, filter, find_options) != SV_OK) {
        return sv_ctl_fail(ctl);
    }
    return SV_CTL_DONE;
}
