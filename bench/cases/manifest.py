"""I. A listing of 1,000,000 files, 1,000 pages of 1,000 rows, of which a filter leaves out 1,000.

Pages are static files that nginx links by `Link: <…cursor=N>; rel="next"`. Each file's content is its own path, which nginx makes up as it answers, so
that every one has another hash and none lies on the disk; each takes a second or two (280 bytes a second, headers counted in), so that what is measured is
listing, filtering and scheduling, not fetching. There is one source.

The pull is detached; every 250 ms the bench asks for its state. It is scheduled when it says how many files it keeps, is fetching, and reads and looks for no more. CPU is
the daemon's user and system time until then, memory its VmHWM. The first byte is the start of the first request for a file, as nginx logs
it, the end of the listing that of the last page. The pull is cancelled then. No peer lists without fetching.
"""

import json
import subprocess
import time

from cases.entry import at_most, check, entry
from static_hub import COMMIT, REPO, Repo, StaticHub, blob_sha1
from world import RUNS, Daemon, median, proc_cpu_s, say, scaled

TITLE = "a listing of 1,000,000 files"
GOAL = "listed, filtered and scheduled in ≤ 10 s of CPU, ≤ 1 GiB; first byte before the listing ends"
PAGE = 1000
TREE = f"/api/models/{REPO}/tree/{COMMIT}"
LIMIT_S = 600


def write_pages(web, count: int) -> int:
    """Pages of rows; returns how many there are."""
    (web / "pages").mkdir(parents=True)
    pages = 0
    for first in range(0, count, PAGE):
        rows = []
        for i in range(first, min(first + PAGE, count)):
            path = f"data/{i // PAGE:04}/part-{i:07}.json"
            content = f"/{REPO}/resolve/{COMMIT}/{path}".encode()
            rows.append({"type": "file", "oid": blob_sha1(content), "size": len(content), "path": path})
        (web / "pages" / f"{pages}.json").write_text(json.dumps(rows))
        pages += 1
    return pages


def nginx_lines(pages: int) -> tuple[str, str]:
    """(for http, for server): the links between pages, the made-up files."""
    link = f"<$scheme://$http_host{TREE}?recursive=true&expand=false&cursor=%d>; rel=\"next\""
    rows = "\n".join(f"{json.dumps(str(n) if n else '')} '{link % (n + 1)}';" for n in range(pages - 1))
    http = f"map_hash_max_size 8192; map $arg_cursor $page {{ '' 0; default $arg_cursor; }} map $arg_cursor $link {{ default ''; {rows} }}"
    server = f"""location = {TREE} {{ default_type application/json; add_header Link $link; try_files /pages/$page.json =404; }}
    location /{REPO}/resolve/ {{ add_header X-Repo-Commit {COMMIT}; default_type application/octet-stream; limit_rate 280; return 200 $uri; }}"""
    return http, server


def one_run(work, hub, count: int) -> dict:
    hub.forget_requests()
    kept = count - min(PAGE, count // 10)
    out_filter = f"data/{0:04}/*" if count > PAGE else "data/0000/part-*0.json"
    with Daemon(work, hub.endpoints()) as daemon:
        started = time.monotonic()
        subprocess.run(daemon.command("pull", REPO, "--exclude", out_filter, "--local-dir", work / "out", "--detach"), env=daemon.env,
                       capture_output=True, check=True)  # fmt: skip
        state, scheduled = {}, False
        while time.monotonic() - started < LIMIT_S and not scheduled:
            time.sleep(0.25)
            state = next(iter(pulls_of(daemon)), {})
            scheduled = state.get("total_files", 0) >= kept and "fetching" in str(state.get("state", "")).lower() and not state.get("listing")
            if str(state.get("state", "")).lower().endswith(("failed", "cancelled")):
                break
        result = {"wall_s": time.monotonic() - started, "cpu_s": proc_cpu_s(daemon.pid), "rss_mib": daemon.peak_rss_mib(), "scheduled": scheduled,
                  "files": state.get("total_files", 0), "state": str(state.get("state")), "error": str(state.get("error") or "")}  # fmt: skip
        deadline = time.monotonic() + 30
        while not (times := first_and_last(hub))[0] and time.monotonic() < deadline:
            time.sleep(0.25)  # a request is logged when it ends
        subprocess.run(daemon.command("cancel", state.get("id", "")), env=daemon.env, capture_output=True)
        result["first_byte_before_end_s"] = times[1] - times[0] if all(times) else None
        return result


def pulls_of(daemon) -> list[dict]:
    answer = daemon.ask("ps", "--all")
    return answer if isinstance(answer, list) else answer.get("pulls", [])


def first_and_last(hub) -> tuple[float, float]:
    """When the first file's bytes had come, when the last page of the listing had."""
    rows = hub.requests("official")
    files = [end - seconds for end, status, size, seconds, _, path in rows if "/resolve/" in path and size]
    pages = [end for end, _, _, _, _, path in rows if path.startswith(TREE)]
    return min(files, default=0.0), max(pages, default=0.0)


def run(work):
    count = scaled(1_000_000, 2_000)
    web = work / "web"
    repo = Repo(web, {})
    pages = write_pages(web, count)
    http, server = nginx_lines(pages)
    results = []
    with StaticHub(work / "hub", repo, {"official": {"server": server}}, log=True, http=http) as hub:
        for number in range(RUNS):
            results.append(one_run(work / f"d{number}", hub, count))
            say(f"{number + 1}/{RUNS} hfget: " + ", ".join(f"{k} {v}" for k, v in results[-1].items() if v not in ("", None)))
    cpu, rss = median([r["cpu_s"] for r in results]), max(r["rss_mib"] for r in results)
    early = [r["first_byte_before_end_s"] for r in results]
    checks = {
        "CPU": at_most(cpu, 10, " s"),
        "peak RSS": at_most(rss, 1024, " MiB"),
        "first byte before the end of the listing": check(min(early) if None not in early else None, "> 0 s", None not in early and min(early) > 0),
        "scheduled": check(min(r["files"] for r in results), "every file that is kept", all(r["scheduled"] for r in results)),
    }
    return entry(cpu, None, {}, cpu / 10, checks, unit="s of CPU", no_ideal="what a listing must cost follows from no rate; no peer lists without fetching; the ratio is to the limit",
                 runs={"hfget": results}, files=count)
