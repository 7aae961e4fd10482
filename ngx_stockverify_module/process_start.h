#ifndef SV_PROCESS_START_H
#define SV_PROCESS_START_H

#include "ngx_stockverify_module/process.h"

/* After the fork.  NULL with a line in the log. */
sv_process_t *sv_process_create(sv_main_conf_t *conf, ngx_log_t *log);
void          sv_process_destroy(sv_process_t *process);

#endif
