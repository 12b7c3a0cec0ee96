/* Who is a trusted proxy, and what its word on a client's address says. */
#include "rongqiao/proxies.h"
#include "test.h"

/* The list ------------------------------------------------------------------------------------------- */

static rq_proxies read_list(const char *list)
{
    rq_proxies proxies;
    rq_error error = {0};
    if (rq_proxies_read(list, &proxies, &error) != RQ_OK)
        fail_msg("%s", error.message);
    return proxies;
}

static void address_is_held_by_itself_or_its_network(void **state)
{
    (void)state;
    static const struct {
        const char *list, *address;
        bool is_held;
    } rows[] = {
        {"", "127.0.0.1", false},
        {"10.0.0.5", "10.0.0.5", true},
        {"10.0.0.5", "10.0.0.6", false},
        {" 192.0.2.1 ,\t10.0.0.0/8", "10.255.0.1", true},
        {"192.0.2.1, 10.0.0.0/8", "11.0.0.1", false},
        {"10.0.0.0/9", "10.127.255.255", true},
        {"10.0.0.0/9", "10.128.0.0", false},
        {"0.0.0.0/0", "203.0.113.9", true},
        {"0.0.0.0/0", "2001:db8::1", false},
        {"fd00::/8", "fdff::1", true},
        {"fd00::/8", "fe80::1", false},
        {"::1", "::1", true},
        {"::1", "0.0.0.1", false},
        {"2001:db8:0:8::/61", "2001:db8:0:f::1", true},
        {"2001:db8:0:8::/61", "2001:db8:0:10::1", false},
        {"::ffff:10.0.0.5", "10.0.0.5", true},
        {"10.0.0.5", "", false},
        {"10.0.0.5", "10.0.0.5x", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        rq_proxies proxies = read_list(rows[i].list);
        if (rq_proxies_hold(&proxies, rows[i].address) != rows[i].is_held)
            fail_msg("\"%s\" and %s", rows[i].list, rows[i].address);
    }
}

static void list_that_is_none_is_refused(void **state)
{
    (void)state;
    static const char *const lists[] = {
        "localhost",     "10.0.0",     "10.0.0.5,",   ",10.0.0.5", "10.0.0.5 10.0.0.6",
        "10.0.0.5/33",   "10.0.0.5/8", "10.0.0.0/08", "10.0.0.0/", "10.0.0.0/-8",
        "10.0.0.0/8/8",  "fd00::/129", "fd00::1/64",  "fe80::1%1", "10.0.0.0 /8",
        "::ffff:0:0/95", "256.0.0.1",  "/8",          " ",         "[::1]"};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        rq_proxies proxies;
        rq_error error = {0};
        if (rq_proxies_read(lists[i], &proxies, &error) != RQ_INVALID ||
            !strstr(error.message, "trusted_proxies"))
            fail_msg("\"%s\" was taken (%s)", lists[i], error.message);
    }
}

static void list_ends_at_its_limit(void **state)
{
    (void)state;
    char list[(RQ_PROXIES_MOST + 1) * 10 + 1] = "";
    rq_proxies proxies;
    for (int i = 0; i <= RQ_PROXIES_MOST; i++) {
        rq_status wanted = i < RQ_PROXIES_MOST ? RQ_OK : RQ_INVALID;
        snprintf(list + strlen(list), sizeof list - strlen(list), "%s10.0.0.%d", i ? "," : "", i);
        assert_int_equal(rq_proxies_read(list, &proxies, NULL), wanted);
    }
}

/* X-Forwarded-For ------------------------------------------------------------------------------------ */

