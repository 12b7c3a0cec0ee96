"""Benchmarks written in C, built in release beside the server."""
import subprocess
import sys

from support import ROOT


def build(target):
    """Builds a target of tests/bench/CMakeLists.txt and gives its path."""
    for command in (["cmake", "--preset", "release", "-DRQ_BENCH=ON"],
                    ["cmake", "--build", "--preset", "release", "--target", target]):
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"bench: {' '.join(command)}\n{done.stdout}{done.stderr}")
    return str(ROOT / "build/release/tests/bench" / target)
