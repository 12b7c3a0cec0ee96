/* How every function that can fail says so: a status to branch on, and a reason in the caller's
 * rq_error. Nothing here logs; whoever owns the failure logs it once. */
#ifndef RONGQIAO_STATUS_H
#define RONGQIAO_STATUS_H

#include <stdarg.h>

#define RQ_MUST_CHECK __attribute__((warn_unused_result))
#define RQ_PRINTF(fmt_index, args_index) __attribute__((format(printf, fmt_index, args_index)))

typedef enum rq_status {
    RQ_OK = 0,
    RQ_INVALID,  /* the input breaks a rule; the reason says which */
    RQ_NOMEM,    /* an allocation failed, or an arena or buffer reached its limit */
    RQ_IO,       /* the operating system, TLS or PostgreSQL failed */
    RQ_BUSY,     /* a bounded queue is full, or the resource is not available now */
    RQ_INTERNAL, /* a table or an invariant of ours is wrong */
} rq_status;

/* The reason of a failure, in English, for logs and for operators. Owned by the caller. */
typedef struct rq_error {
    rq_status status;
    char message[256];
} rq_error;

/* Fills `error` (may be null) and returns `status`, so that a failure is one statement. */
rq_status rq_fail(rq_error *error, rq_status status, const char *format, ...) RQ_PRINTF(3, 4);

#endif
