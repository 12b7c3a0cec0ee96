"""Posting needs: validated, matched against 100,000 products, stored with the best of them in one durable transaction;
beside pgbench committing the same statements. Then at 70 % of the peak: how far the slowest are from the median."""
import statistics
import sys
import uuid

from kinds.spine import Pgbench, WORKERS, WRITE_CONNECTIONS
from support import load, report
from support.stage import DEFAULTS, DIRECTORY, Stage

FIRST_NEEDS, CONNECTIONS, WARM_UP_SECONDS = 1200, 64, 1
SHARE_OF_PEAK = 0.7
PACED_CONNECTIONS = 128  # each of which then waits most of the time
DEFAULTS["products"] = 100000


def paced(stage, peak, answer_ms, seconds):
    pause = max(0.0, PACED_CONNECTIONS / (SHARE_OF_PEAK * peak) * 1000 - answer_ms)
    arguments = [str(DIRECTORY / "bodies"), "/v1/needs", uuid.uuid4().hex, str(stage.draw.randrange(5000)), f"{pause:.0f}"]
    return load.wrk(stage.server, stage.cluster, "paced.lua", arguments, PACED_CONNECTIONS, seconds, stage.cpus)


def stored(stage):
    return int(stage.cluster.sql("select count(*) from need"))


def counted(stage, run):
    """A run with how many of the needs that the server said it had stored are not there."""
    needs, (good, _) = stored(stage), stage.server.replies()
    figures = run()
    return {**figures, "lost": stage.server.replies()[0] - good - (stored(stage) - needs)}


def measure(stage):
    stage.world.post_needs(FIRST_NEEDS)
    stage.write_bodies()
    pgbench, clients = Pgbench(stage), WORKERS * WRITE_CONNECTIONS
    runs = {"post": [], "pgbench": [], "paced": []}
    pgbench.run(pgbench.posts, clients, WARM_UP_SECONDS)
    peak = stage.post(CONNECTIONS, WARM_UP_SECONDS)["rps"]
    answer_ms = paced(stage, peak, 0.0, WARM_UP_SECONDS)["p50_ms"]  # which the pause is shorter by
    for at in range(stage.options.runs):
        print(f"run {at + 1} of {stage.options.runs}", file=sys.stderr)
        post = counted(stage, lambda: stage.post(CONNECTIONS, stage.options.seconds))
        runs["post"].append(post)
        runs["pgbench"].append(pgbench.run(pgbench.posts, clients, stage.options.seconds))
        runs["paced"].append(counted(stage, lambda: paced(stage, post["rps"], answer_ms, stage.options.seconds)))
        answer_ms = runs["paced"][-1]["p50_ms"]
    return runs


def main():
    with Stage(__doc__) as stage:
        runs = measure(stage)
        found = {name: report.medians(of) for name, of in runs.items()}
        report.table([(f"POST /v1/needs, {CONNECTIONS} connections", found["post"]),
                      ("pgbench, the same statements", found["pgbench"]),
                      (f"POST /v1/needs at {SHARE_OF_PEAK:.0%} of the peak", found["paced"])])
        line = {"kind": "post", "runs": stage.options.runs, "seconds": stage.options.seconds, "cpus": stage.cpus,
                "products": stage.world.products,
                "ratio_pgbench": statistics.median(a["rps"] / b["rps"] for a, b in zip(runs["post"], runs["pgbench"])),
                "p99_over_p50": statistics.median(run["p99_ms"] / run["p50_ms"] for run in runs["paced"]),
                "paced_share_of_peak": statistics.median(a["rps"] / b["rps"] for a, b in zip(runs["paced"], runs["post"])),
                "lost": sum(run["lost"] for name in ("post", "paced") for run in runs[name]),
                "errors": sum(figures["errors"] for figures in found.values())}
        for name, figures in found.items():
            line.update({f"{name}_{key}": figures[key] for key in ("rps", "p50_ms", "p99_ms", "server_cpu_us", "pg_cpu_us")
                         if key in figures})
        report.last_line(line)
    return 1 if line["errors"] or line["lost"] else 0


if __name__ == "__main__":
    sys.exit(main())
