# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables, against what people read and learn them with in Python.

speed: a table of a million rows is read and split into training, validation and test rows by the
engine, and read by pandas.read_csv; each in a process of its own, in turns. Reported are the
medians of the seconds that reading takes and of the most memory that a process held, the start of
Python and its libraries included in the second only.

images: a folder of 100,000 small images in ten classes is opened and split; reported are the median
of the seconds and of the most memory that the process held.

accuracy: real tables from PyPI packages train by `new --data` and `train --fit` with nothing set but
the target, beside a linear model and a random forest of scikit-learn on the same rows, which get
the same columns with texts one-hot encoded. Three splits each; accuracy or R² on a quarter of the
rows."""

import argparse
import gzip
import json
import random
import statistics
import struct
import subprocess
import sys
import tempfile
import zlib
from importlib.util import find_spec
from pathlib import Path

READ = """
import json, resource, sys, time
import pandas
begin = time.perf_counter()
table = pandas.read_csv(sys.argv[1])
seconds = time.perf_counter() - begin
print(json.dumps({"seconds": seconds, "rows": len(table),
                  "peak_kib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}))
"""


def write_million(path, kind, rows):
    """numbers: ten measured columns and a class. mixed: four measured columns, two of whole numbers,
    two of texts, missing values, a class."""
    draw = random.Random(7)
    with open(path, "w", encoding="utf-8") as out:
        if kind == "numbers":
            out.write(",".join(f"x{i}" for i in range(10)) + ",class\n")
            for _ in range(rows):
                values = [f"{draw.gauss(0, 10):.4f}" for _ in range(10)]
                out.write(",".join(values) + f",{draw.randrange(3)}\n")
            return
        towns = [f"town {i}" for i in range(40)]
        out.write("width,height,weight,price,age,count,town,colour,class\n")
        for _ in range(rows):
            numbers = [f"{draw.uniform(0, 1000):.3f}" if draw.random() > 0.01 else ""
                       for _ in range(4)]
            out.write(",".join(numbers) + f",{draw.randrange(90)},{draw.randrange(100000)},"
                      f"{draw.choice(towns)},{draw.choice(('red', 'green', 'blue'))},"
                      f"{draw.choice(('yes', 'no'))}\n")


def measured(command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True,
                          check=False)
    if done.returncode != 0:
        sys.exit(f"tables: {' '.join(map(str, command))}\n{done.stderr.strip()}")
    return json.loads(done.stdout)


def speed(options, folder):
    results = {}
    for kind in ("numbers", "mixed"):
        path = Path(folder) / f"{kind}.csv"
        write_million(path, kind, options.rows)
        sides = {"ours": [options.reader, path], "pandas": [sys.executable, "-c", READ, path]}
        found = {name: [] for name in sides}
        for round_ in range(options.rounds):
            for name in list(sides)[:: -1 if round_ % 2 else 1]:
                found[name].append(measured(sides[name]))
        median = {name: {key: statistics.median(each[key] for each in values)
                         for key in ("seconds", "peak_kib")} for name, values in found.items()}
        ratios = {key: median["ours"][key] / median["pandas"][key]
                  for key in ("seconds", "peak_kib")}
        size = path.stat().st_size
        print(f"{kind}: {options.rows:,} rows, {size / 1e6:.0f} MB, {options.rounds} rounds")
        for name, values in median.items():
            print(f"  {name:8} {values['seconds']:.2f} s  {values['peak_kib'] / 1024:,.0f} MiB")
        print(f"  ours / pandas: {ratios['seconds']:.2f} of the time, {ratios['peak_kib']:.2f} of "
              "the memory", flush=True)
        results[kind] = {**median, "ratios": ratios}
        path.unlink()
    return results


def write_images(folder, count):
    """PNG files of 8 x 8 random gray pixels, in ten folders."""
    draw = random.Random(11)

    def chunk(kind, data):
        return (struct.pack(">I", len(data)) + kind + data
                + struct.pack(">I", zlib.crc32(kind + data)))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 0))
    for label in range(10):
        (folder / str(label)).mkdir(parents=True)
    for i in range(count):
        lines = b"".join(b"\0" + draw.randbytes(8) for _ in range(8))
        (folder / str(i % 10) / f"{i:06}.png").write_bytes(
            b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(lines, 1))
            + chunk(b"IEND", b""))


def images(options, folder):
    path = Path(folder) / "images"
    write_images(path, options.images)
    found = [measured([options.reader, path]) for _ in range(options.rounds)]
    median = {key: statistics.median(each[key] for each in found)
              for key in ("seconds", "peak_kib")}
    print(f"images: {options.images:,} files, {options.rounds} rounds\n  ours     "
          f"{median['seconds']:.2f} s  {median['peak_kib'] / 1024:,.0f} MiB", flush=True)
    return median


def package_file(package, *parts):
    return Path(next(iter(find_spec(package).submodule_search_locations))).joinpath(*parts)


def lines_of(path):
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8-sig") as stream:
        return stream.read().splitlines()


def diabetes():
    """Two files without headers, of blanks and of one column, as scikit-learn keeps them."""
    rows = lines_of(package_file("sklearn", "datasets", "data", "diabetes_data_raw.csv.gz"))
    targets = lines_of(package_file("sklearn", "datasets", "data", "diabetes_target.csv.gz"))
    header = ["age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6", "progression"]
    return [",".join(header)] + [",".join([*row.split(), target.strip()])
                                 for row, target in zip(rows, targets)]


def sklearn_file(name, names):
    rows = lines_of(package_file("sklearn", "datasets", "data", name))
    return [",".join(names)] + rows[1:]


def numbered(count, last):
    return [f"x{i}" for i in range(count)] + [last]


def statsmodels_file(name):
    return lambda: [line for line in lines_of(package_file("statsmodels", "datasets", name,
                                                           f"{name}.csv")) if line.strip()]


# name: lines with a header, target, delimiter, quote
TABLES = {
    "iris": (lambda: sklearn_file("iris.csv", numbered(4, "species")), "species", ",", '"'),
    "wine": (lambda: sklearn_file("wine_data.csv", numbered(13, "cultivar")), "cultivar", ",", '"'),
    "breast-cancer": (lambda: sklearn_file("breast_cancer.csv", numbered(30, "benign")), "benign",
                      ",", '"'),
    "digits": (lambda: [",".join(numbered(64, "digit"))] + lines_of(
        package_file("sklearn", "datasets", "data", "digits.csv.gz")), "digit", ",", '"'),
    "diabetes": (diabetes, "progression", ",", '"'),
    "anes96": (statsmodels_file("anes96"), "vote", "\t", "'"),
    "fair": (statsmodels_file("fair"), "affairs", ",", '"'),
    "randhie": (statsmodels_file("randhie"), "mdvis", ",", '"'),
    "modechoice": (statsmodels_file("modechoice"), "choice", ";", '"'),
    "grunfeld": (statsmodels_file("grunfeld"), "invest", ",", '"'),
    "star98": (statsmodels_file("star98"), "MATHTOT", ",", '"'),
    "seattle-weather": (lambda: lines_of(package_file("vega_datasets", "_data",
                                                      "seattle-weather.csv")), "weather", ",", '"'),
}


def ours(options, folder, train, test, target, seed):
    """The quality on the test rows and the columns that were learned from."""
    project = folder / "p.gradwright"
    done = subprocess.run([options.cli, "new", "--data", train, "-o", project, "--force", "--set",
                           f"data.target={target}"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"tables: {done.stderr.strip()}")
    result = measured([options.cli, "train", project, "--fit", "--json", "--run-dir",
                       folder / "runs", "--seed", seed, "--set", f"data.test_file={test}"])
    with open(Path(result["run"]) / "run.json", encoding="utf-8") as stream:
        run = json.load(stream)
    columns = [column["name"] for column in run["data"]["columns"]]
    return result, columns


def peers(train, test, target, columns, delimiter, quote, is_class, seed):
    import pandas
    from sklearn.compose import make_column_transformer
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LinearRegression, LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    tables = [pandas.read_csv(path, sep=delimiter, quotechar=quote, skipinitialspace=True)
              for path in (train, test)]
    numbers = [c for c in columns if pandas.api.types.is_numeric_dtype(tables[0][c])]
    texts = [c for c in columns if c not in numbers]
    models = {"linear": LogisticRegression(max_iter=5000) if is_class else LinearRegression(),
              "forest": (RandomForestClassifier if is_class else RandomForestRegressor)(
                  n_estimators=300, random_state=seed)}
    found = {}
    for name, model in models.items():
        prepare = make_column_transformer(
            (make_pipeline(SimpleImputer(), StandardScaler()), numbers),
            (OneHotEncoder(handle_unknown="ignore"), texts))
        pipeline = make_pipeline(prepare, model)
        pipeline.fit(tables[0][columns], tables[0][target])
        found[name] = pipeline.score(tables[1][columns], tables[1][target])
    return found


def accuracy(options, folder):
    folder = Path(folder)
    results = {}
    within = 0
    print("table            metric    ours   linear  forest  ours - better")
    for name, (lines, target, delimiter, quote) in TABLES.items():
        if options.names and name not in options.names:
            continue
        header, *rows = lines()
        found = {"ours": [], "linear": [], "forest": []}
        is_class = True
        for seed in (1, 2, 3):
            shuffled = rows[:]
            random.Random(seed).shuffle(shuffled)
            cut = len(shuffled) // 4
            train, test = folder / "train.csv", folder / "test.csv"
            test.write_text("\n".join([header, *shuffled[:cut]]) + "\n", encoding="utf-8")
            train.write_text("\n".join([header, *shuffled[cut:]]) + "\n", encoding="utf-8")
            result, columns = ours(options, folder, train, test, target, seed)
            is_class = "test_accuracy" in result
            found["ours"].append(result["test_accuracy" if is_class else "test_r2"])
            others = peers(train, test, target, columns, delimiter, quote, is_class, seed)
            for peer, value in others.items():
                found[peer].append(value)
        mean = {side: statistics.mean(values) for side, values in found.items()}
        gap = mean["ours"] - max(mean["linear"], mean["forest"])
        within += gap >= -0.02
        print(f"{name:16} {'accuracy' if is_class else 'R²':8} {mean['ours']:6.3f}  "
              f"{mean['linear']:6.3f}  {mean['forest']:6.3f}  {gap:+.3f}", flush=True)
        results[name] = {**mean, "is_class": is_class}
    print(f"within 0.02 of the better one, or above it: {within} of {len(results)}")
    return results


def main():
    parser = argparse.ArgumentParser(prog="./dev bench tables", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="accuracy: only these tables")
    parser.add_argument("--cli", type=Path, required=True)
    parser.add_argument("--reader", type=Path, required=True)
    parser.add_argument("--only", choices=("speed", "images", "accuracy"))
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--images", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here")
    options = parser.parse_args()
    for name in options.names:
        if name not in TABLES:
            parser.error(f"there is no table '{name}'; there are {', '.join(TABLES)}")
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        if options.only in (None, "speed") and not options.names:
            results["speed"] = speed(options, folder)
        if options.only in (None, "images") and not options.names:
            results["images"] = images(options, folder)
        if options.only in (None, "accuracy"):
            results["accuracy"] = accuracy(options, folder)
    if options.json:
        options.json.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
