#include "rongqiao/arena.h"
#include "test.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ASAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define HAS_ASAN 1
#endif
#ifdef HAS_ASAN
#include <sanitizer/asan_interface.h>
#endif

static bool is_zero(const unsigned char *memory, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (memory[i])
            return false;
    return true;
}

static void memory_is_zeroed_and_aligned_for_any_type(void **state)
{
    (void)state;
    rq_arena *arena = rq_arena_new(1 << 20);
    for (size_t size = 1; size < 300; size++) {
        unsigned char *memory = rq_arena_alloc(arena, size);
        assert_non_null(memory);
        assert_int_equal((uintptr_t)memory % _Alignof(max_align_t), 0);
        assert_true(is_zero(memory, size));
        memset(memory, 0xff, size);
    }
    rq_arena_free(arena);
}

static void memory_is_zeroed_again_after_a_reset(void **state)
{
    (void)state;
    rq_arena *arena = rq_arena_new(1 << 16);
    unsigned char *memory = rq_arena_alloc(arena, 1000);
    assert_non_null(memory);
    memset(memory, 0xff, 1000);
    rq_arena_reset(arena);
    memory = rq_arena_alloc(arena, 1000);
    assert_non_null(memory);
    assert_true(is_zero(memory, 1000));
    rq_arena_free(arena);
}

static void allocations_do_not_overlap(void **state)
{
    (void)state;
    enum { COUNT = 2000 };
    rq_arena *arena = rq_arena_new(1 << 20);
    unsigned char *memory[COUNT];
    for (unsigned i = 0; i < COUNT; i++) {
        memory[i] = rq_arena_alloc(arena, 1 + i % 97);
        assert_non_null(memory[i]);
        memset(memory[i], (int)(i % 251), 1 + i % 97);
    }
    for (unsigned i = 0; i < COUNT; i++)
        for (unsigned k = 0; k < 1 + i % 97; k++)
            assert_int_equal(memory[i][k], i % 251);
    rq_arena_free(arena);
}

static void the_limit_can_be_used_whole_and_not_passed(void **state)
{
    (void)state;
    rq_arena *arena = rq_arena_new(65536);
    size_t held = 0;
    while (rq_arena_alloc(arena, 16))
        held += 16;
    assert_int_equal(held, 65536);
    assert_null(rq_arena_alloc(arena, 1));
    rq_arena_reset(arena);
    assert_null(rq_arena_alloc(arena, 65537));
    rq_arena_free(arena);

    arena = rq_arena_new(65536);
    assert_non_null(rq_arena_alloc(arena, 65536));
    assert_null(rq_arena_alloc(arena, 1));
    rq_arena_free(arena);
}

static void a_refused_allocation_leaves_the_arena_usable(void **state)
{
    (void)state;
    rq_arena *arena = rq_arena_new(8192);
    assert_non_null(rq_arena_alloc(arena, 64));
    assert_null(rq_arena_alloc(arena, 8192));
    assert_non_null(rq_arena_alloc(arena, 64));
    rq_arena_free(arena);
}

static void a_reset_arena_can_be_filled_to_its_limit_again(void **state)
{
    (void)state;
    rq_arena *arena = rq_arena_new(100000);
    for (int round = 0; round < 20; round++) {
        size_t held = 0;
        while (rq_arena_alloc(arena, 160))
            held += 160;
        assert_in_range(held, 90000, 100000);
        rq_arena_reset(arena);
    }
    rq_arena_free(arena);
}

static void an_arena_of_limit_zero_gives_nothing(void **state)
{
    (void)state;
    rq_arena *arena = rq_arena_new(0);
    assert_null(rq_arena_alloc(arena, 1));
    assert_null(rq_arena_alloc(arena, 0));
    rq_arena_reset(arena);
    rq_arena_free(arena);
    rq_arena_free(NULL);
}

