/* Hot loops once more for processors with wider vectors, chosen when the program starts: the same C, the same
 * results. Elsewhere, and under the sanitizers, which can't work before that choice is made, once. */
#ifndef RONGQIAO_MATCH_CLONES_H
#define RONGQIAO_MATCH_CLONES_H

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) &&     \
    !defined(__SANITIZE_THREAD__)
#define RQ_EVERY_PROCESSOR __attribute__((target_clones("avx2", "default")))
#else
#define RQ_EVERY_PROCESSOR
#endif

#endif
