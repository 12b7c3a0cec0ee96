"""The sets that a match works on, as compressed bitmaps and as the engine's blocks. The figures are those of sets.c,
which this builds and runs."""
import subprocess
import sys

from support.native import build


def main():
    options = dict(zip(sys.argv[1::2], sys.argv[2::2]))
    return subprocess.call([build("bench_sets"), options.get("--runs", "5"), options.get("--seed", "14")])


if __name__ == "__main__":
    sys.exit(main())
