# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes data/goldens.json: what scikit-learn's methods make of four small tables, for tst_baselines.

Iris, wine and breast cancer come from the UCI Machine Learning Repository (CC BY 4.0), diabetes from
Efron et al., "Least angle regression" (2004); scikit-learn brings all of them. Run by hand:
make_goldens.py, with scikit-learn (1.9.1 made the file) and numpy.
"""
import json
import pathlib

import numpy as np
from sklearn import datasets, ensemble, linear_model, multiclass, naive_bayes, neighbors, svm, tree
from sklearn.metrics import r2_score
from sklearn.model_selection import KFold, StratifiedKFold

SEEDS = {"tree": 20, "boosting": 10, "forest": 5}  # of methods that draw numbers


def classifiers():
    return {
        "naive-bayes": lambda seed: naive_bayes.GaussianNB(),
        "knn": lambda seed: neighbors.KNeighborsClassifier(5, algorithm="brute"),
        "logistic": lambda seed: multiclass.OneVsRestClassifier(
            linear_model.LogisticRegression(solver="liblinear")),
        "svm-linear": lambda seed: svm.LinearSVC(dual=False),
        "svm-rbf": lambda seed: svm.SVC(),
        "tree": lambda seed: tree.DecisionTreeClassifier(random_state=seed),
        "forest": lambda seed: ensemble.RandomForestClassifier(random_state=seed),
        "boosting": lambda seed: ensemble.AdaBoostClassifier(
            tree.DecisionTreeClassifier(max_depth=3, random_state=seed), n_estimators=100,
            random_state=seed),
    }


def regressors():
    return {
        "linear": lambda seed: linear_model.LinearRegression(),
        "ridge": lambda seed: linear_model.Ridge(solver="svd"),
        "knn": lambda seed: neighbors.KNeighborsRegressor(5, algorithm="brute"),
        "svm-linear": lambda seed: svm.LinearSVR(
            loss="squared_epsilon_insensitive", epsilon=0, dual=False),
        "svm-rbf": lambda seed: svm.SVR(),
        "tree": lambda seed: tree.DecisionTreeRegressor(random_state=seed, max_depth=3),
        "forest": lambda seed: ensemble.RandomForestRegressor(random_state=seed),
        "boosting": lambda seed: ensemble.GradientBoostingRegressor(random_state=seed),
    }


EXACT = {"naive-bayes", "knn", "linear", "ridge"}


def golden(bunch, classes):
    x = bunch.data
    x = np.round((x - x.mean(0)) / x.std(0), 3).astype(np.float32).astype(np.float64)
    y = bunch.target
    if not classes:
        y = np.round((y - y.mean()) / y.std(), 3).astype(np.float32).astype(np.float64)
    folds = np.zeros(len(x), int)
    splitter = (StratifiedKFold if classes else KFold)(10, shuffle=True, random_state=0)
    for number, (_, part) in enumerate(splitter.split(x, y)):
        folds[part] = number
    methods = {}
    for key, make in (classifiers() if classes else regressors()).items():
        scores = []
        first = None
        for seed in range(SEEDS.get(key, 1)):
            said = np.zeros(len(x))
            for fold in range(10):
                model = make(seed).fit(x[folds != fold], y[folds != fold])
                said[folds == fold] = model.predict(x[folds == fold])
                if fold == 0 and key in EXACT:
                    ask = model.predict_proba if classes else model.predict
                    first = ask(x[folds == 0])
            scores.append(np.mean(said == y) if classes else r2_score(y, said))
        methods[key] = {"score": float(np.mean(scores))}
        if first is not None:
            methods[key]["first_fold"] = np.asarray(first).ravel().tolist()
    return {
        "classes": len(bunch.target_names) if classes else 0,
        "inputs": [float(f"{value:.3f}") for value in x.ravel()],
        "targets": y.tolist() if classes else [float(f"{value:.3f}") for value in y],
        "folds": folds.tolist(),
        "methods": methods,
    }


tables = {
    "iris": golden(datasets.load_iris(), True),
    "wine": golden(datasets.load_wine(), True),
    "breast cancer": golden(datasets.load_breast_cancer(), True),
    "diabetes": golden(datasets.load_diabetes(scaled=False), False),
}
file = pathlib.Path(__file__).parent / "data" / "goldens.json"
file.write_text(json.dumps(tables, separators=(",", ":")) + "\n")
for name, table in tables.items():
    print(name, {key: round(100 * method["score"], 2) for key, method in table["methods"].items()})
