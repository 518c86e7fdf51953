"""check_report_results.py PAGE RUN_DIR [SECTION...]: the numbers in a report about the results of a run are those of
its evaluation.h5 and results.json; the page has these sections, and no tag, link or source that a name could have
made. With SECTION..., exactly these sections of results."""
import base64
import json
import re
import sys
import zlib
from html.parser import HTMLParser

import h5py
import numpy

VOID = {"meta", "link", "img", "br", "input", "hr", "rect", "path"}
SECTIONS = ["classes", "probabilities", "values", "series", "worst", "maps"]


class Page(HTMLParser):
    """Tables by caption, images in their order, captions of figures, and text by section."""

    def __init__(self, text):
        super().__init__()
        self.tables, self.images, self.figures, self.sections, self.boxes = {}, [], [], {}, 0
        self.section = self.table = self.cell = self.caption = self.figure = None
        self.open = []
        self.feed(text)
        assert not self.open, self.open

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        assert tag in (
            "html head meta link title style body a header h1 h2 h3 h4 p button nav ul ol li main section dl div dt dd table "
            "caption thead tbody tr th td figure figcaption svg g rect path text desc details summary script img span bdi "
            "i b input output strong code pre em label time circle line small blockquote mark"
        ).split(), tag
        for name in ("src", "href", "xlink:href", "action"):
            value = attributes.get(name)
            assert value is None or value.startswith(("#", "data:")), (tag, value)
        assert not any(name.startswith("on") for name in attributes), (tag, attributes)
        if tag not in VOID:
            self.open.append(tag)
        if tag == "section":
            self.section = attributes["id"]
            self.sections[self.section] = ""
        elif tag == "table":
            self.table = []
        elif tag == "caption":
            self.caption = ""
        elif tag == "figcaption":
            self.figure = ""
        elif tag == "tr":
            self.table.append([])
        elif tag in ("th", "td"):
            self.cell = ""
        elif tag == "img":
            assert attributes["alt"], "an image without words"
            self.images.append((self.section, attributes["alt"], attributes["src"]))
        elif tag == "rect" and attributes.get("class") == "chart-box":
            self.boxes += 1

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        assert self.open.pop() == tag, tag
        if tag == "table":
            self.tables.setdefault((self.section, self.name), []).append(self.table)
            self.table = None
        elif tag == "caption":
            self.name, self.caption = self.caption, None
        elif tag == "figcaption":
            self.figures.append((self.section, self.figure))
            self.figure = None
        elif tag in ("th", "td"):
            self.table[-1].append(self.cell)
            self.cell = None
        elif tag == "section":
            self.section = None

    def handle_data(self, data):
        if self.section:
            self.sections[self.section] += data
        if self.caption is not None:
            self.caption += data
        elif self.figure is not None:
            self.figure += data
        elif self.cell is not None:
            self.cell += data

    def table_of(self, section, start, index=0):
        found = [t for (s, name), list in self.tables.items() if s == section and name.startswith(start) for t in list]
        assert len(found) > index, (section, start, list(self.tables))
        return found[index]


def same(shown, value):
    """Whether a cell shows a number, with 6 digits."""
    if value is None or (isinstance(value, float) and numpy.isnan(value)):
        return shown == "undefined"
    return shown == f"{value:.6g}" or float(shown) == float(f"{value:.6g}")


def check(shown, value, where):
    assert same(shown, value), (where, shown, value)


def texts(dataset):
    return [t.decode() for t in dataset[()]]


def shown_name(name):
    return name.replace("\u202e", "\ufffd")


def check_classes(page, target, group, results, index):
    classes = [shown_name(name) for name in texts(group["classes"])]
    table = page.table_of("classes", "Rows of each class", index)
    assert table[0][1:] == classes, table[0]
    for row, name, counts in zip(table[1:], classes, group["confusion"][()], strict=True):
        assert row[0] == name
        for shown, count in zip(row[1:], counts, strict=True):
            check(shown, count, (target, name))
    table = page.table_of("classes", "Results by class", index)
    for row, name, own in zip(table[1:], classes, results["classes"], strict=True):
        assert row[0] == name
        for key, shown in zip(table[0][1:], row[1:], strict=True):
            check(shown, own[key], (target, name, key))
    assert {"precision", "recall", "f1", "support"} <= set(table[0])
    table = page.table_of("data", "Labels of each class", index)
    support = [own["support"] for own in results["classes"]]
    if group["hits_support_predicted"][()][:, 1].sum() == sum(int(row[3] or 0) for row in table[1:]):
        assert [int(row[3]) for row in table[1:]] == support
    assert [[int(c) if c else -1 for c in row[1:]] for row in table[1:]] == group["labels_by_part"][()].T.tolist()


