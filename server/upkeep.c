/* The subcommands beside serve: migrate, check, user, key. They connect as the owner and block. */
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "commands.h"
#include "keys.h"
#include "rongqiao/api.h"
#include "rongqiao/db.h"
#include "rongqiao/digest.h"
#include "rongqiao/net.h"

enum { CERTIFICATES_MAX = 4, CERTIFICATES_TEXT = CERTIFICATES_MAX * (RQ_THUMBPRINT_TEXT + 1) + 1 };

static int say(const rq_error *error)
{
    fprintf(stderr, "rongqiao: %s\n", error->message);
    return 1;
}

static PGconn *connect_as_owner(const rq_config *config, rq_error *error)
{
    PGconn *connection = NULL;
    const char *conninfo = config->migration_database[0] ? config->migration_database : config->database;
    if (rq_connect_blocking(conninfo, &connection, error) != RQ_OK)
        return NULL;
    return connection;
}

int rq_command_migrate(const rq_config *config, int argc, char **argv)
{
    rq_error error = {0};
    unsigned applied = 0;
    (void)argc;
    (void)argv;
    PGconn *connection = connect_as_owner(config, &error);
    if (!connection)
        return say(&error);
    rq_status status = rq_migrate(connection, config->migrations_directory, &applied, &error);
    PQfinish(connection);
    if (status != RQ_OK)
        return say(&error);
    printf("%u migrations applied\n", applied);
    return 0;
}

int rq_command_check(const rq_config *config, int argc, char **argv)
{
    rq_error error = {0};
    rq_tls *tls = NULL;
    rq_files *portal = NULL;
    rq_proxies proxies;
    PGconn *connection = NULL;
    bool unsealed = false;
    (void)argc;
    (void)argv;
    rq_config_print(config, stdout);
    const rq_sealer_settings sealing = audit_sealer_settings(config);
    rq_status status =
        rq_tls_new(config->certificate_file, config->key_file, config->client_ca_file, &tls, &error);
    if (status == RQ_OK)
        status = rq_proxies_read(config->trusted_proxies, &proxies, &error);
    if (status == RQ_OK)
        status = rq_sealer_check(&sealing, &error);
    if (status == RQ_OK)
        status = rq_connect_blocking(config->database, &connection, &error);
    if (status == RQ_OK)
        status = rq_api_check_tables(connection, &error);
    if (status == RQ_OK)
        status = keys_check(config, connection, &unsealed, &error);
    if (status == RQ_OK && unsealed)
        status = rq_fail(&error, RQ_INVALID,
                         "personal data from before they were sealed: run rongqiao keys rotate");
    if (status == RQ_OK)
        status = rq_portal_read(config->portal_dir, &portal, &error);
    if (connection)
        PQfinish(connection);
    rq_files_free(portal);
    rq_tls_free(tls);
    if (status != RQ_OK)
        return say(&error);
    if (!config->audit_key_file[0])
        puts("# without audit_key_file no checkpoint vouches for the trail outside the database");
    if (!config->private_key_file[0])
        puts("# without private_key_file no id number and no phone number can be taken");
    puts("# all is well");
    return 0;
}

/* Runs one statement with text parameters; prints the first column of the first row when `print`. */
static int run(const rq_config *config, const char *text, const char *const *values, int count, bool print)
{
    rq_error error = {0};
    PGconn *connection = connect_as_owner(config, &error);
    if (!connection)
        return say(&error);
    PGresult *result = PQexecParams(connection, text, count, NULL, values, NULL, NULL, 0);
    bool done = PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1;
    if (done && print)
        puts(PQgetvalue(result, 0, 0));
    else if (!done)
        fprintf(stderr, "rongqiao: %s",
                PQresultErrorMessage(result)[0] ? PQresultErrorMessage(result) : "nothing was made\n");
    PQclear(result);
    PQfinish(connection);
    return done ? 0 : 1;
}

/* The password: one line of standard input, so that no process list shows it. */
static bool read_password(char *out, size_t size)
{
    if (!fgets(out, (int)size, stdin))
        return false;
    out[strcspn(out, "\r\n")] = 0;
    return strlen(out) >= 12;
}

