/* Listening sockets: our own, or the one that systemd keeps open over restarts (sd_listen_fds(3)). */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rongqiao/net.h"

enum { BACKLOG = 1024, FIRST_HANDED_FD = 3 };

static bool is_number(const char *text, long wanted_least, long *out_value)
{
    char *end;
    errno = 0;
    *out_value = strtol(text, &end, 10);
    return errno == 0 && end != text && *end == '\0' && *out_value >= wanted_least;
}

/* The socket handed over, once: the variables are removed, so that a second call binds its own. -1: none. */
static rq_status handed_over(int *out_fd, rq_error *error)
{
    *out_fd = -1;
    const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
    long pid_value, count_value;
    bool ours = pid && count && is_number(pid, 1, &pid_value) && pid_value == (long)getpid() &&
                is_number(count, 1, &count_value);
    if (!ours)
        return RQ_OK;
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
    if (count_value > 1)
        return rq_fail(error, RQ_INVALID, "%ld sockets were handed over (LISTEN_FDS); one is served",
                       count_value);
    *out_fd = FIRST_HANDED_FD;
    return RQ_OK;
}

static rq_status address_of(const char *text, uint16_t port, struct sockaddr_storage *out_address,
                            socklen_t *out_length, rq_error *error)
{
    memset(out_address, 0, sizeof *out_address);
    struct sockaddr_in *v4 = (struct sockaddr_in *)out_address;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out_address;
    if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        *out_length = sizeof *v4;
    } else if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        *out_length = sizeof *v6;
    } else {
        return rq_fail(error, RQ_INVALID, "\"%s\" is neither an IPv4 nor an IPv6 address", text);
    }
    return RQ_OK;
}

static rq_status bind_socket(const char *address, uint16_t port, int *out_fd, rq_error *error)
{
    struct sockaddr_storage bound;
    socklen_t length = 0;
    rq_status status = address_of(address, port, &bound, &length, error);
    if (status != RQ_OK)
        return status;
    int fd = socket(bound.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return rq_fail(error, RQ_IO, "cannot make a socket for %s: %s", address, strerror(errno));
    int on = 1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(fd, (struct sockaddr *)&bound, length) != 0 || listen(fd, BACKLOG) != 0) {
        status = rq_fail(error, RQ_IO, "cannot listen on %s port %u: %s", address, port, strerror(errno));
        close(fd);
        return status;
    }
    *out_fd = fd;
    return RQ_OK;
}

static uint16_t port_of(int fd)
{
    struct sockaddr_storage bound = {0};
    socklen_t length = sizeof bound;
    if (getsockname(fd, (struct sockaddr *)&bound, &length) != 0)
        return 0;
    if (bound.ss_family == AF_INET)
        return ntohs(((struct sockaddr_in *)&bound)->sin_port);
    return bound.ss_family == AF_INET6 ? ntohs(((struct sockaddr_in6 *)&bound)->sin6_port) : 0;
}

rq_status rq_listen(const char *address, uint16_t port, int *out_fd, uint16_t *out_port, rq_error *error)
{
    int fd;
    rq_status status = handed_over(&fd, error);
    if (status != RQ_OK)
        return status;
    bool handed = fd >= 0;
    if (!handed) {
        status = bind_socket(address, port, &fd, error);
        if (status != RQ_OK)
            return status;
    }
    int on = 1, flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) {
        status = rq_fail(error, RQ_IO, "cannot prepare the %s socket: %s",
                         handed ? "handed over" : "listening", strerror(errno));
        close(fd);
        return status;
    }
    *out_fd = fd;
    *out_port = port_of(fd);
    return RQ_OK;
}
