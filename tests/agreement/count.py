#!/usr/bin/env python3
"""Counts by hand what the three journeys of examples/purchases must do with a purchase log.

Knows nothing of Tabi: it reads the rows, builds each customer's list of invoices, and derives from that list alone who
enters, who is written to and how it ends. Standard library only.

    python3 tests/agreement/count.py examples/data/purchases.csv.gz > tests/agreement/sample.json

Rules it shares with the journeys (and nothing else):
- an invoice is a purchase at the time of its first row; cancellations (`C…`) and rows without a customer do not count;
- days are days of the calendar in London, and a clock time is a London clock time;
- what falls due at a moment happens before what is done by the customer at that moment.
"""

import csv
import gzip
import json
import sys
from collections import Counter, defaultdict
from datetime import datetime, time, timedelta, timezone
from decimal import ROUND_HALF_EVEN, Decimal
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")
LOG_ENDS = datetime(2012, 1, 31, tzinfo=LONDON)
BROADCAST = datetime(2011, 10, 3, 12, 0, tzinfo=LONDON)
GOOD_CUSTOMER = Decimal("500.00")


def utc(moment):
    """Moments in one zone compare by wall time in Python; in UTC they compare as moments."""
    return moment.astimezone(timezone.utc)


def days_later(moment, days):
    """The same clock time on a later day: aware arithmetic within one zone is by wall time."""
    return moment + timedelta(days=days)


def next_ten(moment):
    """Ten o'clock at or after a moment."""
    ten = datetime.combine(moment.date(), time(10), tzinfo=LONDON)
    return ten if utc(ten) >= utc(moment) else days_later(ten, 1)


def read_customers(path):
    """Customer -> [(moment, total)] in the order of the log."""
    customers = defaultdict(dict)
    with gzip.open(path, "rt", encoding="utf-8", newline="") as text:
        for row in csv.DictReader(text):
            invoice, customer = row["InvoiceNo"], row["CustomerID"]
            if not customer or invoice.startswith("C"):
                continue
            invoices = customers[customer]
            if invoice not in invoices:
                moment = datetime.strptime(row["InvoiceDate"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=LONDON)
                invoices[invoice] = [moment, Decimal(0)]
            invoices[invoice][1] += Decimal(row["Quantity"]) * Decimal(row["UnitPrice"])
    penny = Decimal("0.01")
    return {
        customer: [(moment, total.quantize(penny, ROUND_HALF_EVEN)) for moment, total in invoices.values()]
        for customer, invoices in customers.items()
    }


def follow_up(purchases):
    """How the follow-up of the first purchase ends."""
    first = purchases[0][0]
    due = next_ten(days_later(first, 30))
    # Two invoices in one minute are two purchases: only the first of the list is the first.
    if any(utc(moment) < utc(due) for moment, _ in purchases[1:]):
        return "exited"
    return "sent" if utc(due) <= utc(LOG_ENDS) else "live"


def returned_within(purchases, start, days, first=0):
    """Whether a purchase from the given place of the list on comes at or after a moment, and within so many days of it."""
    end = utc(days_later(start, days))
    return any(utc(start) <= utc(moment) < end for moment, _ in purchases[first:])


def lapses(purchases):
    """For each time the customer lapses: the moment, the moment of the note, and how it ends."""
    moments = [moment for moment, _ in purchases]
    for index, moment in enumerate(moments):
        lapsed = days_later(moment, 90)
        following = moments[index + 1] if index + 1 < len(moments) else None
        if utc(lapsed) > utc(LOG_ENDS) or (following and utc(following) < utc(lapsed)):
            continue
        due = next_ten(lapsed)
        if following and utc(following) < utc(due):
            yield lapsed, due, "exited"
        else:
            yield lapsed, due, "sent" if utc(due) <= utc(LOG_ENDS) else "live"


def bought_lately(purchases):
    """Spent in the 180 days up to the broadcast."""
    since = utc(days_later(BROADCAST, -180))
    return sum(total for moment, total in purchases if since < utc(moment) < utc(BROADCAST))


def report(ends, goals, capped=0):
    counts = Counter(ends)
    return {
        "entered": sum(counts.values()),
        "live": counts["live"],
        "ended": {end: n for end, n in (("exit: purchase", counts["exited"]), ("finished", counts["sent"])) if n},
        "sent": {"email": counts["sent"] - capped},
        "dropped": {"cap": capped} if capped else {},
        "goals": goals,
    }


def count(path):
    customers = read_customers(path)
    follow_ups, notes, broadcasts, capped = [], [], [], 0
    follow_up_goals = note_goals = broadcast_goals = 0
    for purchases in customers.values():
        follow_ups.append(follow_up(purchases))
        follow_up_goals += returned_within(purchases, purchases[0][0], 60, first=1)
        lapsed = list(lapses(purchases))
        notes.extend(end for _, _, end in lapsed)
        note_goals += sum(returned_within(purchases, start, 30) for start, _, _ in lapsed)
        if bought_lately(purchases) >= GOOD_CUSTOMER:
            broadcasts.append("sent")
            broadcast_goals += returned_within(purchases, BROADCAST, 14)
            written = [due for _, due, end in lapsed if end == "sent"]
            if follow_ups[-1] == "sent":
                written.append(next_ten(days_later(purchases[0][0], 30)))
            capped += any(moment.date() == BROADCAST.date() for moment in written)
    return {
        "people": len(customers),
        "purchases": sum(len(purchases) for purchases in customers.values()),
        "f2_follow_up": report(follow_ups, follow_up_goals),
        "lapsed_note": report(notes, note_goals),
        "broadcast": report(broadcasts, broadcast_goals, capped),
    }


if __name__ == "__main__":
    print(json.dumps(count(sys.argv[1]), indent=2))
