#!/usr/bin/env python3
"""Draws what the benches measured: `plot.py [--only NAME]... [--out FOLDER] CSV...`.

Writes `cost.svg` (time against members) and `written.svg` (bytes written against members) into the folder, docs/img unless it is
given. With `--only`, contenders whose names begin so; several CSV files are taken together, and of a point that is in two of them
the later one counts.
"""

import argparse
import csv
import math
import pathlib
from html import escape

COLOURS = [
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9",
    "#8c564b", "#7a5195", "#bcbd22", "#003f5c", "#ff7c43", "#2f4b7c",
]
FLOOR = "floor of the primitives"
COLUMNS = 4
WIDTH, HEIGHT = 250, 200  # of one panel, with all that belongs to it
LEFT, RIGHT, TOP, BOTTOM = 56, 12, 30, 34  # around the plot in a panel
MARGIN = 24
INK, FAINT, GRID = "#1f2933", "#5f6b76", "#e3e7eb"
FONT = "font-family='system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif'"


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--only", action="append", default=[], help="contenders whose names begin so")
    options.add_argument("--out", default=pathlib.Path(__file__).parent.parent / "docs/img", type=pathlib.Path)
    options.add_argument("csv", nargs="+", type=pathlib.Path)
    chosen = options.parse_args()
    lines = [line for path in chosen.csv for line in read(path)]
    if chosen.only:
        lines = [line for line in lines if line["contender"].startswith(tuple(chosen.only))]
    chosen.out.mkdir(parents=True, exist_ok=True)
    cost = panels(lines, "median_ns", with_floor=True)
    draw(chosen.out / "cost.svg", "Time of each operation against the size of the group", cost, duration)
    written = panels(lines, "written_bytes", with_floor=False)
    draw(chosen.out / "written.svg", "Bytes written by each operation against the size of the group", written, size)


def read(path):
    with path.open(newline="") as file:
        yield from csv.DictReader(file)


def panels(lines, column, with_floor):
    """Operation → contender → members → value, in the order of the benches; only what was measured at two sizes."""
    at_size = {}
    for line in lines:
        at_size.setdefault(line["n"], {})[line["operation"]] = None
    # A size at which none is missing goes first.
    found = {operation: {} for size in sorted(at_size.values(), key=len, reverse=True) for operation in size}
    for line in lines:
        series = found[line["operation"]]
        n, value, floor = int(line["n"]), float(line[column]), float(line["floor_ns"])
        if value > 0:
            series.setdefault(line["contender"], {})[n] = value
        if with_floor and floor > 0:
            series.setdefault(FLOOR, {})[n] = floor
    several = {name: series for name, series in found.items() if len({n for points in series.values() for n in points}) > 1}
    return {name: series for name, series in several.items() if any(name != FLOOR for name in series)}


def draw(path, title, found, unit):
    """One picture: a title, a legend and a grid of panels."""
    if not found:
        print(f"{path.name}: nothing was measured at two sizes")
        return
    names = list(dict.fromkeys(name for series in found.values() for name in series if name != FLOOR))
    styles = {name: COLOURS[at % len(COLOURS)] for at, name in enumerate(names)}
    columns = min(COLUMNS, len(found))
    width = columns * WIDTH + 2 * MARGIN
    floor = any(FLOOR in series for series in found.values())
    legend, top = draw_legend(styles, floor, width)
    rows = math.ceil(len(found) / columns)
    sizes = [n for series in found.values() for points in series.values() for n in points]
    height = top + rows * HEIGHT + MARGIN
    parts = [
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{width}' height='{height}' viewBox='0 0 {width} {height}' {FONT} role='img'>",
        f"<title>{escape(title)}</title>",
        f"<rect width='{width}' height='{height}' fill='#ffffff'/>",
        text(MARGIN, MARGIN + 10, title, 17, INK, weight=600),
        legend,
    ]
    for at, (operation, series) in enumerate(found.items()):
        corner = MARGIN + at % columns * WIDTH, top + at // columns * HEIGHT
        parts.append(draw_panel(corner, operation, series, (styles, unit, sizes)))
    path.write_text("\n".join(parts + ["</svg>", ""]))
    print(path)


