"""The sources a client can be pointed at, and the ports each of them has."""

import dataclasses
import socket


@dataclasses.dataclass
class Source:
    """One endpoint. `mirror` sources are nginx in front of the official hub; the others are applications of their own."""

    name: str
    prefix: str = ""
    dialect: str = "huggingface"
    mirror: bool = True
    forwards_authorization: bool = True
    serves_bytes: bool = False  # LFS bytes come from the resolve URL itself, no redirect to a data host
    # Ports, filled in while starting. Equal to the origin's own unless a wire stands in front.
    hub_origin: int = 0
    hub_port: int = 0
    data_origin: int = 0
    data_port: int = 0
    fault_port: int = 0
    # With --tls: nginx's own, past every wire.
    hub_tls: int = 0
    data_tls: int = 0

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.hub_port}{self.prefix}"

    @property
    def data_host(self) -> str:
        """What the client sees as the host of LFS bytes."""
        return self.endpoint if self.serves_bytes else f"http://127.0.0.1:{self.data_port}"

    def data_ports(self) -> list[int]:
        """nginx's ports that LFS bytes come from."""
        ports = [self.data_origin, self.data_tls]
        return [port for port in ports + (self.serves_bytes * [self.hub_origin, self.hub_tls]) if port]

    @property
    def tls_endpoint(self) -> str:
        return f"https://127.0.0.1:{self.hub_tls}{self.prefix}"

    def to_json(self) -> dict:
        described = {
            "name": self.name,
            "endpoint": self.endpoint,
            "dialect": self.dialect,
            "cdn": self.data_host,
            "forwards_authorization": self.forwards_authorization,
        }
        return described | ({"tls_endpoint": self.tls_endpoint} if self.hub_tls else {})


def default_sources() -> list[Source]:
    return [
        Source("official", mirror=False),
        Source("tuna", prefix="/hugging-face", forwards_authorization=False),
        Source("pai", prefix="/pai-hub"),
        Source("hf-mirror", serves_bytes=True),
    ]


def modelscope_source() -> Source:
    return Source("modelscope", dialect="modelscope", mirror=False)


def listen(port: int = 0) -> socket.socket:
    """A listening loopback socket; whoever inherits it needs no race for a free port."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind(("127.0.0.1", port))
    made.listen(511)
    return made


def port_of(made: socket.socket) -> int:
    return made.getsockname()[1]
