#ifndef SV_UNIT_RANDOM_H
#define SV_UNIT_RANDOM_H

#include <stdint.h>

/* Repeatable random numbers for property tests (xorshift64*, S. Vigna). */
typedef struct {
    uint64_t state;
} random_t;

static inline random_t
random_seeded(uint64_t seed)
{
    return (random_t){ seed * 2 + 1 };
}

static inline uint64_t
random_next(random_t *random)
{
    random->state ^= random->state >> 12;
    random->state ^= random->state << 25;
    random->state ^= random->state >> 27;
    return random->state * UINT64_C(2685821657736338717);
}

/* From `low` to `high`, both possible; magnitudes of every size about as often. */
static inline int64_t
random_between(random_t *random, int64_t low, int64_t high)
{
    uint64_t range = (uint64_t) high - (uint64_t) low + 1;

    return (int64_t) ((uint64_t) low + (range == 0 ? random_next(random) : random_next(random) % range));
}

static inline int64_t
random_magnitude(random_t *random, int64_t max)
{
    int64_t value = (int64_t) (random_next(random) >> (1 + random_next(random) % 62)) % (max + 1);

    return random_next(random) & 1 ? -value : value;
}

#endif
