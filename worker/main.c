/*
 * stockverify-worker: what takes longer than a request may, or has no request.  Runs in the foreground, logs JSON
 * lines to standard error, is started and watched by systemd or whatever supervises it.
 *
 * SIGTERM and SIGINT: no new round begins, what is under way is finished within WORKER_GRACE, then exit 0 (exit 1 when
 * it could not be).  A second one ends at once.  SIGHUP is noted and ignored: settings are read at start only, and
 * whoever collects standard error rotates it.
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/codec.h"
#include "core/base/version.h"
#include "core/jobs/spool_mark.h"
#include "core/redis/scripts.h"
#include "core/settings/settings.h"
#include "core/store/store.h"
#include "worker/duty.h"
#include "worker/erp_answering.h"
#include "worker/erp/child.h"
#include "worker/erp/live_check.h"
#include "worker/job_runner.h"
#include "worker/log.h"
#include "worker/notify.h"
#include "worker/role_keeper.h"
#include "worker/startup.h"

enum {
    SV_EXIT_FAILED = 1,
    SV_EXIT_USAGE = 2,
    SV_EXIT_CONFIG = 78, /* sysexits.h: trying again will not help */
    SV_MAX_DUTIES = 24,
    SV_TICK_MS = 1000,
    SV_ROLE_TTL_MS = 3000,
    SV_WORKER_ID_SIZE = 128,
};

static const char sv_usage[] =
    "Usage: stockverify-worker [-c FILE] [--check|--check-erp]\n"
    "Does the background work of StockVerify: writes heartbeats behind, frees racks of silent holders, derives "
    "totals,\n"
    "freezes books, seals the audit trail and runs jobs. Any number may run, on any number of hosts.\n"
    "\n"
    "  -c, --config FILE   settings, NAME=VALUE a line; the environment goes before it\n"
    "      --check         read the settings, say whether they are good, and exit\n"
    "      --check-erp     try the statements of ERP_MAPPING on the ERP, and exit\n"
    "      --version       print the version and exit\n"
    "  -h, --help          print this and exit\n"
    "\n"
    "Exit status: 0 stopped as told, 1 failed, 2 wrong usage, 78 settings or servers that no retry will mend.\n";

typedef struct {
    const char *config;
    bool check, check_erp;
} sv_options_t;

/* True when the program is to go on; else *exit_code is its result. */
static bool
sv_options_read(int argc, char **argv, sv_options_t *options, int *exit_code)
{
    enum { CHECK = 256, CHECK_ERP, VERSION };
    static const struct option names[] = {
        { "config", required_argument, NULL, 'c' },
        { "check", no_argument, NULL, CHECK },
        { "check-erp", no_argument, NULL, CHECK_ERP },
        { "version", no_argument, NULL, VERSION },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    int option;

    memset(options, 0, sizeof(*options));
    *exit_code = 0;
    while ((option = getopt_long(argc, argv, "c:h", names, NULL)) != -1) {
        switch (option) {
        case 'c':
            options->config = optarg;
            break;
        case CHECK:
            options->check = true;
            break;
        case CHECK_ERP:
            options->check_erp = true;
            break;
        case VERSION:
            printf("stockverify-worker %s\n", SV_VERSION);
            return false;
        case 'h':
            fputs(sv_usage, stdout);
            return false;
        default:
            *exit_code = SV_EXIT_USAGE;
            fputs(sv_usage, stderr);
            return false;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "stockverify-worker: unexpected argument: %s\n", argv[optind]);
        *exit_code = SV_EXIT_USAGE;
        return false;
    }
    return true;
}

/* The signals the main thread waits for; blocked in every thread. */
static void
sv_signals_block(sigset_t *signals)
{
    sigemptyset(signals);
    sigaddset(signals, SIGTERM);
    sigaddset(signals, SIGINT);
    sigaddset(signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, signals, NULL);
    signal(SIGPIPE, SIG_IGN);
}

/* Waits up to `ms` for a signal; true for one that means to stop. */
static bool
sv_signals_wait(void *context, int64_t ms)
{
    const struct timespec limit = { .tv_sec = ms / 1000, .tv_nsec = (ms % 1000) * 1000000 };
    int caught = sigtimedwait(context, NULL, &limit);

    if (caught == SIGHUP) {
        sv_worker_log(SV_LOG_NOTICE, "signal.ignored", SV_FIELD_TEXT("signal", "HUP"),
                      SV_FIELD_TEXT("detail", "settings are read at start; restart the worker to change them"));
    }
    return caught == SIGTERM || caught == SIGINT;
}

/* Names this process among workers: host, pid, and chance where containers repeat both. */
static void
sv_worker_name(char id[SV_WORKER_ID_SIZE])
{
    char host[65] = "", hex[9];
    uint8_t bytes[4];

    if (gethostname(host, sizeof(host) - 1) != 0) {
        host[0] = '\0';
    }
    sv_random_bytes(bytes, sizeof(bytes));
    sv_hex_encode(bytes, sizeof(bytes), hex);
    snprintf(id, SV_WORKER_ID_SIZE, "%s:%ld:%s", host, (long) getpid(), hex);
}

/* The duty whose round has been under way for too long, NULL for none. */
static const sv_duty_t *
sv_find_hung(sv_duty_t *duties, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (sv_duty_hangs(&duties[i])) {
            return &duties[i];
        }
    }
    return NULL;
}

