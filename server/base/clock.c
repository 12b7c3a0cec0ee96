#include "rongqiao/clock.h"

#include <assert.h>
#include <string.h>
#include <time.h>

enum { MS_PER_SECOND = 1000, SECONDS_PER_DAY = 86400, SHANGHAI_OFFSET_MS = 8 * 3600 * 1000 };
static const int64_t ms_per_day = (int64_t)SECONDS_PER_DAY * MS_PER_SECOND;

typedef struct civil_date {
    int year, month, day;
} civil_date;

static struct timespec read_clock(clockid_t clock)
{
    struct timespec now = {0};
    int failed = clock_gettime(clock, &now);
    assert(!failed);
    (void)failed;
    return now;
}

int64_t rq_monotonic_ms(void)
{
    return rq_monotonic_us() / 1000;
}

int64_t rq_monotonic_us(void)
{
    struct timespec now = read_clock(CLOCK_MONOTONIC);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t rq_wall_ms(void)
{
    struct timespec now = read_clock(CLOCK_REALTIME);
    return (int64_t)now.tv_sec * MS_PER_SECOND + now.tv_nsec / 1000000;
}

/* Division that rounds down also below zero. */
static int64_t floor_divide(int64_t value, int64_t by)
{
    return value / by - (value % by < 0);
}

/* Days since 1970-01-01. The year is taken to begin in March, so that the leap day is its last; then 400
 * years (146097 days) always repeat. */
static int64_t days_from_civil(int year, int month, int day)
{
    int64_t march_year = (int64_t)year - (month <= 2);
    int64_t era = floor_divide(march_year, 400);
    int64_t year_of_era = march_year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static civil_date civil_from_days(int64_t days)
{
    int64_t shifted = days + 719468;
    int64_t era = floor_divide(shifted, 146097);
    int64_t day_of_era = shifted - era * 146097;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t march_month = (5 * day_of_year + 2) / 153;
    int month = (int)(march_month < 10 ? march_month + 3 : march_month - 9);
    return (civil_date){
        .year = (int)(year_of_era + era * 400 + (month <= 2)),
        .month = month,
        .day = (int)(day_of_year - (153 * march_month + 2) / 5 + 1),
    };
}

static bool is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && is_leap(year));
}

static int64_t clamp(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

/* A day as a date whose year has four digits; what lies outside becomes the nearest such day. */
static civil_date printable_date(int64_t days)
{
    return civil_from_days(clamp(days, days_from_civil(0, 1, 1), days_from_civil(9999, 12, 31)));
}

static void put_digits(char *out, int width, int64_t value)
{
    for (int i = width - 1; i >= 0; i--, value /= 10)
        out[i] = (char)('0' + value % 10);
}

static int64_t printable_ms(int64_t wall_ms)
{
    return clamp(wall_ms, days_from_civil(0, 1, 1) * ms_per_day,
                 days_from_civil(10000, 1, 1) * ms_per_day - 1);
}

static void put_time_of_day(char *out, int64_t second_of_day)
{
    put_digits(out, 2, second_of_day / 3600);
    out[2] = ':';
    put_digits(out + 3, 2, second_of_day / 60 % 60);
    out[5] = ':';
    put_digits(out + 6, 2, second_of_day % 60);
}

void rq_rfc3339(int64_t wall_ms, char out_text[RQ_RFC3339_TEXT + 1])
{
    int64_t moment = printable_ms(wall_ms);
    int64_t days = floor_divide(moment, ms_per_day);
    int64_t ms_of_day = moment - days * ms_per_day;
    rq_date_format((rq_date)days, out_text);
    out_text[10] = 'T';
    put_time_of_day(out_text + 11, ms_of_day / MS_PER_SECOND);
    out_text[19] = '.';
    put_digits(out_text + 20, 3, ms_of_day % MS_PER_SECOND);
    out_text[23] = 'Z';
    out_text[RQ_RFC3339_TEXT] = '\0';
}

void rq_imf_date(int64_t wall_ms, char out_text[RQ_IMF_DATE_TEXT + 1])
{
    static const char weekdays[] = "ThuFriSatSunMonTueWed"; /* 1970-01-01 was a Thursday */
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    int64_t moment = printable_ms(wall_ms);
    int64_t days = floor_divide(moment, ms_per_day);
    civil_date date = civil_from_days(days);
    memcpy(out_text, "Thu, 01 Jan 1970 00:00:00 GMT", RQ_IMF_DATE_TEXT + 1);
    memcpy(out_text, weekdays + 3 * (days - 7 * floor_divide(days, 7)), 3);
    put_digits(out_text + 5, 2, date.day);
    memcpy(out_text + 8, months + 3 * (ptrdiff_t)(date.month - 1), 3);
    put_digits(out_text + 12, 4, date.year);
    put_time_of_day(out_text + 17, (moment - days * ms_per_day) / MS_PER_SECOND);
}

/* `width` decimal digits at `text`, or -1. */
static int read_digits(const char *text, int width)
{
    int value = 0;
    for (int i = 0; i < width; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

bool rq_date_parse(const char *text, size_t length, rq_date *out_date)
{
    if (length != RQ_DATE_TEXT || text[4] != '-' || text[7] != '-')
        return false;
    int year = read_digits(text, 4);
    int month = read_digits(text + 5, 2);
    int day = read_digits(text + 8, 2);
    if (year < 1900 || year > 2199 || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month))
        return false;
    *out_date = rq_date_from_civil(year, month, day);
    return true;
}

void rq_date_format(rq_date date, char out_text[RQ_DATE_TEXT + 1])
{
    civil_date civil = printable_date(date);
    put_digits(out_text, 4, civil.year);
    out_text[4] = '-';
    put_digits(out_text + 5, 2, civil.month);
    out_text[7] = '-';
    put_digits(out_text + 8, 2, civil.day);
    out_text[RQ_DATE_TEXT] = '\0';
}

rq_date rq_date_from_civil(int year, int month, int day)
{
    assert(year >= 0 && year <= 9999);
    assert(month >= 1 && month <= 12 && day >= 1 && day <= 31);
    return (rq_date)days_from_civil(year, month, day);
}

rq_date rq_today(void)
{
    return (rq_date)floor_divide(rq_wall_ms() + SHANGHAI_OFFSET_MS, ms_per_day);
}

int32_t rq_months_between(rq_date from, rq_date to)
{
    if (to <= from)
        return 0;
    civil_date start = civil_from_days(from);
    civil_date end = civil_from_days(to);
    int32_t months = (end.year - start.year) * 12 + end.month - start.month;
    bool is_reached = end.day >= start.day || end.day == days_in_month(end.year, end.month);
    return is_reached ? months : months - 1;
}
