#ifndef SV_MAIL_H
#define SV_MAIL_H

typedef struct {
    const char *to;      /* an address (core/base/mail_address.h) */
    const char *subject; /* UTF-8 */
    const char *text;    /* UTF-8, lines end in "\n" */
    const char *id;      /* names the mail: the same id sent twice is one mail to whoever reads it */
    const char *file;    /* path of what is attached; NULL: nothing */
    const char *file_name, *file_type;
} sv_mail_t;

#endif
