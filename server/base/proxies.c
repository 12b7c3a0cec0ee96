#include "rongqiao/proxies.h"

#include <arpa/inet.h>
#include <assert.h>
#include <string.h>

const char *const rq_proxy_words[RQ_PROXY_WORDS] = {
    [RQ_PROXY_FORWARDED_FOR] = "x_forwarded_for",
    [RQ_PROXY_PROTOCOL] = "proxy_protocol",
};

enum { ADDRESS_BITS = 128, MAPPED_BITS = 96 };
static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

typedef struct span {
    const char *data;
    size_t length;
} span;

/* Addresses ------------------------------------------------------------------------------------------- */

/* Reads an address; `out_bits` is how many bits it has in the family in which it was written. */
static bool read_address(span text, uint8_t out[16], unsigned *out_bits)
{
    char terminated[INET6_ADDRSTRLEN];
    if (text.length == 0 || text.length >= sizeof terminated)
        return false;
    memcpy(terminated, text.data, text.length);
    terminated[text.length] = '\0';
    if (strlen(terminated) != text.length)
        return false;
    bool is_v6 = memchr(text.data, ':', text.length) != NULL;
    memcpy(out, mapped, sizeof mapped);
    *out_bits = is_v6 ? ADDRESS_BITS : ADDRESS_BITS - MAPPED_BITS;
    return inet_pton(is_v6 ? AF_INET6 : AF_INET, terminated, is_v6 ? out : out + sizeof mapped) == 1;
}

/* An IPv4 address in IPv6 is the same client as without. */
static void write_address(const uint8_t address[16], char out[INET6_ADDRSTRLEN])
{
    bool is_v4 = memcmp(address, mapped, sizeof mapped) == 0;
    if (!inet_ntop(is_v4 ? AF_INET : AF_INET6, is_v4 ? address + sizeof mapped : address, out,
                   INET6_ADDRSTRLEN))
        out[0] = '\0';
}

static span trimmed(span text)
{
    while (text.length && (text.data[0] == ' ' || text.data[0] == '\t'))
        text = (span){text.data + 1, text.length - 1};
    while (text.length && (text.data[text.length - 1] == ' ' || text.data[text.length - 1] == '\t'))
        text.length--;
    return text;
}

/* A whole number of at most five digits without a zero before it. */
static bool read_number(span text, unsigned most, unsigned *out_number)
{
    unsigned number = 0;
    if (text.length < 1 || text.length > 5 || (text.length > 1 && text.data[0] == '0'))
        return false;
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        number = number * 10 + (unsigned)(text.data[i] - '0');
    }
    *out_number = number;
    return number <= most;
}

bool rq_proxy_last_address(const char *list, size_t length, char out_address[INET6_ADDRSTRLEN])
{
    uint8_t address[16];
    unsigned bits;
    const char *comma = length ? memrchr(list, ',', length) : NULL;
    size_t from = comma ? (size_t)(comma - list) + 1 : 0;
    if (!read_address(trimmed((span){list + from, length - from}), address, &bits))
        return false;
    write_address(address, out_address);
    return true;
}

/* The list -------------------------------------------------------------------------------------------- */

/* Whether the first `bits` bits are the same. */
static bool share_prefix(const uint8_t a[16], const uint8_t b[16], unsigned bits)
{
    size_t whole = bits / 8;
    unsigned rest = bits % 8;
    return memcmp(a, b, whole) == 0 && (rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0);
}

static bool read_network(span text, rq_proxies *proxies)
{
    uint8_t *address = proxies->networks[proxies->count].address;
    unsigned family_bits, prefix;
    const char *slash = memchr(text.data, '/', text.length);
    span host = {text.data, slash ? (size_t)(slash - text.data) : text.length};
    if (!read_address(host, address, &family_bits))
        return false;
    prefix = family_bits;
    if (slash && !read_number((span){slash + 1, text.length - host.length - 1}, family_bits, &prefix))
        return false;
    prefix += ADDRESS_BITS - family_bits;
    for (unsigned bit = prefix; bit < ADDRESS_BITS; bit++)
        if (address[bit / 8] & (0x80u >> bit % 8))
            return false;
    proxies->networks[proxies->count++].bits = prefix;
    return true;
}

rq_status rq_proxies_read(const char *list, rq_proxies *out_proxies, rq_error *error)
{
    bool is_more = *list != '\0';
    memset(out_proxies, 0, sizeof *out_proxies);
    for (const char *rest = list; is_more;) {
        size_t length = strcspn(rest, ",");
        span text = trimmed((span){rest, length});
        if (out_proxies->count == RQ_PROXIES_MOST)
            return rq_fail(error, RQ_INVALID, "trusted_proxies must be at most %d addresses or networks",
                           RQ_PROXIES_MOST);
        if (!read_network(text, out_proxies))
            return rq_fail(error, RQ_INVALID, "trusted_proxies: \"%.*s\" is no address or network",
                           text.length < 64 ? (int)text.length : 64, text.data);
        is_more = rest[length] == ',';
        rest += length + is_more;
    }
    return RQ_OK;
}

bool rq_proxies_hold(const rq_proxies *proxies, const char *address)
{
    uint8_t bytes[16];
    unsigned bits;
    if (proxies->count == 0 || !read_address((span){address, strlen(address)}, bytes, &bits))
        return false;
    for (size_t i = 0; i < proxies->count; i++)
        if (share_prefix(bytes, proxies->networks[i].address, proxies->networks[i].bits))
            return true;
    return false;
}

