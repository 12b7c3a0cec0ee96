/* One-time codes: enrolling, logging in with them, each code once, recovery codes, and who must have them. */
#include "rongqiao/totp.h"

#include <time.h>
#include <unistd.h>

#include "rongqiao/digest.h"
#include "test.h"

static test_user operator;

static test_answer *log_in(const char *login, const char *code)
{
    json_t *body = doc("{ss ss}", "login", login, "password", HOUSE_PASSWORD);
    if (code)
        json_object_set_new(body, "totp", json_string(code));
    return ask(NULL, "POST", "/v1/sessions", body);
}

static void make_user(test_user *user, const char *login, const char *role)
{
    json_t *document =
        doc("{ss ss ss s[s]}", "login", login, "name", login, "password", HOUSE_PASSWORD, "roles", role);
    if (strcmp(role, "authority") == 0)
        json_object_set_new(document, "region_code", json_string("330000"));
    expect(201, &operator, "POST", "/v1/users", document);
    user_login(user, login);
}

/* The secret that an app would read from the code that it is shown. */
typedef struct device {
    uint8_t secret[RQ_TOTP_SECRET_BYTES];
    int64_t step; /* the present one, when the test began */
} device;

static device scan(const char *base32)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    device made = {.step = time(NULL) / RQ_TOTP_STEP_S};
    uint64_t bits = 0;
    unsigned waiting = 0;
    size_t count = 0;
    assert_int_equal(strlen(base32), RQ_TOTP_SECRET_TEXT);
    for (; *base32; base32++) {
        const char *digit = strchr(digits, *base32);
        assert_non_null(digit);
        bits = bits << 5 | (uint64_t)(digit - digits);
        waiting += 5;
        if (waiting >= 8) {
            waiting -= 8;
            made.secret[count++] = (uint8_t)(bits >> waiting);
        }
    }
    assert_int_equal(count, RQ_TOTP_SECRET_BYTES);
    return made;
}

static const char *code_at(const device *held, int64_t later)
{
    return textf("%06lld", (long long)rq_totp_code(held->secret, RQ_TOTP_SECRET_BYTES, held->step + later,
                                                   RQ_TOTP_DIGITS));
}

/* A code that is none of the few that may be right now. */
static const char *wrong_code(const device *held)
{
    for (int number = 0;; number++) {
        const char *code = textf("%06d", number);
        bool is_right = false;
        for (int64_t later = -2; later <= 4; later++)
            is_right |= strcmp(code, code_at(held, later)) == 0;
        if (!is_right)
            return code;
    }
}

/* Enrols with the code of the present step; the recovery codes. */
static device enrol(const test_user *user, json_t **out_codes)
{
    device made = scan(text_of(expect(201, user, "POST", "/v1/totp", NULL), "secret"));
    json_t *codes =
        member_of(expect(200, user, "POST", "/v1/totp/confirm", doc("{ss}", "code", code_at(&made, 0))),
                  "recovery_codes");
    assert_int_equal(json_array_size(codes), 10);
    if (out_codes)
        *out_codes = codes;
    return made;
}

static void secret_is_shown_once_and_counts_when_it_is_confirmed(void **state)
{
    test_user user;
    (void)state;
    make_user(&user, "newcomer", "authority");
    json_t *begun = expect(201, &user, "POST", "/v1/totp", NULL);
    device first = scan(text_of(begun, "secret"));
    assert_string_equal(
        text_of(begun, "uri"),
        textf("otpauth://totp/Rongqiao:newcomer?secret=%s&issuer=Rongqiao&algorithm=SHA1&digits=6&"
              "period=30",
              text_of(begun, "secret")));
    json_t *mine = expect(200, &user, "GET", "/v1/totp", NULL);
    assert_true(json_is_false(member_of(mine, "is_confirmed")));
    assert_null(member_of(mine, "secret"));
    check_status(log_in("newcomer", NULL), 201); /* not in force */
    /* Begun again, the first secret is void. */
    device second = scan(text_of(expect(201, &user, "POST", "/v1/totp", NULL), "secret"));
    assert_memory_not_equal(first.secret, second.secret, RQ_TOTP_SECRET_BYTES);
    expect_problem(422, "validation_failed", &user, "POST", "/v1/totp/confirm",
                   doc("{ss}", "code", wrong_code(&second)));
    expect(200, &user, "POST", "/v1/totp/confirm", doc("{ss}", "code", code_at(&second, 0)));
    mine = expect(200, &user, "GET", "/v1/totp", NULL);
    assert_true(json_is_true(member_of(mine, "is_confirmed")));
    assert_int_equal(number_of(mine, "recovery_codes_left"), 10);
    assert_true(json_is_true(member_of(expect(200, &user, "GET", "/v1/sessions/current", NULL), "has_totp")));
    expect_problem(409, "totp_exists", &user, "POST", "/v1/totp", NULL);
    assert_int_equal(
        house_count("select count(*) from audit_event where user_id = '%s' and action like 'totp_%%'",
                    user.id),
        3);
    user_leave(&user);
}

