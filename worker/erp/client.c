#include "worker/erp/client.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/settings/secret_file.h"
#include "core/store/document.h"
#include "worker/erp/child.h"
#include "worker/erp/frame.h"

enum {
    SV_ERP_SLICE_MS = 100,
    SV_ERP_WRITING_BYTES = 1024 * 1024, /* of rows on their way at once */
};

static const char sv_erp_nonsense[] = "its driver's process talks nonsense";

extern char **environ;

struct sv_erp_client_s {
    const sv_settings_t *settings;
    const sv_erp_mapping_t *mapping;
    sv_erp_give_up_t give_up;
    void *context;
    pid_t pid; /* 0: no child */
    int in, out;
    bool asked;        /* a query is under way: its end has not come */
    sv_arena_t *query; /* of the query's columns */
    sv_arena_t *frame; /* of the last answer */
    const char **names;
    size_t name_count;
    char *refusal; /* of the query under way */
};

sv_erp_client_t *
sv_erp_client_create(const sv_settings_t *settings, const sv_erp_mapping_t *mapping, sv_erp_give_up_t give_up,
                     void *context)
{
    sv_erp_client_t *client = bson_malloc0(sizeof(*client));

    client->settings = settings;
    client->mapping = mapping;
    client->give_up = give_up;
    client->context = context;
    return client;
}

static void
sv_erp_client_kill(sv_erp_client_t *client)
{
    if (client->pid > 0) {
        close(client->in);
        close(client->out);
        kill(client->pid, SIGKILL);
        while (waitpid(client->pid, NULL, 0) < 0 && errno == EINTR) {
        }
    }
    client->pid = 0;
    client->asked = false;
}

void
sv_erp_client_destroy(sv_erp_client_t *client)
{
    if (client != NULL) {
        sv_erp_client_kill(client);
        sv_arena_destroy(client->query);
        sv_arena_destroy(client->frame);
        bson_free(client->refusal);
        bson_free(client);
    }
}

static sv_status_t
sv_erp_client_lose(sv_erp_client_t *client, sv_error_t *error, const char *why)
{
    sv_erp_client_kill(client);
    return sv_fail_cause(error, SV_ERR_UNAVAILABLE, "ERP: %s", why);
}

/* The worker's environment without its settings: they hold secrets that a driver has no use for. */
static char **
sv_child_environment(sv_arena_t *arena)
{
    size_t count = 0, kept = 0;
    char **child;

    while (environ[count] != NULL) {
        count++;
    }
    child = sv_arena_alloc(arena, (count + 1) * sizeof(*child));
    for (size_t i = 0; i < count; i++) {
        char *name = sv_arena_strndup(arena, environ[i], strcspn(environ[i], "="));

        if (sv_setting_find(name) == NULL && strcmp(name, "REDIS_PASSWORD") != 0) {
            child[kept++] = environ[i];
        }
    }
    child[kept] = NULL;
    return child;
}

/* This program: by its path, which valgrind keeps from its children, or by what runs, once an upgrade took the path. */
static const char *
sv_child_program(char path[PATH_MAX])
{
    ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - 1);

    path[length > 0 ? length : 0] = '\0';
    return length > 0 && access(path, X_OK) == 0 ? path : "/proc/self/exe";
}

static bool
sv_child_spawn(sv_erp_client_t *client, int child_in, int child_out, sv_arena_t *arena)
{
    char *arguments[] = { "stockverify-worker", SV_ERP_CHILD_ARGUMENT, NULL };
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    char path[PATH_MAX];
    sigset_t none, all;
    bool good;

    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, child_in, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, child_out, STDOUT_FILENO);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    good = posix_spawn(&client->pid, sv_child_program(path), &actions, &attributes, arguments,
                       sv_child_environment(arena)) == 0;
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return good;
}

static bool
sv_child_start(sv_erp_client_t *client, sv_arena_t *arena)
{
    int to[2], from[2];
    bool good;

    if (pipe2(to, O_CLOEXEC) != 0) {
        return false;
    }
    if (pipe2(from, O_CLOEXEC) != 0) {
        close(to[0]);
        close(to[1]);
        return false;
    }
    good = sv_child_spawn(client, to[0], from[1], arena);
    close(to[0]);
    close(from[1]);
    client->in = from[0];
    client->out = to[1];
    if (!good) {
        close(from[0]);
        close(to[1]);
        client->pid = 0;
        return false;
    }
    fcntl(client->in, F_SETFL, O_NONBLOCK);
    fcntl(client->out, F_SETFL, O_NONBLOCK);
    return true;
}

/* Waits until the descriptor is ready; false when the time is over, or the caller gives up. */
static bool
sv_erp_await(const sv_erp_client_t *client, int descriptor, short events, int64_t deadline_ms)
{
    for (;;) {
        int64_t left_ms = deadline_ms - sv_clock_monotonic_ms();
        struct pollfd waited = { .fd = descriptor, .events = events };

        if (left_ms <= 0 || (client->give_up != NULL && client->give_up(client->context))) {
            return false;
        }
        if (poll(&waited, 1, left_ms < SV_ERP_SLICE_MS ? (int) left_ms : SV_ERP_SLICE_MS) > 0) {
            return true;
        }
    }
}

