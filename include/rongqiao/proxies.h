/* The proxies that clients come through, and how one of them says where a client really is. Only the word of
 * a proxy whose address is listed counts, and of that word only what the proxy itself has seen. */
#ifndef RONGQIAO_PROXIES_H
#define RONGQIAO_PROXIES_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rongqiao/status.h"

/* How the proxies tell a client's address. */
typedef enum rq_proxy_word {
    RQ_PROXY_FORWARDED_FOR, /* the last address of X-Forwarded-For, of each request */
    RQ_PROXY_PROTOCOL,      /* the PROXY protocol's header, with which each connection begins */
    RQ_PROXY_WORDS
} rq_proxy_word;
extern const char *const rq_proxy_words[RQ_PROXY_WORDS];

enum { RQ_PROXIES_MOST = 16 };
/* Addresses are IPv6's; IPv4's are mapped (RFC 4291 section 2.5.5.2). */
typedef struct rq_proxies {
    struct {
        uint8_t address[16];
        unsigned bits; /* of the network's prefix */
    } networks[RQ_PROXIES_MOST];
    size_t count; /* 0: clients come themselves */
    rq_proxy_word word;
} rq_proxies;

/* Reads "10.0.0.1, fd00::/8": addresses and networks, a comma between; "" is none. RQ_INVALID, with a reason,
 * for more than RQ_PROXIES_MOST, what is no address, and a network with bits set beyond its prefix. */
rq_status rq_proxies_read(const char *list, rq_proxies *out_proxies, rq_error *error) RQ_MUST_CHECK;
/* Whether the peer of this address (text) is one of them. */
bool rq_proxies_hold(const rq_proxies *proxies, const char *address);

/* Takes the last of a list of addresses, which is the one that the proxy itself put there; what stands before
 * it is what the client claims. False when that is no IPv4 or IPv6 address. */
bool rq_proxy_last_address(const char *list, size_t length, char out_address[INET6_ADDRSTRLEN]);

/* The PROXY protocol, versions 1 and 2 (haproxy.org/download/2.6/doc/proxy-protocol.txt, section 2). */
enum {
    RQ_PROXY_HEADER_MOST = 536
}; /* all of version 1, and of version 2 addresses with 480 bytes of additions */
typedef enum rq_proxy_header {
    RQ_PROXY_HEADER_MORE, /* so far it may become one */
    RQ_PROXY_HEADER_DONE,
    RQ_PROXY_HEADER_BAD,
} rq_proxy_header;
/* Reads the header at the start of `bytes`. Done: `out_length` is its length, and `out_address` (text) the
 * client's address or "" where the proxy speaks for itself (LOCAL, UNKNOWN). Never MORE once
 * RQ_PROXY_HEADER_MOST are there. */
rq_proxy_header rq_proxy_header_read(const uint8_t *bytes, size_t length, size_t *out_length,
                                     char out_address[INET6_ADDRSTRLEN]);

#endif
