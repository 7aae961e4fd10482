#include "core/store/contact.h"

static _Thread_local sv_contact_t sv_contact;

static void
sv_contact_succeeded(const mongoc_apm_command_succeeded_t *event)
{
    (void) event;
    sv_contact.answered++;
}

/* An error of the server's is an answer; one of the connection, or of no server to ask, is none. */
static void
sv_contact_command_failed(const mongoc_apm_command_failed_t *event)
{
    bson_error_t error;

    mongoc_apm_command_failed_get_error(event, &error);
    if (error.domain != MONGOC_ERROR_STREAM && error.domain != MONGOC_ERROR_SERVER_SELECTION) {
        sv_contact.answered++;
    }
}

sv_contact_t
sv_contact_now(void)
{
    return sv_contact;
}

static mongoc_apm_callbacks_t *
sv_contact_callbacks(void)
{
    mongoc_apm_callbacks_t *callbacks = mongoc_apm_callbacks_new();

    mongoc_apm_set_command_succeeded_cb(callbacks, sv_contact_succeeded);
    mongoc_apm_set_command_failed_cb(callbacks, sv_contact_command_failed);
    return callbacks;
}

void
sv_contact_watch(mongoc_client_pool_t *clients)
{
    mongoc_apm_callbacks_t *callbacks = sv_contact_callbacks();

    mongoc_client_pool_set_apm_callbacks(clients, callbacks, NULL);
    mongoc_apm_callbacks_destroy(callbacks);
}

void
sv_contact_watch_client(mongoc_client_t *client)
{
    mongoc_apm_callbacks_t *callbacks = sv_contact_callbacks();

    mongoc_client_set_apm_callbacks(client, callbacks, NULL);
    mongoc_apm_callbacks_destroy(callbacks);
}

void
sv_contact_note_failure(void)
{
    sv_contact.failed++;
}
