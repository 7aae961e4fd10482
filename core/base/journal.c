#include "core/base/journal.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* systemd says in JOURNAL_STREAM which device and inode it gave; a child whose standard error went elsewhere inherits
 * the variable too. */
static bool
sv_stderr_is_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    unsigned long long device, inode;
    struct stat there;

    return stream != NULL && sscanf(stream, "%llu:%llu", &device, &inode) == 2 && fstat(STDERR_FILENO, &there) == 0 &&
           there.st_dev == (dev_t) device && there.st_ino == (ino_t) inode;
}

const char *
sv_journal_prefix(sv_log_level_t level)
{
    static const char *const prefixes[] = {
        [SV_LOG_ERROR] = "<3>", [SV_LOG_WARNING] = "<4>", [SV_LOG_NOTICE] = "<5>",
        [SV_LOG_INFO] = "<6>",  [SV_LOG_DEBUG] = "<7>",
    };

    return sv_stderr_is_journal() ? prefixes[level] : "";
}
