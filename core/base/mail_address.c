#include "core/base/mail_address.h"

#include <ctype.h>
#include <string.h>

enum { SV_LOCAL_PART_MAX = 64, SV_LABEL_MAX = 63 };

bool
sv_mail_address_valid(const char *address)
{
    const char *at = strrchr(address, '@'), *label;
    size_t length = strlen(address);

    if (at == NULL || at == address || at - address > SV_LOCAL_PART_MAX || length > SV_MAIL_ADDRESS_MAX ||
        address[0] == '.' || address[0] == '-' || at[-1] == '.' || strstr(address, "..") != NULL) {
        return false;
    }
    for (const char *c = address; c < at; c++) {
        if (!isalnum((unsigned char) *c) && strchr("!#$%&'*+/=?^_`{|}~.-", *c) == NULL) {
            return false;
        }
    }
    for (label = at + 1; *label != '\0'; label += *label == '.') {
        size_t letters = strspn(label, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");

        if (letters == 0 || letters > SV_LABEL_MAX || label[0] == '-' || label[letters - 1] == '-' ||
            (label[letters] != '.' && label[letters] != '\0')) {
            return false;
        }
        label += letters;
    }
    return at[1] != '\0' && address[length - 1] != '.';
}