/* Until a signal says stop.  A hung duty ends the watchdog's ticks, and so the process, by its supervisor. */
static void
sv_worker_watch(sigset_t *signals, sv_duty_t *duties, size_t count)
{
    int64_t watchdog_ms = sv_notify_watchdog_ms();
    int64_t tick_ms = watchdog_ms > 0 && watchdog_ms < SV_TICK_MS ? watchdog_ms : SV_TICK_MS;
    bool told = false;

    while (!sv_signals_wait(signals, tick_ms)) {
        const sv_duty_t *hung = sv_find_hung(duties, count);

        if (hung == NULL) {
            sv_notify("WATCHDOG=1");
        } else if (!told) {
            sv_worker_log(SV_LOG_ERROR, "duty.hangs", SV_FIELD_TEXT("duty", hung->row->name));
            told = true;
        }
    }
}

/* A round that does not end in time: which, for the log; "jobs" where all duties have stopped. */
static const char *
sv_find_unfinished(sv_duty_t *duties, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (atomic_load(&duties[i].begun_ms) != 0) {
            return duties[i].row->name;
        }
    }
    return "jobs";
}

/* Waits for the threads within the grace period; a second signal cuts it short. */
static bool
sv_worker_finish(sv_stop_t *stop, sigset_t *signals, int64_t grace_ms)
{
    int64_t deadline_ms = sv_clock_monotonic_ms() + grace_ms;

    while (!sv_stop_wait_all(stop, 50)) {
        if (sv_clock_monotonic_ms() >= deadline_ms || sv_signals_wait(signals, 0)) {
            return false;
        }
    }
    return true;
}

static int
sv_worker_run_duties(const sv_worker_t *worker, sigset_t *signals)
{
    sv_duty_t duties[SV_MAX_DUTIES];
    sv_job_runners_t runners = { .count = 0 };
    sv_erp_answering_t answering = { .started = false };
    sv_role_keeper_t keeper;
    size_t started = 0;
    bool whole, kept;

    while (started < sv_duty_row_count && sv_duty_start(&duties[started], &sv_duty_rows[started], worker)) {
        started++;
    }
    kept = sv_role_keeper_start(&keeper, worker, duties, started);
    whole = kept && started == sv_duty_row_count && sv_job_runners_start(&runners, worker) &&
            sv_erp_answering_start(&answering, worker);
    if (whole) {
        sv_worker_log(SV_LOG_NOTICE, "worker.ready", SV_FIELD_TEXT("worker", worker->worker_id),
                      SV_FIELD_NUMBER("duties", (int64_t) started), SV_FIELD_NUMBER("jobs", (int64_t) runners.count));
        sv_notify("READY=1\nSTATUS=at work");
        sv_worker_watch(signals, duties, started);
    } else {
        sv_worker_log(SV_LOG_ERROR, "worker.failed",
                      SV_FIELD_TEXT("cause", "no thread or no MongoDB client to be had"));
    }
    sv_worker_log(SV_LOG_NOTICE, "worker.stopping", SV_FIELD_TEXT("worker", worker->worker_id));
    sv_notify("STOPPING=1\nSTATUS=finishing");
    sv_stop_order(worker->stop);
    sv_job_runners_stop(&runners);
    if (!sv_worker_finish(worker->stop, signals, worker->settings->worker_grace * 1000)) {
        /* Rounds may be killed at any point; threads are not to be unwound from here. */
        sv_worker_log(SV_LOG_ERROR, "worker.killed", SV_FIELD_TEXT("cause", "a round did not end in time"),
                      SV_FIELD_TEXT("duty", sv_find_unfinished(duties, started)));
        _exit(SV_EXIT_FAILED);
    }
    for (size_t i = 0; i < started; i++) {
        pthread_join(duties[i].thread, NULL);
    }
    sv_erp_answering_join(&answering);
    sv_job_runners_join(&runners);
    if (kept) {
        sv_role_keeper_end(&keeper);
    }
    return whole ? 0 : SV_EXIT_FAILED;
}

/* Without the folder of the jobs' files only the jobs that leave one fail: a reason to say so, not to stop.  Another
 * environment's is one to stop: its files would be removed. */
