/*
 * Runs MongoDB commands for the test stack and the tests: one command in extended JSON a line on standard input, one
 * answer in relaxed extended JSON a line on standard output.  A command that opens a cursor is answered with
 * {"documents": [...]}, all of them; a failing one with {"error": message, "code": n}.
 *
 *     mongo-shell DATABASE          with MONGODB_URI in the environment, where no process list shows it
 */
#include <mongoc/mongoc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
print_document(const bson_t *document)
{
    char *text = bson_as_relaxed_extended_json(document, NULL);

    fputs(text ? text : "{\"error\": \"not printable\"}", stdout);
    bson_free(text);
}

static void
print_error(const bson_error_t *error)
{
    bson_t answer = BSON_INITIALIZER;

    BSON_APPEND_UTF8(&answer, "error", error->message);
    BSON_APPEND_INT32(&answer, "code", (int32_t) error->code);
    print_document(&answer);
    bson_destroy(&answer);
}

/* Takes over the reply, as mongoc_cursor_new_from_command_reply does. */
static void
print_cursor(mongoc_client_t *client, bson_t *reply)
{
    mongoc_cursor_t *cursor = mongoc_cursor_new_from_command_reply_with_opts(client, reply, NULL);
    const bson_t *document;
    bson_error_t error;
    const char *separator = "";

    fputs("{\"documents\": [", stdout);
    while (mongoc_cursor_next(cursor, &document)) {
        fputs(separator, stdout);
        print_document(document);
        separator = ", ";
    }
    fputs("]", stdout);
    if (mongoc_cursor_error(cursor, &error)) {
        fputs(", \"failed\": ", stdout);
        print_error(&error);
    }
    fputs("}", stdout);
    mongoc_cursor_destroy(cursor);
}

static void
run_command(mongoc_client_t *client, const char *database, const bson_t *command)
{
    bson_t reply;
    bson_error_t error;
    bson_iter_t iter;

    /* A write command reports what it could not write inside an "ok" reply; the reply is printed as it is. */
    if (!mongoc_client_command_simple(client, database, command, NULL, &reply, &error)) {
        print_error(&error);
        bson_destroy(&reply);
        return;
    }
    if (bson_iter_init_find(&iter, &reply, "cursor")) {
        print_cursor(client, &reply);
        return;
    }
    print_document(&reply);
    bson_destroy(&reply);
}

int
main(int argc, char **argv)
{
    const char *uri_text = getenv("MONGODB_URI");
    mongoc_client_t *client;
    mongoc_uri_t *uri;
    bson_error_t error;
    char *line = NULL;
    size_t capacity = 0;
    ssize_t length;

    if (argc != 2 || uri_text == NULL) {
        fputs("usage: MONGODB_URI=... mongo-shell DATABASE <commands\n", stderr);
        return 2;
    }
    mongoc_init();
    uri = mongoc_uri_new_with_error(uri_text, &error);
    if (uri == NULL) {
        fprintf(stderr, "mongo-shell: %s\n", error.message);
        return 2;
    }
    mongoc_uri_set_option_as_int32(uri, MONGOC_URI_SERVERSELECTIONTIMEOUTMS, 5000);
    client = mongoc_client_new_from_uri(uri);
    mongoc_client_set_error_api(client, MONGOC_ERROR_API_VERSION_2);
    while ((length = getline(&line, &capacity, stdin)) > 0) {
        bson_t command;

        if (!bson_init_from_json(&command, line, length, &error)) {
            print_error(&error);
        } else {
            run_command(client, argv[1], &command);
            bson_destroy(&command);
        }
        fputc('\n', stdout);
        fflush(stdout);
    }
    free(line);
    mongoc_client_destroy(client);
    mongoc_uri_destroy(uri);
    mongoc_cleanup();
    return 0;
}