/* Moves all of the bytes, in or out. */
static const char *
sv_erp_move(const sv_erp_client_t *client, bool in, uint8_t *bytes, size_t length, int64_t deadline_ms)
{
    size_t moved = 0;

    while (moved < length) {
        ssize_t got;

        if (!sv_erp_await(client, in ? client->in : client->out, in ? POLLIN : POLLOUT, deadline_ms)) {
            return "no answer in time";
        }
        got = in ? read(client->in, bytes + moved, length - moved) : write(client->out, bytes + moved, length - moved);
        if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
            return "its driver's process ended";
        }
        moved += got > 0 ? (size_t) got : 0;
    }
    return NULL;
}

/* The next document; an {error} fails. */
static sv_status_t
sv_erp_receive(sv_erp_client_t *client, int64_t deadline_ms, bson_t *answer, sv_error_t *error)
{
    uint8_t head[SV_ERP_FRAME_HEAD], *bytes;
    uint32_t length;
    const char *why = sv_erp_move(client, true, head, sizeof(head), deadline_ms), *refusal;

    sv_arena_destroy(client->frame);
    client->frame = sv_arena_create();
    if (why != NULL) {
        return sv_erp_client_lose(client, error, why);
    }
    length = sv_erp_frame_length(head);
    if (length == 0) {
        return sv_erp_client_lose(client, error, sv_erp_nonsense);
    }
    bytes = sv_arena_alloc(client->frame, length);
    memcpy(bytes, head, sizeof(head));
    why = sv_erp_move(client, true, bytes + sizeof(head), length - sizeof(head), deadline_ms);
    if (why != NULL) {
        return sv_erp_client_lose(client, error, why);
    }
    if (!bson_init_static(answer, bytes, length)) {
        return sv_erp_client_lose(client, error, sv_erp_nonsense);
    }
    refusal = sv_doc_text(answer, "error", client->frame);
    if (refusal == NULL) {
        return SV_OK;
    }
    bson_free(client->refusal);
    client->refusal = bson_strdup(refusal);
    return sv_erp_client_lose(client, error, refusal);
}

static sv_status_t
sv_erp_send(sv_erp_client_t *client, const bson_t *request, int64_t deadline_ms, sv_error_t *error)
{
    const char *why =
        sv_erp_move(client, false, (uint8_t *) (uintptr_t) bson_get_data(request), request->len, deadline_ms);

    return why == NULL ? SV_OK : sv_erp_client_lose(client, error, why);
}

static sv_status_t
sv_erp_exchange(sv_erp_client_t *client, const bson_t *request, int64_t deadline_ms, bson_t *answer, sv_error_t *error)
{
    return sv_erp_send(client, request, deadline_ms, error) == SV_OK
               ? sv_erp_receive(client, deadline_ms, answer, error)
               : error->status;
}

static sv_status_t
sv_erp_connect(sv_erp_client_t *client, int64_t deadline_ms, sv_error_t *error)
{
    sv_arena_t *arena = sv_arena_create();
    const char *connection;
    size_t length;
    sv_status_t status;

    if (sv_secret_file_read(client->settings->erp_connection_file, arena, &connection, &length, error) != SV_OK) {
        error->status = SV_OK;
        status = sv_fail_cause(error, SV_ERR_UNAVAILABLE, "ERP_CONNECTION_FILE cannot be read");
    } else if (!sv_child_start(client, arena)) {
        status = sv_fail_cause(error, SV_ERR_UNAVAILABLE, "ERP: no process for its driver: %s", strerror(errno));
    } else {
        bson_t *request =
            sv_doc_take(BCON_NEW("connect", BCON_UTF8(connection), "utf8", BCON_BOOL(client->mapping->utf8)), arena);
        bson_t answer;

        status = sv_erp_exchange(client, request, deadline_ms, &answer, error);
    }
    sv_arena_destroy(arena);
    return status;
}

static sv_status_t
sv_erp_take_columns(sv_erp_client_t *client, const bson_t *answer, sv_error_t *error)
{
    const bson_t *columns = sv_doc_child(answer, "columns", client->frame);
    bson_iter_t iter;

    sv_arena_destroy(client->query);
    client->query = sv_arena_create();
    client->name_count = 0;
    client->names =
        sv_arena_alloc(client->query, (columns == NULL ? 1 : bson_count_keys(columns) + 1) * sizeof(char *));
    if (columns == NULL || !bson_iter_init(&iter, columns)) {
        return sv_erp_client_lose(client, error, sv_erp_nonsense);
    }
    while (bson_iter_next(&iter)) {
        if (!BSON_ITER_HOLDS_UTF8(&iter)) {
            return sv_erp_client_lose(client, error, sv_erp_nonsense);
        }
        client->names[client->name_count++] = sv_arena_strdup(client->query, bson_iter_utf8(&iter, NULL));
    }
    return SV_OK;
}

