"""Reads a CSV export with Python's csv and decimal; writes what it saw to stdout as JSON."""

import csv
import json
import sys
from datetime import datetime
from decimal import Decimal, getcontext

getcontext().prec = 60
path, times, sums = sys.argv[1], sys.argv[2].split(","), sys.argv[3].split(",")

with open(path, encoding="utf-8", newline="") as file:
    rows = list(csv.DictReader(file, strict=True))

for row in rows:
    # A row of another length than the header has a key or a value too many.
    assert None not in row and None not in row.values(), row
    for name in times:
        text = row[name]
        datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ" if "." in text else "%Y-%m-%dT%H:%M:%SZ")

print(
    json.dumps(
        {
            "rows": rows,
            "sums": {name: str(sum(Decimal(row[name] or 0) for row in rows)) for name in sums},
            "acting": [value for row in rows for value in row.values() if value[:1] in list("=+-@\t\r")],
        }
    )
)
