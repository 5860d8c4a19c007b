"""``python -m bucketed --port N``: S3 as moto speaks it, with signatures verified, and with failures to order.

Beside S3 it answers ``/_bed/…``, which tests use to make buckets, to look behind the wire, and to have requests fail.
"""

import argparse
import json
import logging
import socket
import sys
import threading
import time
import urllib.parse
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from moto import settings as moto_settings
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.iam.models import iam_backends
from moto.moto_server.werkzeug_app import MotoRequestHandler, create_backend_app
from moto.s3.models import S3Backend, s3_backends
from werkzeug.serving import make_server

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication

Json = dict[str, Any]  # Any: JSON
Environ = dict[str, Any]  # Any: WSGI's

REGION = "us-east-1"
USER = "setu"
ALL_OF_S3 = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}


@dataclass(frozen=True)
class Asked:
    """A request that came."""

    method: str
    path: str
    query: str
    bytes: int
    range: str
    token: str


@dataclass
class Fault:
    """What some requests shall find instead of an answer.

    Args:
        method: of requests that it meets.
        query: a part of their query.
        times: how many it meets.
        status: what they are answered; 0: the connection is cut.
        code: S3's name of the error.
        after_bytes: of a cut one: so much of the body is answered first.
    """

    method: str = ""
    query: str = ""
    times: int = 1
    status: int = 503
    code: str = "SlowDown"
    after_bytes: int | None = None

    def meets(self, asked: Asked) -> bool:
        """Whether it meets this request."""
        return self.times > 0 and self.method in ("", asked.method) and self.query in asked.query


@dataclass
class Bed:
    """S3 as a WSGI application, and what tests may do behind its back."""

    s3: "WSGIApplication"
    asked: list[Asked] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, environ: Environ, start_response: "StartResponse") -> Iterable[bytes]:
        """Answer a request."""
        if environ["PATH_INFO"].startswith("/_bed/"):
            answer = json.dumps(self._ordered(environ["PATH_INFO"].removeprefix("/_bed/"), _json(environ))).encode()
            start_response("200 OK", [("Content-Length", str(len(answer)))])
            return [answer]
        asked = Asked(
            environ["REQUEST_METHOD"],
            environ["PATH_INFO"],
            environ["QUERY_STRING"],
            int(environ.get("CONTENT_LENGTH") or 0),
            environ.get("HTTP_RANGE", ""),
            environ.get("HTTP_X_AMZ_SECURITY_TOKEN", ""),
        )
        with self.lock:
            self.asked.append(asked)
            fault = next((fault for fault in self.faults if fault.meets(asked)), None)
            if fault is not None:
                fault.times -= 1
        if fault is None:
            return self.s3(environ, start_response)
        if fault.status:
            return _refused(fault, environ, start_response)
        if fault.after_bytes is None:
            _cut(environ)
            return []
        return _cut_after(fault.after_bytes, self.s3(environ, start_response), environ)

    def _ordered(self, order: str, told: Json) -> Any:  # Any: JSON
        match order:
            case "bucket":
                _s3().create_bucket(told["name"], REGION)
            case "fault":
                with self.lock:
                    self.faults.append(Fault(**told))
            case "calm":
                with self.lock:
                    self.faults.clear()
                    self.asked.clear()
            case "asked":
                with self.lock:
                    return [asdict(asked) for asked in self.asked]
            case "lying":
                bucket = _s3().get_bucket(told["name"])
                return {"objects": list(bucket.keys), "uploads": [upload.key_name for upload in bucket.multiparts.values()]}
            case "put":
                for path in told["paths"]:
                    _s3().put_object(told["name"], path, b"").last_modified -= timedelta(seconds=told["age_s"])
            case _:
                raise ValueError(order)
        return None


def _refused(fault: Fault, environ: Environ, start_response: "StartResponse") -> list[bytes]:
    environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    body = f'<?xml version="1.0"?><Error><Code>{fault.code}</Code><Message>As ordered.</Message></Error>'.encode()
    start_response(f"{fault.status} As Ordered", [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))])
    return [body]


def _cut(environ: Environ) -> None:
    connection: socket.socket = environ["werkzeug.socket"]
    connection.shutdown(socket.SHUT_RDWR)


def _cut_after(left: int, body: Iterable[bytes], environ: Environ) -> Iterator[bytes]:
    for chunk in body:
        yield chunk[:left]
        left -= len(chunk)
        if left <= 0:
            break
    time.sleep(0.05)  # what was written is read before the connection is reset
    _cut(environ)


def _json(environ: Environ) -> Json:
    told: Json = json.loads(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)) or b"{}")
    return told


def _s3() -> S3Backend:
    return s3_backends[DEFAULT_ACCOUNT_ID]["aws"]


def _credentials() -> Json:
    iam = iam_backends[DEFAULT_ACCOUNT_ID]["aws"]
    iam.create_user(REGION, user_name=USER)
    iam.put_user_policy(USER, "s3", json.dumps(ALL_OF_S3))
    key = iam.create_access_key(USER)
    return {"access_key_id": key.access_key_id, "secret_access_key": key.secret_access_key}


def main() -> None:
    """Serve until killed. The first line of what is printed is the URL, the user's key and its secret, as JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    arguments = parser.parse_args()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    moto_settings.INITIAL_NO_AUTH_ACTION_COUNT = 0  # from the first request on signatures and rights are looked at
    server = make_server(
        "127.0.0.1",
        arguments.port,
        Bed(create_backend_app("s3")),
        threaded=True,
        request_handler=MotoRequestHandler,
    )
    url = urllib.parse.urlunsplit(("http", f"127.0.0.1:{server.server_port}", "", "", ""))
    sys.stdout.write(json.dumps({"url": url, **_credentials()}) + "\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
