#include "rongqiao/files.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rongqiao/digest.h"

struct rq_files {
    rq_file *list; /* in the order of their paths */
    size_t count;
};

const char *const rq_coding_names[RQ_CODINGS] = {[RQ_GZIP] = "gzip", [RQ_BROTLI] = "br"};
static const char *const coding_endings[RQ_CODINGS] = {[RQ_GZIP] = ".gz", [RQ_BROTLI] = ".br"};

/* Endings and their media types (RFC 9239 for scripts). */
static const struct {
    const char *ending, *type;
} types[] = {
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".json", "application/json"},
    {".map", "application/json"},
    {".webmanifest", "application/manifest+json"},
    {".txt", "text/plain; charset=utf-8"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".ico", "image/x-icon"},
    {".woff2", "font/woff2"},
};

/* What is read of one file of the folder, before the forms come together. */
typedef struct found_file {
    char *path;
    char *data;
    size_t length;
} found_file;

typedef struct found_list {
    found_file *list;
    size_t count;
} found_list;

static bool ends_with(const char *text, const char *ending)
{
    size_t length = strlen(text), tail = strlen(ending);
    return length > tail && strcmp(text + length - tail, ending) == 0;
}

static const char *type_of(const char *path)
{
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (ends_with(path, types[i].ending))
            return types[i].type;
    return NULL;
}

/* Names that stand for themselves in a URL: nothing to decode, nothing to compare in two ways. */
static bool is_plain_name(const char *name)
{
    size_t length = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");
    return name[length] == '\0' && length > 0 && length <= RQ_LIMIT_FILE_NAME;
}

/* Reading --------------------------------------------------------------------------------------------- */

static rq_status read_bytes(const char *name, size_t length, char **out_data, rq_error *error)
{
    char *data = malloc(length + 1);
    size_t got = 0;
    if (!data)
        return rq_fail(error, RQ_NOMEM, "no memory for %.200s", name);
    int fd = open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    for (ssize_t piece = 1; fd >= 0 && got < length + 1 && piece > 0; got += piece > 0 ? (size_t)piece : 0)
        piece = read(fd, data + got, length + 1 - got);
    if (fd >= 0)
        close(fd);
    *out_data = data;
    if (fd < 0 || got != length)
        return rq_fail(error, RQ_IO, "cannot read %.200s whole: %s", name,
                       fd < 0 ? strerror(errno) : "it changes");
    return RQ_OK;
}

static rq_status add_file(found_list *files, const FTSENT *entry, size_t root, rq_error *error)
{
    const char *name = entry->fts_accpath;
    if (files->count == RQ_LIMIT_FILES)
        return rq_fail(error, RQ_INVALID, "there are more than %d files", RQ_LIMIT_FILES);
    if (entry->fts_statp->st_size > RQ_LIMIT_FILE_BYTES)
        return rq_fail(error, RQ_INVALID, "%.200s is larger than %d bytes", entry->fts_path,
                       RQ_LIMIT_FILE_BYTES);
    found_file *file = &files->list[files->count++];
    file->path = strdup(entry->fts_path + root);
    file->length = (size_t)entry->fts_statp->st_size;
    if (!file->path)
        return rq_fail(error, RQ_NOMEM, "no memory for the files' names");
    return read_bytes(name, file->length, &file->data, error);
}

static rq_status visit(found_list *files, FTS *walk, FTSENT *entry, size_t root, rq_error *error)
{
    bool is_hidden = entry->fts_level > 0 && entry->fts_name[0] == '.';
    if (is_hidden || entry->fts_info == FTS_DP) {
        fts_set(walk, entry, FTS_SKIP);
        return RQ_OK;
    }
    if (entry->fts_level > 0 && !is_plain_name(entry->fts_name))
        return rq_fail(error, RQ_INVALID, "%.200s: the name has more than letters, digits, '.', '_', '-'",
                       entry->fts_path);
    if (entry->fts_level > RQ_LIMIT_FILE_DEPTH)
        return rq_fail(error, RQ_INVALID, "%.200s lies deeper than %d folders", entry->fts_path,
                       RQ_LIMIT_FILE_DEPTH);
    switch (entry->fts_info) {
    case FTS_D:
        return RQ_OK;
    case FTS_F:
        return add_file(files, entry, root, error);
    case FTS_NS:
    case FTS_DNR:
    case FTS_ERR:
        return rq_fail(error, RQ_IO, "cannot read %.200s: %s", entry->fts_path, strerror(entry->fts_errno));
    default:
        return rq_fail(error, RQ_INVALID, "%.200s is neither a file nor a folder", entry->fts_path);
    }
}

static rq_status read_folder(const char *folder, found_list *files, rq_error *error)
{
    size_t root = strlen(folder);
    char *name = strdup(folder);
    while (name && root > 1 && name[root - 1] == '/')
        name[--root] = '\0';
    char *const roots[] = {name, NULL};
    FTS *walk = name ? fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, NULL) : NULL;
    rq_status status = walk ? RQ_OK : rq_fail(error, RQ_NOMEM, "no memory for the files of %.200s", folder);
    FTSENT *entry;
    while (status == RQ_OK && (entry = fts_read(walk)))
        status = visit(files, walk, entry, root, error);
    if (walk)
        fts_close(walk);
    free(name);
    return status;
}

