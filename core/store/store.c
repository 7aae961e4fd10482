#include "core/store/store.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/store/contact.h"

/* A connection that was broken before fails at once; what fails later has waited for the server, and waits no second
 * time. */
enum { SV_BROKEN_AT_ONCE_MS = 250 };

struct sv_store_pool_s {
    mongoc_client_pool_t *clients; /* or else */
    mongoc_client_t *lone;
    const sv_settings_t *settings;
    pthread_mutex_t mutex;
    pthread_cond_t came_back;
    sv_store_t *idle;
    sv_left_sessions_t *left;
    unsigned made, max;
    struct {
        void *kept;
        void (*destroy)(void *kept);
    } keeps[SV_POOL_KEEPS_COUNT];
    sv_store_t stores[]; /* max of them */
};

static const char *const sv_collection_names[SV_COLLECTION_COUNT] = {
#define SV_COLLECTION(name, collection) [SV_COLLECTION_##name] = collection,
#include "core/store/collections.def"
#undef SV_COLLECTION
};

static pthread_once_t sv_mongoc_once = PTHREAD_ONCE_INIT;

/* The driver's own log.  An abort after a conflict finds the transaction gone: that is how conflicts end, no warning.
 */
static void
sv_mongoc_log(mongoc_log_level_t level, const char *domain, const char *message, void *context)
{
    static const char aborted[] = "Error in abortTransaction";
    sv_log_level_t as = SV_LOG_DEBUG;

    (void) context;
    if (level <= MONGOC_LOG_LEVEL_CRITICAL) {
        as = SV_LOG_ERROR;
    } else if (level == MONGOC_LOG_LEVEL_WARNING && strncmp(message, aborted, strlen(aborted)) != 0) {
        as = SV_LOG_WARNING;
    }
    if (as != SV_LOG_DEBUG) {
        sv_log(as, "%s: %s", domain, message);
    }
}

static void
sv_mongoc_start(void)
{
    mongoc_log_set_handler(sv_mongoc_log, NULL);
    mongoc_init();
}

const char *
sv_collection_name(sv_collection_t collection)
{
    return sv_collection_names[collection];
}

static void
sv_uri_default_int(mongoc_uri_t *uri, const char *option, int64_t value)
{
    if (!mongoc_uri_has_option(uri, option)) {
        mongoc_uri_set_option_as_int32(uri, option, (int32_t) value);
    }
}

/* How long a call may take. */
typedef struct {
    int64_t ms;
    bool always; /* whatever the URI says */
} sv_uri_time_t;

/* Durability is not the URI's to lower; time limits are the URI's when it names them. */
static void
sv_uri_complete(mongoc_uri_t *uri, const sv_settings_t *settings, unsigned max_clients, sv_uri_time_t time)
{
    mongoc_write_concern_t *write_concern = mongoc_write_concern_new();
    mongoc_read_concern_t *read_concern = mongoc_read_concern_new();

    sv_uri_default_int(uri, MONGOC_URI_SERVERSELECTIONTIMEOUTMS, settings->mongodb_timeout);
    sv_uri_default_int(uri, MONGOC_URI_CONNECTTIMEOUTMS, settings->mongodb_timeout);
    sv_uri_default_int(uri, MONGOC_URI_SOCKETTIMEOUTMS, time.ms);
    if (time.always) {
        mongoc_uri_set_option_as_int32(uri, MONGOC_URI_SOCKETTIMEOUTMS, (int32_t) time.ms);
        mongoc_uri_set_option_as_int32(
            uri, MONGOC_URI_SERVERSELECTIONTIMEOUTMS,
            (int32_t) (time.ms < settings->mongodb_timeout ? time.ms : settings->mongodb_timeout));
        mongoc_uri_set_option_as_bool(uri, MONGOC_URI_RETRYREADS, false); /* twice as long otherwise */
    }
    mongoc_uri_set_option_as_int32(uri, MONGOC_URI_MAXPOOLSIZE, (int32_t) max_clients);
    mongoc_write_concern_set_w(write_concern, MONGOC_WRITE_CONCERN_W_MAJORITY);
    mongoc_write_concern_set_journal(write_concern, true);
    mongoc_uri_set_write_concern(uri, write_concern);
    mongoc_read_concern_set_level(read_concern, MONGOC_READ_CONCERN_LEVEL_MAJORITY);
    mongoc_uri_set_read_concern(uri, read_concern);
    mongoc_write_concern_destroy(write_concern);
    mongoc_read_concern_destroy(read_concern);
}

