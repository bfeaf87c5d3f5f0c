#!/usr/bin/env python3
"""What BG/NBD and Gamma-Gamma must say of a purchase log, by the packages of others. Knows nothing of Tabi.

    python3 tests/report/lifetime.py examples/data/purchases.csv.gz > tests/report/lifetime.json

Printed with lifetimes 0.11.3, scipy 1.17.1, mpmath 1.4.1, pandas 3.1.1, numpy 2.4.6.

- `sample`: both models fitted by lifetimes (then polished by scipy's Nelder-Mead) to the people of the log: distinct days with a
  purchase, in weeks; the amounts of a day together; the mean amount over the days after the first.
- `points`: E[X(t)] and P(alive) by mpmath with 40 digits, straight from the formulas, also where they are awkward.
"""

import json
import sys

import mpmath as mp
import numpy as np
import pandas as pd
from lifetimes import BetaGeoFitter, GammaGammaFitter
from scipy.optimize import minimize
from scipy.special import gammaln

mp.mp.dps = 40


def people(path):
    rows = pd.read_csv(path, dtype={"InvoiceNo": str, "CustomerID": str, "StockCode": str})
    rows = rows[rows.CustomerID.notna() & ~rows.InvoiceNo.str.startswith("C")].copy()
    rows["day"] = pd.to_datetime(rows.InvoiceDate).dt.normalize()
    rows["amount"] = rows.Quantity * rows.UnitPrice
    days = rows.groupby(["CustomerID", "day"]).amount.sum().reset_index()
    end = days.day.max()
    grouped = days.groupby("CustomerID")
    first = grouped.day.min()
    table = pd.DataFrame({
        "x": grouped.size() - 1,
        "recency": (grouped.day.max() - first).dt.days / 7,
        "age": (end - first).dt.days / 7,
    })
    later = days[days.day > days.CustomerID.map(first)]
    table["mean"] = later.groupby("CustomerID").amount.mean()
    return table


def bgnbd_log_likelihood(point, x, tx, T):
    r, alpha, a, b = np.exp(point)
    one = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
    two = gammaln(a + b) + gammaln(b + x) - gammaln(b) - gammaln(a + b + x)
    alive = -(r + x) * np.log(alpha + T)
    gone = np.where(x > 0, np.log(a) - np.log(b + np.maximum(x, 1) - 1) - (r + x) * np.log(alpha + tx), -np.inf)
    return (one + two + np.logaddexp(alive, gone)).sum()


def gg_log_likelihood(point, x, m):
    p, q, v = np.exp(point)
    return (gammaln(p * x + q) - gammaln(p * x) - gammaln(q) + q * np.log(v)
            + (p * x - 1) * np.log(m) + p * x * np.log(x) - (p * x + q) * np.log(x * m + v)).sum()


def polished(function, start):
    options = {"xatol": 1e-10, "fatol": 1e-10, "maxiter": 20000, "maxfev": 20000}
    for _ in range(5):
        start = minimize(function, start, method="Nelder-Mead", options=options).x
    return np.exp(start), -function(start)


def fitted(table):
    x, tx, T = (table[c].to_numpy(float) for c in ("x", "recency", "age"))
    theirs = BetaGeoFitter(penalizer_coef=0.0).fit(x, tx, T)
    params, log_likelihood = polished(lambda p: -bgnbd_log_likelihood(p, x, tx, T), np.log(theirs.params_.to_numpy()))
    spenders = table[(table.x > 0) & (table["mean"] > 0)]
    n, m = spenders.x.to_numpy(float), spenders["mean"].to_numpy(float)
    amounts = GammaGammaFitter(penalizer_coef=0.0).fit(n, m)
    gg, gg_log_likelihood_ = polished(lambda p: -gg_log_likelihood(p, n, m), np.log(amounts.params_.to_numpy()))
    return {
        "people": len(table), "repeaters": int((x > 0).sum()),
        "bgnbd": dict(zip(["r", "alpha", "a", "b"], map(float, params))), "bgnbd_log_likelihood": log_likelihood,
        "bgnbd_by_lifetimes": {k: float(v) for k, v in theirs.params_.items()},
        "gamma_gamma": dict(zip(["p", "q", "v"], map(float, gg))), "gamma_gamma_log_likelihood": gg_log_likelihood_,
        "gamma_gamma_by_lifetimes": {k: float(v) for k, v in amounts.params_.items()},
        "spenders": len(spenders), "correlation": float(np.corrcoef(n, m)[0, 1]),
    }


def expected(r, alpha, a, b, x, tx, T, t):
    """E[X(t)], the published formula; at its poles by the mean of both sides, far below what is compared."""
    r, alpha, a, b, tx, T, t = (mp.mpf(str(v)) for v in (r, alpha, a, b, tx, T, t))
    if a == 1 or a + b + x == 1:
        h = mp.mpf("1e-12")
        if a == 1:
            return (expected(r, alpha, a - h, b, x, tx, T, t) + expected(r, alpha, a + h, b, x, tx, T, t)) / 2
        return (expected(r, alpha, a, b - h, x, tx, T, t) + expected(r, alpha, a, b + h, x, tx, T, t)) / 2
    series = mp.hyp2f1(r + x, b + x, a + b + x - 1, t / (alpha + T + t))
    ever = (a + b + x - 1) / (a - 1) * (1 - ((alpha + T) / (alpha + T + t)) ** (r + x) * series)
    return ever * alive(r, alpha, a, b, x, tx, T)


def alive(r, alpha, a, b, x, tx, T):
    r, alpha, a, b, tx, T = (mp.mpf(str(v)) for v in (r, alpha, a, b, tx, T))
    if x == 0:
        return mp.mpf(1)
    return 1 / (1 + a / (b + x - 1) * ((alpha + T) / (alpha + tx)) ** (r + x))


POINTS = [
    # r, alpha, a, b, x, t_x, T, t: published; then newcomers, the busy, the long gone, poles, long horizons.
    (0.24259, 4.41353, 0.79289, 2.42575, 2, 30.43, 38.86, 39),
    (0.24259, 4.41353, 0.79289, 2.42575, 0, 0, 38.86, 39),
    (0.24259, 4.41353, 0.79289, 2.42575, 0, 0, 0, 52),
    (0.24259, 4.41353, 0.79289, 2.42575, 29, 37.0, 38.86, 520),
    (1.5, 10, 0.1, 3, 200, 150, 156, 52),
    (1.5, 10, 0.1, 3, 1000, 150, 156, 0.5),
    (0.5, 2, 1, 2, 3, 10, 40, 26),
    (0.5, 2, 1.00002, 2, 3, 10, 40, 26),
    (0.5, 2, 0.4, 0.6, 0, 0, 40, 26),
    (0.5, 2, 0.3, 0.2, 0, 0, 12, 26),
    (0.5, 2, 3.5, 0.05, 1, 0.142857, 120, 26),
    (0.8, 0.05, 0.7, 1.8, 1, 2, 3, 5000),
    (6, 60, 2.5, 9, 12, 80, 90, 13),
]


def main(path):
    points = []
    for point in POINTS:
        r, alpha, a, b, x, tx, T, t = point
        points.append({
            "parameters": [r, alpha, a, b], "buyer": [x, tx, T], "ahead": t,
            "expected": float(expected(r, alpha, a, b, x, tx, T, t)), "alive": float(alive(r, alpha, a, b, x, tx, T)),
        })
    print(json.dumps({"sample": fitted(people(path)), "points": points}, indent=1))


if __name__ == "__main__":
    main(sys.argv[1])