sv_status_t
sv_erp_client_connect(sv_erp_client_t *client, int64_t limit_ms, sv_error_t *error)
{
    if (client->asked) {
        sv_erp_client_kill(client); /* rows nobody wants are still on their way */
    }
    return client->pid != 0 ? SV_OK : sv_erp_connect(client, sv_clock_monotonic_ms() + limit_ms, error);
}

static void
sv_erp_put_values(bson_t *array, const char *const *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char digits[16];
        const char *key;

        bson_uint32_to_string((uint32_t) i, &key, digits, sizeof(digits));
        sv_doc_put_text(array, key, values[i]);
    }
}

sv_status_t
sv_erp_client_query(sv_erp_client_t *client, const sv_erp_statement_t *statement, const char *const *values,
                    int64_t limit_ms, sv_error_t *error)
{
    int64_t deadline_ms = sv_clock_monotonic_ms() + limit_ms;
    bson_t request = BSON_INITIALIZER, parameters, answer;
    sv_status_t status = sv_erp_client_connect(client, limit_ms, error);

    bson_free(client->refusal); /* one of the connection is none of the statement */
    client->refusal = NULL;
    BSON_APPEND_UTF8(&request, "sql", statement->sql);
    BSON_APPEND_ARRAY_BEGIN(&request, "parameters", &parameters);
    sv_erp_put_values(&parameters, values, statement->parameter_count);
    bson_append_array_end(&request, &parameters);
    if (status == SV_OK) {
        status = sv_erp_exchange(client, &request, deadline_ms, &answer, error);
    }
    if (status == SV_OK) {
        client->asked = true;
        status = sv_erp_take_columns(client, &answer, error);
    }
    bson_destroy(&request);
    return status;
}

const char *
sv_erp_client_refusal(const sv_erp_client_t *client)
{
    return client->refusal;
}

size_t
sv_erp_client_columns(const sv_erp_client_t *client, const char *const **names)
{
    *names = client->names;
    return client->name_count;
}

sv_status_t
sv_erp_client_next(sv_erp_client_t *client, int64_t limit_ms, const bson_t **rows, sv_error_t *error)
{
    bson_t answer;

    *rows = NULL;
    if (sv_erp_receive(client, sv_clock_monotonic_ms() + limit_ms, &answer, error) != SV_OK) {
        return error->status;
    }
    if (sv_doc_has(&answer, "end")) {
        client->asked = false;
        return SV_OK;
    }
    *rows = sv_doc_child(&answer, "rows", client->frame);
    return *rows != NULL ? SV_OK : sv_erp_client_lose(client, error, sv_erp_nonsense);
}

/* ---- writing rows */

static void
sv_erp_writing_put(sv_erp_writing_t *writing, bson_t *request)
{
    bson_t rows, row;

    BSON_APPEND_UTF8(request, "sql", writing->statement->sql);
    BSON_APPEND_INT64(request, "for_ms", writing->for_ms);
    BSON_APPEND_ARRAY_BEGIN(request, "rows", &rows);
    for (writing->given = 0; writing->given < writing->count && rows.len < SV_ERP_WRITING_BYTES; writing->given++) {
        char digits[16];
        const char *key;

        bson_uint32_to_string((uint32_t) writing->given, &key, digits, sizeof(digits));
        BSON_APPEND_ARRAY_BEGIN(&rows, key, &row);
        sv_erp_put_values(&row, writing->rows[writing->given], writing->statement->parameter_count);
        bson_append_array_end(&rows, &row);
    }
    bson_append_array_end(request, &rows);
}

sv_status_t
sv_erp_client_write(sv_erp_client_t *client, sv_erp_writing_t *writing, int64_t limit_ms, sv_error_t *error)
{
    bson_t request = BSON_INITIALIZER;
    sv_status_t status = sv_erp_client_connect(client, limit_ms, error);

    bson_free(client->refusal);
    client->refusal = NULL;
    writing->taken = writing->given = 0;
    if (status == SV_OK) {
        sv_erp_writing_put(writing, &request);
        status = sv_erp_send(client, &request, sv_clock_monotonic_ms() + limit_ms, error);
    }
    if (status != SV_OK) {
        writing->given = 0; /* the child begins none before it has all */
    }
    client->asked = status == SV_OK;
    bson_destroy(&request);
    return status;
}

sv_status_t
sv_erp_client_written(sv_erp_client_t *client, sv_erp_writing_t *writing, int64_t limit_ms, sv_error_t *error)
{
    bson_t answer;
    size_t wrote;

    while (sv_erp_receive(client, sv_clock_monotonic_ms() + limit_ms, &answer, error) == SV_OK) {
        if (sv_doc_has(&answer, "end")) {
            client->asked = false;
            return SV_OK;
        }
        if (!sv_erp_frame_wrote(&answer, writing->given - writing->taken, &wrote)) {
            return sv_erp_client_lose(client, error, sv_erp_nonsense);
        }
        writing->taken += wrote;
    }
    return error->status;
}
