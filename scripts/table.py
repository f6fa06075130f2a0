#!/usr/bin/env python3
"""Makes the tables of docs/performance.md out of what the benches measured: `table.py ratios|times|written CSV...`.

`ratios`: median by floor of each configuration of conclave, for each operation and size. `times`: the medians of all contenders.
`written`: the bytes of keys and values that they write. Of a point that is in two files, the later one counts.
"""

import csv
import pathlib
import sys


def main():
    kind, paths = sys.argv[1], sys.argv[2:]
    points = {}
    for path in paths:
        with pathlib.Path(path).open() as file:
            points.update({(row["contender"], row["operation"], int(row["n"])): row for row in csv.DictReader(file)})
    operations = list(dict.fromkeys(operation for _, operation, _ in points))
    sizes = sorted({n for _, _, n in points if n > 1})
    alone = [operation for _, operation, n in points if n == 1]
    contenders = list(dict.fromkeys(contender for contender, _, _ in points))
    if kind == "ratios":
        for contender in [name for name in contenders if name.startswith("conclave")]:
            print(f"\n{contender}:\n")
            table("Operation", operations, sizes, lambda operation, n: ratio(points.get((contender, operation, n))))
    else:
        show = {"times": time, "written": written}[kind]
        for operation in operations:
            print(f"\n{operation}:\n")
            if operation in alone:
                table("", contenders, [1], lambda contender, n: show(points.get((contender, operation, n))))
                continue
            rows = [name for name in contenders if any((name, operation, n) in points for n in sizes)]
            table("", rows, sizes, lambda contender, n: show(points.get((contender, operation, n))))


def table(title, rows, sizes, cell):
    print(f"| {title} |" + "|".join(f" {n:,} ".replace(",", "\u00a0") for n in sizes) + "|")
    print("|---|" + "--:|" * len(sizes))
    for row in rows:
        cells = [cell(row, n) for n in sizes]
        if any(text != "–" for text in cells):
            print(f"| {row} | " + " | ".join(cells) + " |")


def ratio(point):
    return f"{float(point['ratio']):.2f}" if point and point["ratio"] else "–"


def time(point):
    return scaled(float(point["median_ns"]), [(1e9, "s"), (1e6, "ms"), (1e3, "µs")]) if point else "–"


def written(point):
    return scaled(float(point["written_bytes"]), [(1e6, "MB"), (1e3, "kB"), (1, "B")]) if point else "–"


def scaled(value, units):
    size, unit = next(((size, unit) for size, unit in units if value >= size), units[-1])
    value /= size
    digits = 0 if value >= 100 or size == 1 else 1 if value >= 10 else 2
    return f"{value:.{digits}f}\u00a0{unit}"


if __name__ == "__main__":
    main()
