"""Lists of image names that fix a split: the paper's, fetched and verified, or one of your own.

The paper's lists carry no licence, so they are not part of this project: they come from the paper's public
repository at a pinned commit, or from a path. ``python -m altools.data.raw.id_lists`` prints
``materials/sources.yaml``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from altools.data.raw import download
from altools.errors import UserError

REPOSITORY = "https://github.com/ia-gu/Benchmarking-of-Query-Strategies-Towards-Future-Deep-Active-Learning"
COMMIT = "65eab30"
ADDRESSES = (
    f"{REPOSITORY}/raw/{COMMIT}/materials/{{file}}",
    f"{REPOSITORY.replace('github.com', 'raw.githubusercontent.com')}/{COMMIT}/materials/{{file}}",
)


@dataclass(frozen=True, kw_only=True)
class PaperList:
    """A list that the paper published."""

    file: str
    sha256: str
    lines: int
    meaning: str

    @property
    def addresses(self) -> list[str]:
        """Where it is, tried in order."""
        return [address.format(file=self.file) for address in ADDRESSES]


PAPER = {
    "eurosat": PaperList(
        file="eurosat_ids.txt",
        sha256="243645e817119af0477dc76844deae8ac01f0ff319677deb0e84e82ee324bcfa",
        lines=27000,
        meaning="Class/Class_N.jpg of the whole EuroSAT RGB set; the first 22,000 lines are train, the last 5,000 test "
        "(the file marks no boundary; the paper states the two numbers)",
    ),
    "oct": PaperList(
        file="oct_ids.txt",
        sha256="3672db6010ae6d992505ae316630ac8b4f581d25bb99fac2d68b2685c7cde32c",
        lines=5000,
        meaning="OCT2017/train/CLASS/CLASS-patient-k.jpeg of the whole train pool; the test set is the official folder",
    ),
    "ksdd2": PaperList(
        file="ksdd2_test.csv",
        sha256="518552cf30864ac73c8ad5f2fcb15613424380191618d0b0db10d801f7679c24",
        lines=110,
        meaning="ids of the test images with a defect (NG); every other test image is OK",
    ),
}


def paper(name: str, path: str, beside: Path, own: str = "set split: list to use a list of your own") -> list[str]:
    """Return the lines of one of the paper's lists.

    Args:
        name: a key of `PAPER`.
        path: where a copy is; "" fetches it into the folder ``beside`` unless it is there.
        beside: the folder of the raw data.
        own: what to do with a file that is another list.
    """
    wanted = PAPER[name]
    checksum = f"sha256:{wanted.sha256}"
    if path:
        file = existing(path)
        download.verify(file, checksum, own)
    else:
        otherwise = "put the file there by hand, or set split: stratified"
        file = download.fetch(beside / wanted.file, wanted.addresses, checksum, otherwise)
    return lines(file)


def existing(path: str) -> Path:
    """Return the path of a list that must exist."""
    file = Path(path).expanduser()
    if not file.is_file():
        raise UserError(f"options.list_file must name a file. {file} does not exist; correct the path.")
    return file


def lines(file: Path) -> list[str]:
    """Return the lines of a list, each of which must be there once."""
    try:
        names = file.read_text(encoding="utf-8").split("\n")
    except UnicodeDecodeError:
        raise UserError(f"{file} must be a text file, one name a line. It is not; correct the path.") from None
    names = [name.strip() for name in names if name.strip()]
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        raise UserError(f"a name must stand once in {file}. Got {_first(repeated)} more than once; remove the repeats.")
    return names


def present(names: Sequence[str], files: Collection[str], *, complete: bool, listed_in: str, where: Path) -> list[str]:
    """Return the listed names that are there; with ``complete`` that must be all."""
    missing = [name for name in names if name not in files]
    if missing and complete:
        raise UserError(
            f"every image listed in {listed_in} must be in {where}. Got {len(missing)} of {len(names)} missing: "
            f"{_first(missing)}; complete the copy, or set complete: false to use what is there."
        )
    return [name for name in names if name in files]


def _first(names: Sequence[str]) -> str:
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(names[:5]) + more


def as_yaml() -> str:
    """Return ``materials/sources.yaml``."""
    head = (
        "# The paper's own lists: where they are, what they must hash to, and what they mean.\n"
        "# They carry no licence and are not part of this project. Written by: python -m altools.data.raw.id_lists\n"
        f"repository: {REPOSITORY}\ncommit: {COMMIT}\nlists:\n"
    )
    entries = [
        f"  {name}:\n    file: {entry.file}\n    addresses: [{', '.join(entry.addresses)}]\n"
        f"    sha256: {entry.sha256}\n    lines: {entry.lines}\n    meaning: >-\n      {entry.meaning}\n"
        for name, entry in PAPER.items()
    ]
    return head + "".join(entries)


if __name__ == "__main__":
    print(as_yaml(), end="")
