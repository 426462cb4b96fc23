"""What a pytest test needs to run a demo hub: start it, break it, ask what reached it, stop it. Standard library only.

    with DemoHub(live=True) as hub:
        hub.fault("tuna", "stall", after_bytes=1 << 20, times=1)
        run(["hfget", "pull", "demo/big"], env=hub.env("tuna"))
        assert not [r for r in hub.requests() if r["source"] == "tuna" and r["authorization"]]
"""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
PYTHON = "/usr/bin/python3" if pathlib.Path("/usr/bin/python3").exists() else sys.executable
sys.path.append(str(HERE))

from content import expected  # noqa: E402,F401  (re-exported: the bytes of a generated file)


class DemoHub:
    """Owns: the server process, and its work directory unless one is given."""

    def __init__(self, directory=None, spec: dict | None = None, live: bool = False, page_size: int | None = None,
                 link_life: float | None = None, rates: dict | None = None, rate_per: str | None = None,
                 content_cache=None, modelscope: bool = False, arguments=(), timeout_s: float = 60):  # fmt: skip
        self._own_directory = directory is None
        self.directory = pathlib.Path(directory or tempfile.mkdtemp(prefix="demo-hub-"))
        self.directory.mkdir(parents=True, exist_ok=True)
        command = [PYTHON, str(HERE), "--dir", str(self.directory), "--die-with-parent"]
        if spec:
            path = self.directory / "spec.json"
            path.write_text(json.dumps(spec))
            command += ["--spec", str(path)]
        options = {"--page-size": page_size, "--link-life": link_life, "--rate-per": rate_per, "--content-cache": content_cache}
        for name, value in options.items():
            command += [name, str(value)] if value is not None else []
        for source, bytes_per_s in (rates or {}).items():
            command += ["--rate", f"{source}={bytes_per_s}"]
        command += ["--data-through-proxy"] if live else []
        command += ["--modelscope"] if modelscope else []
        self._command, self._timeout_s = [*command, *map(str, arguments)], timeout_s
        self.process: subprocess.Popen | None = None
        self.info: dict = {}

    def start(self) -> "DemoHub":
        (self.directory / "hub.json").unlink(missing_ok=True)
        log = open(self.directory / "server.log", "ab")
        self.process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log)
        log.close()
        deadline = time.monotonic() + self._timeout_s
        while not (self.directory / "hub.json").exists():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop(keep=True)
                raise RuntimeError(f"the demo hub did not start: {(self.directory / 'server.log').read_text()}")
            time.sleep(0.01)
        self.info = json.loads((self.directory / "hub.json").read_text())
        return self

    def stop(self, keep: bool = False) -> None:
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self._own_directory and not keep:
            shutil.rmtree(self.directory, ignore_errors=True)

    __enter__ = start

    def __exit__(self, *_):
        self.stop()

    # What is there.

    @property
    def sources(self) -> dict[str, dict]:
        """name -> {"endpoint", "dialect", "cdn", …}, in the order of hub.json."""
        return {source["name"]: source for source in self.info["sources"]}

    @property
    def tokens(self) -> dict[str, str]:
        return self.info["tokens"]

    @property
    def modelscope_tokens(self) -> dict[str, str]:
        return self.info["modelscope"]["tokens"]

    def endpoint(self, source: str = "official") -> str:
        return self.sources[source]["endpoint"]

    def repo(self, repo_id: str, repo_type: str = "model", hub: str = "huggingface") -> dict:
        """Refs and commits, as they are now."""
        state = self._call("GET", f"/state?hub={hub}")
        return next(repo for repo in state if (repo["type"], repo["id"]) == (repo_type, repo_id))

    # What can be done to it.

    def fault(self, source: str, kind: str, where: str = "data", **fields) -> int:
        """Returns the fault's id. See README.md for the kinds and their fields."""
        return self._call("POST", "/faults", {"source": source, "kind": str(kind), "where": where, **fields})["id"]

    def faults(self) -> list[dict]:
        """The active faults; `hits` counts the requests each one struck."""
        return self._call("GET", "/faults")

    def clear(self, fault_id: int | None = None) -> None:
        self._call("DELETE", "/faults" if fault_id is None else f"/faults/{fault_id}")

    def requests(self, since: int = 0, edge: bool = True) -> list[dict]:
        """What clients sent, oldest first; with edge=False also the inner hops."""
        entries = self._call("GET", f"/requests?since={since}")
        return [entry for entry in entries if entry["edge"] or not edge]

    def reset(self) -> None:
        """Forgets faults, requests and rate-limit counters."""
        self._call("POST", "/reset", {})

    def rate(self, source: str, bytes_per_s: int, per: str = "connection") -> None:
        self._call("POST", "/rate", {"source": source, "bytes_per_s": bytes_per_s, "per": per})

    def limits(self, **fields) -> dict:
        return self._call("POST", "/limits", fields)

    def commit(self, repo: str, files: list[dict], **fields) -> str:
        return self._call("POST", "/commit", {"repo": repo, "files": files, **fields})["commit"]

    def _call(self, method: str, path: str, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.info["control"] + path, data=data, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise ValueError(json.load(error).get("error", error)) from None
