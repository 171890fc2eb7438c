"""The report as a page: what stands in it, and how it behaves in a real browser."""

import io
import json
import re

import numpy as np
import pandas as pd
import pytest

from altools import report
from altools.plotting import contact_sheet
from altools.statistics import curves as curve_statistics
from altools.statistics import diagnostics, paired, query_notes
from tests import tables
from tests.report.browser import CHROMIUM, Browser
from tests.unit.statistics.test_gaps import CASES

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def sheet(setting="standard"):
    images = np.random.default_rng(0).integers(0, 255, (12, 1, 8, 8)).astype(np.uint8)
    rows = [(f"Margin\nround {r}", [(images, list("012345678901"))]) for r in (1, 4)]
    target = io.BytesIO()
    contact_sheet.figure(rows).savefig(target, format="png", dpi=110)
    return report.Sheet(dataset="digits", setting=setting, caption="Margin, seed 0", png=target.getvalue())


@pytest.fixture(scope="module")
def curves():
    return tables.curves(
        list(tables.EFFICIENCY),
        datasets=("digits", "eurosat"),
        settings=("standard", "simsiam"),
        seeds=range(4),
        metrics=("accuracy", "macro_f1", "log_loss"),
    )


@pytest.fixture(scope="module")
def asked():
    queries = tables.queries(["random", "margin", "badge"])
    pool = pd.DataFrame({"dataset": "digits", "label": range(10), "count": 40})
    return diagnostics.summary(diagnostics.measures(queries, tables.query_sizes(queries), pool))


@pytest.fixture(scope="module")
def noted():
    place = {"dataset": "digits", "setting": "standard", "seed": 0}
    notes = [("badge", 1, "zero_gradients", "7"), ("badge", 2, "zero_gradients", "0")]
    notes += [("margin", 1, "tied_at_cut", "3"), ("margin", 2, "", ""), ("random", 1, "", "")]
    rows = [{**place, "strategy": s, "round": r, "note": note, "value": value} for s, r, note, value in notes]
    return query_notes.table(pd.DataFrame(rows))


@pytest.fixture(scope="module")
def html(curves, asked, noted):
    return report.page(curves, tables.costs(curves), queries=asked, notes=noted, sheets=[sheet()])


def content(html):
    return json.loads(re.search(r'id="data">(.*?)</script>', html, re.S)[1])


def test_the_numbers_are_those_of_the_statistics(curves, html):
    result = content(html)["results"]["accuracy"]["digits|standard"]
    expected = curve_statistics.intervals(curves).query(
        "dataset == 'digits' and setting == 'standard' and metric == 'accuracy' and strategy == 'badge'"
    )
    assert result["curves"]["badge"]["labels"] == [100, 200, 300, 400, 500]
    assert np.allclose(result["curves"]["badge"]["low"], expected["low"], rtol=1e-5)
    tests = paired.table(curves).query("dataset == 'digits' and setting == 'standard' and labels == 300")
    given = {row["strategy"]: row["p_holm"] for row in result["tests"]["300"]}
    assert given == pytest.approx(dict(zip(tests["strategy"], tests["p_holm"], strict=True)), rel=1e-4)


def test_the_page_is_the_same_each_time_and_of_reasonable_size(curves, asked, noted, html):
    again = report.page(curves, tables.costs(curves), queries=asked, notes=noted, sheets=[sheet()])
    assert again == html
    assert len(html.encode()) < 8e6


def test_names_cannot_break_out_of_the_page():
    bad = tables.curves(("random", "margin"), datasets=("</script><script>alert(1)</script>",))
    html = report.page(bad, title="<b>mine & yours</b>")
    assert "alert(1)</script>" not in html
    assert html.count("&lt;b&gt;mine &amp; yours") == 2 and "{{" not in html.split("<script>")[0]


def test_metrics_per_class_are_left_out_unless_asked_for():
    table = pd.concat([tables.curves(), tables.curves(metrics=("recall/cat",))])
    assert [m["name"] for m in content(report.page(table))["metrics"]] == ["accuracy"]
    asked = content(report.page(table, metrics=["recall/cat"]))["metrics"]
    assert [m["title"] for m in asked] == ["Recall of cat"]


@pytest.mark.parametrize("case", CASES)
def test_thin_tables_make_a_page(case):
    curves = CASES[case]()
    content(report.page(curves, tables.costs(curves)))


