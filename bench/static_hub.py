"""A hub made of static files, served by real nginx, one process a source: a repo with LFS and small files.

Speaks just enough of the Hugging Face dialect for a pull and for `hf download` (info, tree, resolve with the bytes at once), so
that what is measured is the client and nginx, nothing else. Standard library only.

Rates: with a Network, tbf shapes all connections of a source together. Without one, `rate` becomes limit_rate ÷ `connections`;
nginx lets each request have one second of its rate at once, so that the ideal is then a little too slow.
"""

import hashlib
import json
import os
import pathlib
import random
import signal
import socket
import subprocess
import sys
import time

from world import spawn

COMMIT = "c0ffee00" * 5
REPO = "bench/one"


def write_random(path: pathlib.Path, size: int) -> str:
    """Random bytes, other ones for each name and size. Returns the SHA-256."""
    generator, digest = random.Random(f"{path.name} {size}"), hashlib.sha256()
    block = generator.randbytes(min(4 << 20, size))
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "wb") as out:
        left = size
        while left > 0:
            part = (generator.randbytes(16) + block[16:])[:left]
            out.write(part)
            digest.update(part)
            left -= len(part)
    return digest.hexdigest()


def blob_sha1(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def free_port(address: str) -> int:
    with socket.socket() as probe:
        probe.bind((address, 0))
        return probe.getsockname()[1]


class Repo:
    """The web root: files and what the hub says of them. `lfs`, `small`: path -> size; small ones are listed by git's SHA-1 alone."""

    def __init__(self, web: pathlib.Path, lfs: dict[str, int], small: dict[str, int] | None = None):
        self.web, self.resolve = web, web / REPO / "resolve" / COMMIT
        self.resolve.mkdir(parents=True)
        self.files: dict[str, str] = {}  # path -> SHA-256
        self.rows: list[dict] = []
        self.size, self.name = 0, REPO
        for path, size in lfs.items():
            self._add(path, size, write_random(self.resolve / path, size), True)
        for path, size in (small or {}).items():
            self._add(path, size, write_random(self.resolve / path, size), False)
        self.publish()

    def _add(self, path: str, size: int, digest: str, lfs: bool) -> None:
        oid = hashlib.sha1(path.encode()).hexdigest() if lfs else blob_sha1((self.resolve / path).read_bytes())
        row = {"type": "file", "path": path, "size": size, "oid": oid}
        if lfs:
            row["lfs"] = {"oid": digest, "size": size, "pointerSize": 134}
        os.utime(self.resolve / path, (1.7e9 + len(self.rows), 1.7e9 + len(self.rows)))  # nginx makes the ETag of time and size
        self.rows.append(row)
        self.files[path] = digest
        self.size += size

    def publish(self) -> None:
        api = self.web / "api/models" / REPO
        (api / "revision").mkdir(parents=True, exist_ok=True)
        (api / "tree").mkdir(exist_ok=True)
        siblings = [{"rfilename": row["path"]} for row in self.rows[:10_000]]
        info = {"id": REPO, "modelId": REPO, "sha": COMMIT, "private": False, "gated": False, "tags": [], "siblings": siblings}
        for revision in ("main", COMMIT):
            (api / "revision" / revision).write_text(json.dumps(info))
            (api / "tree" / revision).write_text(json.dumps(self.rows))


class StaticHub:
    """Owns: one nginx a source. `sources`: name -> {"rate": payload bytes/s of the source, 0 = unshaped, "connections": over how
    many limit_rate divides it, "server": more lines for its server block, "location": more lines for the files'}.
    `certificate`: (certificate, key) for https."""

    def __init__(self, root: pathlib.Path, repo: Repo, sources: dict[str, dict], network=None, workers: int = 1,
                 certificate: tuple | None = None, log: bool = False, http: str = ""):  # fmt: skip
        self.root, self.repo, self.sources, self.network = root, repo, sources, network
        self._workers, self._certificate, self._log, self._http = workers, certificate, log, http
        self.name, self.files = REPO, repo.files
        self.processes: dict[str, subprocess.Popen] = {}
        self._fronts: dict[str, int] = {}
        self._proxies: list[subprocess.Popen] = []
        try:
            for number, (name, options) in enumerate(sources.items(), 1):
                options["address"] = network.address(name) if network else f"127.0.0.{number}"
                options["port"] = 8080 if network else free_port(options["address"])
                self.start(name)
        except BaseException:
            self.stop()
            raise

    def start(self, name: str) -> None:
        options, home = self.sources[name], self.root / name
        (home / "tmp").mkdir(parents=True, exist_ok=True)
        (home / "nginx.conf").write_text(self._config(home, options))
        user = ["-g", "user root;"] if os.geteuid() == 0 else []
        enter = self.network.server(name) if self.network else []
        self.processes[name] = spawn([*enter, "/usr/sbin/nginx", "-c", home / "nginx.conf", "-e", home / "error.log", *user], stderr=subprocess.DEVNULL)
        self._wait_for(name, options["port"])

    def _config(self, home: pathlib.Path, options: dict) -> str:
        rate = ""
        if options.get("rate") and not self.network:
            rate = f"limit_rate {int(options['rate'] / options.get('connections', 1))};"
        tls, ssl = "", ""
        if self._certificate:
            tls, ssl = " ssl", f"ssl_certificate {self._certificate[0]}; ssl_certificate_key {self._certificate[1]};"
        log = f"access_log {home}/access.log line;" if self._log else "access_log off;"
        return f"""daemon off; worker_processes {self._workers}; pid {home}/nginx.pid; error_log {home}/error.log;
worker_rlimit_nofile 8192; events {{ worker_connections 2048; }}
http {{ log_format line '$msec $status $body_bytes_sent $request_time $request_method $request_uri'; {log}
  sendfile on; tcp_nopush on; keepalive_requests 1000000; keepalive_timeout 300s; reset_timedout_connection on;
  client_body_temp_path {home}/tmp/b; proxy_temp_path {home}/tmp/p; fastcgi_temp_path {home}/tmp/f;
  uwsgi_temp_path {home}/tmp/u; scgi_temp_path {home}/tmp/s; {self._http}
  server {{ listen {options['address']}:{options['port']}{tls} backlog=1024; {ssl} root {self.repo.web}; {rate}
    location / {{ add_header X-Repo-Commit {COMMIT}; default_type application/octet-stream; {options.get('location', '')} }}
    location /api/ {{ limit_rate 0; default_type application/json; }}
    {options.get('server', '')}
  }}
}}
"""

    def front(self, name: str, *flags) -> None:
        """Puts bench/delay_proxy.py before a source: clients then see its port. Flags are that program's."""
        options = self.sources[name]
        port = 8081 if self.network else free_port(options["address"])
        enter = self.network.server(name) if self.network else []
        script = pathlib.Path(__file__).with_name("delay_proxy.py")
        command = [*enter, sys.executable, script, f"{options['address']}:{port}", f"{options['address']}:{options['port']}", *flags]
        self._proxies.append(spawn(command))
        self._fronts[name] = len(self._proxies) - 1
        options["front"] = port
        self._wait_for(name, port)

    def _wait_for(self, name: str, port: int) -> None:
        enter = self.network.client if self.network else []
        for _ in range(200):
            if subprocess.run([*enter, "bash", "-c", f"exec 3<>/dev/tcp/{self.sources[name]['address']}/{port}"], stderr=subprocess.DEVNULL).returncode == 0:
                return
            time.sleep(0.02)
        raise RuntimeError(f"nothing serves {name}: {(self.root / name / 'error.log').read_text()[-500:]}")

    def endpoint(self, name: str) -> str:
        options = self.sources[name]
        return f"{'https' if self._certificate else 'http'}://{options['address']}:{options.get('front', options['port'])}"

    def endpoints(self) -> dict[str, str]:
        return {name: self.endpoint(name) for name in self.sources}

    def url(self, name: str, path: str) -> str:
        return f"{self.endpoint(name)}/{REPO}/resolve/{COMMIT}/{path}"

    def urls(self, path: str) -> list[str]:
        return [self.url(name, path) for name in self.sources]

    @property
    def enter(self) -> list[str]:
        """How a client enters the net that the sources are in."""
        return self.network.client if self.network else []

    def signal(self, name: str, number: int) -> None:
        """To all processes of a source: SIGSTOP lets it fall silent, SIGKILL lets it die, SIGCONT wakes it."""
        ours = [self.processes[name]] + ([self._proxies[self._fronts[name]]] if name in self._fronts else [])
        for process in ours:
            if process.poll() is None:
                os.killpg(process.pid, number)

    def requests(self, name: str) -> list[tuple[float, int, int, float, str, str]]:
        """(end, status, body bytes, seconds, method, path), as nginx has logged them."""
        log = self.root / name / "access.log"
        rows = [line.split(" ", 5) for line in log.read_text().splitlines()] if log.exists() else []
        return [(float(r[0]), int(r[1]), int(r[2]), float(r[3]), r[4], r[5]) for r in rows]

    def begin_quota(self, name: str) -> None:
        """Of a source that was put behind a proxy with --quota: its window begins anew."""
        os.kill(self._proxies[self._fronts[name]].pid, signal.SIGUSR1)

    def forget_requests(self) -> None:
        for name in self.sources:
            with open(self.root / name / "access.log", "w"):
                pass

    def stop(self) -> None:
        for name in self.processes:
            self.signal(name, signal.SIGCONT)
        for process in [*self.processes.values(), *self._proxies]:
            if process.poll() is None:
                process.terminate()
                process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
