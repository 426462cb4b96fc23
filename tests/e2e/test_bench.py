"""hfget bench on the demo hub: what each source gives, how the command shows it, and what is remembered."""

import csv
import io
import json
import signal
import subprocess

import pytest
from e2e_world import wait_for

MB = 1_000_000
QUICK = ["--rounds", "1", "--connections", "1,2", "--size", "8MiB", "--max-bytes", "64MiB", "--duration", "3s"]


@pytest.fixture
def paced(hub):
    """Every source at another rate. Units: MB/s a connection."""
    rates = dict(zip(hub.sources, (2, 8, 4, 6, 3)))
    for source, rate in rates.items():
        hub.rate(source, rate * MB)
    yield rates
    for source in hub.sources:
        hub.rate(source, 0)


def bench(user, *arguments, **options) -> dict:
    done = user.run("bench", "demo/big", *QUICK, "--json", *arguments, **options)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_every_source_has_a_row_and_the_fastest_comes_first(world, paced):
    user = world().start_daemon()
    found = bench(user)
    assert found["plan"]["repo"] == "demo/big" and found["plan"]["samples"] == len(found["samples"]) == 2 * len(paced)
    rows = {row["source"]: row for row in found["report"]["rows"]}
    assert rows.keys() == paced.keys() and found["report"]["complete"]
    order = [row["source"] for row in found["report"]["rows"]]
    assert order[0] == max(paced, key=paced.get) and order[-1] == min(paced, key=paced.get), found["report"]["recommendation"]
    official = rows["official"]
    assert official["ranges"] and official["hub"]["first_byte_seconds"]["count"] == 1 and not official["lags"]
    assert found["report"]["recommendation"].startswith(f"Use {order[0]}, then {order[1]}")
    assert not (user.cache / "models--demo--big").exists(), "it writes no file"


def test_the_next_pull_knows_what_was_measured(world, paced):
    user = world().start_daemon()
    fastest = bench(user)["report"]["rows"][0]["source"]
    sources = json.loads(user.run("sources", "--json").stdout)
    assert max(sources, key=lambda source: source["score_bytes_per_sec"])["name"] == fastest


def test_a_table_for_people_and_a_page(world, paced, tmp_path):
    user = world().start_daemon()
    page = tmp_path / "bench.html"
    done = user.run("bench", "demo/big", *QUICK, "--sources", "official,tuna", "--html", page)
    assert done.returncode == 0, done.stderr
    assert "official" in done.stdout and "MiB/s" in done.stdout and "Use " in done.stdout
    assert page.read_text().count("<svg") >= 3
    done = user.run("bench", "demo/big", *QUICK, "--sources", "tuna", "--csv")
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert len(rows) == 2 and {row["source"] for row in rows} == {"tuna"}


def test_a_source_that_is_down_is_a_row(world, hub, paced):
    user = world(config='[source.dead]\nendpoint = "http://127.0.0.1:9"\nenabled = true').start_daemon()
    found = bench(user, "--sources", "official,dead")
    down = found["report"]["rows"][-1]
    assert down["source"] == "dead" and down["rank"] == 0 and down["error"]["message"]
    assert found["report"]["rows"][0]["rank"] == 1


def test_what_was_measured_is_remembered_over_a_restart(world, paced):
    user = world().start_daemon()
    bench(user, "--sources", "official,tuna")
    user.stop_daemon()
    user.start_daemon()
    points = json.loads(user.run("bench", "history", "--json").stdout)
    points = points["points"] if isinstance(points, dict) else points
    assert {point["source"] for point in points} == {"official", "tuna"}
    assert user.run("bench", "history").returncode == 0


def test_ctrl_c_prints_what_there_is(world, paced):
    user = world().start_daemon()
    command = user.command("bench", "demo/big", "--rounds", "20", "--connections", "1", "--size", "8MiB", "--duration", "3s", "--max-bytes", "1GiB")
    with subprocess.Popen(command, env=user.env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            # Two samples have come, and the others are still to.
            wait_for(lambda: sum(source["bytes"] > 0 for source in json.loads(user.run("sources", "--json").stdout)) >= 2, 60)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=20)
        finally:
            process.kill()
    assert process.returncode == 130 and "MiB/s" in out and "interrupted" in err, out + err
    wait_for(lambda: user.run("bench", "demo/big", *QUICK, "--sources", "tuna").returncode == 0, 20, "the next bench")


def test_the_configuration_lets_the_daemon_measure_by_itself(world, paced):
    user = world(config='[bench]\nschedule = "1m"\nrepo = "demo/big"\nmax_bytes = "8MiB"').start_daemon()

    def points():
        told = json.loads(user.run("bench", "history", "--json").stdout)
        return told["points"] if isinstance(told, dict) else told

    wait_for(points, 120, "a bench by the configuration")
    assert all(point["scheduled"] for point in points())


def test_wrong_input_gets_one_line(world, hub):
    user = world().start_daemon()
    for arguments, code, words in [
        (["demo/nowhere"], 3, "demo/nowhere"),
        (["demo/big/nope.bin"], 3, "nope.bin"),
        (["demo/big", "--sources", "nobody"], 2, 'no source is named "nobody"'),
        (["demo/big", "--connections", "0"], 2, "0"),
        (["demo/big", "--size", "lots"], 2, "lots"),
        (["demo/gated"], 4, "gated"),
    ]:
        done = user.run("bench", *arguments, "--rounds", "1", "--connections", "1") if "--connections" not in arguments else user.run("bench", *arguments)
        errors = [line for line in done.stderr.splitlines() if not line.startswith("note: ")]
        assert done.returncode == code and words in done.stderr and len(errors) == 1, (arguments, done.returncode, done.stderr)
