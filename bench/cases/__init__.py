"""One module a case: TITLE, GOAL (the issue's words), run(work) -> the case's entry of report.json. A case raises
CannotRun when this machine cannot run it."""

from cases import accuracy, blocked, falling, fast_source, faults, flat, load, manifest, mixed, noop, restart, small_files, tail, three_sources, tls

CASES = {
    "A": fast_source,
    "B": three_sources,
    "C": falling,
    "D": faults,
    "E": small_files,
    "F": mixed,
    "G": tail,
    "H": flat,
    "I": manifest,
    "J": tls,
    "K": restart,
    "noop": noop,
    "blocked": blocked,
    "accuracy": accuracy,
    "load": load,
}
