"""Fetch a public file once: over TLS, checked against its published checksum before anybody reads it.

The file appears under its name only when it is whole and right. Knows nothing about what is inside.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Sequence
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from altools import storage
from altools.errors import UserError
from altools.progress import progress

BLOCK = 1 << 20
TIMEOUT_S = 30
TRIES = 3
LOOPBACK = {"127.0.0.1", "localhost", "::1"}


def fetch(target: Path, addresses: Sequence[str], checksum: str, otherwise: str) -> Path:
    """Return ``target``, downloaded first where it is absent, its checksum verified in either case.

    Args:
        target: the file's place; its folder is made.
        addresses: tried in order; ``https``, a file address, or plain ``http`` on this machine itself.
        checksum: ``md5:...`` or ``sha256:...``, as published.
        otherwise: what a user without network can do; ends the error message.

    Raises:
        UserError: nothing could be fetched, or what is there or came has another checksum.
    """
    if target.exists():
        verify(target, checksum)
        return target
    reasons = []
    for address in addresses:
        _check_address(address)
        try:
            _download(address, target, checksum)
            return target
        except (OSError, EOFError, HTTPException) as error:
            reasons.append(f"{address}: {_reason(error)}")
    raise UserError(f"{target} is absent and must be fetched. It could not be ({'; '.join(reasons)}); {otherwise}.")


def verify(path: Path, checksum: str, instead: str = "") -> str:
    """Return the checksum of a file, which must be ``checksum``.

    Args:
        path: the file.
        checksum: ``md5:...`` or ``sha256:...``.
        instead: what else a user can do when the content is what they want; ends the error message.
    """
    found = checksum_of(path, checksum.partition(":")[0])
    if found != checksum:
        raise UserError(
            f"{path} must have the checksum {checksum}. Got {found}; remove the file and get it again"
            f"{instead and ', or '}{instead}."
        )
    return found


def checksum_of(path: Path, algorithm: str = "sha256") -> str:
    """Return the checksum of a file as ``algorithm:hex``."""
    with open(path, "rb") as handle:
        return f"{algorithm}:{hashlib.file_digest(handle, algorithm).hexdigest()}"


def _check_address(address: str) -> None:
    parts = urlsplit(address)
    if parts.scheme in ("https", "file") or (parts.scheme == "http" and parts.hostname in LOOPBACK):
        return
    raise UserError(f"an address must start with https://, or file:// for a local copy. Got {address}.")


def _download(address: str, target: Path, checksum: str) -> None:
    for left in reversed(range(TRIES)):
        try:
            with storage.atomic(target) as temporary:
                _stream(address, temporary, target.name)
                _require(temporary, address, checksum)
            return
        except HTTPError as error:
            error.close()
            if error.code < 500 or not left:
                raise OSError(f"the server answered {error.code} {error.reason}") from None
        except (URLError, TimeoutError, ConnectionError, EOFError, HTTPException):
            if not left:
                raise
        time.sleep(0.2 * 4 ** (TRIES - 1 - left))


def _stream(address: str, temporary: Path, name: str) -> None:
    request = Request(address, headers={"User-Agent": "altools"})
    with urlopen(request, timeout=TIMEOUT_S) as answer, open(temporary, "wb") as handle:
        _check_address(answer.geturl())
        promised = int(answer.headers.get("Content-Length") or 0)
        blocks: Iterator[bytes] = iter(lambda: answer.read(BLOCK), b"")
        received = 0
        for block in progress(blocks, -(-promised // BLOCK), "MiB", f"fetch {name}"):
            received += handle.write(block)
    if received < promised:
        raise EOFError(f"the connection ended after {received} of {promised} bytes")


def _require(temporary: Path, address: str, checksum: str) -> None:
    found = checksum_of(temporary, checksum.partition(":")[0])
    if found != checksum:
        raise UserError(
            f"what {address} sends must have the checksum {checksum}. Got {found}; nothing was kept. "
            "Find out whether the publisher replaced the file."
        )


def _reason(error: Exception) -> str:
    reason = getattr(error, "reason", None) or error
    return str(getattr(reason, "strerror", None) or reason).split("\n", 1)[0]
