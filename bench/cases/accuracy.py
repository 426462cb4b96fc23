"""What `hfget bench` says against what is true.

Rates: four sources whose way out is shaped to 1, 10, 50 and 200 MB/s; ten benches of one round with one and two connections, samples of 4 s.
A bench is right when the rate of every source, over all its connections, lies within 5 % of the shaping, and in order when it ranks the sources as they are shaped.

Latency: connect, TLS and first byte of one https nginx on loopback against `curl -w` of the same URL on a fresh connection, in turns; medians. The second of two
transfers of one curl counts, each with a connection and a TLS session of its own: in the first one curl's process also sets up OpenSSL, which a daemon did long ago.
"""

import json
import statistics
import subprocess

import network
import peers
from cases.entry import at_least, at_most, entry
from cases.shaped import shaped_hub, shaping_note
from cases.tls import certificate
from static_hub import REPO, Repo, StaticHub
from world import GIB, MB, MIB, CannotRun, Daemon, say, scaled

TITLE = "hfget bench: rates against shaping, latencies against curl"
GOAL = "rates within 5 % in 9 of 10 benches, the order right in all; connect, TLS and first byte within 2 ms of curl"
RATES = {"slow": 1 * MB, "modest": 10 * MB, "good": 50 * MB, "fast": 200 * MB}
BENCHES = 10
WITHIN = 0.05


def bench(daemon: Daemon, *arguments) -> dict:
    command = daemon.command("bench", REPO, "--json", *arguments)
    done = subprocess.run(command, env=daemon.env, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise RuntimeError(f"hfget bench: {done.stderr.strip()[-400:]}")
    return json.loads(done.stdout)


def rates(work) -> dict:
    size = scaled(2 * GIB, 512 * MIB)
    repo = Repo(work / "web", {"model.bin": size})
    found, orders, errors = [], [], {name: [] for name in RATES}
    with shaped_hub(work / "hub", repo, RATES) as hub, Daemon(work / "daemon", hub.endpoints(), prefix=hub.enter) as daemon:
        for number in range(BENCHES):
            report = bench(daemon, "--rounds", "1", "--connections", "1,2", "--duration", "4s", "--size", "2GiB", "--max-bytes", "32GiB")["report"]
            worst = 0.0
            for row in report["rows"]:
                off = [step["rate_bytes_per_sec"]["median"] / RATES[row["source"]] - 1 for step in row["steps"]]
                errors[row["source"]] += off
                worst = max([worst, *map(abs, off)]) if off else 1.0
            found.append(worst)
            orders.append([row["source"] for row in report["rows"]])
            say(f"{number + 1}/{BENCHES} furthest from the shaping: {worst:.1%}, order: {', '.join(orders[-1])}")
    right = [*reversed(RATES)]
    return {"worst": found, "within": sum(worst <= WITHIN for worst in found), "in_order": sum(order == right for order in orders),
            "errors": {name: statistics.median(map(abs, off)) for name, off in errors.items() if off}}  # fmt: skip


def curl_times(url: str, crt) -> dict[str, float]:
    form = "%{num_connects} %{time_connect} %{time_appconnect} %{time_starttransfer}\\n"
    fresh = ["--http1.1", "--header", "Connection: close", "--no-sessionid"]
    done = subprocess.run(["curl", "-s", *fresh, "-r", "0-0", "--cacert", crt, "-w", form, *["-o", "/dev/null", url] * 2], check=True, capture_output=True, text=True)
    connections, *times = done.stdout.splitlines()[1].split()
    if connections != "1":
        raise RuntimeError("curl has used its first connection again")
    return dict(zip(("connect", "tls", "first_byte"), map(float, times)))


def latencies(work) -> dict:
    crt, key = certificate(work)
    repo = Repo(work / "web-tls", {"model.bin": 64 * MIB})
    ours, curl = {}, {}
    with StaticHub(work / "hub-tls", repo, {"official": {}}, certificate=(crt, key)) as hub:
        url = hub.url("official", "model.bin")
        with Daemon(work / "daemon-tls", hub.endpoints(), per_source=f'ca_bundle = "{crt}"') as daemon:
            for _ in range(BENCHES):
                row = bench(daemon, "--rounds", "1", "--connections", "1", "--size", "1MiB", "--max-bytes", "1MiB")["report"]["rows"][0]
                for step, spread in row["hub"].items():
                    ours.setdefault(step.removesuffix("_seconds"), []).append(spread["median"])
                for step, time in curl_times(url, crt).items():
                    curl.setdefault(step, []).append(time)
    return {step: (statistics.median(ours[step]), statistics.median(curl[step])) for step in ("connect", "tls", "first_byte")}


def run(work):
    if why := network.why_not():
        raise CannotRun(f"it needs sources whose rate is exact: {why}")
    if not peers.has("curl"):
        raise CannotRun("it needs curl")
    measured, times = rates(work), latencies(work)
    checks = {"benches with every rate within 5 %": at_least(measured["within"], 0.9 * BENCHES), "benches in order": at_least(measured["in_order"], BENCHES)}
    for step, (ours, curl) in times.items():
        checks[f"{step}: off curl's by"] = at_most(abs(ours - curl) * 1000, 2, " ms")
    return entry(statistics.median(measured["worst"]), 0, {}, None, checks, unit="furthest rate from the shaping, as a share", notes=[shaping_note()],
                 rates=measured, latency_s=times)  # fmt: skip
