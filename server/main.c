/* rongqiao SUBCOMMAND: one program for serving and for looking after the database. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "rongqiao/api.h"
#include "rongqiao/json_memory.h"
#include "rongqiao/log.h"

static const struct {
    const char *name;
    int (*run)(const rq_config *config, int argc, char **argv);
    const char *help;
} commands[] = {
    {"serve", rq_command_serve, "serve the API until SIGTERM (SIGHUP reloads the certificate)"},
    {"migrate", rq_command_migrate, "bring the database to this version's schema"},
    {"check", rq_command_check,
     "check settings, certificate, portal, database and tables; prints the settings in force"},
    {"replay", rq_command_replay,
     "match every stored need again against the catalogue it saw; reports any byte that differs"},
    {"user", rq_command_user,
     "user add LOGIN NAME ROLES [enterprise|institution|region ID]: reads the password from standard input"},
    {"key", rq_command_key,
     "key add INSTITUTION-ID NAME ROLES [DAYS]: makes a key for an institution's system and prints it once"},
    {"keys", rq_command_keys,
     "keys make | add | rotate: makes the file of the keys of personal data, adds a new key that seals from "
     "then "
     "on, seals anew what older keys sealed (while serving)"},
    {"audit", rq_command_audit,
     "audit verify [FOLDER ...]: holds the trail to its seals and to the checkpoints outside, names every "
     "row "
     "that was touched; audit key [ed25519|p256|sm2]: makes the key of the checkpoints"},
    {"months", rq_command_months,
     "months [detach YYYY-MM]: lists the months of matches, trail and looks; takes an old one out of service while serving"},
    {"round", rq_command_round,
     "round verify FILE: runs an exported matchmaking round again and says whether hash, result and "
     "stability hold"},
};

static int usage(FILE *out)
{
    fputs("usage: rongqiao [--config FILE] COMMAND [ARGUMENT ...]\n\n", out);
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        fprintf(out, "  %-8s %s\n", commands[i].name, commands[i].help);
    fputs("  openapi  prints the OpenAPI document of this version\n"
          "  settings prints every setting with its meaning, type, bounds and default\n\n"
          "Settings come from the file and from environment variables RONGQIAO_<KEY>.\n",
          out);
    return out == stderr ? 2 : 0;
}

static int print_openapi(void)
{
    rq_buffer document;
    rq_buffer_init(&document, RQ_LIMIT_REPLY_BYTES);
    rq_openapi_write(&document);
    bool written = !document.failed && fwrite(document.data, 1, document.length, stdout) == document.length &&
                   fputc('\n', stdout) != EOF && fflush(stdout) == 0;
    rq_buffer_done(&document);
    return written ? 0 : 1;
}

int main(int argc, char **argv)
{
    static rq_config config;
    const char *file = NULL;
    int at = 1;
    rq_error error = {0};
    signal(SIGPIPE, SIG_IGN);
    rq_json_watch_memory();
    if (argc > at + 1 && strcmp(argv[at], "--config") == 0) {
        file = argv[at + 1];
        at += 2;
    }
    if (at >= argc)
        return usage(stderr);
    if (strcmp(argv[at], "help") == 0 || strcmp(argv[at], "--help") == 0)
        return usage(stdout);
    if (strcmp(argv[at], "openapi") == 0)
        return print_openapi();
    if (strcmp(argv[at], "settings") == 0) {
        rq_config_describe(stdout);
        return 0;
    }
    if (rq_config_load(file, &config, &error) != RQ_OK) {
        fprintf(stderr, "rongqiao: %s\n", error.message);
        return 2;
    }
    rq_log_set_level(config.log_level);
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        if (strcmp(argv[at], commands[i].name) == 0)
            return commands[i].run(&config, argc - at - 1, argv + at + 1);
    return usage(stderr);
}
