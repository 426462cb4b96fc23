"""Mirrors that a nginx is not: one answers tokens with a 401 of its own, one says the hub's words to who brings no token, one sends
elsewhere. Each remembers every request."""

import http.client
import http.server
import json
import threading
import urllib.parse

HUBS_WORDS = "Invalid credentials in Authorization header"


class OddMirror:
    """A reverse proxy of `upstream` that errs as `kind` says: "own-401", "forger", "elsewhere" (redirects all bytes to `elsewhere`).
    `seen`: (path, Authorization or None) of every request."""

    def __init__(self, upstream: str, kind: str, elsewhere: str = ""):
        self.seen: list[tuple[str, str | None]] = []
        self._host = urllib.parse.urlsplit(upstream)
        mirror = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                token = self.headers.get("Authorization")
                mirror.seen.append((self.path, token))
                if kind == "own-401" and token:
                    return self._answer(401, {"error": "this mirror knows no tokens"})
                if kind == "forger" and not token:
                    return self._answer(401, {"error": HUBS_WORDS}, {"X-Error-Message": HUBS_WORDS})
                if kind == "elsewhere" and "/resolve/" in self.path:
                    return self._answer(302, {}, {"Location": elsewhere + self.path})
                self._relay(token)

            def _answer(self, status, body, headers=()):
                data = json.dumps(body).encode()
                self.send_response(status)
                for name, value in dict(headers).items():
                    self.send_header(name, value)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def _relay(self, token):
                upstream = http.client.HTTPConnection(mirror._host.netloc, timeout=30)
                headers = {n: self.headers[n] for n in ("Range", "Accept-Encoding", "Authorization") if self.headers.get(n)}
                upstream.request("GET", mirror._host.path + self.path, headers=headers)
                answer = upstream.getresponse()
                body = answer.read()
                self.send_response(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
                upstream.close()

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.endpoint = "http://127.0.0.1:%d" % self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def tokens(self) -> set[str]:
        return {token for _, token in self.seen if token}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
