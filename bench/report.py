"""build/bench/report.json and the page made from it: one file, no script, nothing from elsewhere."""

import datetime
import html
import json
import os
import pathlib
import platform
import re
import subprocess

import network
import peers
from world import CORES, GIB, OUT, ROOT, RUNS, SCALE

COLOURS = {"ours": "#2563eb", "ideal": "#16a34a", "peer": "#9ca3af"}


def machine() -> dict:
    cpu = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    memory = int(re.search(r"MemTotal:\s+(\d+)", pathlib.Path("/proc/meminfo").read_text()).group(1)) * 1024
    commit = subprocess.run(["git", "-C", ROOT, "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    return {"cpu": cpu.group(1) if cpu else platform.machine(), "cores": CORES, "memory_gib": round(memory / GIB, 1), "kernel": platform.release(),
            "commit": commit, "runs": RUNS, "scale": SCALE, "load": round(os.getloadavg()[0], 2),
            "shaping": f"nginx limit_rate ({network.why_not()})" if network.why_not() else "tc tbf in network namespaces"}  # fmt: skip


def read(fresh: bool = False) -> dict:
    file = OUT / "report.json"
    return json.loads(file.read_text()) if file.exists() and not fresh else {"cases": {}}


def write(report: dict) -> None:
    (OUT / "report.json").write_text(json.dumps(report, indent=1) + "\n")
    (OUT / "report.html").write_text(page(report))


def now() -> str:
    return datetime.datetime.now().astimezone().isoformat(timespec="seconds")


def add(name: str, entry: dict, fresh: bool = False) -> None:
    """Puts one case into the report; the others stay as they were measured, unless this begins a new report."""
    report = read(fresh)
    entry["machine"] = machine() | {"at": now()}
    report["cases"].pop(name, None)
    report["cases"][name] = entry
    report["cases"] = dict(sorted(report["cases"].items(), key=lambda item: (len(item[0]) > 1, item[0])))
    report["peers"] = peers.versions()
    report["peers_missing"] = peers.missing()
    write(report)


def add_micro(rows: list[dict]) -> None:
    """Puts the benchmarks of the parts beside the cases."""
    report = read()
    report["micro"] = {"machine": machine() | {"at": now()}, "rows": rows}
    write(report)


def number(value) -> str:
    if value is None:
        return "–"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"
    return str(value)


def line(name: str, entry: dict) -> str:
    others = ", ".join(f"{peer} {number(value)}" for peer, value in entry["peers"].items())
    text = f"{name}: {'met' if entry['met'] else 'MISSED'}  ours {number(entry['ours'])} {entry.get('unit', '')}, ideal {number(entry['ideal'])}, ratio {number(entry['ratio'])}"
    return text + (f" | {others}" if others else "") + (f"\n   {entry['note']}" if entry.get("note") else "")


def bars(entry: dict) -> str:
    """Horizontal bars: ours, the ideal, the peers."""
    rows = [("hfget", entry["ours"], "ours")] if "hfget" not in entry.get("ours_all", {}) else []
    rows += [(label, value, "ours") for label, value in entry.get("ours_all", {}).items()]
    rows += [("ideal", entry["ideal"], "ideal")] + [(label, value, "peer") for label, value in entry["peers"].items()]
    rows = [(label, value, kind) for label, value, kind in rows if isinstance(value, (int, float)) and not isinstance(value, bool)]
    most = max((value for _, value, _ in rows), default=0) or 1
    parts = []
    for place, (label, value, kind) in enumerate(rows):
        y = place * 24
        parts.append(f'<text x="200" y="{y + 15}" text-anchor="end">{html.escape(label)}</text>'
                     f'<rect x="208" y="{y + 3}" width="{max(1, value / most * 400):.1f}" height="16" fill="{COLOURS[kind]}"/>'
                     f'<text x="{214 + value / most * 400:.1f}" y="{y + 15}">{number(value)} {html.escape(entry.get("unit", ""))}</text>')  # fmt: skip
    return f'<svg width="720" height="{len(rows) * 24 + 4}" role="img">{"".join(parts)}</svg>'


def curve(series: dict) -> str:
    """Lines over time. `series`: {"unit", "lines": {label: [[seconds, value], …]}}."""
    lines = {label: points for label, points in series["lines"].items() if points}
    last = max((points[-1][0] for points in lines.values()), default=0) or 1
    most = max((value for points in lines.values() for _, value in points), default=0) or 1
    parts = ['<path d="M40 5V165H610" fill="none" stroke="#999"/>',
             f'<text x="36" y="14" text-anchor="end">{number(most)}</text><text x="36" y="165" text-anchor="end">0</text>',
             f'<text x="610" y="180" text-anchor="end">{number(last)} s ({html.escape(series["unit"])})</text>']  # fmt: skip
    for place, (label, points) in enumerate(lines.items()):
        colour = ["#2563eb", "#ea580c", "#16a34a", "#9333ea", "#6b7280"][place % 5]
        path = " ".join(f"{40 + t / last * 570:.1f},{165 - v / most * 155:.1f}" for t, v in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.5"/><text x="618" y="{20 + place * 16}" fill="{colour}">{html.escape(label)}</text>')
    return f'<svg width="780" height="186" role="img">{"".join(parts)}</svg>'


def section(name: str, entry: dict) -> str:
    verdict = '<b class="met">met</b>' if entry["met"] else '<b class="missed">missed</b>'
    body = [f'<h2 id="{name}">{name}. {html.escape(entry["title"])} – {verdict}</h2><p><b>Goal</b> {html.escape(entry["goal"])}</p>', bars(entry)]
    if entry.get("series"):
        body.append(curve(entry["series"]))
    if entry.get("checks"):
        rows = "".join(f"<tr><td>{html.escape(what)}</td><td>{number(c['value'])}</td><td>{html.escape(c['goal'])}</td><td>{'met' if c['met'] else '<b class=missed>missed</b>'}</td></tr>"
                       for what, c in entry["checks"].items())  # fmt: skip
        body.append(f"<table><tr><th>what</th><th>measured</th><th>goal</th><th></th></tr>{rows}</table>")
    if entry.get("note"):
        body.append(f"<p>{html.escape(entry['note'])}</p>")
    m = entry.get("machine", {})
    body.append(f'<p class="small">{html.escape(str(m.get("at")))} · commit {html.escape(str(m.get("commit")))} · {m.get("runs")} runs · scale {m.get("scale")} · {html.escape(str(m.get("shaping")))}</p>')
    return "\n".join(body)


def parts(micro: dict) -> str:
    """The table of the benchmarks of the parts."""
    rows = "".join(f"<tr><td>{html.escape(r['name'])}</td>" + (f'<td class="missed" colspan="4">{html.escape(r["error"])}</td></tr>' if r["error"] else
                   f"<td>{number(r['time'])} {r['unit']}</td><td>{number(r['cpu'])} {r['unit']}</td><td>{number(r['mib_per_s'])}</td><td>{number(r['items_per_s'])}</td></tr>")
                   for r in micro["rows"])  # fmt: skip
    m = micro["machine"]
    return (f'<h2 id="micro">The parts</h2><table><tr><th>benchmark</th><th>time</th><th>CPU</th><th>MiB/s</th><th>items/s</th></tr>{rows}</table>'
            f'<p class="small">{html.escape(str(m.get("at")))} · commit {html.escape(str(m.get("commit")))} · what each measures is said at the top of bench/*_bench.cc</p>')  # fmt: skip


def page(report: dict) -> str:
    rows = "".join(f'<tr><td><a href="#{n}">{n}</a></td><td>{html.escape(e["title"])}</td><td>{number(e["ours"])} {html.escape(e.get("unit", ""))}</td><td>{number(e["ideal"])}</td>'
                   f'<td>{number(e["ratio"])}</td><td class="{"met" if e["met"] else "missed"}">{"met" if e["met"] else "missed"}</td></tr>'
                   for n, e in report["cases"].items())  # fmt: skip
    machine_line = next((e["machine"] for e in report["cases"].values()), {})
    used = " · ".join(report.get("peers", {}).values())
    missing = html.escape(f" · left out, because it could not be installed: {', '.join(gone)}") if (gone := report.get("peers_missing")) else ""
    style = "body{font:14px/1.45 system-ui,sans-serif;max-width:60em;margin:2em auto;padding:0 1em}table{border-collapse:collapse}td,th{border-bottom:1px solid #ddd;padding:3px 10px;text-align:left}.met{color:#15803d}.missed{color:#b91c1c}.small{color:#666;font-size:12px}svg text{font-size:12px}"
    return f"""<!doctype html><html lang="en"><meta charset="utf-8"><title>hfget: bench</title><style>{style}</style>
<h1>hfget beside its peers</h1>
<p class="small">{html.escape(machine_line.get('cpu', ''))}, {machine_line.get('cores')} cores, {machine_line.get('memory_gib')} GiB, Linux {html.escape(machine_line.get('kernel', ''))} · {html.escape(used)}{missing}</p>
<table><tr><th></th><th>case</th><th>ours</th><th>ideal</th><th>ratio</th><th></th></tr>{rows}</table>
{"".join(section(n, e) for n, e in report["cases"].items())}
{parts(report["micro"]) if report.get("micro") else ""}
</html>
"""