static void login_wants_a_code_and_takes_each_once(void **state)
{
    test_user user;
    (void)state;
    make_user(&user, "officer", "authority");
    device held = enrol(&user, NULL);
    test_answer *answer = log_in("officer", NULL);
    check_problem(answer, 401, "totp_required");
    assert_null(member_of(answer->json, "token"));
    check_problem(log_in("officer", wrong_code(&held)), 401, "totp_wrong");
    check_problem(log_in("officer", code_at(&held, 0)), 401, "totp_wrong"); /* confirmed with it */
    check_status(log_in("officer", code_at(&held, 1)), 201);
    check_problem(log_in("officer", code_at(&held, 1)), 401, "totp_wrong");
    house_sql("update totp set last_step = 0 where user_id = '%s'", user.id);
    check_problem(log_in("officer", code_at(&held, 4)), 401, "totp_wrong"); /* far from now */
    /* A wrong password is told before any code is looked at. */
    check_problem(ask(NULL, "POST", "/v1/sessions",
                      doc("{ss ss ss}", "login", "officer", "password", "wrong horse battery staple", "totp",
                          code_at(&held, 1))),
                  401, "login_failed");
    user_leave(&user);
}

static bool is_nobody(void *argument)
{
    test_answer *answer = ask(argument, "GET", "/v1/totp", NULL);
    return answer && answer->status == 401;
}

static void sessions_of_before_the_second_factor_end(void **state)
{
    test_user here, there;
    (void)state;
    make_user(&here, "careful", "authority");
    user_login(&there, "careful");
    expect(200, &there, "GET", "/v1/totp", NULL);
    (void)enrol(&here, NULL);
    assert_true(eventually(is_nobody, &there));
    expect(200, &here, "GET", "/v1/totp", NULL);
    user_leave(&here);
    user_leave(&there);
}

static void recovery_code_opens_once_and_can_be_renewed(void **state)
{
    test_user user;
    json_t *codes;
    (void)state;
    make_user(&user, "traveller", "authority");
    device held = enrol(&user, &codes);
    const char *first = json_string_value(json_array_get(codes, 0)),
               *second = json_string_value(json_array_get(codes, 1));
    assert_int_equal(strlen(first), 19);
    check_status(log_in("traveller", first), 201);
    check_problem(log_in("traveller", first), 401, "totp_wrong");
    check_problem(log_in("traveller", "AAAA-AAAA-AAAA-AAAA"), 401, "totp_wrong");
    assert_int_equal(number_of(expect(200, &user, "GET", "/v1/totp", NULL), "recovery_codes_left"), 9);
    json_t *renewed =
        member_of(expect(200, &user, "POST", "/v1/totp/confirm", doc("{ss}", "code", code_at(&held, 1))),
                  "recovery_codes");
    check_problem(log_in("traveller", second), 401, "totp_wrong");
    check_status(log_in("traveller", json_string_value(json_array_get(renewed, 0))), 201);
    /* As people type them. */
    const char *third = json_string_value(json_array_get(renewed, 1));
    check_status(log_in("traveller", textf("%.4s %.4s%.4s-%.4s", third, third + 5, third + 10, third + 15)),
                 201);
    user_leave(&user);
}

static void operator_takes_lost_codes_away(void **state)
{
    test_user user;
    (void)state;
    make_user(&user, "loser", "authority");
    (void)enrol(&user, NULL);
    expect_problem(403, "forbidden", &user, "POST", textf("/v1/users/%s/reset-totp", user.id), NULL);
    expect(200, &operator, "POST", textf("/v1/users/%s/reset-totp", user.id), NULL);
    assert_true(eventually(is_nobody, &user));
    check_status(log_in("loser", NULL), 201);
    user_leave(&user);
}

/* PostgreSQL itself refuses a session without the second factor, whatever the server does. */
static void database_opens_no_session_without_the_second_factor(void **state)
{
    test_user user;
    (void)state;
    make_user(&user, "guarded", "authority");
    (void)enrol(&user, NULL);
    assert_int_equal(
        house_count("select count(*) from app.open_session('%s', 'a-hash', '127.0.0.1', 900, 12, null, "
                    "null, null)",
                    user.id),
        0);
    assert_int_equal(
        house_count("select count(*) from app.open_session('%s', 'a-hash', '127.0.0.1', 900, 12, 1, "
                    "null, null)",
                    user.id),
        0); /* long past */
    user_leave(&user);
}

static void codes_cannot_be_tried_out_with_a_session(void **state)
{
    test_user user;
    (void)state;
    make_user(&user, "thief", "authority");
    device held = scan(text_of(expect(201, &user, "POST", "/v1/totp", NULL), "secret"));
    int paused = 0;
    for (int i = 0; i < 12; i++)
        paused +=
            ask(&user, "POST", "/v1/totp/confirm", doc("{ss}", "code", wrong_code(&held)))->status == 429;
    assert_true(paused > 0);
    user_leave(&user);
}

