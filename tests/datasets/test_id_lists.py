"""The lists that fix splits: the paper's verified, ours in step with what generates it."""

import hashlib
from collections import Counter
from pathlib import Path

import pytest
import yaml

from altools.data.raw import id_lists, published
from altools.data.sources import eurosat
from altools.errors import UserError

MATERIALS = Path(__file__).parents[2] / "materials"


def test_sources_yaml_is_in_step():
    text = (MATERIALS / "sources.yaml").read_text()
    assert text == id_lists.as_yaml(), "run: python -m altools.data.raw.id_lists > materials/sources.yaml"
    entries = yaml.safe_load(text)["lists"]
    assert {name: (entry["sha256"], entry["lines"]) for name, entry in entries.items()} == {
        name: (entry.sha256, entry.lines) for name, entry in id_lists.PAPER.items()
    }
    assert all(address.startswith("https://") for entry in entries.values() for address in entry["addresses"])


def test_the_published_lists_are_the_ones_we_know(materials):
    for name, entry in id_lists.PAPER.items():
        assert hashlib.sha256((materials / entry.file).read_bytes()).hexdigest() == entry.sha256
        assert len(id_lists.paper(name, str(materials / entry.file), Path())) == entry.lines


def test_eurosat_stratified_is_in_step_and_stratified():
    names = (MATERIALS / "eurosat_stratified.txt").read_text().splitlines()
    assert names == eurosat.stratified(), (
        "run: python -m altools.data.sources.eurosat > materials/eurosat_stratified.txt"
    )
    assert len(set(names)) == 27000 and all(eurosat.NAME.fullmatch(name) for name in names)
    train = Counter(name.partition("/")[0] for name in names[: eurosat.TRAIN_IMAGES])
    for label, count in eurosat.COUNTS.items():
        assert abs(train[label] - count * 22 / 27) < 1


def test_it_shares_no_draw_with_the_papers_list(materials):
    ours = set(eurosat.stratified()[22000:])
    theirs = set(id_lists.lines(materials / "eurosat_ids.txt")[22000:])
    assert len(ours & theirs) / 5000 == pytest.approx(5 / 27, abs=0.03)


def test_fetched_beside_the_raw_data_and_verified(server, tmp_path, monkeypatch):
    content = b"20042\n20056\n"
    (server.folder / "ksdd2_test.csv").write_bytes(content)
    monkeypatch.setattr(id_lists, "ADDRESSES", (f"{server.address}/{{file}}",))
    with pytest.raises(UserError, match="must have the checksum sha256:518552cf"):
        id_lists.paper("ksdd2", "", tmp_path)
    known = id_lists.PaperList(file="ksdd2_test.csv", sha256=hashlib.sha256(content).hexdigest(), lines=2, meaning="")
    monkeypatch.setitem(id_lists.PAPER, "ksdd2", known)
    assert id_lists.paper("ksdd2", "", tmp_path) == ["20042", "20056"]
    assert (tmp_path / "ksdd2_test.csv").read_bytes() == content


def test_without_network_it_names_the_other_split(tmp_path, monkeypatch):
    monkeypatch.setattr(id_lists, "ADDRESSES", ("http://127.0.0.1:9/{file}",))
    monkeypatch.setattr("pooch.core.time.sleep", lambda seconds: None)
    with pytest.raises(UserError, match=r"eurosat_ids.txt is absent .* by hand, or set split: stratified\."):
        id_lists.paper("eurosat", "", tmp_path)


def test_a_copy_with_other_content_is_not_the_papers(tmp_path):
    (tmp_path / "mine.txt").write_text("OCT2017/train/CNV/CNV-1-1.jpeg\n")
    with pytest.raises(UserError, match=r"Got sha256:.* or set split: list to use a list of your own\."):
        id_lists.paper("oct", str(tmp_path / "mine.txt"), tmp_path)
    with pytest.raises(UserError, match="options.list_file must name a file"):
        id_lists.paper("oct", str(tmp_path / "absent.txt"), tmp_path)


def test_a_duplicate_is_refused(tmp_path):
    (tmp_path / "list.txt").write_text("a\nb\r\n\nb\na\nc\n")
    with pytest.raises(UserError, match=r"a name must stand once in .*list.txt. Got a, b more than once; remove"):
        id_lists.lines(tmp_path / "list.txt")


def test_missing_images_are_counted_and_the_first_five_named():
    names = [f"i{number}" for number in range(10)]
    keywords = {"listed_in": "list.txt", "where": Path("raw")}
    with pytest.raises(UserError, match=r"Got 7 of 10 missing: i0, i1, i2, i4, i5 and 2 more; complete the copy"):
        id_lists.present(names, {"i3", "i8", "i9"}, complete=True, **keywords)
    assert id_lists.present(names, {"i8", "i3"}, complete=False, **keywords) == ["i3", "i8"]


def test_shares_add_up_and_shuffling_depends_on_names_alone():
    assert published.shares({"a": 1, "b": 1, "c": 1}, 5) == {"a": 2, "b": 2, "c": 1}
    names = [f"i{number}" for number in range(20)]
    assert published.shuffled(names[::-1], 0) == published.shuffled(names, 0) != published.shuffled(names, 1)
