"""A hub made of static files, served by real nginx: one repo with LFS files, on several addresses with rates of their own.

Speaks just enough of the Hugging Face dialect for a pull (info, tree, resolve with the bytes at once), so that what is measured
is the client and nginx, nothing else. Standard library only.
"""

import hashlib
import json
import os
import pathlib
import random
import socket
import subprocess
import time

COMMIT = "c0ffee00" * 5


def make_file(path: pathlib.Path, size: int) -> str:
    """Random bytes, kept between runs. Returns the SHA-256."""
    mark = path.with_suffix(".sha256")
    if path.exists() and path.stat().st_size == size and mark.exists():
        return mark.read_text()
    generator, digest = random.Random(size), hashlib.sha256()
    block = generator.randbytes(4 << 20)
    with open(path, "wb") as out:
        left = size
        while left > 0:
            head = generator.randbytes(16)
            part = (head + block[16:])[: min(left, len(block))]
            out.write(part)
            digest.update(part)
            left -= len(part)
    mark.write_text(digest.hexdigest())
    return digest.hexdigest()


class StaticHub:
    """Owns: one nginx with a server a source. `sources`: name -> {"rate": bytes/s a connection, 0 = none}."""

    def __init__(self, root: pathlib.Path, sources: dict[str, dict], files: dict[str, int]):
        self.root, self.sources = root, sources
        self.repo = "bench/one"
        web = root / "web"
        api = web / "api/models/bench/one"
        resolve = web / "bench/one/resolve" / COMMIT
        for folder in (api / "revision", api / "tree", resolve, root / "logs", root / "tmp"):
            folder.mkdir(parents=True, exist_ok=True)
        rows = []
        for name, size in files.items():
            oid = make_file(resolve / name, size)
            rows.append({"type": "file", "path": name, "size": size, "oid": hashlib.sha1(name.encode()).hexdigest(),
                         "lfs": {"oid": oid, "size": size, "pointerSize": 134}})  # fmt: skip
        info = {"id": self.repo, "sha": COMMIT, "private": False, "gated": False, "siblings": []}
        for revision in ("main", COMMIT):
            (api / "revision" / revision).write_text(json.dumps(info))
        (api / "tree" / COMMIT).write_text(json.dumps(rows))
        self.files = {row["path"]: row["lfs"]["oid"] for row in rows}
        self._start(web)

    def _start(self, web: pathlib.Path) -> None:
        servers = []
        for number, (name, options) in enumerate(self.sources.items(), 1):
            address = f"127.0.0.{number}"
            with socket.socket() as probe:
                probe.bind((address, 0))
                options["port"], options["address"] = probe.getsockname()[1], address
            rate = f"limit_rate {options['rate']};" if options.get("rate") else ""
            servers.append(f"""
  server {{ listen {address}:{options['port']}; root {web}; {rate}
    location / {{ add_header X-Repo-Commit {COMMIT}; default_type application/octet-stream; }}
    location /api/ {{ limit_rate 0; default_type application/json; }}
  }}""")
        conf = self.root / "nginx.conf"
        conf.write_text(f"""daemon off; worker_processes 1; pid {self.root}/nginx.pid; error_log {self.root}/logs/error.log;
events {{ worker_connections 512; }}
http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000;
  client_body_temp_path {self.root}/tmp/b; proxy_temp_path {self.root}/tmp/p; fastcgi_temp_path {self.root}/tmp/f;
  uwsgi_temp_path {self.root}/tmp/u; scgi_temp_path {self.root}/tmp/s;{''.join(servers)}
}}""")
        user = ["-g", "user root;"] if os.geteuid() == 0 else []
        self.process = subprocess.Popen(["/usr/sbin/nginx", "-c", conf, "-e", self.root / "logs/error.log", *user], stderr=subprocess.DEVNULL)
        for options in self.sources.values():
            for _ in range(200):
                try:
                    socket.create_connection((options["address"], options["port"]), 1).close()
                    break
                except OSError:
                    time.sleep(0.02)

    def endpoint(self, name: str) -> str:
        options = self.sources[name]
        return f"http://{options['address']}:{options['port']}"

    def url(self, name: str, path: str) -> str:
        return f"{self.endpoint(name)}/{self.repo}/resolve/{COMMIT}/{path}"

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()