static void
sv_pool_init_lock(sv_store_pool_t *pool)
{
    pthread_condattr_t attributes;

    pthread_mutex_init(&pool->mutex, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&pool->came_back, &attributes);
    pthread_condattr_destroy(&attributes);
}

static void
sv_pool_open_clients(sv_store_pool_t *pool, const mongoc_uri_t *uri, bson_error_t *reason)
{
    pool->clients = mongoc_client_pool_new_with_error(uri, reason);
    if (pool->clients != NULL) {
        mongoc_client_pool_set_error_api(pool->clients, MONGOC_ERROR_API_VERSION_2);
        mongoc_client_pool_set_appname(pool->clients, "stockverify");
        sv_contact_watch(pool->clients);
    }
}

/* The driver's pools have threads that watch the servers, each on a connection of its own, and take up to half a second
 * to end.  A client that is there for one read, or one command, looks for the servers itself, for as long as a pool's
 * would. */
static void
sv_pool_open_lone(sv_store_pool_t *pool, mongoc_uri_t *uri, bson_error_t *reason)
{
    mongoc_uri_set_option_as_bool(uri, MONGOC_URI_SERVERSELECTIONTRYONCE, false);
    pool->lone = mongoc_client_new_from_uri_with_error(uri, reason);
    if (pool->lone != NULL) {
        mongoc_client_set_error_api(pool->lone, MONGOC_ERROR_API_VERSION_2);
        mongoc_client_set_appname(pool->lone, "stockverify");
        sv_contact_watch_client(pool->lone);
    }
}

static sv_store_pool_t *
sv_pool_create(const sv_settings_t *settings, unsigned max_clients, sv_uri_time_t time, sv_error_t *error)
{
    sv_store_pool_t *pool;
    mongoc_uri_t *uri;
    bson_error_t reason;

    pthread_once(&sv_mongoc_once, sv_mongoc_start);
    /* The URI may carry a password, so the reason is told without it. */
    uri = mongoc_uri_new_with_error(settings->mongodb_uri, &reason);
    if (uri == NULL) {
        sv_fail_cause(error, SV_ERR_INTERNAL, "MONGODB_URI: %s", reason.message);
        return NULL;
    }
    sv_uri_complete(uri, settings, max_clients, time);
    pool = calloc(1, sizeof(*pool) + max_clients * sizeof(pool->stores[0]));
    if (pool == NULL || (pool->left = sv_left_sessions_create()) == NULL) {
        free(pool);
        mongoc_uri_destroy(uri);
        sv_fail_cause(error, SV_ERR_INTERNAL, "out of memory");
        return NULL;
    }
    if (max_clients == 1) {
        sv_pool_open_lone(pool, uri, &reason);
    } else {
        sv_pool_open_clients(pool, uri, &reason);
    }
    mongoc_uri_destroy(uri);
    if (pool->clients == NULL && pool->lone == NULL) {
        sv_left_sessions_destroy(pool->left);
        free(pool);
        sv_fail_cause(error, SV_ERR_INTERNAL, "MONGODB_URI: %s", reason.message);
        return NULL;
    }
    pool->settings = settings;
    pool->max = max_clients;
    sv_pool_init_lock(pool);
    return pool;
}

sv_store_pool_t *
sv_store_pool_create(const sv_settings_t *settings, unsigned max_clients, sv_error_t *error)
{
    return sv_pool_create(settings, max_clients, (sv_uri_time_t){ .ms = settings->mongodb_timeout }, error);
}

sv_store_pool_t *
sv_store_pool_create_patient(const sv_settings_t *settings, unsigned max_clients, sv_error_t *error)
{
    return sv_pool_create(settings, max_clients, (sv_uri_time_t){ .ms = settings->worker_mongodb_timeout }, error);
}

sv_store_pool_t *
sv_store_pool_create_limited(const sv_settings_t *settings, unsigned max_clients, int64_t limit_ms, sv_error_t *error)
{
    return sv_pool_create(settings, max_clients, (sv_uri_time_t){ .ms = limit_ms, .always = true }, error);
}