static void last_address_alone_counts(void **state)
{
    (void)state;
    static const struct {
        const char *list, *address; /* null: none */
    } rows[] = {
        {"203.0.113.9", "203.0.113.9"},
        {"198.51.100.1, 203.0.113.9", "203.0.113.9"},
        {"what the client likes,203.0.113.9 ", "203.0.113.9"},
        {"2001:DB8:0::1", "2001:db8::1"},
        {"::ffff:203.0.113.9", "203.0.113.9"},
        {"", NULL},
        {",", NULL},
        {"203.0.113.9,", NULL},
        {"203.0.113.9, unknown", NULL},
        {"203.0.113.9:443", NULL},
        {"[2001:db8::1]", NULL},
        {"203.0.113.09", NULL},
        {"0xcb.0.113.9", NULL},
        {"203.0.113", NULL},
        {"2001:db8::1%eth0", NULL},
        {"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char address[INET6_ADDRSTRLEN] = "before";
        bool is_one = rq_proxy_last_address(rows[i].list, strlen(rows[i].list), address);
        if (is_one != (rows[i].address != NULL) || strcmp(address, is_one ? rows[i].address : "before") != 0)
            fail_msg("\"%s\" gave \"%s\"", rows[i].list, address);
    }
    char address[INET6_ADDRSTRLEN];
    assert_false(rq_proxy_last_address(NULL, 0, address));
    assert_false(rq_proxy_last_address("10.0.0.1\0", 9, address));
}

/* The PROXY protocol --------------------------------------------------------------------------------- */

#define BYTES(text) text, sizeof(text) - 1
#define V2 "\r\n\r\n\0\r\nQUIT\n"
#define FOUR "\xcb\x00\x71\x09\xc6\x33\x64\x01\x01\xbb\xc3\x50"
#define SIX                                                                                                  \
    "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x02\x01\xbb\xc3\x50"

static const struct header_row {
    const char *bytes;
    size_t length;
    const char *address; /* null: refused */
} header_rows[] = {
    {BYTES("PROXY TCP4 203.0.113.9 198.51.100.1 50000 443\r\n"), "203.0.113.9"},
    {BYTES("PROXY TCP4 203.0.113.9 198.51.100.1 0 65535\r\n"), "203.0.113.9"},
    {BYTES("PROXY TCP6 2001:db8::1 2001:db8::2 50000 443\r\n"), "2001:db8::1"},
    {BYTES("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 "
           "65535\r\n"),
     "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
    {BYTES("PROXY UNKNOWN\r\n"), ""},
    {BYTES("PROXY UNKNOWN ffff::1 ffff::2 65535 65535\r\n"), ""},
    {BYTES("PROXY TCP4 203.0.113.9 198.51.100.1 50000\r\n"), NULL},
    {BYTES("PROXY TCP4 203.0.113.9 198.51.100.1 50000 443 \r\n"), NULL},
    {BYTES("PROXY TCP4 203.0.113.9 198.51.100.1 50000 443 9\r\n"), NULL},
    {BYTES("PROXY TCP4  203.0.113.9 198.51.100.1 50000 443\r\n"), NULL},
    {BYTES("PROXY TCP4\t203.0.113.9 198.51.100.1 50000 443\r\n"), NULL},
    {BYTES("PROXY TCP4 203.0.113.9 198.51.100.1 50000 443\n"), NULL},
    {BYTES("PROXY TCP4 203.0.113.9 198.51.100.1 50000 65536\r\n"), NULL},
    {BYTES("PROXY TCP4 203.0.113.9 198.51.100.1 050 443\r\n"), NULL},
    {BYTES("PROXY TCP4 203.0.113.9 198.51.100.1 +50 443\r\n"), NULL},
    {BYTES("PROXY TCP4 203.0.113.009 198.51.100.1 50000 443\r\n"), NULL},
    {BYTES("PROXY TCP4 2001:db8::1 2001:db8::2 50000 443\r\n"), NULL},
    {BYTES("PROXY TCP6 203.0.113.9 198.51.100.1 50000 443\r\n"), NULL},
    {BYTES("PROXY TCP6 2001:db8::1 198.51.100.1 50000 443\r\n"), NULL},
    {BYTES("PROXY TCP5 203.0.113.9 198.51.100.1 50000 443\r\n"), NULL},
    {BYTES("PROXY TCP4 203.0.113.9\0 198.51.100.1 50000 443\r\n"), NULL},
    {BYTES("PROXY \r\n"), NULL},
    {BYTES("PROXY\r\n"), NULL},
    {BYTES("proxy TCP4 203.0.113.9 198.51.100.1 50000 443\r\n"), NULL},
    {BYTES("GET / HTTP/1.1\r\n"), NULL},
    {BYTES("\x16\x03\x01\x02\x00\x01"), NULL},
    {BYTES(V2 "\x21\x11\x00\x0c" FOUR), "203.0.113.9"},
    {BYTES(V2 "\x21\x11\x00\x0f" FOUR "\x04\x00\x00"), "203.0.113.9"},
    {BYTES(V2 "\x21\x21\x00\x24" SIX), "2001:db8::1"},
    {BYTES(V2 "\x20\x00\x00\x00"), ""},
    {BYTES(V2 "\x20\x11\x00\x0c" FOUR), ""},
    {BYTES(V2 "\x21\x00\x00\x00"), NULL},
    {BYTES(V2 "\x21\x12\x00\x0c" FOUR), NULL},
    {BYTES(V2 "\x21\x11\x00\x0b" FOUR), NULL},
    {BYTES(V2 "\x21\x21\x00\x0c" FOUR), NULL},
    {BYTES(V2 "\x22\x11\x00\x0c" FOUR), NULL},
    {BYTES(V2 "\x11\x11\x00\x0c" FOUR), NULL},
    {BYTES(V2 "\x31\x11\x00\x0c" FOUR), NULL},
    {BYTES(V2 "\x21\x11\x02\x09"), NULL}, /* one byte more than may come */
    {BYTES("\r\n\r\n\0\r\nQUIT\r\x21\x11\x00\x0c" FOUR), NULL},
    {BYTES("\r\nGET / HTTP/1.1\r\n"), NULL},
};

static void header_says_the_address_or_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof header_rows / sizeof header_rows[0]; i++) {
        const struct header_row *row = &header_rows[i];
        char address[INET6_ADDRSTRLEN] = "before";
        size_t length = 0;
        rq_proxy_header read =
            rq_proxy_header_read((const uint8_t *)row->bytes, row->length, &length, address);
        if (read != (row->address ? RQ_PROXY_HEADER_DONE : RQ_PROXY_HEADER_BAD))
            fail_msg("row %zu: %d", i, (int)read);
        if (row->address) {
            assert_string_equal(address, row->address);
            assert_int_equal(length, row->length);
        }
    }
}

