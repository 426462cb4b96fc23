"""The real nginx: one server block a mirror, one a data host. Sockets are bound by us and inherited by it."""

import asyncio
import ctypes
import os
import pathlib
import signal
import socket
import struct
import subprocess
import sys

import certificates
import links
from sources import Source

_SO_MAX_PACING_RATE = 47

_HEAD = """\
daemon off;
{user}worker_processes {workers};
pid {work}/nginx.pid;
error_log {work}/logs/error.log warn;
events {{ worker_connections 4096; }}
http {{
  client_body_temp_path {work}/tmp/body; proxy_temp_path {work}/tmp/proxy; fastcgi_temp_path {work}/tmp/fastcgi;
  uwsgi_temp_path {work}/tmp/uwsgi; scgi_temp_path {work}/tmp/scgi;
  default_type application/octet-stream; absolute_redirect off;
  log_not_found off; sendfile on; tcp_nopush on; tcp_nodelay on; server_tokens off;
  keepalive_timeout 3600s; keepalive_requests 1000000;
  proxy_http_version 1.1; proxy_buffering off; proxy_read_timeout 3600s; proxy_max_temp_file_size 0;
{upstreams}  log_format demo escape=json '{{"t":$msec,"source":"$demo_source","where":"$demo_where","method":"$request_method",'
    '"path":"$request_uri","range":"$http_range","authorization":"$http_authorization","cookie":"$http_cookie","status":$status,'
    '"bytes":$body_bytes_sent,"user_agent":"$http_user_agent","proxied":"$http_x_demo_proxied",'
    '"inner":"$http_x_demo_inner"}}';
  access_log {work}/logs/access.json demo;
  # The ETag of a data host is the Xet hash, never the sha256 (reference §7).
  map $uri $xet_hash {{ "~/(?<h1>[0-9a-f]{{32}})(?<h2>[0-9a-f]{{32}})$" "$h2$h1"; default ""; }}
  # nginx cannot compare If-Range with an ETag of ours: do it here, and ask again without it.
  map "$http_if_range|$xet_hash" $range_if_same {{ '~^"(?<tag>[0-9a-f]{{64}})"\\|\\k<tag>$' $http_range; default ""; }}
  # ModelScope's auth_key: issued-<end of life, 22 random digits>-0-signature.
  map $arg_auth_key $lfs_expires {{ "~^[0-9]+-(?<e>[0-9]{{10}})[0-9a-f]{{22}}-0-" $e; default ""; }}
  map $arg_auth_key $lfs_signature {{ "~^[0-9]+-[0-9a-f]{{32}}-0-(?<s>[0-9A-Za-z_-]{{22}})$" $s; default ""; }}
"""

_UPSTREAM = "  upstream {name} {{ server 127.0.0.1:{port}; keepalive 32; keepalive_timeout 600s; keepalive_requests 1000000; }}\n"

_MIRROR = """
  map $request_uri $raw_{id} {{ "~^{prefix}(?<rest_{id}>/.*)$" $rest_{id}; default "/"; }}
  server {{
{listen}    set $demo_source {name}; set $demo_where hub;
    location {prefix}/ {{
      # The raw target: a decoded one would lose refs%2Fpr%2F1.
      proxy_pass http://{upstream}$raw_{id};
      proxy_set_header Host 127.0.0.1:{app};
      proxy_set_header Connection "";
      proxy_set_header X-Demo-Source {name};
      proxy_set_header X-Demo-Scheme $scheme;
{proxied}{authorization}      proxy_redirect / {prefix}/;
    }}
{lfs}  }}
"""

_MIRROR_LFS = """\
    location /_lfs/ {{
      internal;
      alias {work}/lfs/;
      set $demo_where data;
{passed}    }}
"""

_PASSED = ("X-Repo-Commit", "X-Linked-Etag", "X-Linked-Size", "X-Request-Id", "RateLimit", "RateLimit-Policy")

