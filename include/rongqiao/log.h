/* One JSON object a line on standard error. Values are escaped; secrets are the caller's not to pass. */
#ifndef RONGQIAO_LOG_H
#define RONGQIAO_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "rongqiao/status.h"

typedef enum rq_log_level { RQ_LOG_DEBUG, RQ_LOG_INFO, RQ_LOG_WARNING, RQ_LOG_ERROR } rq_log_level;

/* The lowest level that is written; info unless told. Set once, before threads start. */
void rq_log_set_level(rq_log_level level);

/* One field of a line: a string when `text` is set, else a number. */
typedef struct rq_log_field {
    const char *key;
    const char *text;
    int64_t number;
} rq_log_field;

static inline const char *rq_log_or_empty(const char *text)
{
    return text ? text : "";
}

#define RQ_LOG_TEXT(k, v) ((rq_log_field){.key = (k), .text = rq_log_or_empty(v)})
#define RQ_LOG_NUMBER(k, v) ((rq_log_field){.key = (k), .number = (int64_t)(v)})

/* {"time":...,"level":...,"event":event, fields...}; `event` is a short stable word. A line is one
 * write(2) alone or with others of its thread, so lines of several threads never mix; one longer than a pipe
 * takes at once (4 kB) is cut and ends with "truncated":true. Leaves errno as it was. */
void rq_log_write(rq_log_level level, const char *event, const rq_log_field *fields, unsigned count);

/* Whether the calling thread's lines below warning wait for the next rq_log_flush(), for a line of warning or
 * above, or for 4 kB of them. For a thread with a loop that calls rq_log_flush() once a turn; what it has not
 * written when it is killed is lost. At first lines go out one by one. */
void rq_log_gather(bool gathers);
/* Writes what the calling thread has gathered. Leaves errno as it was. */
void rq_log_flush(void);

#define RQ_LOG(level, event, ...)                                                                            \
    rq_log_write((level), (event), (const rq_log_field[]){__VA_ARGS__},                                      \
                 (unsigned)(sizeof((const rq_log_field[]){__VA_ARGS__}) / sizeof(rq_log_field)))

#endif
