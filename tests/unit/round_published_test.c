/* The published instances of tests/data/matching come out row by row as they were published. */
#include "round_support.h"

enum { LINE_BYTES = 65536, RESIDENTS_MAX = 4000, PROGRAMMES_MAX = 40 };

/* An instance while it is read: a programme's list gives the score of each resident. */
typedef struct instance {
    rq_round_input input;
    rq_round_institution programmes[PROGRAMMES_MAX];
    char *lists[PROGRAMMES_MAX]; /* "[id,id,...]" */
    rq_round_need residents[RESIDENTS_MAX];
    rq_round_wish wishes[RESIDENTS_MAX * RQ_ROUND_WISHES_MAX];
} instance;

static FILE *open_data(const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/tests/data/matching/%s", RQ_SOURCE_DIR, name);
    FILE *file = fopen(path, "r");
    if (!file)
        fail_msg("cannot open %s", path);
    return file;
}

/* The next line without its end, after the header; false at the end. */
static bool read_line(FILE *file, char *out_line)
{
    if (!fgets(out_line, LINE_BYTES, file))
        return false;
    assert_true(strlen(out_line) < LINE_BYTES - 1);
    out_line[strcspn(out_line, "\r\n")] = 0;
    return out_line[0] != 0;
}

/* Cuts the list in quotes at the end of a line and the `columns` before it. */
static void cut(char *line, char **out_columns, size_t columns, char **out_list)
{
    char *list = strchr(line, '"');
    assert_non_null(list);
    *out_list = list + 1;
    list[strcspn(list + 1, "\"") + 1] = 0;
    for (size_t i = 0; i < columns; i++) {
        out_columns[i] = line;
        line += strcspn(line, ",");
        assert_true(line < list);
        *line++ = 0;
    }
}

static void read_programmes(instance *it, const char *name)
{
    static char line[LINE_BYTES];
    FILE *file = open_data(name);
    char *columns[3], *list;
    assert_true(read_line(file, line));
    while (read_line(file, line)) {
        uint32_t index = it->input.institution_count++;
        assert_in_range(index, 0, PROGRAMMES_MAX - 1);
        cut(line, columns, 3, &list);
        snprintf(it->programmes[index].id, sizeof it->programmes[index].id, "%s", columns[0]);
        it->programmes[index].slots = (uint32_t)strtoul(columns[2], NULL, 10);
        it->programmes[index].money_fen = RQ_ROUND_NO_LIMIT;
        it->lists[index] = strdup(list);
    }
    fclose(file);
}

static uint32_t programme_called(const instance *it, const char *id, size_t length)
{
    for (uint32_t i = 0; i < it->input.institution_count; i++)
        if (strlen(it->programmes[i].id) == length && strncmp(it->programmes[i].id, id, length) == 0)
            return i;
    return RQ_ROUND_NONE;
}

/* 1,000,000 for the first of a programme's list, one less for each further place; -1 for who is not on it. */
static int32_t score_of(const instance *it, uint32_t programme, const char *id)
{
    int32_t score_ppm = RQ_ROUND_SCORE_MAX_PPM;
    for (const char *at = it->lists[programme] + 1; *at; score_ppm--) {
        size_t length = strcspn(at, ",]");
        if (strlen(id) == length && strncmp(at, id, length) == 0)
            return score_ppm;
        at += length + 1;
    }
    return -1;
}

/* A wish for a programme that does not list the resident is none: neither would have the other. */
static void read_residents(instance *it, const char *name)
{
    static char line[LINE_BYTES];
    FILE *file = open_data(name);
    char *columns[3], *list;
    assert_true(read_line(file, line));
    while (read_line(file, line)) {
        rq_round_need *need = &it->residents[it->input.need_count++];
        assert_in_range(it->input.need_count, 1, RESIDENTS_MAX);
        cut(line, columns, 3, &list);
        snprintf(need->id, sizeof need->id, "%s", columns[0]);
        need->amount_fen = 1;
        need->wish_from = (uint32_t)it->input.wish_count;
        for (const char *at = list + 1; *at;) {
            size_t length = strcspn(at, ",]");
            uint32_t programme = programme_called(it, at, length);
            int32_t score_ppm = programme == RQ_ROUND_NONE ? -1 : score_of(it, programme, need->id);
            if (score_ppm >= 0) {
                it->wishes[it->input.wish_count++] = (rq_round_wish){programme, score_ppm};
                need->wish_count++;
            }
            at += length + 1;
        }
    }
    fclose(file);
}

/* The number of rows that were compared; `out_unmatched` gets those without a programme. */
static unsigned compare(const instance *it, const rq_round_result *result, const char *name,
                        unsigned *out_unmatched)
{
    static char line[LINE_BYTES];
    FILE *file = open_data(name);
    unsigned rows = 0;
    *out_unmatched = 0;
    assert_true(read_line(file, line));
    for (; read_line(file, line); rows++) {
        char *programme = strchr(line, ',');
        uint32_t need = 0;
        assert_non_null(programme);
        *programme++ = 0;
        while (need < it->input.need_count && strcmp(it->residents[need].id, line) != 0)
            need++;
        assert_in_range(need, 0, it->input.need_count - 1);
        uint32_t granted = result->granted[need];
        const char *ours =
            granted == RQ_ROUND_NONE
                ? ""
                : it->programmes[it->wishes[it->residents[need].wish_from + granted].institution].id;
        if (strcmp(ours, programme) != 0)
            fail_msg("resident %s: \"%s\", published \"%s\"", line, ours, programme);
        *out_unmatched += *programme == 0;
    }
    fclose(file);
    return rows;
}

static void assert_published(const char *programmes, const char *residents, const char *results,
                             unsigned rows, unsigned unmatched, unsigned open_posts)
{
    static instance it;
    rq_round_result *result = NULL;
    rq_round_proof proof;
    rq_error error = {0};
    unsigned without = 0, open_slots = 0;
    memset(&it, 0, sizeof it);
    it.input = (rq_round_input){.band_ppm = 1,
                                .seed = "no ties",
                                .institutions = it.programmes,
                                .needs = it.residents,
                                .wishes = it.wishes};
    read_programmes(&it, programmes);
    read_residents(&it, residents);
    if (rq_round_run(&it.input, &result, &error) != RQ_OK ||
        rq_round_check(&it.input, result, &proof, &error) != RQ_OK)
        fail_msg("%s", error.message);
    assert_true(rq_round_proof_holds(&proof));
    assert_int_equal(compare(&it, result, results, &without), rows);
    assert_int_equal(it.input.need_count, rows);
    for (uint32_t i = 0; i < it.input.institution_count; i++) {
        open_slots += result->places[i].slots - result->places[i].taken;
        free(it.lists[i]);
    }
    assert_int_equal(without, unmatched);
    assert_int_equal(rows - result->matched, unmatched);
    assert_int_equal(open_slots, open_posts);
    rq_round_free(result);
}

static void small_instance_comes_out_as_published(void **state)
{
    (void)state;
    assert_published("csi2120_programSmall.csv", "csi2120_residentSmall.csv",
                     "csi2120_Small_resident_optimal.csv", 10, 1, 1);
}

static void instance_of_4000_comes_out_as_published(void **state)
{
    (void)state;
    assert_published("csi2120_programs4000.csv", "csi2120_residents4000.csv",
                     "csi2120_4000_resident_optimal.csv", 4000, 334, 39);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_instance_comes_out_as_published),
        cmocka_unit_test(instance_of_4000_comes_out_as_published),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