static bool
sv_worker_may_use_spool(sv_store_t *store)
{
    const char *spool_dir = store->settings->spool_dir;
    sv_arena_t *arena = sv_arena_create();
    sv_error_t error;
    sv_status_t status = SV_OK;

    sv_error_init(&error, arena);
    if (access(spool_dir, W_OK | X_OK) != 0) {
        sv_worker_log(SV_LOG_ERROR, "spool.unusable", SV_FIELD_TEXT("spool_dir", spool_dir),
                      SV_FIELD_TEXT("cause", strerror(errno)));
    } else {
        status = sv_spool_claim(store, &error);
    }
    if (status != SV_OK) {
        sv_worker_log(SV_LOG_ERROR, status == SV_ERR_CONFLICT_STATE ? "spool.foreign" : "spool.unusable",
                      SV_FIELD_TEXT("spool_dir", spool_dir), SV_FIELD_TEXT("cause", error.cause));
    }
    sv_arena_destroy(arena);
    return status != SV_ERR_CONFLICT_STATE;
}

static int
sv_worker_run(sv_worker_t *worker, sigset_t *signals)
{
    sv_store_t *store = sv_store_acquire(worker->pool);
    sv_startup_t startup = sv_startup(store, sv_signals_wait, signals);

    if (startup == SV_STARTUP_READY && !sv_worker_may_use_spool(store)) {
        startup = SV_STARTUP_REFUSED;
    }
    sv_store_release(store);
    if (startup == SV_STARTUP_REFUSED) {
        return SV_EXIT_CONFIG;
    }
    return startup == SV_STARTUP_READY ? sv_worker_run_duties(worker, signals) : 0;
}

/* One for each thread, one for the keeper of their roles, and one for the start. */
static unsigned
sv_worker_clients(const sv_settings_t *settings)
{
    return (unsigned) (sv_duty_row_count + 2 + SV_CLIENTS_PER_JOB_RUNNER * sv_job_runners_wanted(settings)) +
           sv_erp_answering_clients(settings);
}

static int
sv_worker_main(const sv_settings_t *settings, sv_error_t *error)
{
    char worker_id[SV_WORKER_ID_SIZE];
    sv_worker_t worker = { .settings = settings,
                           .worker_id = worker_id,
                           .started_ms = sv_clock_monotonic_ms(),
                           .role_ttl_ms = SV_ROLE_TTL_MS };
    sigset_t signals;
    sv_stop_t stop;
    int exit_code;

    _Static_assert(SV_MAX_DUTIES >= 8, "room for the duties of the table");
    sv_signals_block(&signals);
    sv_scripts_keep_events(settings->events_kept);
    sv_scripts_init();
    sv_worker_name(worker_id);
    sv_worker_log(SV_LOG_NOTICE, "worker.started", SV_FIELD_TEXT("version", SV_VERSION),
                  SV_FIELD_TEXT("worker", worker_id), SV_FIELD_TEXT("database", settings->mongodb_database));
    worker.pool = sv_store_pool_create_patient(settings, sv_worker_clients(settings), error);
    if (worker.pool == NULL) {
        sv_worker_log(SV_LOG_ERROR, "worker.failed", SV_FIELD_TEXT("cause", error->cause));
        return SV_EXIT_CONFIG;
    }
    sv_stop_init(&stop);
    worker.stop = &stop;
    exit_code = sv_worker_run(&worker, &signals);
    sv_store_pool_destroy(worker.pool);
    sv_stop_destroy(&stop);
    sv_worker_log(SV_LOG_NOTICE, "worker.stopped", SV_FIELD_TEXT("worker", worker_id));
    return exit_code;
}

int
main(int argc, char **argv)
{
    sv_arena_t *arena;
    sv_settings_t settings;
    sv_options_t options;
    sv_error_t error;
    int exit_code;

    if (argc == 2 && strcmp(argv[1], SV_ERP_CHILD_ARGUMENT) == 0) {
        return sv_erp_child_main();
    }
    if (!sv_options_read(argc, argv, &options, &exit_code)) {
        return exit_code;
    }
    sv_log_set_sink(sv_worker_log_sink);
    arena = sv_arena_create();
    sv_error_init(&error, arena);
    if (sv_settings_load(&settings, options.config, arena, &error) != SV_OK) {
        fprintf(stderr, "stockverify-worker: %s\n",
                error.message != NULL ? error.message : sv_status_message(error.status));
        exit_code = SV_EXIT_CONFIG;
    } else if (options.check) {
        puts("stockverify-worker: the settings are good");
    } else if (options.check_erp) {
        exit_code = sv_erp_live_check(&settings, &error) ? EXIT_SUCCESS : EXIT_FAILURE;
    } else {
        exit_code = sv_worker_main(&settings, &error);
        mongoc_cleanup();
    }
    sv_arena_destroy(arena);
    return exit_code;
}
