/*
 * The kinds of a worker for tests: jobs that take as long as they are told, leave a file, and kill their worker when
 * told so.  Everything else of it is the worker's own.  Their params are {ms, crash}; what they begin and end is
 * written to the file that TEST_NOTES names, "begun|ended JOB ATTEMPT PID" a line.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/jobs/handler_calls.h"
#include "core/store/document.h"
#include "worker/jobs/kinds.h"

/* One write, so that lines of several workers never mix. */
static void
sv_test_note(const sv_job_run_t *run, const char *what)
{
    const char *line = sv_arena_printf(run->arena, "%s %s %lld %ld\n", what, run->claim->job_id,
                                       (long long) run->claim->attempt, (long) getpid());
    int notes = open(getenv("TEST_NOTES"), O_WRONLY | O_CREAT | O_APPEND, 0600);

    if (notes < 0 || write(notes, line, strlen(line)) < 0) {
        perror("TEST_NOTES");
    }
    close(notes);
}

static sv_status_t
sv_test_leave_file(sv_job_run_t *run, sv_error_t *error)
{
    const char *path;
    FILE *file;

    if (sv_job_run_file(run, "csv", &path, error) != SV_OK) {
        return error->status;
    }
    file = fopen(path, "w");
    if (file == NULL) {
        return sv_fail_cause(error, SV_ERR_INTERNAL, "%s cannot be written", path);
    }
    run->result.size = fprintf(file, "%s,%lld\r\n", run->claim->job_id, (long long) run->claim->attempt);
    fclose(file);
    run->result.file_name = "told.csv";
    run->result.content_type = "text/csv; charset=utf-8";
    run->result.etag = "\"told\"";
    return SV_OK;
}

static sv_status_t
sv_test_job(sv_job_run_t *run, sv_error_t *error)
{
    const struct timespec slice = { .tv_nsec = 5000000 };
    int64_t ms = sv_doc_int(run->claim->params, "ms"), until_ms = sv_clock_monotonic_ms() + ms, left_ms;

    sv_test_note(run, "begun");
    while ((left_ms = until_ms - sv_clock_monotonic_ms()) > 0) {
        if (sv_job_run_progress(run, "waiting", ms - left_ms, ms, error) != SV_OK) {
            return error->status;
        }
        nanosleep(&slice, NULL);
    }
    if (sv_doc_bool(run->claim->params, "crash")) {
        kill(getpid(), SIGKILL);
    }
    if (sv_test_leave_file(run, error) == SV_OK) {
        sv_test_note(run, "ended");
    }
    return error->status;
}

const sv_job_handler_row_t sv_job_handlers[] = {
    { "report.generate", sv_test_job },
    { "snapshot.create", sv_test_job },
    { "snapshot.export", sv_test_job },
    { "mail.deliver", sv_test_job },
    { "mail.notice", sv_test_job },
};

const size_t sv_job_handler_count = sizeof(sv_job_handlers) / sizeof(sv_job_handlers[0]);
