"""A file is fetched once, verified before use, and nothing is kept of what is wrong."""

import hashlib

import pytest

from altools.data.raw import download
from altools.errors import UserError

CONTENT = b"published " * 300_000  # several blocks
CHECKSUM = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"
OTHERWISE = "put it there by hand"


@pytest.fixture
def address(server):
    (server.folder / "file.bin").write_bytes(CONTENT)
    return f"{server.address}/file.bin"


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr("pooch.core.time.sleep", lambda seconds: None)


def test_fetched_once_and_then_found(server, address, tmp_path):
    target = tmp_path / "new/folder/file.bin"
    for _ in range(2):
        assert download.fetch(target, [address], CHECKSUM, OTHERWISE).read_bytes() == CONTENT
    assert server.asked == ["/file.bin"]


def test_a_file_address_and_md5_do_as_well(address, server, tmp_path):
    checksum = f"md5:{hashlib.md5(CONTENT).hexdigest()}"
    download.fetch(tmp_path / "file.bin", [(server.folder / "file.bin").as_uri()], checksum, OTHERWISE)
    assert (tmp_path / "file.bin").read_bytes() == CONTENT


def test_other_content_is_not_kept(address, tmp_path):
    with pytest.raises(
        UserError, match=r"must have the checksum sha256:0+\. Got sha256:[0-9a-f]{64}; nothing was kept"
    ):
        download.fetch(tmp_path / "x/file.bin", [address], f"sha256:{'0' * 64}", OTHERWISE)
    assert list((tmp_path / "x").iterdir()) == []


def test_a_wrong_file_in_place_is_refused_and_left_alone(address, tmp_path):
    target = tmp_path / "file.bin"
    target.write_bytes(b"mine")
    with pytest.raises(
        UserError, match=r"file.bin must have the checksum .* Got .*; remove the file and get it again\."
    ):
        download.fetch(target, [address], CHECKSUM, OTHERWISE)
    assert target.read_bytes() == b"mine"


def test_without_network_it_says_what_to_do(server, tmp_path):
    closed = "http://127.0.0.1:9/file.bin"
    with pytest.raises(UserError, match=r"file.bin is absent .*127.0.0.1:9/file.bin: Connection refused.*put it there"):
        download.fetch(tmp_path / "file.bin", [closed], CHECKSUM, OTHERWISE)


def test_the_second_address_is_tried(address, server, tmp_path):
    download.fetch(tmp_path / "file.bin", [f"{server.address}/absent", address], CHECKSUM, OTHERWISE)
    assert server.asked == ["/absent"] * (1 + download.RETRIES) + ["/file.bin"]


def test_a_busy_server_is_asked_again(server, address, tmp_path):
    server.spoil["/file.bin"] = "error once"
    download.fetch(tmp_path / "file.bin", [address], CHECKSUM, OTHERWISE)
    assert server.asked == ["/file.bin"] * 2


@pytest.mark.parametrize(("kind", "said"), [("error", "answered 503"), ("cut", "5 bytes read, 995 more expected")])
def test_bad_servers_leave_nothing(server, address, tmp_path, kind, said):
    server.spoil["/file.bin"] = kind
    with pytest.raises(UserError, match=said):
        download.fetch(tmp_path / "x/file.bin", [address], CHECKSUM, OTHERWISE)
    assert list((tmp_path / "x").iterdir()) == [] and len(server.asked) == 1 + download.RETRIES


@pytest.mark.parametrize("bad", ["http://example.org/file.bin", "ftp://example.org/file.bin", "file.bin"])
def test_only_addresses_over_tls(tmp_path, bad):
    with pytest.raises(UserError, match="an address must start with https://"):
        download.fetch(tmp_path / "file.bin", [bad], CHECKSUM, OTHERWISE)


def test_a_redirect_on_this_machine_is_followed(server, address, tmp_path):
    server.spoil["/moved"] = "redirect"
    download.fetch(tmp_path / "file.bin", [f"{server.address}/moved"], CHECKSUM, OTHERWISE)
