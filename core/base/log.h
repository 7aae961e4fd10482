#ifndef SV_BASE_LOG_H
#define SV_BASE_LOG_H

/* Where core/ tells operators something; nginx and the worker each plug in
 * their own sink at start (once, before any thread).  Never a secret, never a
 * client's text unescaped. */
typedef enum { SV_LOG_ERROR, SV_LOG_WARNING, SV_LOG_NOTICE, SV_LOG_INFO, SV_LOG_DEBUG } sv_log_level_t;

typedef void (*sv_log_sink_t)(sv_log_level_t level, const char *message);

void sv_log_set_sink(sv_log_sink_t sink);          /* NULL: standard error */
void sv_log(sv_log_level_t level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
