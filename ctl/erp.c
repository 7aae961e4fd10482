/* stockverifyctl erp: what the ERP's mapping says, a code looked up, an import asked for. */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/text_gate.h"
#include "core/erp/lookup.h"
#include "core/erp/mapping.h"
#include "core/erp/run.h"
#include "core/jobs/dispatch.h"
#include "core/store/document.h"
#include "ctl/ctl.h"

/* Becomes the worker's program, which alone speaks to an ERP: it lies beside this one.  Returns when it is not there.
 */
static void
sv_erp_become_live_check(const sv_ctl_t *ctl)
{
    char path[PATH_MAX], *slash;
    ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - sizeof("stockverify-worker"));
    char *arguments[] = { "stockverify-worker", "--check-erp", NULL, NULL, NULL };

    if (ctl->settings_file != NULL) {
        arguments[2] = "-c";
        arguments[3] = (char *) ctl->settings_file;
    }
    path[length > 0 ? length : 0] = '\0';
    slash = strrchr(path, '/');
    if (slash != NULL) {
        strcpy(slash + 1, "stockverify-worker");
        fflush(stdout);
        execv(path, arguments);
    }
}

/* Reads the mapping, and tries its statements where the ERP's connection is known. */
int
sv_ctl_erp_check(sv_ctl_t *ctl, const sv_ctl_command_t *command, int argc, char **argv)
{
    sv_erp_mapping_t mapping;

    if (!sv_ctl_options(command, argc, argv, NULL, 0, NULL, 0)) {
        return SV_CTL_USAGE;
    }
    if (ctl->settings.erp_mapping[0] == '\0') {
        sv_fail(&ctl->error, SV_ERR_VALIDATION_FAILED, "ERP_MAPPING is not set");
        return sv_ctl_fail(ctl);
    }
    if (sv_erp_mapping_read(ctl->settings.erp_mapping, ctl->arena, &mapping, &ctl->error) != SV_OK) {
        return sv_ctl_fail(ctl);
    }
    if (ctl->settings.erp_connection_file[0] != '\0') {
        sv_erp_become_live_check(ctl);
        sv_fail(&ctl->error, SV_ERR_UNAVAILABLE, "The worker's program, which asks the ERP, is not beside this one");
        return sv_ctl_fail(ctl);
    }
    for (size_t i = 0; i < SV_ERP_STATEMENT_COUNT; i++) {
        printf("%-16s %s\n", sv_erp_kind_name((sv_erp_kind_t) i), mapping.statements[i].sql != NULL ? "there" : "none");
    }
    puts("ERP_CONNECTION_FILE is not set: none was tried");
    return SV_CTL_DONE;
}

static sv_redis_client_t *
sv_erp_redis(sv_ctl_t *ctl)
{
    if (ctl->redis == NULL) {
        ctl->redis = sv_redis_client_create(&ctl->settings);
    }
    return ctl->redis;
}

static sv_erp_answer_t
sv_erp_ask(sv_ctl_t *ctl, const char *code, const char **item_code)
{
    const struct timespec pause = { .tv_nsec = SV_ERP_ASK_AGAIN_MS * 1000000L };
    int64_t deadline_ms = sv_clock_monotonic_ms() + ctl->settings.erp_lookup_timeout;
    sv_erp_answer_t answer = SV_ERP_WAITING;
    sv_redis_command_t command;

    while (answer == SV_ERP_WAITING && sv_clock_monotonic_ms() < deadline_ms) {
        redisReply *reply = NULL;

        sv_erp_ask_command(&command, ctl->arena, code, ctl->settings.erp_lookup_timeout);
        if (sv_redis_client_run(sv_erp_redis(ctl), &command, &reply, &ctl->error) != SV_OK) {
            return SV_ERP_OFF;
        }
        answer = sv_erp_ask_read(reply, ctl->arena, item_code);
        freeReplyObject(reply);
        if (answer == SV_ERP_WAITING) {
            nanosleep(&pause, NULL);
        }
    }
    return answer;
}

int
sv_ctl_erp_lookup(sv_ctl_t *ctl, const sv_ctl_command_t *command, int argc, char **argv)
{
    const char *words[1], *code, *item_code = NULL;
    sv_erp_answer_t answer;

    if (!sv_ctl_options(command, argc, argv, NULL, 0, words, 1)) {
        return SV_CTL_USAGE;
    }
    code = sv_text_pass(SV_TEXT_CODE, words[0], 64, ctl->arena);
    if (code == NULL) {
        return sv_ctl_usage(command, "%s is no code", words[0]);
    }
    answer = sv_erp_ask(ctl, code, &item_code);
    if (ctl->error.status != SV_OK) {
        return sv_ctl_fail(ctl);
    }
    switch (answer) {
    case SV_ERP_FOUND:
        puts(item_code);
        return SV_CTL_DONE;
    case SV_ERP_UNKNOWN:
        fprintf(stderr, "the ERP has no %s\n", code);
        return SV_CTL_FAILED;
    case SV_ERP_OFF:
        fputs("no worker asks an ERP\n", stderr);
        return SV_CTL_FAILED;
    default:
        fputs("the ERP did not answer in time\n", stderr);
        return SV_CTL_FAILED;
    }
}

int
sv_ctl_erp_import(sv_ctl_t *ctl, const sv_ctl_command_t *command, int argc, char **argv)
{
    bool full = false, created;
    const sv_ctl_option_t option = { "--full", NULL, &full };
    const char *job_id;
    const bson_t *job;
    sv_error_t ignored;

    if (!sv_ctl_options(command, argc, argv, &option, 1, NULL, 0)) {
        return SV_CTL_USAGE;
    }
    if (sv_ctl_store(ctl) == NULL ||
        sv_erp_run_request(ctl->store, &ctl->operator_, full, ctl->arena, &job, &created, &ctl->error) != SV_OK) {
        return sv_ctl_fail(ctl);
    }
    job_id = sv_doc_text(job, "job_id", ctl->arena);
    sv_error_init(&ignored, ctl->arena);
    sv_dispatch(sv_erp_redis(ctl), SV_QUEUE_DEFAULT, &job_id, 1, SV_DISPATCH_KEEP, NULL, &ignored);
    puts(job_id);
    return SV_CTL_DONE;
}