static void role_that_must_have_codes_can_do_nothing_else_before(void **state)
{
    test_user officer, other;
    (void)state;
    make_user(&officer, "officer-to-be", "auditor");
    make_user(&other, "not-asked", "authority");
    expect_problem(403, "totp_enrolment_required", &officer, "GET", "/v1/audit-events", NULL);
    expect_problem(403, "totp_enrolment_required", &officer, "GET", "/v1/enterprises", NULL);
    expect(200, &officer, "GET", "/v1/sessions/current", NULL);
    expect(200, &other, "GET", "/v1/enterprises", NULL);
    (void)enrol(&officer, NULL);
    expect(200, &officer, "GET", "/v1/audit-events", NULL);
    user_leave(&officer);
    user_leave(&other);
}

static void unknown_role_in_the_setting_refuses_to_start(void **state)
{
    const char *const arguments[] = {"--config", house_write_config("wrong.conf", ""), "serve", NULL};
    (void)state;
    FILE *file = fopen(arguments[1], "re");
    char text[8192];
    size_t length = file ? fread(text, 1, sizeof(text) - 1, file) : 0;
    assert_non_null(file);
    fclose(file);
    text[length] = 0;
    char *setting = strstr(text, "totp_roles = auditor");
    assert_non_null(setting);
    memcpy(setting, "totp_roles = auditrr", strlen("totp_roles = auditrr"));
    file = fopen(arguments[1], "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(house_run(arguments, NULL, NULL, 0), 1);
}

static const char *kept_secret(const test_user *user)
{
    return house_sql("select secret from totp where user_id = '%s'", user->id);
}

static int keys(const char *what, char *line, size_t size)
{
    return house_run((const char *const[]){"keys", what, NULL}, NULL, line, size);
}

static void secret_is_sealed_for_its_user(void **state)
{
    test_user user, other;
    char line[128], plain[2 * RQ_TOTP_SECRET_BYTES + 1];
    (void)state;
    make_user(&user, "sealed-one", "authority");
    make_user(&other, "sealed-two", "authority");
    device held = enrol(&user, NULL), others = enrol(&other, NULL);
    const char *sealed = kept_secret(&user);
    rq_hex(held.secret, sizeof(held.secret), plain);
    assert_memory_equal(sealed, "rqs1.", 5);
    assert_null(strstr(sealed, plain));

    /* What is sealed for one user opens for no other. */
    house_sql("update totp set secret = '%s' where user_id = '%s'", kept_secret(&other), user.id);
    check_problem(log_in("sealed-one", code_at(&others, 1)), 401, "totp_wrong");
    check_problem(log_in("sealed-one", code_at(&held, 1)), 401, "totp_wrong");
    house_sql("update totp set secret = '%s' where user_id = '%s'", sealed, user.id);
    check_status(log_in("sealed-one", code_at(&held, 1)), 201);

    /* What was kept before secrets were sealed still counts; a change of the key seals it, and all others anew. */
    rq_hex(others.secret, sizeof(others.secret), plain);
    house_sql("update totp set secret = '%s' where user_id = '%s'", plain, other.id);
    check_status(log_in("sealed-two", code_at(&others, 1)), 201);
    assert_int_equal(house_run((const char *const[]){"check", NULL}, NULL, NULL, 0), 1);
    assert_int_equal(keys("add", line, sizeof(line)), 0);
    assert_int_equal(keys("rotate", line, sizeof(line)), 0);
    assert_int_equal(house_count("select count(*) from totp where secret like 'rqs1.01' || lpad(to_hex(%d), 8, '0') || '%%'", 2),
                     house_count("select count(*) from totp"));
    assert_int_equal(house_run((const char *const[]){"check", NULL}, NULL, NULL, 0), 0);
    usleep(1100000); /* the time in which servers notice */
    house_sql("update totp set last_step = 0");
    check_status(log_in("sealed-one", code_at(&held, 0)), 201);
    check_status(log_in("sealed-two", code_at(&others, 0)), 201);
    user_leave(&user);
    user_leave(&other);
}

static int open_house(void **state)
{
    if (house_open(state) != 0)
        return -1;
    user_login(&operator, HOUSE_OPERATOR);
    return house_sweep(state);
}

static int close_house(void **state)
{
    user_leave(&operator);
    return house_close(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        API_TEST(secret_is_shown_once_and_counts_when_it_is_confirmed),
        API_TEST(login_wants_a_code_and_takes_each_once),
        API_TEST(secret_is_sealed_for_its_user),
        API_TEST(sessions_of_before_the_second_factor_end),
        API_TEST(recovery_code_opens_once_and_can_be_renewed),
        API_TEST(operator_takes_lost_codes_away),
        API_TEST(database_opens_no_session_without_the_second_factor),
        API_TEST(codes_cannot_be_tried_out_with_a_session),
        API_TEST(role_that_must_have_codes_can_do_nothing_else_before),
        API_TEST(unknown_role_in_the_setting_refuses_to_start),
    };
    house_settings = "log_level = error\nlogin_failures_max = 8\ntotp_roles = auditor\n";
    return cmocka_run_group_tests_name("api.totp", tests, open_house, close_house);
}
