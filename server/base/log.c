#include "rongqiao/log.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "rongqiao/clock.h"

/* What ends a line that lost something. */
static const char truncated_end[] = ",\"truncated\":true}\n";

/* A pipe takes up to PIPE_BUF bytes at once or not at all, so a line is never longer. */
enum { LINE_BYTES = PIPE_BUF, LINE_CONTENT = LINE_BYTES - (int)sizeof truncated_end };

typedef struct log_line {
    char data[LINE_BYTES];
    size_t length;
    bool truncated;
} log_line;

static const char *const level_names[] = {
    [RQ_LOG_DEBUG] = "debug",
    [RQ_LOG_INFO] = "info",
    [RQ_LOG_WARNING] = "warning",
    [RQ_LOG_ERROR] = "error",
};
static_assert(sizeof level_names / sizeof level_names[0] == RQ_LOG_ERROR + 1, "a name for every level");

static atomic_int lowest_level = RQ_LOG_INFO;

void rq_log_set_level(rq_log_level level)
{
    atomic_store_explicit(&lowest_level, (int)level, memory_order_relaxed);
}

static bool put(log_line *line, const char *text, size_t length)
{
    if (length > LINE_CONTENT - line->length)
        return false;
    memcpy(line->data + line->length, text, length);
    line->length += length;
    return true;
}

/* The length of the UTF-8 character at `text`, or 0 when there is none (RFC 3629 section 4). */
static size_t character_length(const unsigned char *text, size_t left)
{
    if (text[0] < 0x80)
        return 1;
    size_t length = text[0] < 0xc2 ? 0 : text[0] < 0xe0 ? 2 : text[0] < 0xf0 ? 3 : text[0] < 0xf5 ? 4 : 0;
    if (!length || length > left)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    bool is_overlong = (text[0] == 0xe0 && text[1] < 0xa0) || (text[0] == 0xf0 && text[1] < 0x90);
    bool is_no_scalar = (text[0] == 0xed && text[1] >= 0xa0) || (text[0] == 0xf4 && text[1] >= 0x90);
    return is_overlong || is_no_scalar ? 0 : length;
}

/* One character of a string, escaped where JSON wants it; what is no UTF-8 becomes U+FFFD, since lines
 * quote what clients send. */
static bool put_character(log_line *line, const char *text, size_t length)
{
    unsigned char first = (unsigned char)text[0];
    if (!length)
        return put(line, "\\ufffd", 6);
    if (first == '"' || first == '\\')
        return put(line, (const char[]){'\\', text[0]}, 2);
    if (first >= 0x20 && first != 0x7f)
        return put(line, text, length);
    static const char digits[] = "0123456789abcdef";
    return put(line, (const char[]){'\\', 'u', '0', '0', digits[first >> 4], digits[first & 15]}, 6);
}

/* How many of the first bytes stand in a string as they are; `text` ends with NUL. */
static size_t plain_length(const char *text)
{
    size_t at = 0;
    while (text[at] >= 0x20 && text[at] < 0x7f && text[at] != '"' && text[at] != '\\')
        at++;
    return at;
}

/* What has to be looked at character by character; cut between two of them when the line is full. */
static void put_characters(log_line *line, const char *text)
{
    for (size_t left = strlen(text); left;) {
        size_t length = character_length((const unsigned char *)text, left);
        size_t before = line->length;
        /* One byte stays free for the closing quote. */
        if (!put_character(line, text, length) || line->length == LINE_CONTENT) {
            line->length = before;
            line->truncated = true;
            break;
        }
        text += length + !length;
        left -= length + !length;
    }
}

/* A string with its quotes, cut when the line is full. False when not even its quotes fit. */
static bool put_string(log_line *line, const char *text)
{
    if (LINE_CONTENT - line->length < 2)
        return false;
    put(line, "\"", 1);
    size_t plain = plain_length(text), room = LINE_CONTENT - line->length - 1;
    put(line, text, plain < room ? plain : room);
    if (plain > room || text[plain])
        put_characters(line, text + (plain < room ? plain : room));
    return put(line, "\"", 1);
}

static bool put_number(log_line *line, int64_t number)
{
    char text[20];
    size_t at = sizeof text;
    uint64_t left = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    do {
        text[--at] = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    if (number < 0)
        text[--at] = '-';
    return put(line, text + at, sizeof text - at);
}

/* A member of the line's object; one that doesn't fit leaves no trace but the mark. */
static void put_field(log_line *line, const rq_log_field *field)
{
    size_t before = line->length;
    bool fits = (line->data[before - 1] == '{' || put(line, ",", 1)) && put_string(line, field->key) &&
                !line->truncated && put(line, ":", 1) &&
                (field->text ? put_string(line, field->text) : put_number(line, field->number));
    if (!fits) {
        line->length = before;
        line->truncated = true;
    }
}

/* A thread's lines of this turn of its loop. */
static _Thread_local struct {
    bool gathers;
    size_t length;
    char data[LINE_BYTES];
} gathered;

void rq_log_flush(void)
{
    int caller_errno = errno;
    while (gathered.length > 0 && write(STDERR_FILENO, gathered.data, gathered.length) < 0 && errno == EINTR)
        continue;
    gathered.length = 0;
    errno = caller_errno;
}

void rq_log_gather(bool gathers)
{
    rq_log_flush();
    gathered.gathers = gathers;
}

static void finish(log_line *line)
{
    /* The content leaves room for either end. */
    const char *end = line->truncated ? truncated_end : "}\n";
    size_t length = strlen(end);
    memcpy(line->data + line->length, end, length);
    line->length += length;
}

void rq_log_write(rq_log_level level, const char *event, const rq_log_field *fields, unsigned count)
{
    assert(level <= RQ_LOG_ERROR);
    if ((int)level < atomic_load_explicit(&lowest_level, memory_order_relaxed))
        return;
    char now[RQ_RFC3339_TEXT + 1];
    rq_rfc3339(rq_wall_ms(), now);
    log_line line;
    line.length = 0;
    line.truncated = false;
    put(&line, "{", 1);
    put_field(&line, &RQ_LOG_TEXT("time", now));
    put_field(&line, &RQ_LOG_TEXT("level", level_names[level]));
    put_field(&line, &RQ_LOG_TEXT("event", event));
    for (unsigned i = 0; i < count && !line.truncated; i++)
        put_field(&line, &fields[i]);
    finish(&line);
    if (line.length > sizeof gathered.data - gathered.length)
        rq_log_flush();
    memcpy(gathered.data + gathered.length, line.data, line.length);
    gathered.length += line.length;
    if (!gathered.gathers || level >= RQ_LOG_WARNING)
        rq_log_flush();
}