_DATA_HOST = """
  server {{
    listen 127.0.0.1:{port};
{listen_tls}    set $demo_source {name}; set $demo_where data;
    error_page 403 @denied;
    error_page 418 = @if_range;
    location ~ "^{folder}/[0-9a-f]+/(?<object>[0-9a-f]{{64}})$" {{
      secure_link $arg_Signature,$arg_Expires;
      secure_link_md5 "$secure_link_expires$uri$arg_user_id {secret}";
      if ($secure_link = "") {{ return 403; }}
      if ($secure_link = "0") {{ return 403; }}
      if ($http_if_range) {{ return 418; }}
      alias {work}/lfs/$object;
      etag off;
      add_header ETag '"$xet_hash"';
      add_header Cache-Control "public, max-age=3600";
    }}
    location @if_range {{
      proxy_pass http://127.0.0.1:{port};
      proxy_set_header If-Range "";
      proxy_set_header Range $range_if_same;
      proxy_set_header X-Demo-Inner 1;
    }}
    location @denied {{
      internal;
      default_type application/xml;
      return 403 '<?xml version="1.0" encoding="UTF-8"?><Error><Code>AccessDenied</Code><Message>Access denied</Message></Error>';
    }}
  }}
"""

# ModelScope's: the path spells the sha256; the reply names it again.
_LFS_HOST = """
  server {{
    listen 127.0.0.1:{port};
{listen_tls}    set $demo_source {name}; set $demo_where data;
    error_page 403 @denied;
    location ~ "^{folder}/(?<o1>[0-9a-f]{{2}})/(?<o2>[0-9a-f]{{2}})/(?<o3>[0-9a-f]{{60}})$" {{
      secure_link $lfs_signature,$lfs_expires;
      secure_link_md5 "$secure_link_expires$uri {secret}";
      if ($secure_link = "") {{ return 403; }}
      if ($secure_link = "0") {{ return 403; }}
      alias {work}/lfs/$o1$o2$o3;
      etag off;
      add_header X-Linked-ETag '"$o1$o2$o3"';
    }}
    location @denied {{
      internal;
      default_type text/html;
      return 403 '<html><head><title>403 Forbidden</title></head><body><h1>403 Forbidden</h1></body></html>';
    }}
  }}
"""


_TLS = "  ssl_certificate {work}/tls/server.pem; ssl_certificate_key {work}/tls/server.key;\n"


def _listen_tls(port: int) -> str:
    return f"    listen 127.0.0.1:{port} ssl;\n" if port else ""


def _upstream(dialect: str) -> str:
    return f"app_{dialect}"


def _die_with_parent(parent: int):
    """For the child, before exec: SIGTERM when the parent is gone, even by SIGKILL."""
    libc = ctypes.CDLL(None, use_errno=True)

    def arm():
        libc.prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG
        if os.getppid() != parent:
            os._exit(1)

    return arm


