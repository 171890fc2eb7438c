"""Fetch a public file once, and verify its published checksum before anybody reads it.

The file appears under its name only when it is whole and right.
"""

from __future__ import annotations

import hashlib
import logging
import re
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from altools.errors import UserError, first_line

TIMEOUT_S = 30
RETRIES = 2
LOOPBACK = {"127.0.0.1", "localhost", "::1"}


def fetch(target: Path, addresses: Sequence[str], checksum: str, otherwise: str) -> Path:
    """Return ``target``, downloaded first where it is absent, its checksum verified in either case.

    Args:
        target: where the file lies; its folder is made.
        addresses: tried in order; ``https``, a file address, or plain ``http`` on this machine itself.
        checksum: ``md5:...`` or ``sha256:...``, as published.
        otherwise: what a user without network can do; ends the error message.

    Raises:
        UserError: nothing could be fetched, or the file has another checksum.
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
        except OSError as error:
            reasons.append(f"{address}: {_reason(error)}")
    raise UserError(f"{target} is absent and must be fetched. It could not be ({'; '.join(reasons)}); {otherwise}.")


def verify(path: Path, checksum: str, instead: str = "") -> str:
    """Return the checksum of a file, which must be ``checksum``.

    Args:
        path: the file.
        checksum: ``md5:...`` or ``sha256:...``.
        instead: what else a user can do when the content is what they want; ends the error message.

    Raises:
        UserError: the checksum is another.
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
    import pooch  # its import costs more than most jobs of a grid
    from tqdm import tqdm

    logging.getLogger("pooch").setLevel(logging.ERROR)
    store = pooch.create(
        path=target.parent,
        base_url="",
        registry={target.name: checksum},
        urls={target.name: address},
        retry_if_failed=RETRIES,
    )
    title = f"fetch {target.name}"
    bar = tqdm(total=0, unit="B", unit_scale=True, desc=title, mininterval=5, ascii=True, file=sys.stderr)
    http = pooch.HTTPDownloader(progressbar=bar, timeout=TIMEOUT_S)
    try:
        store.fetch(target.name, downloader=_copy if urlsplit(address).scheme == "file" else http)
    except ValueError as error:
        got = re.search(r"but got (\w+)", str(error))
        if isinstance(error, OSError) or not got:  # some errors of requests are both
            raise
        algorithm = checksum.partition(":")[0]
        raise UserError(
            f"what {address} sends must have the checksum {checksum}. Got {algorithm}:{got[1]}; nothing was kept. "
            "Find out whether the publisher replaced the file."
        ) from None
    finally:
        bar.close()


def _copy(address: str, output: str, pooch: object) -> None:
    """Copy a local file; a downloader of pooch."""
    shutil.copyfile(url2pathname(urlsplit(address).path), output)


def _reason(error: OSError) -> str:
    """Return what went wrong in a few words, without the layers of the HTTP library."""
    answer = getattr(error, "response", None)
    if answer is not None:
        return f"the server answered {answer.status_code} {answer.reason}"
    innermost: BaseException = error
    while innermost.__context__ is not None:
        innermost = innermost.__context__
    return getattr(innermost, "strerror", None) or first_line(innermost)