def check_probabilities(page, group, results, index):
    table = page.table_of("probabilities", "Rows by the probability", index)
    bins = [b for b in group["calibration"][()] if b[0] > 0]
    for row, (rows, correct, mean) in zip(table[1:], bins, strict=True):
        for shown, value in zip(row[1:], (rows, mean, correct), strict=True):
            check(shown, value, row[0])
    if numpy.isnan(group["roc"][()][:, -1]).any(1).all():
        assert "the part does not have both" in page.sections["probabilities"]
        return
    table = page.table_of("probabilities", "Each class against", index)
    names = [shown_name(name) for name in texts(group["classes"])]
    for row in table[1:]:
        c = names.index(row[0])
        auc = results["classes"][c].get("auc")
        if auc is not None:
            check(row[1], auc, ("auc", row[0]))
        else:
            assert row[1] == "not measured", row
        false, true = group["roc"][c].T
        for shown, rate in zip(row[2:], (0.01, 0.05, 0.1), strict=True):
            check(shown, true[false <= rate].max(), (row[0], rate))


def check_values(page, target, group, sample, results):
    tables = [page.table_of("values", "Results by output", 0)]
    for row, own in zip(tables[0][1:], results["outputs"], strict=True):
        assert row[0] == own["name"] and row[1] == (own["unit"] or ""), row
        for key, shown in zip(tables[0][0][2:], row[2:], strict=True):
            value = own["baseline"][key[9:]] if key.startswith("baseline ") else own[key]
            check(shown, value, (own["name"], key))
    for o in range(len(results["outputs"])):
        rest = sample[target + "/predicted"][()][:, o] - sample[target + "/truth"][()][:, o]
        rest.sort()
        table = page.table_of("values", "Quantiles", o)
        check(table[1][1], rest[0], "smallest")
        check(table[7][1], rest[-1], "largest")
        check(table[4][1], rest[int(numpy.floor(0.5 * (len(rest) - 1) + 0.5))], "median")


def check_series(page, target, series):
    truth, predicted, rows = series[target + "/truth"][()], series[target + "/predicted"][()], series["target_row"][()]
    horizon = series["horizon"][0]
    for o in range(truth.shape[1]):
        table = page.table_of("series", "The series", o)
        assert len(table) - 1 == min(len(rows), 200)
        first = len(rows) - (len(table) - 1)
        for i, row in enumerate(table[1:], first):
            assert int(row[0]) == rows[i]
            check(row[1], truth[i, o], "truth")
            check(row[2], predicted[i, o], "forecast")
            last = truth[i - horizon, o] if i >= horizon else None
            check(row[3], last, "last known value")


def check_ranges(page, file):
    for name, group in file.get("ranges", {}).items():
        table = page.table_of("data", f"Ranges of {name},")
        least, most = group["least"][()], group["most"][()]
        used = group["samples"][()] > 0
        assert len(table) - 1 == least.shape[1], (name, len(table))
        for c, row in enumerate(table[1:]):
            if "columns" in group:
                assert row[0] == texts(group["columns"])[c], row
            bounds = numpy.stack([least[used, c], most[used, c]], 1).ravel()
            for shown, value in zip(row[1:-2], bounds, strict=True):
                check(shown, value, (name, c))
            assert int(row[-2]) == group["missing"][:, c].sum(), (name, row)
            assert int(row[-1]) == group["values"][:, c].sum(), (name, row)


def check_text(page, file):
    if "text" not in file:
        return
    prompt, written = (file["text"][k][()].decode() for k in ("prompt", "written"))
    assert len(prompt) == 40 and len(written) == 200, (prompt, written)
    assert prompt + written in page.sections["text"], page.sections["text"]


def pixels(uri):
    """An image of a data URI: rows x columns x channels."""
    data = base64.b64decode(uri.split(",", 1)[1], validate=True)
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, packed = 8, b""
    while at < len(data):
        size, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        body, checksum = data[at + 8 : at + 8 + size], int.from_bytes(data[at + 8 + size : at + 12 + size], "big")
        assert zlib.crc32(kind + body) == checksum
        if kind == b"IHDR":
            width, height, depth, colour = (int.from_bytes(body[a:b], "big") for a, b in ((0, 4), (4, 8), (8, 9), (9, 10)))
        packed += body if kind == b"IDAT" else b""
        at += 12 + size
    assert depth == 8
    rows = numpy.frombuffer(zlib.decompress(packed), "u1").reshape(height, -1)
    assert (rows[:, 0] == 0).all()
    return rows[:, 1:].reshape(height, width, {0: 1, 2: 3, 6: 4}[colour])


