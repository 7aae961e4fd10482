#include "core/oversight/accuracy.h"

#include "core/report/rows/ratio.h"

static __int128
sv_accuracy_size(sv_quantity_t quantity)
{
    return quantity < 0 ? -(__int128) quantity : quantity;
}

bool
sv_accuracy_is_hit(sv_quantity_t book, sv_quantity_t variance, sv_quantity_t tolerance)
{
    return sv_accuracy_size(variance) * 100 * SV_QUANTITY_ONE <= sv_accuracy_size(book) * tolerance;
}

void
sv_accuracy_note(sv_accuracy_t *accuracy, sv_quantity_t book, sv_quantity_t variance, sv_quantity_t tolerance)
{
    accuracy->lines++;
    accuracy->hits += sv_accuracy_is_hit(book, variance, tolerance);
    accuracy->book += sv_accuracy_size(book);
    accuracy->gross += sv_accuracy_size(variance);
}

bool
sv_accuracy_hit_rate(const sv_accuracy_t *accuracy, int64_t *rate)
{
    return sv_ratio(accuracy->hits, accuracy->lines, rate);
}

bool
sv_accuracy_absolute(const sv_accuracy_t *accuracy, int64_t *rate)
{
    if (accuracy->lines == 0) {
        return false;
    }
    if (accuracy->gross >= accuracy->book) {
        *rate = accuracy->gross == 0 ? SV_QUANTITY_ONE : 0;
        return true;
    }
    return sv_ratio(accuracy->book - accuracy->gross, accuracy->book, rate);
}
