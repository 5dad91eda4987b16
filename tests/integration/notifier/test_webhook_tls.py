"""The connection goes to a checked address; the certificate must be that of the name."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from mvidarr_common.errors import JobError

Send = Callable[..., Any]


def certificate(name: str, folder: Path) -> tuple[Path, Path]:
    """A certificate that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / f"{name}.crt", folder / f"{name}.key"
    public.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return public, private


@asynccontextmanager
async def receiver(public: Path, private: Path) -> AsyncIterator[str]:
    """Answers each request with 204 over TLS."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(public, private)
    async with await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context) as server:
        yield f"https://localhost:{server.sockets[0].getsockname()[1]}/"


async def test_the_certificate_of_the_name_is_accepted(send: Send, tmp_path: Path) -> None:
    public, private = certificate("localhost", tmp_path)
    async with receiver(public, private) as url:
        result = await send("webhook", url, trust=ssl.create_default_context(cafile=public))
    assert result.status == "204"


async def test_a_certificate_of_another_name_is_refused(send: Send, tmp_path: Path) -> None:
    public, private = certificate("elsewhere.example", tmp_path)
    async with receiver(public, private) as url:
        with pytest.raises(JobError) as caught:
            await send("webhook", url, trust=ssl.create_default_context(cafile=public))
    assert (caught.value.code, caught.value.retry) == ("receiver_unreachable", True)


async def test_a_certificate_of_nobody_known_is_refused(send: Send, tmp_path: Path) -> None:
    async with receiver(*certificate("localhost", tmp_path)) as url:
        with pytest.raises(JobError) as caught:
            await send("webhook", url)
    assert caught.value.code == "receiver_unreachable"
