"""What the examples and the pages of the probes look at: real servers, and the words or variables that lead to them."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from .handlers.certificates import Authority, serving
from .handlers.servers import web
from .realparts.dnsmasq import dnsmasq
from .realparts.prometheus import prometheus
from .realparts.rabbitmq import PASSWORD, rabbitmq
from .realparts.redis import redis


@contextmanager
def _tcp() -> Iterator[list[str]]:
    with web() as (address, _):
        yield ["-i", f"address={address}"]


@contextmanager
def _dns() -> Iterator[list[str]]:
    with dnsmasq() as address:
        yield ["-i", f"server={address}"]


@contextmanager
def shop_zone() -> Iterator[Mapping[str, str]]:
    """A name server that knows a shop, and how to reach it."""
    with dnsmasq() as address:
        yield {"NAME_SERVER": address}


@contextmanager
def _redis() -> Iterator[list[str]]:
    with redis() as server:
        server.cli("RPUSH", "queue:orders", "1", "2")
        yield ["-i", f"port={server.port}"]


@contextmanager
def full_cache() -> Iterator[Mapping[str, str]]:
    """A Redis that has no room left, and how to reach it."""
    with redis("--maxmemory", "4mb", "--maxmemory-policy", "noeviction") as server:
        server.cli("SETRANGE", "page:1", "2000000", "x")
        server.cli("SETRANGE", "page:2", "1000000", "x")
        yield {"CACHE_PORT": str(server.port)}


@contextmanager
def _prometheus() -> Iterator[list[str]]:
    with prometheus() as address:
        yield ["-i", f"url={address}", "-i", "app=shop"]


@contextmanager
def shop_metrics() -> Iterator[Mapping[str, str]]:
    """A Prometheus that counts the orders of a shop, and how to reach it."""
    with prometheus() as address:
        yield {"PROMETHEUS": address}


@contextmanager
def _tls() -> Iterator[list[str]]:
    with _certified(20.5) as (address, authority):
        yield ["-i", f"address={address}", "-i", f"ca={authority}"]


@contextmanager
def shop_certificate() -> Iterator[Mapping[str, str]]:
    """A server whose certificate has expired, and who is to be trusted."""
    with _certified(-0.5) as (address, authority):
        yield {"SHOP": address, "SHOP_CA": authority}


@contextmanager
def _certified(days: float) -> Iterator[tuple[str, str]]:
    with tempfile.TemporaryDirectory() as name:
        folder, root = Path(name), Authority("Shop authority")
        context = serving(root.issue(folder, days=(-30, days), names=("127.0.0.1", "shop.example.com")))
        with web(context=context) as (address, _):
            yield address, str(root.file(folder))


@contextmanager
def _process() -> Iterator[list[str]]:
    with _sleeper():
        yield ["-i", "name=sleep"]


@contextmanager
def worker() -> Iterator[Mapping[str, str]]:
    """A process that runs, by its number."""
    with _sleeper() as child:
        yield {"WORKER": str(child.pid)}


@contextmanager
def _sleeper() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["sleep", "119"], stdin=subprocess.DEVNULL) as child:
        yield child
        child.kill()


@contextmanager
def _amqp() -> Iterator[list[str]]:
    with rabbitmq() as server:
        server.publish("orders", 2)
        os.environ["AMQP_PASSWORD"] = PASSWORD
        yield ["-i", f"port={server.port}"]
        del os.environ["AMQP_PASSWORD"]


@contextmanager
def full_queue() -> Iterator[Mapping[str, str]]:
    """A RabbitMQ with a queue of retries that nobody takes, and how to reach it."""
    with rabbitmq() as server:
        server.publish("orders", 2)
        server.publish("orders.retry", 40)
        yield {"AMQP_PORT": str(server.port), "AMQP_PASSWORD": PASSWORD}


PROBES: Mapping[str, Callable[[], AbstractContextManager[list[str]]]] = {
    "tcp": _tcp,
    "dns": _dns,
    "tls": _tls,
    "redis": _redis,
    "prometheus": _prometheus,
    "amqp": _amqp,
    "process": _process,
}
"""Kinds whose example needs a server: what starts it, and gives the words of the command line that lead to it."""