/* The table ------------------------------------------------------------------------------------------- */

static int by_path(const void *a, const void *b)
{
    return strcmp(((const found_file *)a)->path, ((const found_file *)b)->path);
}

static int to_path(const void *path, const void *file)
{
    return strcmp(path, ((const rq_file *)file)->path);
}

static rq_status take_form(rq_file *file, rq_coding coding, found_file *from, rq_error *error)
{
    uint8_t digest[RQ_SHA256_BYTES];
    char text[RQ_FILE_ETAG];
    rq_status status = rq_sha256(from->data, from->length, digest, error);
    if (status != RQ_OK)
        return status;
    rq_base64url(digest, 16, text);
    snprintf(file->forms[coding].etag, RQ_FILE_ETAG, "\"%.22s\"", text);
    file->forms[coding].data = from->data;
    file->forms[coding].length = from->length;
    from->data = NULL;
    return RQ_OK;
}

static rq_coding coding_of(const char *path)
{
    for (unsigned i = RQ_GZIP; i < RQ_CODINGS; i++)
        if (ends_with(path, coding_endings[i]))
            return (rq_coding)i;
    return RQ_IDENTITY;
}

/* The files themselves first, then their compressed forms. */
static rq_status build_table(found_list *found, rq_files *files, rq_error *error)
{
    rq_status status = RQ_OK;
    qsort(found->list, found->count, sizeof found->list[0], by_path);
    for (size_t i = 0; i < found->count && status == RQ_OK; i++) {
        found_file *from = &found->list[i];
        if (coding_of(from->path) != RQ_IDENTITY)
            continue;
        rq_file *file = &files->list[files->count++];
        file->path = from->path;
        from->path = NULL;
        file->type = type_of(file->path);
        status = file->type ? take_form(file, RQ_IDENTITY, from, error)
                            : rq_fail(error, RQ_INVALID, "%.200s: no media type is known for it", file->path);
    }
    for (size_t i = 0; i < found->count && status == RQ_OK; i++) {
        found_file *from = &found->list[i];
        if (!from->path)
            continue;
        rq_coding coding = coding_of(from->path);
        rq_slice path = {from->path, strlen(from->path) - strlen(coding_endings[coding])};
        rq_file *file = (rq_file *)(uintptr_t)rq_files_find(files, path);
        status = file ? take_form(file, coding, from, error)
                      : rq_fail(error, RQ_INVALID, "%.200s is the compressed form of nothing", from->path);
    }
    return status;
}

rq_status rq_files_read(const char *folder, rq_files **out_files, rq_error *error)
{
    found_list found = {.list = calloc(RQ_LIMIT_FILES, sizeof *found.list)};
    rq_files *files = calloc(1, sizeof *files);
    rq_status status =
        found.list && files ? RQ_OK : rq_fail(error, RQ_NOMEM, "no memory for a table of files");
    if (status == RQ_OK)
        status = read_folder(folder, &found, error);
    if (status == RQ_OK && !(files->list = calloc(found.count + 1, sizeof *files->list)))
        status = rq_fail(error, RQ_NOMEM, "no memory for a table of files");
    if (status == RQ_OK)
        status = build_table(&found, files, error);
    for (size_t i = 0; i < found.count; i++) {
        free(found.list[i].path);
        free(found.list[i].data);
    }
    free(found.list);
    if (status == RQ_OK)
        *out_files = files;
    else
        rq_files_free(files);
    return status;
}

void rq_files_free(rq_files *files)
{
    if (!files)
        return;
    for (size_t i = 0; i < files->count; i++) {
        free(files->list[i].path);
        for (unsigned coding = 0; coding < RQ_CODINGS; coding++)
            free(files->list[i].forms[coding].data);
    }
    free(files->list);
    free(files);
}

size_t rq_files_count(const rq_files *files)
{
    return files->count;
}

/* Asking ---------------------------------------------------------------------------------------------- */

const rq_file *rq_files_find(const rq_files *files, rq_slice path)
{
    char text[(RQ_LIMIT_FILE_NAME + 1) * RQ_LIMIT_FILE_DEPTH + 1];
    if (path.length >= sizeof text)
        return NULL;
    memcpy(text, path.data ? path.data : "", path.length);
    text[path.length] = '\0';
    return bsearch(text, files->list, files->count, sizeof files->list[0], to_path);
}

rq_coding rq_file_form(const rq_file *file, rq_slice accept_encoding)
{
    rq_coding best = RQ_IDENTITY;
    int best_weight = 0;
    int plain = rq_accept_weight(accept_encoding, "identity"),
        others = rq_accept_weight(accept_encoding, "*");
    for (unsigned coding = RQ_CODINGS - 1; coding > RQ_IDENTITY; coding--) {
        int weight = rq_accept_weight(accept_encoding, rq_coding_names[coding]);
        if (weight < 0)
            weight = others;
        if (file->forms[coding].data && weight > best_weight && weight >= plain) {
            best = (rq_coding)coding;
            best_weight = weight;
        }
    }
    return best;
}
