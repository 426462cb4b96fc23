"""The benchmarks of the parts (hfget_bench, Google Benchmark): runs them, and puts what they say into the report beside the cases."""

import json
import re
import subprocess
import tempfile

import report
from world import BUILD, OUT, SCALE, clean_env, kill_group, say, spawn

TITLE = "the parts: digests, disk pool, store, scheduler (Google Benchmark)"
PROGRAM = BUILD / "hfget_bench"


def row(result: dict) -> dict:
    """A line of the report's table from one of Google Benchmark's."""
    how_timed = r"/(process_time|real_time|manual_time|iterations:\d+)"
    return {"name": re.sub(how_timed, "", result["name"]),
            "time": result.get("real_time"), "cpu": result.get("cpu_time"), "unit": result.get("time_unit", ""),
            "mib_per_s": result["bytes_per_second"] / (1 << 20) if "bytes_per_second" in result else None,
            "items_per_s": result.get("items_per_second"), "error": result.get("error_message", "")}  # fmt: skip


def run() -> None:
    if not PROGRAM.exists():
        return say(f"micro: {PROGRAM} is not there: cmake --build --preset release --target hfget_bench")
    out = OUT / "micro.json"
    seconds = max(0.01, 0.5 * min(1, SCALE))
    with tempfile.TemporaryDirectory(dir=OUT, prefix="micro-") as work:  # disk pool and store write to TMPDIR
        child = spawn([PROGRAM, f"--benchmark_out={out}", "--benchmark_out_format=json", f"--benchmark_min_time={seconds}"],
                      stdin=subprocess.DEVNULL, env=clean_env(OUT) | {"TMPDIR": work})  # fmt: skip
        try:
            code = child.wait()
        finally:
            kill_group(child)
    if code != 0:
        return say(f"micro: {PROGRAM} failed with exit code {code}")
    report.add_micro([row(result) for result in json.loads(out.read_text())["benchmarks"]])
