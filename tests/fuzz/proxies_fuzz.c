/* Arbitrary bytes as the PROXY protocol's header, as X-Forwarded-For, and as the list of proxies. A header
 * that was taken is taken alike from its first byte on, says an address or nothing, and was not one byte
 * shorter. */
#include <arpa/inet.h>
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "rongqiao/proxies.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_address(const char *text)
{
    unsigned char bytes[16];
    return inet_pton(AF_INET, text, bytes) == 1 || inet_pton(AF_INET6, text, bytes) == 1;
}

/* From a buffer of its own, so that a byte too far is seen. */
static rq_proxy_header read_copy(const uint8_t *data, size_t size, size_t *out_length, char *out_address)
{
    uint8_t *copy = malloc(size ? size : 1);
    if (!copy)
        abort();
    memcpy(copy, data, size);
    rq_proxy_header read = rq_proxy_header_read(copy, size, out_length, out_address);
    free(copy);
    return read;
}

static void read_header(const uint8_t *data, size_t size)
{
    char address[INET6_ADDRSTRLEN], again[INET6_ADDRSTRLEN];
    size_t length = 0, most = size < RQ_PROXY_HEADER_MOST ? size : RQ_PROXY_HEADER_MOST;
    rq_proxy_header read = read_copy(data, most, &length, address);
    assert(read != RQ_PROXY_HEADER_MORE || most < RQ_PROXY_HEADER_MOST);
    if (read == RQ_PROXY_HEADER_DONE) {
        assert(length > 0 && length <= most && (!address[0] || is_address(address)));
        for (size_t have = 0; have < length; have++)
            assert(read_copy(data, have, &length, again) == RQ_PROXY_HEADER_MORE);
        assert(read_copy(data, length, &length, again) == RQ_PROXY_HEADER_DONE &&
               strcmp(address, again) == 0);
    } else {
        for (size_t have = 0; have < most; have++)
            assert(read_copy(data, have, &length, again) != RQ_PROXY_HEADER_DONE);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char address[INET6_ADDRSTRLEN];
    rq_proxies proxies;
    read_header(data, size);
    if (rq_proxy_last_address((const char *)data, size, address))
        assert(is_address(address));
    char *list = calloc(1, size + 1);
    if (!list)
        abort();
    memcpy(list, data, size);
    if (rq_proxies_read(list, &proxies, NULL) == RQ_OK)
        for (size_t i = 0; i < proxies.count; i++)
            assert(proxies.networks[i].bits <= 128);
    if (is_address(list)) {
        assert(rq_proxies_read(list, &proxies, NULL) == RQ_OK);
        assert(rq_proxies_hold(&proxies, list));
    }
    free(list);
    return 0;
}
