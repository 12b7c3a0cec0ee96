"""Medians of runs, the table, and the one JSON line."""
import json
import statistics

COLUMNS = [("rps", "per s", "{:,.0f}"), ("p50_ms", "p50 ms", "{:.2f}"), ("p99_ms", "p99 ms", "{:.2f}"),
           ("server_cpu_us", "server µs", "{:,.1f}"), ("pg_cpu_us", "PostgreSQL µs", "{:,.1f}"),
           ("spread", "spread", "±{:.0%}"), ("errors", "errors", "{:d}")]


def medians(runs):
    """The median of each figure over the runs; errors and requests add up. Spread: half the range of the rate."""
    result = {name: statistics.median(run[name] for run in runs) for name in runs[0]}
    rates = [run["rps"] for run in runs]
    result["spread"] = (max(rates) - min(rates)) / 2 / result["rps"] if result["rps"] else 0.0
    for name in ("errors", "requests"):
        result[name] = sum(run[name] for run in runs)
    return result


def table(rows):
    """`rows`: pairs of a name and its medians."""
    lines = [["", *(title for _, title, _ in COLUMNS)]]
    for name, figures in rows:
        cells = [shape.format(figures[key]) if key in figures else "" for key, _, shape in COLUMNS]
        lines.append([name, *cells])
    widths = [max(len(line[at]) for line in lines) for at in range(len(lines[0]))]
    for line in lines:
        print(line[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(line[1:], widths[1:])), sep="  ")


def last_line(figures):
    def shape(value):
        return float(f"{value:.4g}") if isinstance(value, float) and abs(value) < 1000 else (
            round(value) if isinstance(value, float) else value)
    print(json.dumps({name: shape(value) for name, value in figures.items()}))
