"""The form of a case's entry in report.json."""

from world import SCALE, shortened


def check(value, goal: str, met) -> dict:
    return {"value": value, "goal": goal, "met": bool(met)}


def at_most(value: float | None, limit: float, unit: str = "") -> dict:
    return check(value, f"≤ {limit:g}{unit}", value is not None and value <= limit)


def at_least(value: float | None, limit: float, unit: str = "") -> dict:
    return check(value, f"≥ {limit:g}{unit}", value is not None and value >= limit)


def ratio(a: float | None, b: float | None) -> float | None:
    return a / b if a is not None and b else None


def entry(ours, ideal, peers: dict, ratio, checks: dict[str, dict], unit: str = "s", notes=(), no_ideal: str = "", **more) -> dict:
    """`met` is what all checks say together. `notes`: sentences; empty ones are left out. REQUIRES: an ideal, or why there is none."""
    assert (ideal is None) == bool(no_ideal)
    words = [n for n in (f"sizes and counts are {SCALE:g} of the goal's" if SCALE != 1 else "", f"no ideal: {no_ideal}" if no_ideal else "", *shortened, *notes) if n]
    shortened.clear()
    return {"ours": ours, "ideal": ideal, "peers": peers, "ratio": ratio, "met": all(c["met"] for c in checks.values()),
            "unit": unit, "checks": checks, "note": "; ".join(words)} | more  # fmt: skip
