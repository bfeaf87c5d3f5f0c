#!/usr/bin/env python3
"""Cuts a sample out of the full "Online Retail" log: whole customers, all their rows, in the order of the file.

A customer is kept when the SHA-256 of the CustomerID as written, read as a number, leaves rest 0 when divided by EVERY, so the choice
has nothing to do with what the customer did and comes out the same everywhere. Rows without a CustomerID are left out.
Nothing in a row is changed.

    python3 cut.py online_retail.csv.gz purchases.csv.gz
"""

import csv
import gzip
import hashlib
import io
import sys

EVERY = 4


def kept(customer: str) -> bool:
    digest = hashlib.sha256(customer.encode("ascii")).digest()
    return customer != "" and int.from_bytes(digest, "big") % EVERY == 0


def main(source: str, target: str) -> None:
    with gzip.open(source, "rt", encoding="utf-8", newline="") as rows, open(target, "wb") as raw:
        # No name and no time in the gzip header: the same input gives the same bytes.
        with gzip.GzipFile(filename="", mode="wb", fileobj=raw, compresslevel=9, mtime=0) as packed:
            with io.TextIOWrapper(packed, encoding="utf-8", newline="") as text:
                reader = csv.reader(rows)
                writer = csv.writer(text, lineterminator="\n")
                header = next(reader)
                writer.writerow(header)
                column = header.index("CustomerID")
                writer.writerows(row for row in reader if kept(row[column]))


if __name__ == "__main__":
    main(*sys.argv[1:])
