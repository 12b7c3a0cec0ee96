#include "checkpoints.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "rongqiao/audit.h"
#include "rongqiao/clock.h"

static rq_status fail(const char *folder, rq_error *error)
{
    return rq_fail(error, RQ_IO, "checkpoints in %.150s: %s", folder, strerror(errno));
}

rq_status checkpoints_check(const char *folder, rq_error *error)
{
    return access(folder, R_OK | W_OK | X_OK) == 0 ? RQ_OK : fail(folder, error);
}

/* Cuts what stands behind the last whole line; lines are shorter than RQ_CHECKPOINT_LINE. */
static bool cut_torn_line(int fd)
{
    char tail[RQ_CHECKPOINT_LINE];
    struct stat about;
    if (fstat(fd, &about) != 0)
        return false;
    off_t start = about.st_size > (off_t)sizeof(tail) ? about.st_size - (off_t)sizeof(tail) : 0;
    ssize_t length = pread(fd, tail, sizeof(tail), start);
    if (length < 0 || (length > 0 && tail[length - 1] == '\n'))
        return length >= 0;
    const char *end = length > 0 ? memrchr(tail, '\n', (size_t)length) : NULL;
    return ftruncate(fd, end ? start + (end - tail) + 1 : start) == 0;
}

static bool append(int fd, const char *line)
{
    struct iovec parts[] = {{(void *)(uintptr_t)line, strlen(line)}, {(char[]){'\n'}, 1}};
    return cut_torn_line(fd) && lseek(fd, 0, SEEK_END) >= 0 &&
           writev(fd, parts, 2) == (ssize_t)parts[0].iov_len + 1 && fsync(fd) == 0;
}

rq_status checkpoints_append(const char *folder, int64_t wall_ms, const char *line, rq_error *error)
{
    char now[RQ_RFC3339_TEXT + 1], name[32];
    rq_rfc3339(wall_ms, now);
    snprintf(name, sizeof(name), "audit-%.7s.jsonl", now);
    int directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0)
        return fail(folder, error);
    int fd = openat(directory, name, O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH);
    bool kept = fd >= 0 && append(fd, line) && fsync(directory) == 0;
    rq_status status = kept ? RQ_OK : fail(folder, error);
    if (fd >= 0)
        close(fd);
    close(directory);
    return status;
}
