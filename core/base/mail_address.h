#ifndef SV_MAIL_ADDRESS_H
#define SV_MAIL_ADDRESS_H

#include <stdbool.h>

enum { SV_MAIL_ADDRESS_MAX = 254 };

/* local@domain, as every mail server takes it: ASCII, without blanks, quotes and comments. */
bool sv_mail_address_valid(const char *address);

#endif
