/* Time: a monotonic clock for deadlines, the wall clock for records, and calendar dates. */
#ifndef RONGQIAO_CLOCK_H
#define RONGQIAO_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Milliseconds of a clock that never goes back. */
int64_t rq_monotonic_ms(void);
/* Microseconds of the same clock. */
int64_t rq_monotonic_us(void);
/* Milliseconds since 1970-01-01T00:00:00Z. */
int64_t rq_wall_ms(void);

enum { RQ_RFC3339_TEXT = 24, RQ_DATE_TEXT = 10, RQ_IMF_DATE_TEXT = 29 };
/* "2026-11-24T06:30:00.123Z", NUL-terminated. A year that needs more than four digits is written as the
 * nearest moment that doesn't, here and below. */
void rq_rfc3339(int64_t wall_ms, char out_text[RQ_RFC3339_TEXT + 1]);
/* "Tue, 24 Nov 2026 06:30:00 GMT" (RFC 9110 section 5.6.7), NUL-terminated. */
void rq_imf_date(int64_t wall_ms, char out_text[RQ_IMF_DATE_TEXT + 1]);

/* A date as days since 1970-01-01 in the proleptic Gregorian calendar. */
typedef int32_t rq_date;
/* Exactly "YYYY-MM-DD", a day that exists, years 1900 to 2199. */
bool rq_date_parse(const char *text, size_t length, rq_date *out_date);
void rq_date_format(rq_date date, char out_text[RQ_DATE_TEXT + 1]);
rq_date rq_date_from_civil(int year, int month, int day);
/* Today in Asia/Shanghai (UTC+8, no daylight saving), where every date of the book is meant. */
rq_date rq_today(void);
/* Whole calendar months from `from` to `to`; 0 when `to` is earlier. A month is whole once the day of the
 * month is reached; the last day of a shorter month counts as reached (31 January to 28 February is one
 * month in a common year, none in a leap year). */
int32_t rq_months_between(rq_date from, rq_date to);

#endif
