/* The web portal's pages: its built files, from memory, under the policy that they were built for. */
#include <string.h>

#include "stages.h"
#include "worker.h"

/* Scripts and styles from here alone, none inline, no page around ours, and no text that becomes a script
 * unless Vue's own policy makes it. */
static const char page_policy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types vue";

/* Hashed names never change what they hold. */
static const char assets[] = "/assets/";
static const char index_page[] = "/index.html";

static bool begins_with(rq_slice path, const char *folder)
{
    size_t length = strlen(folder);
    return path.length >= length && memcmp(path.data, folder, length) == 0;
}

/* Whether the path belongs to the server itself, so that it is never a page of the portal. */
static bool is_reserved(rq_slice path)
{
    return begins_with(path, "/v1/") || begins_with(path, assets) || rq_slice_is(path, "/v1") ||
           rq_slice_is(path, "/assets") || rq_slice_is(path, "/livez") || rq_slice_is(path, "/readyz");
}

/* The file to show: the one of this name, else the index, which knows the portal's addresses, to whoever
 * wants a page. */
static const rq_file *file_of(const rq_files *portal, const rq_request *request)
{
    static const rq_slice index = {index_page, sizeof(index_page) - 1};
    const rq_file *file = rq_files_find(portal, request->path);
    if (file)
        return file;
    bool wants_page = rq_slice_is(request->path, "/") ||
                      rq_accept_weight(rq_request_header(request, "Accept"), "text/html") > 0;
    return wants_page && !is_reserved(request->path) ? rq_files_find(portal, index) : NULL;
}

static void answer_file(rq_call *call, const rq_file *file)
{
    const rq_request *request = rq_exchange_request(call->exchange);
    rq_coding coding = rq_file_form(file, rq_request_header(request, "Accept-Encoding"));
    bool is_asset = strncmp(file->path, assets, sizeof(assets) - 1) == 0;
    bool is_known = rq_etag_is_named(rq_request_header(request, "If-None-Match"), file->forms[coding].etag);
    rq_reply_header headers[] = {
        {"Content-Security-Policy", page_policy},
        {"Cache-Control", is_asset ? "public, max-age=31536000, immutable" : "no-cache"},
        {"Vary", is_asset ? "Accept-Encoding" : "Accept, Accept-Encoding"},
        {"ETag", file->forms[coding].etag},
        {"Content-Type", file->type},
        {"Content-Encoding", rq_coding_names[coding]},
    };
    size_t count = sizeof(headers) / sizeof(headers[0]) - (coding == RQ_IDENTITY ? 1 : 0);
    if (is_known)
        rq_call_answer(call, 304, NULL, 0, headers, 4);
    else
        rq_call_answer(call, 200, file->forms[coding].data, file->forms[coding].length, headers, count);
}

bool rq_portal_answer(rq_call *call, unsigned *out_allow)
{
    const rq_files *portal = call->worker->portal;
    const rq_request *request = rq_exchange_request(call->exchange);
    const rq_file *file = portal ? file_of(portal, request) : NULL;
    if (!file)
        return false;
    if (request->method == RQ_GET || request->method == RQ_HEAD) {
        answer_file(call, file);
        return true;
    }
    *out_allow = 1u << RQ_GET | 1u << RQ_HEAD;
    return false;
}

rq_status rq_portal_read(const char *folder, rq_files **out_portal, rq_error *error)
{
    static const rq_slice index = {index_page, sizeof(index_page) - 1};
    if (folder[0] == '\0')
        return RQ_OK;
    rq_status status = rq_files_read(folder, out_portal, error);
    if (status == RQ_OK && !rq_files_find(*out_portal, index)) {
        rq_files_free(*out_portal);
        *out_portal = NULL;
        return rq_fail(error, RQ_INVALID, "portal_dir %.200s has no index.html", folder);
    }
    return status;
}
