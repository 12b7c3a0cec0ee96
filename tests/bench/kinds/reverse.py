"""Reverse match: products of every reach before 10,000,000 open needs on one core. The figures are those of reverse.c,
which this builds and runs."""
import subprocess
import sys

from support.native import build


def main():
    options = dict(zip(sys.argv[1::2], sys.argv[2::2]))
    return subprocess.call([build("bench_reverse"), options.get("--runs", "5"), options.get("--seed", "14")])


if __name__ == "__main__":
    sys.exit(main())
