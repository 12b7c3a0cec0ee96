#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rongqiao/log.h"
#include "test.h"

/* Standard error is a datagram socket while a line is written, so that one write(2) is one datagram. */
typedef struct stderr_capture {
    int sockets[2];
    int standard_error;
} stderr_capture;

static void capture_start(stderr_capture *capture)
{
    assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, capture->sockets), 0);
    capture->standard_error = dup(STDERR_FILENO);
    assert_true(capture->standard_error >= 0);
    assert_true(dup2(capture->sockets[1], STDERR_FILENO) >= 0);
}

/* Ends the capture and gives the number of writes; the last one is in `out_line`. */
static unsigned capture_end(stderr_capture *capture, char *out_line, size_t size)
{
    dup2(capture->standard_error, STDERR_FILENO);
    close(capture->standard_error);
    close(capture->sockets[1]);
    unsigned writes = 0;
    out_line[0] = '\0';
    for (ssize_t got; (got = recv(capture->sockets[0], out_line, size - 1, 0)) > 0; writes++)
        out_line[got] = '\0';
    close(capture->sockets[0]);
    return writes;
}

/* The object of a line that was written alone. */
static json_t *line_of(rq_log_level level, const char *event, const rq_log_field *fields, unsigned count)
{
    static char line[65536];
    stderr_capture capture;
    capture_start(&capture);
    rq_log_write(level, event, fields, count);
    assert_int_equal(capture_end(&capture, line, sizeof line), 1);
    size_t length = strlen(line);
    assert_in_range(length, 3, 4096);
    assert_ptr_equal(strchr(line, '\n'), line + length - 1);
    json_error_t why;
    json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, &why);
    if (!object)
        fail_msg("%s: %s", why.text, line);
    return object;
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "(no text)";
}

static void a_line_has_time_level_event_and_the_fields(void **state)
{
    (void)state;
    const rq_log_field fields[] = {RQ_LOG_TEXT("path", "/v1/needs"), RQ_LOG_NUMBER("status", 201),
                                   RQ_LOG_NUMBER("fen", INT64_MIN)};
    json_t *line = line_of(RQ_LOG_INFO, "reply", fields, 3);
    assert_int_equal(strlen(text_of(line, "time")), strlen("2026-11-24T06:30:00.123Z"));
    assert_string_equal(text_of(line, "level"), "info");
    assert_string_equal(text_of(line, "event"), "reply");
    assert_string_equal(text_of(line, "path"), "/v1/needs");
    assert_int_equal(json_integer_value(json_object_get(line, "status")), 201);
    assert_true(json_integer_value(json_object_get(line, "fen")) == INT64_MIN);
    assert_int_equal(json_object_size(line), 6);
    json_decref(line);
}

static void a_line_without_fields_is_complete(void **state)
{
    (void)state;
    json_t *line = line_of(RQ_LOG_ERROR, "stopped", NULL, 0);
    assert_int_equal(json_object_size(line), 3);
    assert_string_equal(text_of(line, "level"), "error");
    json_decref(line);
}

static void values_cannot_break_out_of_their_string(void **state)
{
    (void)state;
    const char *evil = "\"}\n{\"level\":\"error\\\t\x01\x7f";
    json_t *line = line_of(RQ_LOG_WARNING, "refused", &RQ_LOG_TEXT("target", evil), 1);
    assert_string_equal(text_of(line, "target"), evil);
    assert_string_equal(text_of(line, "level"), "warning");
    json_decref(line);
}