int rq_command_user(const rq_config *config, int argc, char **argv)
{
    static const char insert[] =
        "insert into app_user (login, name, password_hash, roles, enterprise_id, enterprise_province, "
        "institution_id, "
        "region_code, is_national) "
        "select $1, $2, $3, string_to_array($4, ','), e.id, e.province, $6::uuid, nullif($7, '000000'), "
        "coalesce($7 = '000000', false) "
        "from (select 1) one left join enterprise e on e.id = $5::uuid returning id";
    char password[260], hash[RQ_PASSWORD_HASH_TEXT];
    rq_error error = {0};
    bool fits = (argc == 4 || argc == 6) && strcmp(argv[0], "add") == 0;
    const char *side = argc == 6 ? argv[4] : "";
    if (!fits) {
        fputs("usage: rongqiao user add LOGIN NAME ROLES [enterprise|institution|region ID]\n", stderr);
        return 2;
    }
    if (!read_password(password, sizeof(password))) {
        fputs("rongqiao: give a password of at least 12 characters on standard input\n", stderr);
        return 2;
    }
    rq_status status = rq_password_hash(password, (unsigned)config->login_cost_log2, hash, &error);
    OPENSSL_cleanse(password, sizeof(password));
    if (status != RQ_OK)
        return say(&error);
    const char *values[] = {argv[1],
                            argv[2],
                            hash,
                            argv[3],
                            strcmp(side, "enterprise") == 0 ? argv[5] : NULL,
                            strcmp(side, "institution") == 0 ? argv[5] : NULL,
                            strcmp(side, "region") == 0 ? argv[5] : NULL};
    return run(config, insert, values, 7, true);
}

/* The thumbprints of certificate files, a comma between. */
static rq_status read_certificates(int count, char **files, char *out_list, rq_error *error)
{
    rq_status status =
        count <= CERTIFICATES_MAX ? RQ_OK : rq_fail(error, RQ_INVALID, "at most 4 certificates");
    out_list[0] = 0;
    for (int i = 0; i < count && status == RQ_OK; i++) {
        char *at = out_list + i * (RQ_THUMBPRINT_TEXT + 1);
        status = rq_thumbprint_of_file(files[i], at, error);
        if (i + 1 < count)
            memcpy(at + RQ_THUMBPRINT_TEXT, ",", 2);
    }
    return status;
}

static int add_key(const rq_config *config, int argc, char **argv)
{
    static const char insert[] =
        "with u as (insert into app_user (login, name, roles, institution_id) "
        "values ('key:' || substr($5, 1, 16), $2, string_to_array($3, ','), $1::uuid) returning id) "
        "insert into api_key (key_hash, user_id, institution_id, name, created_by, expires_at, certificates) "
        "select $5, u.id, $1::uuid, $2, u.id, now() + make_interval(days => $4::int), string_to_array($6, "
        "',') "
        "from u returning id";
    uint8_t secret[32], digest[RQ_SHA256_BYTES];
    char key[64] = "rqk_", hash[RQ_SHA256_HEX + 1], certificates[CERTIFICATES_TEXT];
    rq_error error = {0};
    int files = argc > 4 ? argc - 4 : 0;
    if (rq_random(secret, sizeof(secret), &error) != RQ_OK ||
        read_certificates(files, argv + 4, certificates, &error) != RQ_OK)
        return say(&error);
    rq_base64url(secret, sizeof(secret), key + 4);
    if (rq_sha256(key, strlen(key), digest, &error) != RQ_OK)
        return say(&error);
    rq_hex(digest, sizeof(digest), hash);
    const char *values[] = {argv[0], argv[1], argv[2], argc > 3 ? argv[3] : "365", hash, certificates};
    int code = run(config, insert, values, 6, false);
    if (code == 0)
        puts(key);
    return code;
}

/* Binds a key to these certificates and no other; to none again when there are none. */
static int bind_key(const rq_config *config, int argc, char **argv)
{
    static const char update[] = "update api_key set certificates = string_to_array($2, ',') "
                                 "where id = $1::uuid and revoked_at is null returning id";
    char certificates[CERTIFICATES_TEXT];
    rq_error error = {0};
    if (read_certificates(argc - 1, argv + 1, certificates, &error) != RQ_OK)
        return say(&error);
    const char *values[] = {argv[0], certificates};
    return run(config, update, values, 2, true);
}

int rq_command_key(const rq_config *config, int argc, char **argv)
{
    if (argc >= 4 && strcmp(argv[0], "add") == 0)
        return add_key(config, argc - 1, argv + 1);
    if (argc >= 2 && strcmp(argv[0], "bind") == 0)
        return bind_key(config, argc - 1, argv + 1);
    fputs("usage: rongqiao key add INSTITUTION-ID NAME ROLES [DAYS [CERTIFICATE-FILE...]]\n"
          "       rongqiao key bind KEY-ID [CERTIFICATE-FILE...]\n",
          stderr);
    return 2;
}
