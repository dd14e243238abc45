"""The leaderboard as files: leaderboard.csv, leaderboard.md's tables, and the picture of the curves."""

import csv
import io

import cv2
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from facelm_helpers import plots
from facelm_helpers.paths import RESULTS, ROOT
from tools.measure.store import read, write
from tools.measure.tables_leaderboard import SETS, published_rows, ranked
from tools.ship import figures

PICTURE = ROOT / "notebooks" / "pictures" / "leaderboard.webp"
PANELS = ("yt68/val", "synthetic")  # of the picture
DOTS = 200  # per inch
STYLES = ("-", "--", ":")


def write_all(folder=RESULTS):
    """Write what is made from leaderboard.json. Returns the paths written.

    Parameters
    ----------
    folder : Path
        That holds leaderboard.json; the page and the picture belong to the shipped results only.
    """
    results = read(folder / "leaderboard.json")
    peers = read(RESULTS / "peers.json")
    results |= {
        "peers": {key: peers.get(key, {}) for key in ("about", "sets")},
        "published": published_rows(),
    }
    write(folder / "leaderboard.json", results)
    write(folder / "leaderboard.csv", table(results))
    written = [folder / "leaderboard.json", folder / "leaderboard.csv"]
    if folder == RESULTS:
        save(curves(results), PICTURE)
        figures.rewrite([RESULTS / "leaderboard.md"])
        written += [PICTURE, RESULTS / "leaderboard.md"]
    return written


def table(results):
    """One row a method, the peers last, as CSV; errors are fractions, empty where nothing was measured."""
    rows = []
    for name, record in ranked({"leaderboard": results}):
        costs = record.get("cost", {})
        row = {"method": name, "group": "course"}
        row |= {key: record.get(key) for key in ("title", "year", "kind", "learnt_from")}
        row |= {key: costs.get(key) for key in ("multiply_adds", "parameters", "bytes", "ms", "over_dlib")}
        row["training_hours"] = costs.get("training", {}).get("hours")
        for key, title in SETS.items():
            error = record.get("errors", {}).get(key, {})
            row |= {
                f"{title}: {part}": error.get(part) for part in ("nme", "low", "high", "auc", "failure_rate")
            }
            row[f"{title}: corrected"] = error.get("corrected", {}).get("nme")
            row[f"{title}: had seen"] = error.get("seen")
        rows.append(row)
    by_set = {one["set"]: one["peers"] for one in results["peers"]["sets"].values() if one.get("set")}
    for name, facts in results["peers"]["about"].items():
        if "peer" in facts["title"]:
            row = {
                "method": name,
                "group": "peer",
                "title": facts["title"],
                "learnt_from": facts["learnt_from"],
            }
            for key, title in SETS.items():
                error = by_set.get(key, {}).get(name, {})
                row |= {
                    f"{title}: {part}": error.get(part) for part in ("nme", "low", "high", "failure_rate")
                }
            rows.append(row)
    file = io.StringIO()
    writer = csv.DictWriter(
        file, list(dict.fromkeys(key for row in rows for key in row)), lineterminator="\n"
    )
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()


def curves(results):
    """The error distributions of every method, a panel a set; colours and line styles by rank.

    Returns
    -------
    matplotlib.figure.Figure
    """
    plots.setup()
    figure, panels = plots.canvas(columns=2, width=plots.FULL, height=1.05 * plots.FULL, sharey=True)
    thresholds = 100 * np.array(results["thresholds"])
    measured = [(name, record) for name, record in ranked({"leaderboard": results}) if "errors" in record]
    for axes, key in zip(panels, PANELS, strict=True):
        for i, (_, record) in enumerate(measured):
            if key in record["errors"]:
                style = {"color": plots.METHOD_COLOURS[i % 8], "ls": STYLES[i // 8 % 3], "lw": 1.3}
                axes.plot(thresholds, 100 * np.array(record["errors"][key]["ced"]),
                          label=record["title"], **style)  # fmt: skip
        axes.axvline(8, color="#888888", lw=1, ls=":")
        axes.set(title=f"{SETS[key]}, dlib's boxes", xlim=(0, 16), ylim=(0, 101), xticks=range(0, 17, 4))
        axes.set(xlabel="error of a face, % of the eye distance")
    panels[0].set(ylabel="faces at or below it, %")
    lines, names = panels[0].get_legend_handles_labels()
    figure.legend(lines, names, loc="outside lower center", ncols=3, fontsize=7.5, handlelength=2.6)
    return figure


def save(figure, path):
    """Write a figure as a picture of at most 1,100 pixels in width."""
    figure.set_dpi(DOTS)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    picture = np.asarray(canvas.buffer_rgba())[:, :, :3]
    wide = min(1, 1100 / picture.shape[1])
    picture = cv2.resize(picture, None, fx=wide, fy=wide, interpolation=cv2.INTER_AREA)
    path.parent.mkdir(exist_ok=True)
    Image.fromarray(picture).save(path, quality=88)