static void what_is_not_utf8_is_replaced(void **state)
{
    (void)state;
    const struct {
        const char *given, *written;
    } cases[] = {
        {"融资€𝄞", "融资€𝄞"},
        {"a\xff"
         "b",
         "a\xef\xbf\xbd"
         "b"},
        {"\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd"}, /* overlong */
        {"\xe0\x80\xaf", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"}, /* a surrogate */
        {"\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xe8\x9e", "\xef\xbf\xbd\xef\xbf\xbd"}, /* cut short */
        {"\xe8xy\xe8\x9ez", "\xef\xbf\xbdxy\xef\xbf\xbd\xef\xbf\xbdz"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_t *line = line_of(RQ_LOG_INFO, "x", &RQ_LOG_TEXT("value", cases[i].given), 1);
        assert_string_equal(text_of(line, "value"), cases[i].written);
        json_decref(line);
    }
}

static void a_null_text_is_empty(void **state)
{
    (void)state;
    const char *nothing = NULL;
    json_t *line = line_of(RQ_LOG_INFO, "x", &RQ_LOG_TEXT("value", nothing), 1);
    assert_string_equal(text_of(line, "value"), "");
    json_decref(line);
}

static void a_long_line_of_any_content_stays_valid_and_is_marked(void **state)
{
    (void)state;
    static const char *const units[] = {"x", "\"", "\x01", "融", "𝄞", "\xff"};
    static char text[8192];
    for (size_t unit = 0; unit < sizeof units / sizeof units[0]; unit++)
        for (size_t shift = 0; shift < 12; shift++) {
            size_t length = 0;
            for (; length < shift; length++)
                text[length] = '-';
            for (size_t unit_length = strlen(units[unit]); length + unit_length < sizeof text;
                 length += unit_length)
                memcpy(text + length, units[unit], unit_length);
            text[length] = '\0';
            const rq_log_field fields[] = {RQ_LOG_TEXT("value", text), RQ_LOG_NUMBER("after", 1)};
            json_t *line = line_of(RQ_LOG_INFO, "long", fields, 2);
            assert_true(json_is_true(json_object_get(line, "truncated")));
            assert_null(json_object_get(line, "after"));
            assert_true(strlen(text_of(line, "value")) > 600);
            json_decref(line);
        }
}

static void a_line_of_any_length_is_valid(void **state)
{
    (void)state;
    static char text[4200];
    for (size_t length = 3850; length < 4150; length++) {
        memset(text, 'x', length);
        text[length] = '\0';
        const rq_log_field fields[] = {RQ_LOG_TEXT("value", text), RQ_LOG_NUMBER("number", 1234567)};
        json_t *line = line_of(RQ_LOG_INFO, "x", fields, 2);
        bool is_whole = strlen(text_of(line, "value")) == length && json_object_get(line, "number");
        assert_int_equal(is_whole, json_object_get(line, "truncated") == NULL);
        json_decref(line);
    }
}

static void a_long_key_or_event_leaves_a_valid_line(void **state)
{
    (void)state;
    static char text[6000];
    memset(text, 'k', sizeof text - 1);
    json_t *line = line_of(RQ_LOG_INFO, "x", &RQ_LOG_NUMBER(text, 1), 1);
    assert_true(json_is_true(json_object_get(line, "truncated")));
    assert_int_equal(json_object_size(line), 4);
    json_decref(line);
    line = line_of(RQ_LOG_INFO, text, &RQ_LOG_NUMBER("n", 1), 1);
    assert_true(json_is_true(json_object_get(line, "truncated")));
    assert_int_equal(json_object_size(line), 4);
    json_decref(line);
}

static void levels_below_the_lowest_are_not_written(void **state)
{
    (void)state;
    char line[4096];
    stderr_capture capture;
    capture_start(&capture);
    RQ_LOG(RQ_LOG_DEBUG, "quiet", RQ_LOG_NUMBER("n", 1));
    assert_int_equal(capture_end(&capture, line, sizeof line), 0);
    capture_start(&capture);
    rq_log_set_level(RQ_LOG_DEBUG);
    RQ_LOG(RQ_LOG_DEBUG, "heard", RQ_LOG_NUMBER("n", 1));
    rq_log_set_level(RQ_LOG_ERROR);
    RQ_LOG(RQ_LOG_WARNING, "quiet", RQ_LOG_NUMBER("n", 1));
    rq_log_set_level(RQ_LOG_INFO);
    assert_int_equal(capture_end(&capture, line, sizeof line), 1);
    assert_non_null(strstr(line, "\"event\":\"heard\",\"n\":1}"));
}

static void logging_leaves_errno_alone(void **state)
{
    (void)state;
    stderr_capture capture;
    char line[16];
    capture_start(&capture);
    close(STDERR_FILENO);
    errno = ENOENT;
    RQ_LOG(RQ_LOG_INFO, "lost", RQ_LOG_NUMBER("n", 1));
    int after = errno;
    assert_int_equal(capture_end(&capture, line, sizeof line), 0);
    assert_int_equal(after, ENOENT);
}

/* Gathering --------------------------------------------------------------------------------------------- */

static void gathered_lines_leave_together_at_the_flush(void **state)
{
    (void)state;
    char lines[4097];
    stderr_capture capture;
    capture_start(&capture);
    rq_log_gather(true);
    for (int i = 0; i < 3; i++)
        RQ_LOG(RQ_LOG_INFO, "request", RQ_LOG_NUMBER("n", i));
    bool was_silent = recv(capture.sockets[0], lines, sizeof lines, MSG_PEEK) < 0 && errno == EAGAIN;
    errno = ENOENT;
    rq_log_flush();
    int after = errno;
    rq_log_flush();
    rq_log_gather(false);
    assert_int_equal(capture_end(&capture, lines, sizeof lines), 1);
    assert_true(was_silent);
    assert_int_equal(after, ENOENT);
    const char *first = strstr(lines, "\"n\":0}\n{"), *second = strstr(lines, "\"n\":1}\n{");
    assert_true(first && second && first < second);
    assert_string_equal(strstr(lines, "\"n\":2"), "\"n\":2}\n");
}

static void a_warning_takes_with_it_what_was_gathered(void **state)
{
    (void)state;
    char lines[4097];
    stderr_capture capture;
    capture_start(&capture);
    rq_log_gather(true);
    RQ_LOG(RQ_LOG_INFO, "before", RQ_LOG_NUMBER("n", 1));
    RQ_LOG(RQ_LOG_WARNING, "slow", RQ_LOG_NUMBER("n", 2));
    bool is_out = recv(capture.sockets[0], lines, sizeof lines, MSG_PEEK) > 0;
    rq_log_gather(false);
    assert_int_equal(capture_end(&capture, lines, sizeof lines), 1);
    assert_true(is_out && strstr(lines, "before") && strstr(lines, "slow"));
}

static void no_write_of_gathered_lines_is_longer_than_a_pipe_takes_at_once(void **state)
{
    (void)state;
    enum { LINES = 100 };
    static char lines[8192];
    char text[300];
    stderr_capture capture;
    unsigned seen = 0, writes = 0;
    bool are_whole = true;
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    capture_start(&capture);
    rq_log_gather(true);
    for (unsigned i = 0; i <= LINES; i++) {
        if (i == LINES)
            rq_log_gather(false); /* writes the rest */
        else
            RQ_LOG(RQ_LOG_INFO, "request", RQ_LOG_TEXT("text", text + i));
        for (ssize_t got; (got = recv(capture.sockets[0], lines, sizeof lines, 0)) > 0; writes++) {
            are_whole = are_whole && got <= 4096 && lines[0] == '{' && lines[got - 1] == '\n';
            for (ssize_t at = 0; at < got; at++)
                seen += lines[at] == '\n';
        }
    }
    capture_end(&capture, lines, sizeof lines);
    assert_true(are_whole);
    assert_int_equal(seen, LINES);
    assert_in_range(writes, 2, LINES / 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_has_time_level_event_and_the_fields),
        cmocka_unit_test(a_line_without_fields_is_complete),
        cmocka_unit_test(values_cannot_break_out_of_their_string),
        cmocka_unit_test(what_is_not_utf8_is_replaced),
        cmocka_unit_test(a_null_text_is_empty),
        cmocka_unit_test(a_long_line_of_any_content_stays_valid_and_is_marked),
        cmocka_unit_test(a_line_of_any_length_is_valid),
        cmocka_unit_test(a_long_key_or_event_leaves_a_valid_line),
        cmocka_unit_test(levels_below_the_lowest_are_not_written),
        cmocka_unit_test(logging_leaves_errno_alone),
        cmocka_unit_test(gathered_lines_leave_together_at_the_flush),
        cmocka_unit_test(a_warning_takes_with_it_what_was_gathered),
        cmocka_unit_test(no_write_of_gathered_lines_is_longer_than_a_pipe_takes_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