static void header_is_awaited_byte_by_byte_and_leaves_what_follows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof header_rows / sizeof header_rows[0]; i++) {
        const struct header_row *row = &header_rows[i];
        char address[INET6_ADDRSTRLEN];
        uint8_t bytes[256];
        size_t length = 0;
        for (size_t have = 0; row->address && have < row->length; have++)
            if (rq_proxy_header_read((const uint8_t *)row->bytes, have, &length, address) !=
                RQ_PROXY_HEADER_MORE)
                fail_msg("row %zu: decided at byte %zu", i, have);
        assert_true(row->length + 2 < sizeof bytes);
        memcpy(bytes, row->bytes, row->length);
        memcpy(bytes + row->length, "\x16\n", 2);
        if (row->address) {
            assert_int_equal(rq_proxy_header_read(bytes, row->length + 2, &length, address),
                             RQ_PROXY_HEADER_DONE);
            assert_int_equal(length, row->length);
        }
    }
}

static void header_without_an_end_is_refused_at_its_limit(void **state)
{
    (void)state;
    uint8_t bytes[RQ_PROXY_HEADER_MOST];
    char address[INET6_ADDRSTRLEN];
    size_t length = 0;
    memset(bytes, ' ', sizeof bytes);
    memcpy(bytes, "PROXY UNKNOWN", 13);
    assert_int_equal(rq_proxy_header_read(bytes, 106, &length, address), RQ_PROXY_HEADER_MORE);
    assert_int_equal(rq_proxy_header_read(bytes, 107, &length, address), RQ_PROXY_HEADER_BAD);
    memcpy(bytes, V2 "\x21\x11\x02\x08" FOUR, 28);
    assert_int_equal(rq_proxy_header_read(bytes, sizeof bytes - 1, &length, address), RQ_PROXY_HEADER_MORE);
    assert_int_equal(rq_proxy_header_read(bytes, sizeof bytes, &length, address), RQ_PROXY_HEADER_DONE);
    assert_int_equal(length, sizeof bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(address_is_held_by_itself_or_its_network),
        cmocka_unit_test(list_that_is_none_is_refused),
        cmocka_unit_test(list_ends_at_its_limit),
        cmocka_unit_test(last_address_alone_counts),
        cmocka_unit_test(header_says_the_address_or_is_refused),
        cmocka_unit_test(header_is_awaited_byte_by_byte_and_leaves_what_follows),
        cmocka_unit_test(header_without_an_end_is_refused_at_its_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