def test_every_measure_of_a_query_is_on_the_page_with_its_interval(asked, html):
    found = content(html)
    assert [measure["name"] for measure in found["measures"]] == diagnostics.MEASURES
    expected = asked.query("strategy == 'badge' and measure == 'duplicates'")
    assert np.allclose(found["queries"]["digits|standard"]["duplicates"]["badge"]["high"], expected["high"], rtol=1e-5)
    assert "random" not in found["queries"]["digits|standard"]["overlap_baseline"]


# ---- in the browser


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine: install Debian's package chromium to test the page in a browser")
    browser = Browser(tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()


@pytest.fixture
def visit(browser, html, tmp_path):
    def go(hash="", *, text=html, **size):
        browser.problems.clear()
        page = tmp_path / "index.html"
        page.write_text(text, encoding="utf-8")
        browser.open(f"{page.as_uri()}{hash}", **size)
        return browser

    yield go
    assert browser.problems == []


def rows(browser):
    return browser.evaluate("[...document.querySelectorAll('#table tr[data-strategy]')].map(r => r.dataset.strategy)")


def said(browser, name):
    return browser.evaluate(f"document.getElementById({name!r}).textContent")


def traces(browser, name):
    return browser.evaluate(f"document.getElementById({name!r}).data.map(t => t.name)")


@pytest.mark.slow
def test_it_opens_from_disk_without_a_complaint_and_without_the_network(visit):
    browser = visit()
    assert len(rows(browser)) == 16 and len(traces(browser, "curves")) == 16
    assert browser.evaluate("document.querySelectorAll('#sheets img').length") == 1
    assert browser.evaluate("[...document.images].every(i => i.complete && i.naturalWidth > 100)")


@pytest.mark.slow
def test_the_address_sets_every_filter(visit):
    browser = visit("#dataset=eurosat&setting=simsiam&metric=macro_f1&labels=300&strategies=random,margin,badge")
    assert sorted(rows(browser)) == ["badge", "margin", "random"]
    assert sorted(traces(browser, "curves")) == ["BADGE", "Margin", "Random"]
    assert said(browser, "question") == "Which strategy on eurosat (SimSiam) with 300 labels?"
    assert "Macro-F1" in said(browser, "use")
    assert browser.evaluate("document.getElementById('sheets-section').hidden")


@pytest.mark.slow
def test_it_opens_where_there_is_a_choice_and_says_where_there_is_none(visit):
    """At 500 labels every strategy has the reference model."""
    curves = tables.curves(reference=500)
    top = curves["strategy"] == "reference"
    last = curves["labels"] == 500
    seeds = curves[top].set_index("seed")["value"]
    curves.loc[last, "value"] = curves.loc[last, "seed"].map(seeds)
    text = report.page(curves)
    assert said(visit(text=text), "question").endswith("with 400 labels?")
    browser = visit("#labels=500", text=text)
    assert said(browser, "use").startswith("All the same here: Accuracy") and "another number" in said(browser, "sure")


@pytest.mark.slow
def test_filters_change_the_page_and_the_address(visit, curves):
    browser = visit()
    browser.choose("dataset", "eurosat")
    browser.choose("setting", "simsiam")
    browser.choose("labels", "200")
    assert "labels=200" in browser.evaluate("location.hash") and "eurosat" in said(browser, "question")
    expected = curve_statistics.intervals(curves).query(
        "dataset == 'eurosat' and setting == 'simsiam' and metric == 'accuracy' and labels == 200"
    )
    best = expected.query("strategy != 'reference'").sort_values("mean").iloc[-1]
    assert rows(browser)[0] == best["strategy"] and f"{100 * best['mean']:.1f} %" in said(browser, "use")
    browser.evaluate("document.querySelector('#chips input[value=badge]').click()")
    assert "badge" not in rows(browser) and "BADGE" not in traces(browser, "curves")
    browser.evaluate("document.getElementById('none').click()")
    assert rows(browser) == [] and said(browser, "use") == "No strategy on show has a value here."
    browser.evaluate("document.getElementById('all').click()")
    assert len(rows(browser)) == 16
    browser.choose("labels", "area")
    assert "whole curve" in said(browser, "question")
    assert "Up and to the left is better" in said(browser, "spent-caption")
    browser.choose("metric", "log_loss")
    assert "Down and to the left is better" in said(browser, "spent-caption")
    low = curve_statistics.summary(curves, "log_loss").query("dataset == 'eurosat' and setting == 'simsiam'")
    assert rows(browser)[0] == low.iloc[0]["strategy"]


@pytest.mark.slow
def test_the_answer_names_what_cannot_be_told_apart_as_python_does(visit, curves):
    browser = visit("#dataset=digits&setting=standard&labels=400")
    runs = paired.measures(curves).query("dataset == 'digits' and setting == 'standard' and labels == 400")
    best = rows(browser)[0]
    pairs = paired.between(runs).query("strategy == @best or opponent == @best").reset_index(drop=True)
    p = paired.holm(pairs["p"], pd.DataFrame({"family": 0}, index=pairs.index))
    assert browser.evaluate(f"holm({pairs['p'].tolist()}.map(p => ({{p}}))).map(t => t.holm)") == pytest.approx(
        p.tolist()
    )
    sentence = said(browser, "sure")
    assert (("Better than" in sentence), ("Not distinguishable" in sentence)) == ((p < 0.05).any(), (p >= 0.05).any())
    assert (
        "With 4 seeds, and at the scatter of all strategies, a single test against random needs a difference of about"
        in sentence
    )
    assert re.search(r"of computing per run \(random: \d", said(browser, "price")) or best == "random"


@pytest.mark.slow
def test_what_was_asked_for_can_be_chosen_and_what_was_noted_is_explained(visit):
    browser = visit("#dataset=digits&setting=standard&measure=coverage_radius")
    assert set(traces(browser, "queries")) == {"Random", "Margin", "BADGE"}
    assert "worst served" in said(browser, "queries-caption")
    browser.choose("measure", "overlap_baseline")
    assert set(traces(browser, "queries")) == {"Margin", "BADGE"} and "measure=overlap" in browser.evaluate(
        "location.hash"
    )
    notes = browser.evaluate("[...document.querySelectorAll('#notes tr')].map(r => [r.className, r.textContent])")[1:]
    assert notes[0][0] == "warning" and "Margintied at cut1 of 2" in notes[0][1]
    assert any("BADGEzero gradients1 of 2" in text for _, text in notes)
    assert any("Randomnothing noted" in text for _, text in notes)
    browser.choose("dataset", "eurosat")
    assert browser.evaluate("document.getElementById('queries-section').hidden")


@pytest.mark.slow
def test_columns_sort(visit):
    browser = visit()
    browser.evaluate("document.querySelector('#table button[data-key=seconds]').click()")
    assert rows(browser)[0] == "random" and rows(browser)[-1] == "badge"


@pytest.mark.slow
def test_hovering_says_value_interval_and_n(visit):
    text = visit().evaluate("document.getElementById('curves').data[0].text[2]")
    assert re.search(r"300 labels: \d\d\.\d %<br>\[\d\d\.\d %, \d\d\.\d %\], n = 4", text)


@pytest.mark.slow
@pytest.mark.parametrize("width", [1400, 400])
def test_it_fits_the_width(visit, width):
    browser = visit(width=width, height=900)
    assert browser.evaluate("document.documentElement.scrollWidth") <= width
    inside = "[...document.querySelectorAll('section, .plot, select')].filter(e => !e.closest('[hidden]'))"
    assert browser.evaluate(f"{inside}.every(e => e.getBoundingClientRect().right <= innerWidth + 1)")


@pytest.mark.slow
@pytest.mark.parametrize("case", sorted(CASES))
def test_thin_tables_open_without_a_complaint(visit, case):
    curves = CASES[case]()
    browser = visit(text=report.page(curves, tables.costs(curves) if case != "no_reference" else None))
    assert set(rows(browser)) == set(curves.loc[curves["dataset"] == curves["dataset"].iloc[0], "strategy"]) - {
        "reference"
    }
    if case == "one_seed":
        assert "With one seed no difference" in said(browser, "sure") and "No test against" in said(browser, "sure")
    if case == "no_reference":
        assert said(browser, "price") == "Seconds unknown."


def test_a_metric_that_a_dataset_does_not_have_leaves_nothing_of_another_dataset(visit):
    both = tables.curves(datasets=("a", "b"), metrics=("accuracy", "auroc"))
    part = both[(both["dataset"] == "b") | (both["metric"] == "accuracy")]
    browser = visit("#dataset=b&metric=auroc", text=report.page(part, None))
    assert rows(browser)
    browser.evaluate("location.hash = '#dataset=a&metric=auroc'")
    assert browser.evaluate("state.dataset") == "a" and rows(browser) == []
