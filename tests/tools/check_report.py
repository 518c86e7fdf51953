"""check_report.py PAGE RUN_DIR...: what a page of nntrain report shows of summary, curves, norms, speed, settings and several
runs is what the run directories have; nothing on it leads elsewhere, and names on it are text."""

import json
import math
import pathlib
import re
import sys
from html.parser import HTMLParser


class Page(HTMLParser):
    """Sections by id: tables as (caption, heading row, rows), facts, figures by caption with the marks of their charts."""

    VOID = {"meta", "link", "img", "br", "hr", "input", "rect", "path"}

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.section, self.values, self.elements = [], None, None, []
        self.tables, self.facts, self.texts, self.figures = [], {}, {}, []
        self.cell = self.row = self.table = self.term = None
        self.feed(text)
        assert not self.open, "elements that are not closed: %s" % self.open

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.elements.append((tag, attributes))
        if tag == "section":
            self.section = attributes["id"]
        if tag == "table":
            self.table = {"section": self.section, "caption": "", "head": [], "rows": [], "marked": []}
            self.tables.append(self.table)
        if tag == "tr":
            self.row = []
        if tag in ("td", "th", "caption", "dt", "dd", "figcaption"):
            self.cell = ""
        if tag == "script" and attributes.get("id") == "report-values":
            self.values = ""
        if tag not in self.VOID:
            self.open.append((tag, attributes))

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open and self.open[-1][0] == tag, "</%s> closes %s" % (tag, self.open[-1:])
        attributes = self.open.pop()[1]
        if tag in ("td", "th"):
            self.row.append(self.cell)
        elif tag == "caption":
            self.table["caption"] = self.cell
        elif tag == "tr" and self.open[-1][0] == "thead":
            self.table["head"] = self.row
        elif tag == "tr":
            if attributes.get("class") == "marked":
                self.table["marked"].append(len(self.table["rows"]))
            self.table["rows"].append(self.row)
        elif tag == "dt":
            self.term = self.cell
        elif tag == "dd":
            self.facts[self.section, self.term] = self.cell
        elif tag == "figcaption":
            self.figures.append((self.section, self.cell))

    def handle_data(self, data):
        if self.cell is not None:
            self.cell += data
        if self.open and self.open[-1] == ("script", {"type": "application/json", "id": "report-values"}):
            self.values += data
        self.texts[self.section] = self.texts.get(self.section, "") + data

    def find(self, caption):
        found = [table for table in self.tables if table["caption"].startswith(caption)]
        assert found, "no table '%s'" % caption
        return found[0]


