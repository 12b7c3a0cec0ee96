"""Reading a need, with its token, row level security and JSON from PostgreSQL: beside the same route in Fastify and pg
on the same CPUs, and beside pgbench running the same prepared statements in a pipeline."""
import statistics
import sys

from kinds.spine import Pgbench, READ_CONNECTIONS, WORKERS
from support import load, report
from support.fastify import Fastify
from support.stage import Stage

FIRST_NEEDS, CONNECTIONS, WARM_UP_SECONDS = 1200, 64, 1


def measure(stage, fastify):
    stage.world.post_needs(FIRST_NEEDS)
    pgbench, targets = Pgbench(stage), stage.write("peer-targets", "".join(stage.need_targets()))
    clients = WORKERS * READ_CONNECTIONS
    rows = [("read", "GET /v1/needs/{id}", lambda seconds: stage.read("", CONNECTIONS, seconds)),
            ("fastify", "the same by Fastify and pg",
             lambda seconds: load.wrk_peer(fastify, stage.cluster, targets, CONNECTIONS, seconds)),
            ("pgbench", f"pgbench, the same statements, {clients} clients",
             lambda seconds: pgbench.run(pgbench.reads, clients, seconds))]
    runs = {name: [] for name, _, _ in rows}
    for _, _, run in rows:
        run(WARM_UP_SECONDS)
    for at in range(stage.options.runs):
        print(f"run {at + 1} of {stage.options.runs}", file=sys.stderr)
        for name, _, run in rows:
            runs[name].append(run(stage.options.seconds))
    return runs, [(name, words, report.medians(runs[name])) for name, words, _ in rows]


def main():
    with Stage(__doc__) as stage, Fastify(stage.server, stage.cluster) as fastify:
        runs, rows = measure(stage, fastify)
        report.table([(words, figures) for _, words, figures in rows])
        found = {name: figures for name, _, figures in rows}
        line = {"kind": "read", "runs": stage.options.runs, "seconds": stage.options.seconds, "cpus": stage.cpus}
        for peer in ("fastify", "pgbench"):
            line[f"ratio_{peer}"] = statistics.median(a["rps"] / b["rps"] for a, b in zip(runs["read"], runs[peer]))
        for name, figures in found.items():
            line.update({f"{name}_{key}": figures[key] for key in ("rps", "p50_ms", "p99_ms", "server_cpu_us", "pg_cpu_us")
                         if key in figures})
        line["errors"] = sum(figures["errors"] for figures in found.values())
        report.last_line(line)
    return 1 if line["errors"] else 0


if __name__ == "__main__":
    sys.exit(main())
