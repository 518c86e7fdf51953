#!/usr/bin/env python3
"""Prints a table of simulated runs, and plots their weak scaling.

    scripts/scale_plot.py RESULTS.json PLOT.svg

RESULTS.json: the lines that scripts/scale.sh writes. The efficiency is the compute of a step over the step; the bound is
that of the larger of compute and wire, where every link always sends, and receives, what must cross it.
"""
import json
import math
import sys

WIDTH, HEIGHT, LEFT, TOP, BOTTOM, RIGHT = 760, 360, 60, 30, 50, 250
# Of each network and link, from the top of the plot down.
COLOURS = {("resnet50-group-norm", 200): "#0b6e99", ("resnet50", 200): "#d9730d",
           ("resnet50-group-norm", 10): "#448361", ("resnet50", 10): "#9065b0"}
NORMALISATIONS = {"resnet50-group-norm": "group_norm", "resnet50": "batch_norm"}
DASHES = {"exact": "", "plain": ' stroke-dasharray="5 4"', "bound": ' stroke-dasharray="1 3"'}


def read(path):
    with open(path) as file:
        return [json.loads(line) for line in file if line.strip()]


def wire(run):
    """Seconds: both halves of an allreduce, one after another, since the sum is agreed on in between."""
    return 2 * 4 * run["parameters"] * (1 - 1 / run["ranks"]) / run["link"]


def efficiency(run):
    return run["compute"] / run["step"]


def bound(run):
    return run["compute"] / max(run["compute"], wire(run))


def gigabits(run):
    return round(8 * run["link"] / 1e9)


def table(runs):
    lines = ["| network | scaling | link | ranks | compute | wire | step, exact | efficiency | of the bound | step, plain |",
             "|---|---|---|---|---|---|---|---|---|---|"]
    plain = {(r["network"], r["scaling"], r["link"], r["ranks"]): r for r in runs if r["mode"] == "plain"}
    for run in (r for r in runs if r["mode"] == "exact"):
        other = plain.get((run["network"], run["scaling"], run["link"], run["ranks"]))
        lines.append("| {} | {} | {} Gb/s | {:,} | {:.1f} ms | {:.1f} ms | {:.2f} ms | {:.1f} % | {:.1f} % | {} |".format(
            run["network"], run["scaling"], gigabits(run), run["ranks"], 1e3 * run["compute"], 1e3 * wire(run),
            1e3 * run["step"], 100 * efficiency(run), 100 * max(run["compute"], wire(run)) / run["step"],
            "{:.2f} ms".format(1e3 * other["step"]) if other else ""))
    return "\n".join(lines)


def curves(runs):
    """Name, colour, kind and points of each, in the order of the colours."""
    found = []
    for (network, rate), colour in COLOURS.items():
        of = [r for r in runs if r["scaling"] == "weak" and r["ranks"] > 1 and (r["network"], gigabits(r)) == (network, rate)]
        name = f"{NORMALISATIONS[network]}, {rate} Gb/s"
        for kind, suffix in ("exact", ""), ("plain", ", one allreduce"):
            found.append((name + suffix, colour, kind, sorted((r["ranks"], efficiency(r)) for r in of if r["mode"] == kind)))
        bounds = sorted((r["ranks"], bound(r)) for r in of if r["mode"] == "exact" and bound(r) < 1)
        if network == "resnet50-group-norm":
            found.append((f"bound at {rate} Gb/s", "#37352f", "bound", bounds))
    return [curve for curve in found if curve[3]]


def place(ranks, value, most):
    x = LEFT + (WIDTH - LEFT - RIGHT) * math.log2(ranks) / math.log2(most)
    return x, TOP + (HEIGHT - TOP - BOTTOM) * (1 - value)


def text(x, y, words, extra=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" {extra}>{words}</text>'


def plot(runs):
    most = max(run["ranks"] for run in runs)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif" '
           'font-size="11" fill="#37352f">', f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
           text(LEFT, 16, "Weak scaling, simulated: ResNet-50, 8 samples per node of 2 TFLOP/s", 'font-weight="bold"')]
    for percent in range(0, 101, 20):
        x, y = place(1, percent / 100, most)
        out.append(f'<path d="M{x} {y}H{WIDTH - RIGHT}" stroke="#e3e2e0"/>')
        out.append(text(x - 6, y + 4, f"{percent} %", 'text-anchor="end"'))
    ranks = 1
    while ranks <= most:
        x, y = place(ranks, 0, most)
        out.append(text(x, y + 16, f"{ranks:,}", 'text-anchor="middle"'))
        ranks *= 4
    out.append(text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, "nodes, one rank each", 'text-anchor="middle"'))
    for i, (name, colour, kind, points) in enumerate(curves(runs)):
        style = f'stroke="{colour}" stroke-width="2"{DASHES[kind]}'
        way = " ".join("{:.1f},{:.1f}".format(*place(*point, most)) for point in points)
        out.append(f'<polyline points="{way}" fill="none" {style}/>')
        y = TOP + 14 + 20 * i
        out.append(f'<path d="M{WIDTH - RIGHT + 10} {y - 4}h22" {style}/>')
        out.append(text(WIDTH - RIGHT + 38, y, name))
    return "\n".join(out + ["</svg>"]) + "\n"


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    runs = read(sys.argv[1])
    print(table(runs))
    with open(sys.argv[2], "w") as file:
        file.write(plot(runs))


main()
