/* The subcommands; each takes the arguments after its name and returns the exit status. */
#ifndef RONGQIAO_COMMANDS_H
#define RONGQIAO_COMMANDS_H

#include "rongqiao/config.h"

int rq_command_serve(const rq_config *config, int argc, char **argv);
int rq_command_migrate(const rq_config *config, int argc, char **argv);
int rq_command_replay(const rq_config *config, int argc, char **argv);
int rq_command_check(const rq_config *config, int argc, char **argv);
int rq_command_user(const rq_config *config, int argc, char **argv);
int rq_command_key(const rq_config *config, int argc, char **argv);
int rq_command_audit(const rq_config *config, int argc, char **argv);
int rq_command_keys(const rq_config *config, int argc, char **argv);
int rq_command_months(const rq_config *config, int argc, char **argv);
int rq_command_round(const rq_config *config, int argc, char **argv);

#endif
