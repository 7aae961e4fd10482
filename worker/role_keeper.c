#include "worker/role_keeper.h"

#include "core/store/worker_role.h"
#include "worker/log.h"

/* Failures are told by the duties, which ask for their roles too. */
static void
sv_role_keeper_keep(sv_role_keeper_t *keeper, sv_store_t *store)
{
    sv_arena_t *arena = sv_arena_create();
    const char **roles = sv_arena_alloc(arena, keeper->count * sizeof(*roles));
    size_t count = 0;
    sv_error_t error;

    sv_error_init(&error, arena);
    for (size_t i = 0; i < keeper->count; i++) {
        if (atomic_load(&keeper->duties[i].mine) && !sv_duty_hangs(&keeper->duties[i])) {
            roles[count++] = keeper->duties[i].row->name;
        }
    }
    if (count > 0) {
        sv_worker_roles_keep(store, roles, count, keeper->worker->worker_id, &error);
    }
    sv_arena_destroy(arena);
}

static void *
sv_role_keeper_thread(void *context)
{
    sv_role_keeper_t *keeper = context;
    sv_store_t *store = sv_store_acquire(keeper->worker->pool);

    while (store != NULL && !sv_stop_wait(&keeper->stop, keeper->worker->role_ttl_ms / 3)) {
        sv_role_keeper_keep(keeper, store);
    }
    if (store != NULL) {
        sv_store_release(store);
    }
    return NULL;
}

bool
sv_role_keeper_start(sv_role_keeper_t *keeper, const sv_worker_t *worker, sv_duty_t *duties, size_t count)
{
    keeper->worker = worker;
    keeper->duties = duties;
    keeper->count = count;
    sv_stop_init(&keeper->stop);
    if (pthread_create(&keeper->thread, NULL, sv_role_keeper_thread, keeper) != 0) {
        sv_stop_destroy(&keeper->stop);
        return false;
    }
    return true;
}

void
sv_role_keeper_end(sv_role_keeper_t *keeper)
{
    sv_stop_order(&keeper->stop);
    pthread_join(keeper->thread, NULL);
    sv_stop_destroy(&keeper->stop);
}