static void sizes_that_overflow_are_refused(void **state)
{
    (void)state;
    rq_arena *arena = rq_arena_new(SIZE_MAX);
    assert_null(rq_arena_alloc(arena, SIZE_MAX));
    assert_null(rq_arena_alloc(arena, SIZE_MAX - 32));
    assert_null(rq_arena_array(arena, SIZE_MAX / 2, 3));
    assert_null(rq_arena_array(arena, (size_t)1 << 33, (size_t)1 << 33));
    assert_non_null(rq_arena_array(arena, 3, 40));
    rq_arena_free(arena);
}

static void empty_allocations_have_addresses_of_their_own(void **state)
{
    (void)state;
    rq_arena *arena = rq_arena_new(4096);
    void *first = rq_arena_alloc(arena, 0);
    void *second = rq_arena_array(arena, 0, 8);
    assert_non_null(first);
    assert_non_null(second);
    assert_ptr_not_equal(first, second);
    rq_arena_free(arena);
}

static void a_big_allocation_does_not_waste_the_room_beside_it(void **state)
{
    (void)state;
    rq_arena *arena = rq_arena_new(4096 + 65536);
    unsigned char *small = rq_arena_alloc(arena, 16);
    assert_non_null(small);
    assert_non_null(rq_arena_alloc(arena, 65536));
    assert_ptr_equal(rq_arena_alloc(arena, 16), small + 16);
    rq_arena_free(arena);
}

static void copies_end_with_nul(void **state)
{
    (void)state;
    rq_arena *arena = rq_arena_new(4096);
    const char part[] = {'a', 'b', 'c', 'd'};
    assert_string_equal(rq_arena_strndup(arena, part, 3), "abc");
    assert_string_equal(rq_arena_strndup(arena, "", 0), "");
    assert_string_equal(rq_arena_strndup(arena, "short", 100), "short");
    rq_arena_free(arena);
}

static void printing_gives_the_whole_text_or_null_at_the_limit(void **state)
{
    (void)state;
    rq_arena *arena = rq_arena_new(128);
    assert_string_equal(rq_arena_printf(arena, "/v1/needs/%d", 42), "/v1/needs/42");
    assert_null(rq_arena_printf(arena, "%200d", 1));
    assert_null(rq_arena_strndup(arena, "0123456789", 10) ? rq_arena_printf(arena, "%100d", 1) : "");
    rq_arena_free(arena);
}

#ifdef HAS_ASAN
static void the_free_tail_is_poisoned(void **state)
{
    (void)state;
    rq_arena *arena = rq_arena_new(4096);
    char *text = rq_arena_alloc(arena, 13);
    assert_non_null(text);
    assert_false(__asan_address_is_poisoned(text + 12));
    assert_true(__asan_address_is_poisoned(text + 13));
    assert_true(__asan_address_is_poisoned(text + 100));
    rq_arena_reset(arena);
    assert_true(__asan_address_is_poisoned(text));
    rq_arena_free(arena);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zeroed_and_aligned_for_any_type),
        cmocka_unit_test(memory_is_zeroed_again_after_a_reset),
        cmocka_unit_test(allocations_do_not_overlap),
        cmocka_unit_test(the_limit_can_be_used_whole_and_not_passed),
        cmocka_unit_test(a_refused_allocation_leaves_the_arena_usable),
        cmocka_unit_test(a_reset_arena_can_be_filled_to_its_limit_again),
        cmocka_unit_test(an_arena_of_limit_zero_gives_nothing),
        cmocka_unit_test(sizes_that_overflow_are_refused),
        cmocka_unit_test(empty_allocations_have_addresses_of_their_own),
        cmocka_unit_test(a_big_allocation_does_not_waste_the_room_beside_it),
        cmocka_unit_test(copies_end_with_nul),
        cmocka_unit_test(printing_gives_the_whole_text_or_null_at_the_limit),
#ifdef HAS_ASAN
        cmocka_unit_test(the_free_tail_is_poisoned),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
