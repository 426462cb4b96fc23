"""What a soak measures, and whether it is flat."""

import os
import pathlib
import statistics


def sample(pid: int, state: pathlib.Path) -> dict:
    status = dict(line.split(":\t", 1) for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line)
    return {
        "rss_mib": round(int(status["VmRSS"].split()[0]) / 1024, 1),
        "fds": len(os.listdir(f"/proc/{pid}/fd")),
        "threads": int(status["Threads"]),
        "state_mib": round(sum(f.stat().st_size for f in state.rglob("*") if f.is_file()) / (1 << 20), 2),
    }


# The memory that a daemon may fill by its own rules, at any time: 64 MiB of receive buffers, what the connections hold, and itself.
CAP_MIB = 150
# How much the last third may be above the second: a share, and what is no trend at all.
ALLOWED = {"rss_mib": (1.15, 12), "fds": (1.25, 25), "threads": (1.2, 6), "state_mib": (2.0, 24)}


def trends(samples: list[dict]) -> dict[str, dict]:
    """Of the samples of one daemon's life: medians of its second and last third. The first is its warming up."""
    third = len(samples) // 3
    out = {}
    for name, (share, free) in ALLOWED.items():
        second, last = ([s[name] for s in part] for part in (samples[third : 2 * third], samples[-third:] if third else []))
        if not second:
            continue
        a, b = statistics.median(second), statistics.median(last)
        out[name] = {"second_third": a, "last_third": b, "max": max(s[name] for s in samples), "flat": b <= max(a * share + free, CAP_MIB if name == "rss_mib" else 0)}
    return out


def table(samples: list[dict], rows: int = 20) -> str:
    lines = ["    s  life   RSS MiB   fds  threads  state MiB  pulls  faults"]
    for s in samples[:: max(1, len(samples) // rows)]:
        lines.append(f"{s['at']:5.0f}  {s['life']:4d}  {s['rss_mib']:8.1f}  {s['fds']:4d}  {s['threads']:7d}  {s['state_mib']:9.2f}  "
                     f"{s['pulls']:5d}  {s['faults']:6d}")  # fmt: skip
    return "\n".join(lines)