def check_worst(page, worst, file):
    table = page.table_of("worst", "Samples with")
    assert [int(row[0]) for row in table[1:]] == worst["position"][()].tolist()
    assert [int(row[1]) for row in table[1:]] == worst["row"][()].tolist()
    for row, loss in zip(table[1:], worst["loss"][()], strict=True):
        check(row[table[0].index("loss")], loss, "loss")
    for c, name in enumerate(table[0]):
        kind = name.split(": ")[-1]
        target = name.split(": ")[0] if ": " in name else [t for t in worst if isinstance(worst[t], h5py.Group)][0]
        if kind not in ("class", "predicted as", "probability", "probability of the class", "truth", "predicted"):
            continue
        truth, predicted = worst[target + "/truth"][()][:, 0] if worst[target + "/truth"].ndim > 1 else worst[target + "/truth"][()], worst[target + "/predicted"][()]
        for i, row in enumerate(table[1:]):
            own = predicted[i] if predicted.ndim > 1 else numpy.array([1 - predicted[i], predicted[i]])
            names = [shown_name(n) for n in texts(file[f"targets/{target}/classes"])] if "classes" in file[f"targets/{target}"] else []
            if kind == "class":
                assert row[c] == names[int(truth[i])]
            elif kind == "predicted as":
                assert row[c] == names[own.argmax()]
            elif kind == "probability":
                check(row[c], own.max(), (name, i))
            elif kind == "probability of the class":
                check(row[c], own[int(truth[i])], (name, i))
            elif kind == "truth":
                check(row[c], truth[i], (name, i))
            else:
                check(row[c], predicted[i], (name, i))


def check_pictures(page, worst):
    images = [image for image in page.images if image[0] == "worst"]
    inputs = worst["input"][()]
    if inputs.ndim == 3:
        inputs = inputs[..., None]
    assert len(images) == min(24, len(inputs)), len(images)
    text = page.sections["worst"]
    black, white = (float(v) for v in re.search(r"Black is (\S+), white (\S+),", text).groups())
    for (_, _, uri), values in zip(images, inputs):
        expected = ((values - black) / (white - black)).clip(0, 1) * 255
        assert numpy.abs(pixels(uri) - expected).max() < 0.51


def check_maps(page, target, worst, file):
    images = [image for image in page.images if image[0] == "maps"]
    assert len(images) == 3 * min(8, len(worst["position"]))
    truth, predicted = worst[target + "/truth"][()], worst[target + "/predicted"][()]
    classes = len(file[f"targets/{target}/classes"])
    for i in range(len(images) // 3):
        side = pixels(images[3 * i][2]).shape
        own = predicted[i].reshape(-1, classes).argmax(1)
        wrong = int((own != truth[i]).sum())
        assert images[3 * i + 2][1].endswith(f": {wrong} of {len(own)} are wrong"), images[3 * i + 2][1]
        for uri, labels in ((images[3 * i + 1][2], truth[i]), (images[3 * i + 2][2], own)):
            colours = pixels(uri)
            assert colours.shape == (side[0], side[1], 4)
            flat = [tuple(p) for p in colours.reshape(-1, 4).tolist()]
            assert len(set(zip(flat, labels.tolist()))) == len(set(labels.tolist())), "a class has two colours"
            assert len(set(flat)) == len(set(labels.tolist()))


def main():
    html = open(sys.argv[1], encoding="utf-8").read()
    assert "http" not in re.sub(r"http-equiv|http://www\.w3\.org/2000/svg", "", html)
    page = Page(html)
    with h5py.File(sys.argv[2] + "/evaluation.h5") as file:
        results = json.load(open(sys.argv[2] + "/results.json"))
        part = results["parts"][results["part"]]
        present = [s for s in SECTIONS if s in page.sections]
        assert not sys.argv[3:] or present == sys.argv[3:], present
        table = page.table_of("data", "Parts of the data")
        assert [[row[0], int(row[1])] for row in table[1:]] == [
            [n, int(c)] for n, c in zip(texts(file["parts"]), file["part_samples"][()])
        ]
        assert f"{part['samples']} samples" in page.sections["predictions"]
        classes = 0
        for own in part["targets"]:
            group = file["targets/" + own["name"]]
            if own["kind"] == "classes":
                check_classes(page, own["name"], group, own, classes)
                check_probabilities(page, group, own, classes)
                classes += 1
            else:
                check_values(page, own["name"], group, file["sample"], own)
            if "series" in present:
                check_series(page, own["name"], file["series"])
        check_ranges(page, file)
        check_text(page, file)
        check_worst(page, file["worst"], file)
        if file["worst/input"].ndim > 3 or file["worst/input"].shape[1:] == (8, 8):
            check_pictures(page, file["worst"])
        if "maps" in present:
            check_maps(page, part["targets"][0]["name"], file["worst"], file)
        layers = page.table_of("network", "Layers of the network")
        assert page.boxes == len(layers) - 1 or page.boxes < len(layers) - 1 > 30, (page.boxes, len(layers))
        parameters = sum(int(row[5]) for row in layers[1:] if row[5].isdigit())
        assert f"{len(layers) - 1} layers, {parameters} parameters" in page.sections["network"]


main()
