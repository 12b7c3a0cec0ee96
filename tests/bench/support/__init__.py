"""What the benchmarks share: a private cluster, the server, the data, the load, the report."""
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
# The client and the reader of the demo data serve here too.
sys.path.append(str(ROOT / "deploy/lib"))
