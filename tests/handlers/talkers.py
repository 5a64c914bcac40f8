"""Small servers for the tests of the probes: what they do with a connection."""

from __future__ import annotations

import socket


def greet(connection: socket.socket) -> None:
    connection.sendall(b"220 ready\r\n")
    connection.close()


def echo(connection: socket.socket) -> None:
    connection.sendall(connection.recv(1000))
    connection.close()


def flood(connection: socket.socket) -> None:
    connection.recv(1000)
    for _ in range(48):
        connection.sendall(b"x" * 65_536)
    connection.close()


def silent(connection: socket.socket) -> None:
    connection.recv(1)
