"""Every part of the benchmarks runs, with numbers far too small to mean anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.__main__ import BEGIN, END, PARTS, main, page, put_into, run
from bench.report import Report, Row, Target
from bench.scale import TINY
from bench.stage import Stage


@pytest.mark.slow
def test_every_part_measures_and_leaves_nothing_behind(tmp_path: Path) -> None:
    report, conditions = run(list(PARTS), TINY, tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert [line for line in conditions.warnings if "failed" in line or "errors" in line] == []
    # For so short a time a house at rest may take nothing that can be measured.
    assert [row.key for row in report.rows.values() if row.value <= 0 and row.key != "rest"] == []
    assert {
        "sync",
        "append.4",
        "verify.hashing",
        "peer.replay",
        "upload.ready",
        "messages.2",
        "lag.uploading",
        "pages",
        "stream.p50",
    } <= set(report.rows)
    table = page(report, conditions)
    assert all(row.what in table for row in report.rows.values())
    assert all(name in table for name in ("processor", "SQLite", "load average at end"))


def test_the_table_goes_where_it_is_asked_to_go(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bench.__main__.QUICK", TINY)
    document, figures = tmp_path / "README.md", tmp_path / "figures.json"
    document.write_text(f"{BEGIN}\n{END}\n")
    places = ["--folder", str(tmp_path), "--into", str(document), "--json", str(figures)]
    assert main(["--quick", "--only", "peers", *places]) == 0
    table = capsys.readouterr().out.strip()
    assert "`eventsourcing`, replay" in table
    assert table in document.read_text()
    assert "peer.replay" in figures.read_text()


def test_a_part_that_fails_is_told_and_the_rest_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(stage: Stage) -> None:
        raise RuntimeError("the disk is gone")

    monkeypatch.setitem(PARTS, "limits", broken)
    report, conditions = run(["limits", "peers"], TINY, tmp_path)
    assert "The part `limits` failed: the disk is gone" in conditions.warnings
    assert "peer.replay" in report.rows


def test_a_figure_stands_beside_its_limit_and_its_target() -> None:
    report = Report()
    report.add(Row(key="limit", what="the limit", value=2_000, unit="/s"))
    report.add(Row(key="ours", what="ours", value=500, unit="/s", against=("limit", "left out"), target=Target(600)))
    assert report.markdown().splitlines()[-1] == "| ours | 500 /s | 0.25 × the limit | ≥ 600: **missed** |  |"


def test_figures_in_different_units_are_not_compared() -> None:
    report = Report()
    report.add(Row(key="limit", what="the limit", value=2_000, unit="/s"))
    report.add(Row(key="ours", what="ours", value=500, unit="ms", against=("limit",)))
    with pytest.raises(ValueError, match="cannot be compared"):
        report.markdown()


def test_results_replace_the_ones_before_and_nothing_else(tmp_path: Path) -> None:
    document = tmp_path / "README.md"
    document.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    put_into(document, "new")
    put_into(document, "newer")
    assert document.read_text() == f"before\n{BEGIN}\n\nnewer\n\n{END}\nafter\n"


def test_a_document_without_a_place_for_results_is_left_alone(tmp_path: Path) -> None:
    document = tmp_path / "README.md"
    document.write_text("nothing")
    with pytest.raises(ValueError, match="no place"):
        put_into(document, "new")
    assert document.read_text() == "nothing"
