/* Reads arbitrary bytes as a file of settings. What is refused has a reason; what is taken is printed, and
 * the print is taken too and prints the same. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "rongqiao/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static rq_status load(const void *text, size_t length, rq_config *out_config, rq_error *error)
{
    char path[64];
    int fd = memfd_create("settings", MFD_CLOEXEC);
    if (fd < 0 || write(fd, text, length) != (ssize_t)length)
        abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    rq_status status = rq_config_load(path, out_config, error);
    close(fd);
    return status;
}

static char *print(const rq_config *config, size_t *out_length)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, out_length);
    if (!out)
        abort();
    rq_config_print(config, out);
    fclose(out);
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static rq_config config, again;
    rq_error error = {.message = ""};
    rq_status status = load(data, size, &config, &error);
    assert(status == RQ_OK || error.message[0]);
    assert(memchr(error.message, 0, sizeof error.message));
    if (status != RQ_OK)
        return 0;
    size_t length, length_again;
    char *text = print(&config, &length);
    if (load(text, length, &again, &error) != RQ_OK)
        abort();
    char *text_again = print(&again, &length_again);
    assert(length == length_again && memcmp(text, text_again, length) == 0);
    free(text);
    free(text_again);
    return 0;
}
