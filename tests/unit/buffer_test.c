#include "rongqiao/buffer.h"
#include "test.h"

/* Under AddressSanitizer too, an allocation that is too big fails instead of ending the program. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

static void assert_content(const rq_buffer *buffer, const char *expected)
{
    assert_int_equal(buffer->length, strlen(expected));
    if (buffer->length)
        assert_memory_equal(buffer->data, expected, buffer->length);
}

static void a_new_buffer_has_allocated_nothing(void **state)
{
    (void)state;
    rq_buffer buffer;
    rq_buffer_init(&buffer, 100);
    assert_null(buffer.data);
    rq_buffer_append(&buffer, "", 0);
    rq_buffer_text(&buffer, "");
    assert_null(buffer.data);
    assert_false(buffer.failed);
    rq_buffer_done(&buffer);
}

static void parts_follow_each_other(void **state)
{
    (void)state;
    rq_buffer buffer;
    rq_buffer_init(&buffer, 100);
    rq_buffer_text(&buffer, "need ");
    rq_buffer_append(&buffer, "12345", 2);
    rq_buffer_printf(&buffer, " of %s", "A");
    assert_content(&buffer, "need 12 of A");
    assert_string_equal(rq_buffer_cstring(&buffer), "need 12 of A");
    assert_content(&buffer, "need 12 of A");
    rq_buffer_done(&buffer);
}

static void the_capacity_doubles_up_to_the_limit(void **state)
{
    (void)state;
    rq_buffer buffer;
    rq_buffer_init(&buffer, 1000);
    unsigned growths = 0;
    for (size_t i = 0, capacity = 0; i < 1000; i++) {
        rq_buffer_append(&buffer, "x", 1);
        growths += buffer.capacity != capacity;
        capacity = buffer.capacity;
    }
    assert_false(buffer.failed);
    assert_int_equal(buffer.length, 1000);
    assert_in_range(growths, 1, 6);
    assert_in_range(buffer.capacity, 1000, 1001);
    rq_buffer_done(&buffer);
}

static void a_failed_append_leaves_the_content_and_stays_failed(void **state)
{
    (void)state;
    rq_buffer buffer;
    rq_buffer_init(&buffer, 8);
    rq_buffer_text(&buffer, "12345");
    rq_buffer_text(&buffer, "6789");
    assert_true(buffer.failed);
    assert_content(&buffer, "12345");
    rq_buffer_text(&buffer, "6");
    rq_buffer_printf(&buffer, "%d", 6);
    assert_null(rq_buffer_reserve(&buffer, 1));
    assert_null(rq_buffer_cstring(&buffer));
    assert_content(&buffer, "12345");
    rq_buffer_done(&buffer);
}

static void printing_past_the_limit_fails_and_leaves_the_content(void **state)
{
    (void)state;
    rq_buffer buffer;
    rq_buffer_init(&buffer, 8);
    rq_buffer_text(&buffer, "12345");
    rq_buffer_printf(&buffer, "%d", 6789);
    assert_true(buffer.failed);
    assert_content(&buffer, "12345");
    rq_buffer_done(&buffer);
}

static void the_limit_can_be_reached_by_every_way_of_writing(void **state)
{
    (void)state;
    rq_buffer buffer;
    rq_buffer_init(&buffer, 5);
    rq_buffer_text(&buffer, "12345");
    assert_string_equal(rq_buffer_cstring(&buffer), "12345");
    rq_buffer_clear(&buffer);
    rq_buffer_printf(&buffer, "%d", 54321);
    assert_string_equal(rq_buffer_cstring(&buffer), "54321");
    rq_buffer_clear(&buffer);
    char *room = rq_buffer_reserve(&buffer, 5);
    assert_non_null(room);
    memcpy(room, "abcde", 5);
    buffer.length += 5;
    assert_string_equal(rq_buffer_cstring(&buffer), "abcde");
    assert_null(rq_buffer_reserve(&buffer, 1));
    rq_buffer_done(&buffer);

    rq_buffer_init(&buffer, 300);
    rq_buffer_printf(&buffer, "%0300d", 0);
    assert_false(buffer.failed);
    assert_int_equal(buffer.length, 300);
    rq_buffer_done(&buffer);
}

static void a_buffer_of_limit_zero_holds_the_empty_text(void **state)
{
    (void)state;
    rq_buffer buffer;
    rq_buffer_init(&buffer, 0);
    assert_string_equal(rq_buffer_cstring(&buffer), "");
    assert_non_null(rq_buffer_reserve(&buffer, 0));
    rq_buffer_text(&buffer, "x");
    assert_true(buffer.failed);
    rq_buffer_done(&buffer);
}

static void clearing_forgives_a_failure_and_keeps_the_memory(void **state)
{
    (void)state;
    rq_buffer buffer;
    rq_buffer_init(&buffer, 4);
    rq_buffer_text(&buffer, "1234");
    const char *memory = buffer.data;
    rq_buffer_text(&buffer, "5");
    rq_buffer_clear(&buffer);
    assert_false(buffer.failed);
    rq_buffer_text(&buffer, "ab");
    assert_content(&buffer, "ab");
    assert_ptr_equal(buffer.data, memory);
    rq_buffer_done(&buffer);
}

static void consuming_drops_from_the_front(void **state)
{
    (void)state;
    rq_buffer buffer;
    rq_buffer_init(&buffer, 100);
    rq_buffer_consume(&buffer, 0);
    rq_buffer_text(&buffer, "GET / POST /");
    rq_buffer_consume(&buffer, 6);
    assert_content(&buffer, "POST /");
    rq_buffer_consume(&buffer, 0);
    assert_content(&buffer, "POST /");
    rq_buffer_consume(&buffer, 6);
    assert_content(&buffer, "");
    rq_buffer_text(&buffer, "again");
    assert_content(&buffer, "again");
    rq_buffer_done(&buffer);
}

static void reserving_more_than_memory_can_hold_fails(void **state)
{
    (void)state;
    rq_buffer buffer;
    rq_buffer_init(&buffer, SIZE_MAX);
    rq_buffer_text(&buffer, "x");
    assert_null(rq_buffer_reserve(&buffer, SIZE_MAX));
    assert_true(buffer.failed);
    rq_buffer_clear(&buffer);
    assert_null(rq_buffer_reserve(&buffer, SIZE_MAX / 2));
    rq_buffer_clear(&buffer);
    rq_buffer_text(&buffer, "y");
    assert_content(&buffer, "y");
    rq_buffer_done(&buffer);
}

static void a_buffer_that_is_done_can_be_used_again(void **state)
{
    (void)state;
    rq_buffer buffer;
    rq_buffer_init(&buffer, 3);
    rq_buffer_text(&buffer, "1234");
    rq_buffer_done(&buffer);
    rq_buffer_text(&buffer, "123");
    assert_content(&buffer, "123");
    rq_buffer_text(&buffer, "4");
    assert_true(buffer.failed);
    rq_buffer_done(&buffer);
    rq_buffer_done(&buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_buffer_has_allocated_nothing),
        cmocka_unit_test(parts_follow_each_other),
        cmocka_unit_test(the_capacity_doubles_up_to_the_limit),
        cmocka_unit_test(a_failed_append_leaves_the_content_and_stays_failed),
        cmocka_unit_test(printing_past_the_limit_fails_and_leaves_the_content),
        cmocka_unit_test(the_limit_can_be_reached_by_every_way_of_writing),
        cmocka_unit_test(a_buffer_of_limit_zero_holds_the_empty_text),
        cmocka_unit_test(clearing_forgives_a_failure_and_keeps_the_memory),
        cmocka_unit_test(consuming_drops_from_the_front),
        cmocka_unit_test(reserving_more_than_memory_can_hold_fails),
        cmocka_unit_test(a_buffer_that_is_done_can_be_used_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
