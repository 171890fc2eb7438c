"""Archives that are damaged or reach outside themselves are refused in one sentence."""

import io
import tarfile
import zipfile

import pytest

from altools.data.raw import archives
from altools.errors import UserError


def a_zip(path, names, *, method=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", method) as archive:
        for name in names:
            archive.writestr(name, b"content " * 50)
    return path


def test_members_are_read_by_name(tmp_path):
    path = a_zip(tmp_path / "a.zip", ["2750/", "2750/Forest/Forest_1.jpg"])
    (member,) = archives.zip_members(path)
    assert member.name == "2750/Forest/Forest_1.jpg" and member.read_bytes() == b"content " * 50


@pytest.mark.parametrize("name", ["../evil", "a/../../evil", "/etc/evil", "..\\evil", "C:/evil"])
def test_members_outside_are_refused(tmp_path, name):
    with pytest.raises(UserError, match=r"plain files inside itself. In .*a.zip, .*evil' is outside of it; do not use"):
        archives.zip_members(a_zip(tmp_path / "a.zip", ["fine", name]))


def test_links_in_a_zip_are_refused(tmp_path):
    entry = zipfile.ZipInfo("link")
    entry.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(entry, "/etc/passwd")
    with pytest.raises(UserError, match="'link' is a link"):
        archives.zip_members(tmp_path / "a.zip")


def test_a_member_that_is_there_twice_is_refused(tmp_path):
    with pytest.warns(UserWarning, match="Duplicate name"):
        a_zip(tmp_path / "a.zip", ["same", "same"])
    with pytest.raises(UserError, match="'same' is there twice"):
        archives.zip_members(tmp_path / "a.zip")


def test_no_zip_and_half_a_zip_are_refused(tmp_path):
    whole = a_zip(tmp_path / "a.zip", ["one", "two"]).read_bytes()
    for content in (b"", b"not a zip", whole[: len(whole) // 2]):
        path = tmp_path / f"{len(content)}.zip"
        path.write_bytes(content)
        with pytest.raises(
            UserError, match=r"must be a whole zip archive. It is not \(File is not a zip file\); get it"
        ):
            archives.zip_members(path)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_spoiled_member_is_noticed_when_it_is_read(tmp_path, method):
    path = a_zip(tmp_path / "a.zip", ["one"], method=method)
    content = bytearray(path.read_bytes())
    content[40] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"Bad CRC-32|invalid|Error"):
        archives.zip_members(path)[0].read_bytes()


def a_tar(path, *entries):
    with tarfile.open(path, "w:gz") as archive:
        for name, kind in entries:
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = kind, "/etc/passwd"
            entry.size = 4 if kind == tarfile.REGTYPE else 0
            archive.addfile(entry, io.BytesIO(b"data"))
    return path


def test_a_tar_gives_its_files(tmp_path):
    path = a_tar(tmp_path / "a.tar.gz", ("folder", tarfile.DIRTYPE), ("folder/file", tarfile.REGTYPE))
    assert archives.tar_members(path) == {"folder/file": b"data"}


@pytest.mark.parametrize(
    ("name", "kind", "said"),
    [
        ("../evil", tarfile.REGTYPE, "is outside of it"),
        ("/evil", tarfile.REGTYPE, "is outside of it"),
        ("evil", tarfile.SYMTYPE, "is a link or a device"),
        ("evil", tarfile.LNKTYPE, "is a link or a device"),
        ("evil", tarfile.FIFOTYPE, "is a link or a device"),
    ],
)
def test_a_tar_that_reaches_outside_is_refused(tmp_path, name, kind, said):
    with pytest.raises(UserError, match=said):
        archives.tar_members(a_tar(tmp_path / "a.tar.gz", ("fine", tarfile.REGTYPE), (name, kind)))


def test_half_a_tar_is_refused(tmp_path):
    path = a_tar(tmp_path / "a.tar.gz", ("one", tarfile.REGTYPE))
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(UserError, match="must be a whole tar archive"):
        archives.tar_members(path)