static void
sv_store_close(sv_store_t *store)
{
    for (size_t i = 0; i < SV_COLLECTION_COUNT; i++) {
        mongoc_collection_destroy(store->collections[i]);
    }
    if (store->session != NULL) {
        mongoc_client_session_destroy(store->session);
        sv_left_sessions_note(store->pool->left, store->number, NULL);
    }
    mongoc_database_destroy(store->database);
    if (store->pool->clients != NULL) {
        mongoc_client_pool_push(store->pool->clients, store->client);
    }
}

void
sv_store_pool_destroy(sv_store_pool_t *pool)
{
    if (pool == NULL) {
        return;
    }
    for (unsigned i = 0; i < pool->made; i++) {
        sv_store_close(&pool->stores[i]);
    }
    for (size_t i = 0; i < SV_POOL_KEEPS_COUNT; i++) {
        if (pool->keeps[i].kept != NULL) {
            pool->keeps[i].destroy(pool->keeps[i].kept);
        }
    }
    if (pool->clients != NULL) {
        mongoc_client_pool_destroy(pool->clients);
    } else {
        mongoc_client_destroy(pool->lone);
    }
    sv_left_sessions_destroy(pool->left);
    pthread_cond_destroy(&pool->came_back);
    pthread_mutex_destroy(&pool->mutex);
    free(pool);
}

sv_left_sessions_t *
sv_store_left_sessions(sv_store_pool_t *pool)
{
    return pool->left;
}

void *
sv_store_pool_keep(sv_store_pool_t *pool, sv_pool_keeps_t which, void *(*make)(void), void (*destroy)(void *kept))
{
    void *kept;

    pthread_mutex_lock(&pool->mutex);
    if (pool->keeps[which].kept == NULL) {
        pool->keeps[which].kept = make();
        pool->keeps[which].destroy = destroy;
    }
    kept = pool->keeps[which].kept;
    pthread_mutex_unlock(&pool->mutex);
    return kept;
}

static void
sv_store_open(sv_store_pool_t *pool, sv_store_t *store)
{
    const char *database = pool->settings->mongodb_database;

    store->pool = pool;
    store->number = (size_t) (store - pool->stores);
    store->settings = pool->settings;
    store->client = pool->clients != NULL ? mongoc_client_pool_pop(pool->clients) : pool->lone;
    store->database = mongoc_client_get_database(store->client, database);
    for (size_t i = 0; i < SV_COLLECTION_COUNT; i++) {
        store->collections[i] = mongoc_client_get_collection(store->client, database, sv_collection_names[i]);
    }
}

static struct timespec
sv_deadline_after_ms(int64_t ms)
{
    struct timespec at;

    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += ms / 1000;
    at.tv_nsec += (ms % 1000) * 1000000;
    if (at.tv_nsec >= 1000000000) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000;
    }
    return at;
}

sv_store_t *
sv_store_acquire(sv_store_pool_t *pool)
{
    struct timespec deadline = sv_deadline_after_ms(pool->settings->mongodb_timeout);
    sv_store_t *store = NULL;
    int waited = 0;

    pthread_mutex_lock(&pool->mutex);
    while (pool->idle == NULL && pool->made == pool->max && waited == 0) {
        waited = pthread_cond_timedwait(&pool->came_back, &pool->mutex, &deadline);
    }
    if (pool->idle != NULL) {
        store = pool->idle;
        pool->idle = store->next_idle;
    } else if (pool->made < pool->max) {
        store = &pool->stores[pool->made++];
        sv_store_open(pool, store);
    }
    pthread_mutex_unlock(&pool->mutex);
    return store;
}

void
sv_store_release(sv_store_t *store)
{
    sv_store_pool_t *pool;

    if (store == NULL) {
        return;
    }
    pool = store->pool;
    pthread_mutex_lock(&pool->mutex);
    store->next_idle = pool->idle;
    pool->idle = store;
    pthread_cond_signal(&pool->came_back);
    pthread_mutex_unlock(&pool->mutex);
}

/* The driver tries reads and retryable writes again on a new connection, but no plain command; and the one that follows
 * a broken connection is often the first of a request.  What is run here may be run twice. */
