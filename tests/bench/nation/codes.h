/* The codes of migrations/data. */
#ifndef RONGQIAO_TESTS_BENCH_CODES_H
#define RONGQIAO_TESTS_BENCH_CODES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct codes {
    uint32_t *counties;
    size_t county_count;
    char (*classes)[8]; /* "C2614" */
    size_t class_count;
    char (*divisions)[8]; /* "C26" */
    size_t division_count;
} codes;

/* False, with a message on standard error, when the files are not as expected. */
bool codes_read(const char *root, codes *out_codes);
void codes_free(codes *all);

#endif
