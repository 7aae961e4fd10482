#ifndef SV_FATAL_H
#define SV_FATAL_H

/*
 * Ends the process where going on would be worse and nobody could be told: the machine gives no memory for a bounded
 * piece of an arena, no random bytes, no digest.  Nothing that comes from outside leads here: what has a size that a
 * client, a row or a file decides without bound is an error value.
 */
_Noreturn void sv_fatal(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