static sv_status_t
sv_store_command(sv_store_t *store, const bson_t *command, bson_t *reply, sv_error_t *error)
{
    int64_t started_ms = sv_clock_monotonic_ms();
    bson_error_t reason;

    if (mongoc_client_command_simple(store->client, "admin", command, NULL, reply, &reason)) {
        return SV_OK;
    }
    if (reason.domain == MONGOC_ERROR_STREAM && sv_clock_monotonic_ms() - started_ms < SV_BROKEN_AT_ONCE_MS) {
        bson_destroy(reply);
        if (mongoc_client_command_simple(store->client, "admin", command, NULL, reply, &reason)) {
            return SV_OK;
        }
    }
    return sv_store_fail(&reason, error);
}

static sv_status_t
sv_store_command_named(sv_store_t *store, const char *name, bson_t *reply, sv_error_t *error)
{
    bson_t command = BSON_INITIALIZER;
    sv_status_t status;

    BSON_APPEND_INT32(&command, name, 1);
    status = sv_store_command(store, &command, reply, error);
    bson_destroy(&command);
    return status;
}

sv_status_t
sv_store_ping(sv_store_t *store, sv_error_t *error)
{
    bson_t reply;
    sv_status_t status = sv_store_command_named(store, "ping", &reply, error);

    bson_destroy(&reply);
    return status;
}

sv_status_t
sv_store_now(sv_store_t *store, int64_t *ms, sv_error_t *error)
{
    bson_t reply;
    bson_iter_t iter;
    sv_status_t status = sv_store_command_named(store, "hello", &reply, error);

    if (status == SV_OK) {
        if (bson_iter_init_find(&iter, &reply, "localTime") && BSON_ITER_HOLDS_DATE_TIME(&iter)) {
            *ms = bson_iter_date_time(&iter);
        } else {
            status = sv_fail_cause(error, SV_ERR_INTERNAL, "the MongoDB server does not tell its time");
        }
    }
    bson_destroy(&reply);
    return status;
}

sv_status_t
sv_store_check_server(sv_store_t *store, sv_error_t *error)
{
    bson_t reply;
    bson_iter_t iter;
    sv_status_t status = sv_store_command_named(store, "hello", &reply, error);

    if (status == SV_OK) {
        bool member = bson_iter_init_find(&iter, &reply, "setName");
        bool router = bson_iter_init_find(&iter, &reply, "msg") && BSON_ITER_HOLDS_UTF8(&iter) &&
                      strcmp(bson_iter_utf8(&iter, NULL), "isdbgrid") == 0;

        if (!member && !router) {
            status =
                sv_fail_cause(error, SV_ERR_INTERNAL,
                              "the MongoDB server is a standalone mongod, which has no transactions: start it with "
                              "--replSet rs0 and run rs.initiate() once");
        }
    }
    bson_destroy(&reply);
    return status;
}

sv_status_t
sv_store_kill_session(sv_store_t *store, const bson_t *session_id, sv_error_t *error)
{
    bson_t command = BSON_INITIALIZER, list, reply;
    sv_status_t status;

    BSON_APPEND_ARRAY_BEGIN(&command, "killSessions", &list);
    BSON_APPEND_DOCUMENT(&list, "0", session_id);
    bson_append_array_end(&command, &list);
    status = sv_store_command(store, &command, &reply, error);
    bson_destroy(&reply);
    bson_destroy(&command);
    return status;
}

static sv_status_t
sv_store_start_session(sv_store_t *store, sv_error_t *error)
{
    mongoc_session_opt_t *options;
    bson_error_t reason;

    if (store->session != NULL) {
        return SV_OK;
    }
    options = mongoc_session_opts_new();
    mongoc_session_opts_set_causal_consistency(options, false);
    store->session = mongoc_client_start_session(store->client, options, &reason);
    mongoc_session_opts_destroy(options);
    if (store->session == NULL) {
        return sv_store_fail(&reason, error);
    }
    sv_left_sessions_note(store->pool->left, store->number, mongoc_client_session_get_lsid(store->session));
    return SV_OK;
}

const bson_t *
sv_store_session_id(sv_store_t *store, sv_error_t *error)
{
    return sv_store_start_session(store, error) == SV_OK ? mongoc_client_session_get_lsid(store->session) : NULL;
}
