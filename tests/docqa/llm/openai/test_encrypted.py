"""The same over an encrypted connection."""

from __future__ import annotations

import datetime
import ssl
import threading
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from docqa.errors import StoppedError
from docqa.llm.stopping import Stop, bound
from tests.docqa.llm.openai.conftest import Open
from tests.docqa.llm.openai.steps import completed
from tests.servers.openai import ModelServer, calls
from tests.servers.proxy import TcpProxy

CALL = calls(("search_archive", {"query": "harbour"}), text="I search for it.")


def certificate(file: Path) -> Path:
    """A file with a key and its certificate for this machine, signed by itself."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a test")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(key.private_bytes(*form) + made.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.fixture
def encrypted(server: ModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelServer]:
    """The server behind a certificate that is trusted here."""
    file = certificate(tmp_path / "here.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    listening = server._server.socket
    server._server.socket = context.wrap_socket(listening, server_side=True, do_handshake_on_connect=False)
    yield server
    server._server.socket.close()


def test_an_encrypted_step_is_whole(encrypted: ModelServer, opened: Open) -> None:
    encrypted.otherwise = CALL
    model = opened(llm_base_url=encrypted.url.replace("http:", "https:"))
    assert completed(model).calls[0].arguments == {"query": "harbour"}


def test_an_encrypted_server_that_is_silent_is_left(encrypted: ModelServer, opened: Open) -> None:
    encrypted.otherwise, stop = CALL, Stop()
    with TcpProxy(urlsplit(encrypted.url).port or 0) as proxy:
        model = opened(llm_base_url=f"https://127.0.0.1:{proxy.port}/v1", llm_silence=3600)
        completed(model)
        proxy.stall()
        threading.Timer(0.2, stop.set).start()
        with bound(stop), pytest.raises(StoppedError):
            completed(model, seconds=3600)