def draw_legend(styles, floor, width):
    """The legend, in as many lines as it needs, and where the panels begin."""
    entries = [(name, colour, "") for name, colour in styles.items()]
    if floor:
        entries.append((FLOOR, FAINT, "stroke-dasharray='4 3'"))
    parts, x, y = [], MARGIN, MARGIN + 36
    for name, colour, dashes in entries:
        wide = 44 + 6.6 * len(name)
        if x + wide > width - MARGIN and x > MARGIN:
            x, y = MARGIN, y + 20
        parts.append(f"<line x1='{x}' y1='{y - 4}' x2='{x + 22}' y2='{y - 4}' stroke='{colour}' stroke-width='2' {dashes}/>")
        if not dashes:
            parts.append(f"<circle cx='{x + 11}' cy='{y - 4}' r='3' fill='{colour}'/>")
        parts.append(text(x + 28, y, name, 12, INK))
        x += wide
    return "\n".join(parts), y + 18


def draw_panel(corner, operation, series, look):
    """One operation: its axes and its lines."""
    left, top = corner[0] + LEFT, corner[1] + TOP
    plot = left, top, WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    styles, unit, sizes = look
    values = [value for points in series.values() for value in points.values()]
    scales = Scale(sizes, left, plot[2]), Scale(values, top + plot[3], -plot[3], least=2)
    parts = [text(left, top - 9, operation, 13, INK, weight=600), grid(plot, scales, unit)]
    # The first contender lies on top.
    for name, points in sorted(series.items(), key=lambda item: [FLOOR, *reversed(styles)].index(item[0])):
        colour, dashes = (FAINT, "stroke-dasharray='4 3'") if name == FLOOR else (styles[name], "")
        at = [(scales[0](n), scales[1](value)) for n, value in sorted(points.items())]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in at)
        parts.append(f"<polyline points='{path}' fill='none' stroke='{colour}' stroke-width='1.8' stroke-linejoin='round' {dashes}/>")
        if name != FLOOR:
            parts += [f"<circle cx='{x:.1f}' cy='{y:.1f}' r='2.6' fill='{colour}'/>" for x, y in at]
    return "\n".join(parts)


def grid(plot, scales, unit):
    """Lines at the powers of ten, with what they mean."""
    left, top, width, height = plot
    parts = []
    for value in scales[1].decades():
        y = scales[1](value)
        parts.append(f"<line x1='{left}' y1='{y:.1f}' x2='{left + width}' y2='{y:.1f}' stroke='{GRID}'/>")
        parts.append(text(left - 6, y + 4, unit(value), 11, FAINT, anchor="end"))
    for value in scales[0].decades():
        x = scales[0](value)
        parts.append(f"<line x1='{x:.1f}' y1='{top}' x2='{x:.1f}' y2='{top + height}' stroke='{GRID}'/>")
        parts.append(text(x, top + height + 14, count(value), 11, FAINT, anchor="middle"))
    parts.append(text(left + width, top + height + 27, "members", 10, FAINT, anchor="end"))
    parts.append(f"<path d='M{left},{top}V{top + height}H{left + width}' fill='none' stroke='{FAINT}'/>")
    return "\n".join(parts)


class Scale:
    """A logarithmic axis over whole powers of ten, `least` of them or more."""

    def __init__(self, values, start, length, least=1):
        self.low = math.floor(math.log10(min(values)) + 1e-9)
        self.high = max(math.ceil(math.log10(max(values)) - 1e-9), self.low + least)
        self.start, self.length = start, length

    def __call__(self, value):
        return self.start + self.length * (math.log10(value) - self.low) / (self.high - self.low)

    def decades(self):
        return [10**power for power in range(self.low, self.high + 1)]


def duration(nanos):
    for unit, scale in [("s", 1e9), ("ms", 1e6), ("µs", 1e3)]:
        if nanos >= scale:
            return f"{nanos / scale:g} {unit}"
    return f"{nanos:g} ns"


def size(octets):
    for unit, scale in [("GB", 1e9), ("MB", 1e6), ("kB", 1e3)]:
        if octets >= scale:
            return f"{octets / scale:g} {unit}"
    return f"{octets:g} B"


def count(n):
    return f"{n // 1000}k" if n >= 1000 else str(n)


def text(x, y, words, points, colour, anchor="start", weight=400):
    place = f"x='{x:.1f}' y='{y:.1f}' font-size='{points}' fill='{colour}' text-anchor='{anchor}' font-weight='{weight}'"
    return f"<text {place}>{escape(words)}</text>"


if __name__ == "__main__":
    main()
