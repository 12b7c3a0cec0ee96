/* The place outside the database: a folder of files, one a month, a line a checkpoint, only ever appended to.
 */
#ifndef RONGQIAO_CHECKPOINTS_H
#define RONGQIAO_CHECKPOINTS_H

#include <stdint.h>

#include "rongqiao/status.h"

/* Whether checkpoints can be put into this folder. */
rq_status checkpoints_check(const char *folder, rq_error *error) RQ_MUST_CHECK;
/* Appends `line` to the month's file and returns when both it and the file's name are on disk. What a crash
 * left of a line before is cut off first. */
rq_status checkpoints_append(const char *folder, int64_t wall_ms, const char *line,
                             rq_error *error) RQ_MUST_CHECK;

#endif
