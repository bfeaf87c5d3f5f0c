#!/usr/bin/env python3
"""The figures of `tabi report` on a purchase log, counted with pandas. Knows nothing of Tabi.

    python3 tests/report/kpis.py examples/data/purchases.csv.gz GBP > tests/report/sample-gbp.json
    python3 tests/report/kpis.py examples/data/purchases.csv.gz JPY > tests/report/sample-jpy.json

Printed with pandas 3.1.1, numpy 2.4.6, Python 3.11.7. GBP: as purchases-gbp.yaml reads the log, cancellations left out. JPY: as
purchases.yaml does, 150 yen to the pound, cancellations (`C…`) are returns.

Rules it shares with the report: an invoice is a purchase on the day of its first row; days are those of the file; a percentile is
the nearest rank; a score is 1 + floor(5 * people who do worse / people).
"""

import json
import sys
from decimal import ROUND_HALF_EVEN, Decimal

import numpy as np
import pandas as pd


def invoices(path, currency):
    rows = pd.read_csv(path, dtype=str, keep_default_na=False)
    rows = rows[rows.CustomerID != ""].copy()
    rows["amount"] = [Decimal(q) * Decimal(p) for q, p in zip(rows.Quantity, rows.UnitPrice)]
    rows["day"] = pd.to_datetime(rows.InvoiceDate).dt.normalize()
    grouped = rows.groupby("InvoiceNo", sort=False)
    table = pd.DataFrame({
        "customer": grouped.CustomerID.first(), "day": grouped.day.first(), "amount": grouped.amount.agg(sum),
    }).reset_index()
    times, unit = (1, Decimal("0.01")) if currency == "GBP" else (150, Decimal(1))
    minor = 100 if currency == "GBP" else 1
    cancelled = table.InvoiceNo.str.startswith("C")
    sign = np.where(cancelled, -1, 1)
    table["minor"] = [
        int((amount * times * int(s)).quantize(unit, ROUND_HALF_EVEN) * minor) for amount, s in zip(table.amount, sign)
    ]
    bought, returned = table[~cancelled], table[cancelled]
    if currency == "GBP":
        returned = returned[:0]
    return bought, returned


def rank(values, percent):
    return int(np.percentile(np.sort(np.array(values)), percent, method="inverted_cdf"))


def share(part, whole):
    return round(part / whole, 6) if whole else 0.0


def money(minor, currency):
    minor = int(minor)
    return f"{minor} JPY" if currency == "JPY" else f"{'-' if minor < 0 else ''}{abs(minor) // 100}.{abs(minor) % 100:02d} GBP"


