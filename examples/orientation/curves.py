"""Draws curves of learning: `python3 curves.py LOG.csv OUT.png TITLE`."""
import csv
import sys

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot  # pylint: disable=wrong-import-position


def main():
    log, out, title = sys.argv[1:]
    with open(log, encoding="utf-8") as file:
        rows = [[float(v) for v in row] for row in csv.reader(file) if not row[0].startswith("m")]
    minutes, samples, _, seen, held_out = zip(*rows)
    figure, axes = pyplot.subplots(figsize=(7, 4), dpi=80)
    axes.plot(minutes, [100 * v for v in seen], color="0.6", label="training pictures, augmented")
    axes.plot(minutes, [100 * v for v in held_out], color="C0", label="validation set")
    axes.set(
        title=f"{title}: {samples[-1] / 1e6:.2f} million pictures",
        xlabel="minutes",
        ylabel="right, %",
    )
    axes.grid(alpha=0.3)
    axes.legend()
    figure.tight_layout()
    figure.savefig(out)


if __name__ == "__main__":
    main()