class Nginx:
    """Owns: the master process and its configuration file."""

    def __init__(self, work: pathlib.Path, sources: list[Source], app_ports: dict[str, int], workers: int):
        """`app_ports`: where the application of each dialect listens."""
        self.work, self.sources, self.app_ports, self.workers = work, sources, app_ports, workers
        self._listening: dict[int, socket.socket] = {}  # by port
        self.process: subprocess.Popen | None = None

    def _mirror_block(self, source: Source) -> str:
        passed = "".join(
            f"      add_header {name} $upstream_http_{name.lower().replace('-', '_')};\n" for name in _PASSED
        )
        lfs = _MIRROR_LFS.format(work=self.work, passed=passed)
        return _MIRROR.format(
            id=source.name.replace("-", "_"),
            name=source.name,
            prefix=source.prefix,
            listen=("    listen 127.0.0.1:%d;\n" % source.hub_origin if source.mirror else "") + _listen_tls(source.hub_tls),
            # The hubs themselves are behind nginx for TLS only: what they log is then an inner hop.
            proxied="" if source.mirror else "      proxy_set_header X-Demo-Proxied 1;\n",
            app=self.app_ports[source.dialect],
            upstream=_upstream(source.dialect),
            authorization="" if source.forwards_authorization else '      proxy_set_header Authorization "";\n',
            lfs=lfs if source.serves_bytes else "",
        )

    def _data_block(self, source: Source) -> str:
        is_lfs = source.dialect == "modelscope"
        return (_LFS_HOST if is_lfs else _DATA_HOST).format(
            port=source.data_origin,
            listen_tls=_listen_tls(source.data_tls),
            name=source.name,
            folder=links.LFS_FOLDER if is_lfs else links.FOLDER,
            secret=links.SECRET,
            work=self.work,
        )

    def config(self) -> str:
        user = "user root;\n" if os.getuid() == 0 else ""
        upstreams = "".join(_UPSTREAM.format(name=_upstream(name), port=port) for name, port in self.app_ports.items())
        parts = [_HEAD.format(user=user, workers=self.workers, work=self.work, upstreams=upstreams)]
        if any(source.hub_tls for source in self.sources):
            certificates.make(self.work / "tls")
            parts.append(_TLS.format(work=self.work))
        for source in self.sources:
            if source.mirror or source.hub_tls:
                parts.append(self._mirror_block(source))
            parts.append(self._data_block(source))
        return "".join(parts) + "}\n"

    def _write(self) -> pathlib.Path:
        path = self.work / "nginx.conf"
        path.write_text(self.config())
        return path

    def start(self, sockets: list[socket.socket]) -> None:
        for name in ("logs", "tmp"):
            (self.work / name).mkdir(parents=True, exist_ok=True)
        path = self._write()
        binary = "/usr/sbin/nginx" if os.path.exists("/usr/sbin/nginx") else "nginx"
        numbers = [made.fileno() for made in sockets]
        self.process = subprocess.Popen(
            [binary, "-p", str(self.work), "-c", str(path), "-e", str(self.work / "logs/error.log")],
            pass_fds=numbers,
            env={**os.environ, "NGINX": "".join(f"{number};" for number in numbers)},
            preexec_fn=_die_with_parent(os.getpid()),
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr,
        )
        self._listening = {made.getsockname()[1]: made for made in sockets}

    async def wait_ready(self) -> None:
        """The ports accept from the start; this waits for the first answer."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.sources[0].data_origin)
        writer.write(b"GET /ready HTTP/1.0\r\nX-Demo-Inner: 1\r\n\r\n")
        answer = asyncio.ensure_future(reader.read())
        while not answer.done():
            if self.process.poll() is not None:
                answer.cancel()
                raise RuntimeError(f"nginx ended: see {self.work}/logs/error.log")
            await asyncio.wait([answer], timeout=0.02)
        writer.close()

    async def set_rate(self, source: Source, bytes_per_s: int) -> None:
        """Paces every connection made from now on, over all its requests; 0 takes the limit away.

        By the kernel, since limit_rate counts each response by itself and gives it a second's worth at once: ranges of
        three seconds would hardly be slowed. Accepted sockets inherit the option of the listening one. The HUP closes
        connections that are kept alive at the old rate; responses under way keep it.
        """
        rate = struct.pack("=Q", bytes_per_s or 2**64 - 1)
        for port in source.data_ports():
            self._listening[port].setsockopt(socket.SOL_SOCKET, _SO_MAX_PACING_RATE, rate)
        old = self._workers()
        self.process.send_signal(signal.SIGHUP)
        for _ in range(500):  # until none of the old ones accepts or keeps an idle connection
            if not old & self._workers():
                return
            await asyncio.sleep(0.005)
        raise RuntimeError("nginx does not replace its workers")

    def _workers(self) -> set[str]:
        """The worker processes that are not on their way out."""
        found = set()
        pid = self.process.pid
        for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            try:
                title = pathlib.Path(f"/proc/{child}/cmdline").read_bytes()
            except OSError:
                continue
            if title and b"shutting down" not in title:
                found.add(child)
        return found

    def stop(self) -> None:
        for made in self._listening.values():
            made.close()
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