def main(path, currency):
    bought, returned = invoices(path, currency)
    # Somebody who only sent things back is no customer of the report.
    returned = returned[returned.customer.isin(set(bought.customer))]
    end = max(bought.day.max(), returned.day.max() if len(returned) else bought.day.max())
    days = bought.groupby("customer").day.unique().map(np.sort)
    count = days.map(len)
    at_least = lambda n: int((count >= n).sum())
    ladder = [{"from": n, "people": at_least(n), "next": at_least(n + 1), "rate": share(at_least(n + 1), at_least(n))}
              for n in range(1, 10)]
    first = days.map(lambda d: pd.Timestamp(d[0]))
    gaps = [days[count > k].map(lambda d: int((d[k] - d[k - 1]) / np.timedelta64(1, "D"))) for k in (1, 2, 3)]
    within = []
    for n in (30, 60, 90, 180, 365):
        seen = first[(end - first).dt.days >= n].index
        came = int((gaps[0].reindex(seen) <= n).sum())
        within.append({"days": n, "people": len(seen), "reached": came, "rate": share(came, len(seen))})
    gap_rows = [{"from": k + 1, **{f"p{p}": rank(g, p) for p in (10, 25, 50, 75, 90)}} for k, g in enumerate(gaps)]

    month = lambda stamps: stamps.dt.to_period("M")
    active = bought.assign(month=month(bought.day), cohort=month(bought.customer.map(first)))
    active["offset"] = (active.month - active.cohort).map(lambda o: o.n)
    kept = active.groupby(["cohort", "offset"]).customer.nunique()
    last = end.to_period("M")
    cohorts = []
    for cohort in pd.period_range(first.min().to_period("M"), last, freq="M"):
        row = [int(kept.get((cohort, offset), 0)) for offset in range((last - cohort).n + 1)]
        cohorts.append({"month": str(cohort), "people": row[0], "active": row})

    paid, back = bought.groupby("customer").minor.sum(), returned.groupby("customer").minor.sum()
    net = (paid - back.reindex(paid.index).fillna(0)).astype(np.int64)
    ordered = np.sort(net.to_numpy())
    top = lambda one_in: share(int(ordered[-int(np.ceil(len(ordered) / one_in)):].sum()), int(ordered.sum()))
    by_month = bought.groupby(month(bought.day)).minor.agg(["count", "sum"])
    back_by_month = returned.groupby(month(returned.day)).minor.sum()
    months = [{"month": str(m), "purchases": int(r["count"]), "gross": money(r["sum"], currency),
               "returned": money(back_by_month.get(m, 0), currency)} for m, r in by_month.iterrows()]

    def scores(on):
        until = bought[bought.day <= on]
        back = returned[(returned.day <= on)].groupby("customer").minor.sum()
        g = until.groupby("customer")
        facts = pd.DataFrame({"r": g.day.max(), "f": g.day.nunique(), "m": g.minor.sum()})
        facts["m"] = facts.m - back.reindex(facts.index).fillna(0)
        worse = facts.apply(lambda column: column.rank(method="min") - 1)
        return facts, (1 + (worse * 5 // len(facts))).astype(int)

    facts, now = scores(end)
    cells = facts.join(now, rsuffix="_score").groupby(["r_score", "f_score", "m_score"]).m.agg(["count", "sum"])
    cells = [{"r": int(r), "f": int(f), "m": int(m), "people": int(row["count"]), "money": money(row["sum"], currency)}
             for (r, f, m), row in cells.sort_index(ascending=False).iterrows()]
    ends = [d for d in pd.date_range(first.min(), end, freq="QE") if d < end] + [end]
    moves = []
    for before, after in zip(ends, ends[1:]):
        old, new = scores(before)[1], scores(after)[1]
        both = old.join(new, lsuffix="_old", rsuffix="_new")
        moved = both[(both.r_old != both.r_new) | (both.f_old != both.f_new)]
        pairs = moved.groupby(["r_old", "f_old", "r_new", "f_new"]).size().reset_index(name="n")
        pairs = pairs.sort_values(["n", "r_old", "f_old", "r_new", "f_new"], ascending=[False, True, True, True, True])
        moves.append({
            "from": str(before.date()), "to": str(after.date()), "people": len(both), "newcomers": len(new) - len(old),
            "stayed": len(both) - len(moved),
            "r_up": int((both.r_new > both.r_old).sum()), "r_down": int((both.r_new < both.r_old).sum()),
            "f_up": int((both.f_new > both.f_old).sum()), "f_down": int((both.f_new < both.f_old).sum()),
            "cells": [{"from": f"R{p.r_old} F{p.f_old}", "to": f"R{p.r_new} F{p.f_new}", "people": int(p.n)}
                      for p in pairs.itertuples()],
        })

    print(json.dumps({
        "people": len(days), "purchases": len(bought), "from": str(first.min().date()), "to": str(end.date()),
        "ladder": {"steps": ladder, "second_within": within, "gaps": gap_rows},
        "cohorts": cohorts,
        "book": {
            "currency": currency, "people": len(paid), "purchases": len(bought), "worthless": int((bought.minor <= 0).sum()),
            "gross": money(paid.sum(), currency), "returned": money(back.sum(), currency), "returns": len(returned),
            "net": money(net.sum(), currency),
            "per_person": {"p10": money(rank(net, 10), currency), "p50": money(rank(net, 50), currency),
                           "p90": money(rank(net, 90), currency), "max": money(net.max(), currency)},
            "top_tenth_share": top(10), "top_fifth_share": top(5), "months": months,
            "rfm": {"on": str(end.date()), "cells": cells, "moves": moves},
        },
    }))


if __name__ == "__main__":
    main(*sys.argv[1:])
