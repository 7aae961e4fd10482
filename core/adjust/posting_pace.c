#include "core/adjust/posting_pace.h"

enum { SV_PACE_GROWTH = 4 };

static size_t
sv_fewer(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t
sv_posting_lines_next(size_t lines, size_t tried, int64_t waited_ms)
{
    size_t most = sv_fewer(lines * SV_PACE_GROWTH, SV_POSTING_LINES_MAX);
    size_t fit = waited_ms <= 0 ? most : sv_fewer(tried * SV_POSTING_WAIT_MS / (size_t) waited_ms, most);

    return fit > 0 ? fit : 1;
}
