/* Making and adding keys: the file is written beside and renamed, so that it is whole at every moment. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "envelope.h"

enum { PATH_BYTES = 1200, FILE_BYTES = 1 << 16 };

static bool print_key(FILE *file, const char *name)
{
    uint8_t bytes[ENVELOPE_KEY];
    char hex[2 * ENVELOPE_KEY + 1];
    bool fine = rq_random(bytes, sizeof(bytes), NULL) == RQ_OK;
    if (fine) {
        rq_hex(bytes, sizeof(bytes), hex);
        fine = fprintf(file, "%s %s\n", name, hex) > 0;
    }
    OPENSSL_cleanse(bytes, sizeof(bytes));
    OPENSSL_cleanse(hex, sizeof(hex));
    return fine;
}

/* Writes a new key, then what was there (null: a hash key), to a file beside. */
static bool write_beside(const char *path, uint32_t id, const char *before)
{
    char name[16];
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (!file) {
        if (fd >= 0)
            close(fd);
        return false;
    }
    snprintf(name, sizeof(name), "%" PRIu32, id);
    bool fine = print_key(file, name) && (before ? fputs(before, file) >= 0 : print_key(file, "hash"));
    fine = fine && fflush(file) == 0 && fsync(fd) == 0;
    return fclose(file) == 0 && fine;
}

static bool sync_folder_of(const char *path)
{
    char folder[PATH_BYTES];
    const char *slash = strrchr(path, '/');
    snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool fine = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    return fine;
}

static rq_status write_file(const char *path, uint32_t id, const char *before, rq_error *error)
{
    char beside[PATH_BYTES];
    snprintf(beside, sizeof(beside), "%s.new", path);
    struct stat about;
    bool fine = write_beside(beside, id, before);
    if (fine && before && stat(path, &about) == 0) /* the file stays its owner's */
        fine = geteuid() != 0 || chown(beside, about.st_uid, about.st_gid) == 0;
    /* A first file never replaces another; link() fails where rename() would not. */
    fine = fine && (before ? rename(beside, path) == 0 : link(beside, path) == 0 && unlink(beside) == 0);
    if (fine && sync_folder_of(path))
        return RQ_OK;
    rq_status status = rq_fail(error, RQ_IO, "%.150s: %s", path, strerror(errno));
    unlink(beside);
    return status;
}

rq_status rq_keyring_make(const char *path, uint32_t *out_id, rq_error *error)
{
    *out_id = 1;
    return write_file(path, 1, NULL, error);
}

static uint32_t largest_id(const char *text)
{
    uint32_t largest = 0;
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        unsigned long id = strtoul(line, NULL, 10);
        if (id > largest && id <= UINT32_MAX)
            largest = (uint32_t)id;
    }
    return largest;
}

rq_status rq_keyring_add(const char *path, uint32_t *out_id, rq_error *error)
{
    rq_keyring *ring = NULL;
    rq_status status =
        rq_keyring_load(path, RQ_CIPHER_AES_GCM, &ring, error); /* never make a broken file worse */
    rq_keyring_free(ring);
    if (status != RQ_OK)
        return status;
    char *text = calloc(1, FILE_BYTES);
    FILE *file = text ? fopen(path, "re") : NULL;
    size_t length = file ? fread(text, 1, FILE_BYTES - 1, file) : 0;
    if (length > 0 && length < FILE_BYTES - 1) {
        *out_id = largest_id(text) + 1;
        status = write_file(path, *out_id, text, error);
    } else {
        status = rq_fail(error, RQ_IO, "%.150s: cannot be read, or is too large", path);
    }
    if (file)
        fclose(file);
    if (text)
        OPENSSL_cleanse(text, FILE_BYTES);
    free(text);
    return status;
}
