"""Reads a file of rows as other programs read it, and prints what they see, in JSON.

    read_export.py csv FILE [DELIMITER]     {"rows": [[text, ...], ...]}
    read_export.py json|ndjson FILE         {"head": {...}, "rows": [[text, ...], ...]}, numbers as they are written
    read_export.py xlsx FILE                {"sheets": [{"name", "freeze", "filter", "charts", "rows": [...]}, ...]}
    read_export.py csv-sums FILE            {"rows", "sums": {...}}: of large files, streamed
    read_export.py xlsx-sums FILE           {"sheets": [{"name", "rows", "sums": {...}}, ...]}: the same

A cell of an XLSX is null, "s:text", "n:number", "b:true" or "d:time"; sums are of numbers, per column, exact.
"""
import csv
import datetime
import decimal
import json
import sys

import openpyxl


def read_csv(path, delimiter=","):
    csv.field_size_limit(10_000_000)
    with open(path, newline="", encoding="utf-8-sig") as file:
        return {"rows": list(csv.reader(file, delimiter=delimiter))}


def read_csv_sums(path):
    count, sums = 0, {}
    with open(path, newline="", encoding="utf-8") as file:
        rows = csv.reader(file)
        next(rows)
        for row in rows:
            count += 1
            for place, value in enumerate(row):
                if value and value.replace(".", "", 1).isdigit():
                    sums[place] = sums.get(place, decimal.Decimal(0)) + decimal.Decimal(value)
    return {"rows": count, "sums": {place: format(total, "f") for place, total in sums.items()}}


def plain(value):
    if isinstance(value, dict):
        return {name: plain(member) for name, member in value.items()}
    if isinstance(value, list):
        return [plain(member) for member in value]
    return value if value is None or isinstance(value, str) else json.dumps(value) if isinstance(value, bool) else str(value)


def load(text):
    return json.loads(text, parse_float=str, parse_int=str)


def read_json(path):
    with open(path, encoding="utf-8") as file:
        whole = load(file.read())
    rows = whole.pop("rows")
    return {"head": plain(whole), "rows": [plain(list(row.values())) for row in rows]}


def read_ndjson(path):
    with open(path, encoding="utf-8") as file:
        return {"rows": [plain(list(load(line).values())) for line in file.read().split("\n")[:-1]]}


def number(value):
    """As a spreadsheet shows it: fifteen digits."""
    return format(decimal.Decimal(format(value, ".15g")).normalize(), "f")


def cell(value):
    if value is None:
        return None
    if isinstance(value, bool):
        return "b:" + json.dumps(value)
    if isinstance(value, (int, float)):
        return "n:" + number(value)
    if isinstance(value, (datetime.datetime, datetime.date)):
        return "d:" + value.isoformat(timespec="milliseconds")
    return "s:" + value


def read_xlsx(path):
    book = openpyxl.load_workbook(path)
    return {"sheets": [{
        "name": sheet.title, "freeze": sheet.freeze_panes, "filter": sheet.auto_filter.ref, "charts": len(sheet._charts),
        "widths": [sheet.column_dimensions[letter].width for letter in "AB"],
        "rows": [[cell(value) for value in row] for row in sheet.iter_rows(values_only=True)],
    } for sheet in book.worksheets]}


def read_xlsx_sums(path):
    book = openpyxl.load_workbook(path, read_only=True)
    sheets = []
    for sheet in book.worksheets:
        count, sums = 0, {}
        for row in sheet.iter_rows(min_row=2, values_only=True):
            count += 1
            for place, value in enumerate(row):
                if isinstance(value, (int, float)) and not isinstance(value, bool):
                    sums[place] = sums.get(place, decimal.Decimal(0)) + decimal.Decimal(number(value))
        sheets.append({"name": sheet.title, "rows": count, "sums": {place: format(total, "f") for place, total in sums.items()}})
    return {"sheets": sheets}


readers = {"csv": read_csv, "csv-sums": read_csv_sums, "json": read_json, "ndjson": read_ndjson, "xlsx": read_xlsx, "xlsx-sums": read_xlsx_sums}
json.dump(readers[sys.argv[1]](*sys.argv[2:]), sys.stdout)
