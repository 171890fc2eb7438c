"""The harness reports the ratio of the least times and whether both sides agree."""

import json
import time

import pytest

from benchmarks import feasibility, harness


def case(**changes) -> harness.Case:
    values = {
        "name": "sleep",
        "ours": lambda: 1,
        "peer": lambda: time.sleep(0.005) or 1,
        "peer_name": "sleeper",
        "goal": 2.0,
    }
    return harness.Case(**(values | changes))


def test_a_slower_peer_gives_a_ratio_above_one():
    result = harness.measure(case(check=lambda ours, peer: f"{ours} = {peer}"))
    assert result.ratio > 2 and result.reached
    assert result.agreement == "1 = 1"


def test_disagreement_misses_the_goal_however_fast():
    def check(ours, peer):
        raise AssertionError("other picks")

    result = harness.measure(case(check=check))
    assert not result.reached
    assert result.agreement == "DISAGREES: other picks"


def test_results_carry_hardware_and_versions_and_no_date(tmp_path, monkeypatch):
    monkeypatch.setattr(harness, "RESULTS", tmp_path)
    content = json.loads(harness.write("topic", [harness.measure(case())]).read_text())
    assert set(content) == {"topic", "machine", "versions", "results"}
    assert {"cpu", "cores", "torch_threads"} <= set(content["machine"])
    assert "torch" in content["versions"]
    assert content["results"][0]["ratio"] == pytest.approx(
        content["results"][0]["peer_s"] / content["results"][0]["ours_s"]
    )


def test_feasibility_keeps_the_rows_of_the_same_machine_only(tmp_path, monkeypatch):
    results = tmp_path / "benchmarks/results"
    results.mkdir(parents=True)
    monkeypatch.setattr(harness, "RESULTS", results)

    def written(name):
        feasibility.write("large", [feasibility.Measured(name, 1.0, 1.0, 1.0, True, {})])
        return [row["strategy"] for row in json.loads((results / "feasibility_large.json").read_text())["results"]]

    assert [written("random"), written("margin")] == [["random"], ["margin", "random"]]
    monkeypatch.setattr(harness, "versions", lambda: {"torch": "another"})
    assert written("badge") == ["badge"]
