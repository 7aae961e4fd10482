#ifndef SV_RATIO_H
#define SV_RATIO_H

#include <stdbool.h>
#include <stdint.h>

/* part / |whole| in millionths, rounded half away from zero; false when it is none or cannot be told. */
bool sv_ratio(__int128 part, __int128 whole, int64_t *ratio);

#endif