def shown(value):
    """As the page has a number."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "undefined"
    return "%.6g" % value


def same(cell, value, what):
    assert cell == shown(value), "%s: the page has '%s', the source %r" % (what, cell, value)


def check_elements(page, text):
    for tag, attributes in page.elements:
        for name in ("src", "href"):
            link = attributes.get(name)
            assert link is None or link.startswith(("#", "data:")), "<%s> leads to %s" % (tag, link)
        assert not any(name.startswith("on") for name in attributes), "<%s> has a handler" % tag
        assert tag not in ("b", "iframe", "object", "embed", "base"), "<%s> comes from a name" % tag
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "").replace("http-equiv", ""), "an address"
    assert "url(" not in text and "@import" not in text
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids)), "ids that occur twice"
    for tag, attributes in page.elements:
        if tag == "a":
            assert attributes["href"][1:] in ids, attributes
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1 and all(b - a <= 1 for a, b in zip(levels, levels[1:])), levels


def lines_of(run):
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


def check_curves(page, caption, x, points):
    """A table of a chart, and what the script reads, against points {x: {column: value}}."""
    table = page.find(caption)
    assert table["head"][0] == x, table["head"]
    rows = {row[0]: row[1:] for row in table["rows"]}
    assert len(rows) == len(points) or "rows, and the last" in table["caption"], (caption, len(rows), len(points))
    for place, row in rows.items():
        for name, cell in zip(table["head"][1:], row):
            if name in points[float(place)]:
                same(cell, points[float(place)][name], "%s at %s" % (caption, place))
            else:
                assert cell == "", (caption, place, name, cell)
    number = [title for _, title in page.figures].index(caption) + 1
    chart = [one for one in json.loads(page.values) if one["figure"] == "figure-%d" % number][0]
    for curve in chart["curves"]:
        for at, value in zip(curve["x"], curve["y"]):
            near = min(points, key=lambda place: abs(place - at))
            source = points[near][curve["name"]]
            assert (value is None) == (source is None), (caption, at)
            assert value is None or abs(value - source) <= 1e-5 * abs(source), (caption, at, value, source)


def check_run(page, run):
    lines = lines_of(run)
    epochs = [line for line in lines if "epoch" in line]
    steps = [line for line in lines if line.get("line") == "step"]
    results = json.loads((run / "results.json").read_text())
    part = results["parts"][results["part"]]
    table = page.find("Results on the %s part, %s samples" % (results["part"], part["samples"]))
    for row in table["rows"]:
        cells = dict(zip(table["head"], row))
        same(cells[results["part"]], part["metrics"][row[0]], "result " + row[0])
        if cells["baseline"]:
            same(cells["baseline"], part["baseline"][row[0]], "baseline " + row[0])
        if cells.get("validation"):
            same(cells["validation"], results["validation"][row[0]], "validation " + row[0])
    assert [row[0] for row in table["rows"]] == list(part["metrics"])
    best = page.facts["summary", "Best epoch"]
    assert best.startswith("%d, validation " % results["epoch"]), best
    assert page.facts["summary", "Fingerprint of the best weights"] == results["fingerprint"]
    time = epochs[-1]["time"]
    assert page.facts["summary", "Ranks"].startswith("%d rank" % time["ranks"]), page.facts
    for metric in epochs[0]["train"]:
        if not isinstance(epochs[0]["train"][metric], (int, float)):
            continue
        points = {line["epoch"]: {"train": line["train"][metric]} for line in epochs}
        for line in epochs:
            if metric in line.get("validation", {}):
                points[line["epoch"]]["validation"] = line["validation"][metric]
        check_curves(page, metric + " by epoch", "epoch", points)
    check_curves(page, "Samples per second, by epoch", "epoch",
                 {line["epoch"]: {"Samples per second, by epoch": line["time"]["samples_per_second"]} for line in epochs})
    whole = sum(line["time"]["seconds"] for line in epochs)
    rows = {row[0]: row[1] for row in page.find("Time of all epochs")["rows"]}
    same(rows["all"], whole, "time of all epochs")
    same(rows["waiting for data"], sum(line["time"]["waited_for_data"] for line in epochs), "waiting for data")
    if steps:
        check_curves(page, "Training loss by step", "step", {line["step"]: {"loss": line["loss"]} for line in steps})
    if steps and "norms" in steps[0]:
        for kind in ("gradient", "weights", "update"):
            points = {line["step"]: {layer: norms[kind] for layer, norms in line["norms"].items()} for line in steps}
            check_curves(page, "Norm of the %s by layer" % kind, "step", points)
        table = page.find("Norms by layer in the last step")
        for row in table["rows"]:
            same(row[1], steps[-1]["norms"][row[0]]["gradient"], row[0])
            same(row[4], steps[-1]["norms"][row[0]]["update"] / steps[-1]["norms"][row[0]]["weights"], row[0])
    if "profile_layers" in time:
        table = page.find("Time of a step by layer")
        for at, row in enumerate(table["rows"]):
            assert row[0] == time["profile_layers"][at]
            same(row[1], time["profile_forward_ms"][at], row[0])
            same(row[5], 100 * time["profile_of_peak"][at], row[0])
    assert (run / "config.yaml").read_text() in page.texts["settings"], "config.yaml is not shown"


def check_runs(page, runs):
    rows = {row[0]: row for table in page.tables if table["caption"].startswith("Each run") for row in table["rows"]}
    for run in runs:
        results = json.loads((run / "results.json").read_text())
        table = page.find("Each run")
        row = dict(zip(table["head"], rows[run.name]))
        metric = [name for name in table["head"] if name.startswith("validation ")][0][len("validation "):]
        same(row["validation " + metric], results["validation"][metric], run.name)
        same(row["test"], results["parts"]["test"]["metrics"][metric], run.name)
        assert row["best epoch"] == str(results["epoch"])
    table = page.find("Each run")
    column = [at for at, name in enumerate(table["head"]) if name.startswith("validation ")][0]
    lower = "lower is better" in page.find(table["head"][column][len("validation "):] + " over seeds")["caption"]
    best = sorted(table["rows"], key=lambda row: float(row[column]), reverse=not lower)[0]
    assert float(table["rows"][table["marked"][0]][column]) == float(best[column]), "the best is not marked"
    number = [title for _, title in page.figures if title.startswith("Validation loss by epoch")]
    assert number, page.figures
    chart = page.find("Validation loss by epoch")
    for run in runs:
        if run.name in chart["head"]:
            column = chart["head"].index(run.name)
            for row in chart["rows"]:
                same(row[column], lines_of(run)[int(row[0]) - 1]["validation"]["loss"], run.name)


def main():
    text = pathlib.Path(sys.argv[1]).read_text(encoding="utf-8")
    page, runs = Page(text), [pathlib.Path(name) for name in sys.argv[2:]]
    check_elements(page, text)
    if len(runs) == 1:
        check_run(page, runs[0])
    elif runs:
        check_runs(page, runs)


if __name__ == "__main__":
    main()
