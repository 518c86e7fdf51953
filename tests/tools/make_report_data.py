"""make_report_data.py FOLDER: small HDF5 files for reports of every kind of result: images (RGB) of classes with odd
names, answers of yes or no, several targets, values with units, a series, and a class for each pixel."""
import sys

import h5py
import numpy

folder = sys.argv[1]
random = numpy.random.default_rng(1)
text = h5py.string_dtype()


def file(name):
    return h5py.File(f"{folder}/{name}", "w")


# Three classes: a red, a green or a blue square on noise. Some are mixed up, so that there are mistakes.
rgb = random.integers(0, 90, (240, 12, 12, 3)).astype("u1")
label = random.integers(0, 3, 240)
for i, c in enumerate(label):
    at = random.integers(0, 6, 2)
    rgb[i, at[0] : at[0] + 6, at[1] : at[1] + 6, c] += random.integers(60, 160, (6, 6)).astype("u1")
with file("images.h5") as f:
    f["x"] = rgb
    f["y"] = numpy.where(random.random(240) < 0.1, (label + 1) % 3, label).astype("u1")
    names = ["</script><b>", "\u05d0\u05d1\u05d2 \u202eright to left", "long " * 60]
    f["y_classes"] = names

# A table: yes or no, two further answers, and two values with units.
table = random.normal(size=(300, 4))
with file("table.h5") as f:
    f["x"] = table
    f["x_columns"] = ["width", "height", "age", "noise"]
    gaps = table.copy()
    gaps[5:50:4, 3] = numpy.nan
    f["gaps"] = gaps
    f["gaps_columns"] = ["width", "height", "age", "noise"]
    f["yes"] = (table[:, 0] + 0.4 * random.normal(size=300) > 0).astype("u1")
    f["kind"] = numpy.digitize(table[:, 1] + 0.3 * random.normal(size=300), [-0.5, 0.5]).astype("u1")
    values = numpy.stack([20 + 5 * table[:, 0] - 2 * table[:, 2], 1000 + 100 * table[:, 1] ** 2], 1)
    f["values"] = values + random.normal(size=(300, 2)) * [1, 20]
    f["values_columns"] = ["temperature", "pressure"]
    f["values_units"] = ["\u00b0C", "hPa"]

# A series of two columns.
t = numpy.arange(400)
with file("series.h5") as f:
    f["series"] = numpy.stack([numpy.sin(t / 7) + 0.05 * random.normal(size=400), numpy.cos(t / 11)], 1)
    f["series_columns"] = ["level", "flow"]
    f["series_units"] = ["m", "m3/s"]

# A text that is markup in places.
with open(f"{folder}/text.txt", "w") as f:
    f.write("a cat </script><b>sat</b> & rib\u00e9\n" * 60)

# A class for each pixel: background, a bright disc, a dark one.
x = random.normal(0.5, 0.05, (120, 16, 16, 1)).clip(0, 1)
y = numpy.zeros((120, 16, 16), "u1")
row, column = numpy.mgrid[:16, :16]
for i in range(120):
    for c, value in ((1, 0.95), (2, 0.05)):
        inside = (row - random.integers(3, 13)) ** 2 + (column - random.integers(3, 13)) ** 2 < 9
        x[i, inside, 0] = value
        y[i, inside] = c
with file("pixels.h5") as f:
    f["x"] = x.astype("f4")
    f["y"] = y
    f["y_classes"] = ["background", "bright", "dark"]
