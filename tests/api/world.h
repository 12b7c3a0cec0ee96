/* A small world to test in: two banks, a guarantor, their people, two enterprises in two provinces, their
 * authorities, and something on the shelf. */
#ifndef RONGQIAO_TESTS_API_WORLD_H
#define RONGQIAO_TESTS_API_WORLD_H

#include "test.h"

#define ZHEJIANG "330000"
#define HANGZHOU "330106" /* 西湖区 */
#define GUANGDONG "440000"
#define GUANGZHOU "440106" /* 天河区 */
#define YUAN INT64_C(100)

typedef struct test_world {
    test_user operator, second_operator, auditor;
    test_user zhejiang, guangdong;                    /* authorities */
    test_user maker_a, checker_a, maker_b, checker_b; /* of the banks */
    test_user reviewer, checker;                      /* of the guarantor */
    test_user enterprise_a, enterprise_b;             /* in Hangzhou and in Guangzhou */
    char bank_a[40], bank_b[40], guarantor[40];
    char id_a[40], id_b[40]; /* of the enterprises */
    char credit_a[40];       /* bank A's credit loan */
    char guaranteed_b[40];   /* bank B's loan that wants a guarantee */
    char guarantee[40];      /* the guarantor's product */
    char programme[40];      /* Zhejiang's interest subsidy */
} test_world;
extern test_world world;

/* A group's setup and teardown: the house with this world in it. */
int world_open(void **state);
int world_close(void **state);

/* A valid code for a made-up enterprise: 91, the region, and a serial number, with both check characters. */
const char *uscc_of(const char *region, unsigned serial);
/* A code that no other call has given. */
const char *fresh_uscc(const char *region);
/* Today in Shanghai, plus so many days. */
const char *day_from_today(int days);

/* Makes a user by the operator's hand; `owner` is an institution, an enterprise or a region, by the role. */
void user_make(test_user *user, const char *login, const char *role, const char *owner);
json_t *enterprise_document(const char *name, const char *region);
/* An enterprise with a user of its own who registers it; its id. */
const char *enterprise_make(test_user *user, const char *login, const char *name, const char *region);
/* Drafts, submits and publishes; the product's id. */
const char *product_publish(const test_user *maker, const test_user *checker, json_t *document);
json_t *loan_document(const char *kind, const char *name);
/* Waits until matches asked for by this enterprise see the catalogue as it now stands. */
void catalogue_await(const test_user *enterprise);

/* A need of 3,000,000 yuan over 12 months, and the id of one that is posted. `more` (may be null) adds or
 * replaces. */
json_t *need_document(json_t *more);
const char *need_post(const test_user *enterprise, json_t *more);
const char *apply_for(const test_user *enterprise, const char *need, const char *product);
json_t *offer_document(const char *application, json_t *more);
/* The maker's offer, approved by the checker; its id. */
const char *offer_make(const test_user *maker, const test_user *checker, const char *application,
                       json_t *more);
/* Asks for a guarantee and takes it through review and approval; its id. */
const char *guarantee_approve(const test_user *enterprise, const char *application, const char *product);

/* POST /v1/<collection>/{id}/<action>. */
json_t *move(int status, const test_user *user, const char *collection, const char *id, const char *action,
             json_t *body);
json_t *move_problem(int status, const char *code, const test_user *user, const char *collection,
                     const char *id, const char *action, json_t *body);
json_t *get(int status, const test_user *user, const char *collection, const char *id);
/* {"reason_code", "reason_text"} that every reason takes. */
json_t *reason(const char *code);

#endif