/* The PROXY protocol ---------------------------------------------------------------------------------- */

enum { LINE_MOST = 107, PREAMBLE = 16, COMMAND = 12, FAMILY = 13, LENGTH = 14 };
static const char line_start[] = "PROXY ";
static const uint8_t signature[12] = {'\r', '\n', '\r', '\n', 0, '\r', '\n', 'Q', 'U', 'I', 'T', '\n'};

static bool take_word(span *rest, span *out_word)
{
    const char *space = rest->length ? memchr(rest->data, ' ', rest->length) : NULL;
    size_t length = space ? (size_t)(space - rest->data) : rest->length;
    *out_word = (span){rest->data, length};
    *rest = (span){rest->data + length + (space != NULL), rest->length - length - (space != NULL)};
    return length > 0;
}

static bool word_is(span word, const char *text)
{
    return word.length == strlen(text) && memcmp(word.data, text, word.length) == 0;
}

/* "TCP4 192.0.2.1 198.51.100.1 50000 443" */
static bool read_line(span line, char out_address[INET6_ADDRSTRLEN])
{
    enum { SOURCE, TARGET, SOURCE_PORT, TARGET_PORT, WORDS };
    span family, words[WORDS];
    uint8_t source[16], target[16];
    unsigned source_bits, target_bits, port;
    out_address[0] = '\0';
    if (!take_word(&line, &family))
        return false;
    if (word_is(family, "UNKNOWN"))
        return true; /* whatever follows says nothing */
    for (int i = 0; i < WORDS; i++)
        if (!take_word(&line, &words[i]))
            return false;
    const char *end = words[TARGET_PORT].data + words[TARGET_PORT].length;
    unsigned wanted = word_is(family, "TCP4") ? 32 : word_is(family, "TCP6") ? ADDRESS_BITS : 0;
    if (line.data != end || !read_address(words[SOURCE], source, &source_bits) ||
        !read_address(words[TARGET], target, &target_bits) || source_bits != wanted ||
        target_bits != wanted || !read_number(words[SOURCE_PORT], UINT16_MAX, &port) ||
        !read_number(words[TARGET_PORT], UINT16_MAX, &port))
        return false;
    write_address(source, out_address);
    return true;
}

static rq_proxy_header read_version_1(const uint8_t *bytes, size_t length, size_t *out_length,
                                      char out_address[INET6_ADDRSTRLEN])
{
    enum { START = sizeof line_start - 1 };
    const char *text = (const char *)bytes;
    size_t within = length < LINE_MOST ? length : LINE_MOST;
    const char *end = memchr(text, '\n', within);
    if (memcmp(text, line_start, within < START ? within : START) != 0)
        return RQ_PROXY_HEADER_BAD;
    if (!end)
        return length < LINE_MOST ? RQ_PROXY_HEADER_MORE : RQ_PROXY_HEADER_BAD;
    size_t line = (size_t)(end - text);
    if (line < START + 1 || text[line - 1] != '\r' ||
        !read_line((span){text + START, line - 1 - START}, out_address))
        return RQ_PROXY_HEADER_BAD;
    *out_length = line + 1;
    return RQ_PROXY_HEADER_DONE;
}

static rq_proxy_header read_version_2(const uint8_t *bytes, size_t length, size_t *out_length,
                                      char out_address[INET6_ADDRSTRLEN])
{
    enum { LOCAL = 0x20, PROXY = 0x21, TCP4 = 0x11, TCP6 = 0x21, TCP4_BYTES = 12, TCP6_BYTES = 36 };
    uint8_t source[16];
    if (memcmp(bytes, signature, length < sizeof signature ? length : sizeof signature) != 0)
        return RQ_PROXY_HEADER_BAD;
    if (length < PREAMBLE)
        return RQ_PROXY_HEADER_MORE;
    size_t size = (size_t)bytes[LENGTH] << 8 | bytes[LENGTH + 1];
    bool is_local = bytes[COMMAND] == LOCAL;
    bool is_v4 = bytes[FAMILY] == TCP4 && size >= TCP4_BYTES;
    bool is_v6 = bytes[FAMILY] == TCP6 && size >= TCP6_BYTES;
    if (PREAMBLE + size > RQ_PROXY_HEADER_MOST ||
        (!is_local && (bytes[COMMAND] != PROXY || !(is_v4 || is_v6))))
        return RQ_PROXY_HEADER_BAD;
    if (length < PREAMBLE + size)
        return RQ_PROXY_HEADER_MORE;
    memcpy(source, mapped, sizeof mapped);
    memcpy(is_v4 ? source + sizeof mapped : source, bytes + PREAMBLE, is_v4 ? 4 : is_v6 ? 16 : 0);
    out_address[0] = '\0';
    if (!is_local)
        write_address(source, out_address);
    *out_length = PREAMBLE + size;
    return RQ_PROXY_HEADER_DONE;
}

rq_proxy_header rq_proxy_header_read(const uint8_t *bytes, size_t length, size_t *out_length,
                                     char out_address[INET6_ADDRSTRLEN])
{
    static_assert(LINE_MOST <= (int)RQ_PROXY_HEADER_MOST, "a line of version 1 fits");
    if (length == 0)
        return RQ_PROXY_HEADER_MORE;
    return bytes[0] == signature[0] ? read_version_2(bytes, length, out_length, out_address)
                                    : read_version_1(bytes, length, out_length, out_address);
}
