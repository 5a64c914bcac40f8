"""Certificates of every kind for the tests: an authority, one below it, and what they sign."""

from __future__ import annotations

import ipaddress
import ssl
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

DAY = timedelta(days=1)
PEM = serialization.Encoding.PEM


class Authority:
    """Signs. Without `parent` it is a root."""

    def __init__(self, name: str, parent: Authority | None = None) -> None:
        self.name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        self.key = ec.generate_private_key(ec.SECP256R1())
        signer = parent or self
        self.certificate = _signed(self.name, self.key, signer.name, signer.key, (-1.0, 30.0), (), authority=True)
        self.pem = self.certificate.public_bytes(PEM)

    def file(self, folder: Path) -> Path:
        path = folder / "ca.pem"
        path.write_bytes(self.pem)
        return path

    def issue(
        self, folder: Path, *, days: tuple[float, float] = (-1.0, 30.0), names: tuple[str, ...] = ("localhost", "127.0.0.1"),
        with_chain: bool = False,
    ) -> Path:  # fmt: skip
        """A server's certificate with its key, in one file; with the signer's own when it is not a root."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test server")])
        made = _signed(subject, key, self.name, self.key, days, names)
        return _kept(folder, made, key, self.pem if with_chain else b"")


def self_signed(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    return _kept(folder, _signed(name, key, name, key, (-1.0, 30.0), ("localhost", "127.0.0.1")), key, b"")


def serving(path: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


def _kept(folder: Path, made: x509.Certificate, key: ec.EllipticCurvePrivateKey, chain: bytes) -> Path:
    secret = key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = folder / "server.pem"
    path.write_bytes(made.public_bytes(PEM) + chain + secret)
    return path


def _signed(
    subject: x509.Name, key: ec.EllipticCurvePrivateKey, issuer: x509.Name, signer: ec.EllipticCurvePrivateKey,
    days: tuple[float, float], names: tuple[str, ...], *, authority: bool = False,
) -> x509.Certificate:  # fmt: skip
    now = datetime.fromtimestamp(int(time.time()), UTC)
    builder = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now + days[0] * DAY)
        .not_valid_after(now + days[1] * DAY)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )  # fmt: skip
    if names:
        found = [x509.IPAddress(ipaddress.ip_address(n)) if n[0].isdigit() else x509.DNSName(n) for n in names]
        builder = builder.add_extension(x509.SubjectAlternativeName(found), critical=False)
    return builder.sign(signer, hashes.SHA256())
