"""Products as CSV (RFC 4180, UTF-8), as a spreadsheet reads and writes them.

A spreadsheet takes a cell that begins with `=`, `+`, `-` or `@` for a formula, which could send its other cells
elsewhere; such a text is written with an apostrophe before it, and read without.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from shardmart.domain.errors import FieldError, InvalidInput
from shardmart.domain.listings import NewProduct, Product
from shardmart.service.importing import ChangeLine, LineError, NewLine
from shardmart.web import schemas

COLUMNS = ("id", "name", "description", "price", "stock", "category", "low_stock_threshold", "version")
MOST_LINES = 10_000
_WHOLE = frozenset({"stock", "low_stock_threshold", "version"})
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_AMOUNT, _INTEGER = re.compile(r"-?\d{1,9}(\.\d{1,9})?", re.ASCII), re.compile(r"-?\d{1,15}", re.ASCII)

Lines = tuple[list[NewLine], list[ChangeLine], list[LineError]]


def write(products: Iterable[Product]) -> bytes:
    """The header and a line for each."""
    out = io.StringIO(newline="")
    lines = csv.writer(out)
    lines.writerow(COLUMNS)
    for p in products:
        texts = [_guarded(text) for text in (p.name, p.description, p.category)]
        lines.writerow([p.id, *texts[:2], f"{p.price:.2f}", p.stock, texts[2], p.low_stock_threshold, p.version])
    return out.getvalue().encode()


def read(data: bytes) -> Lines:
    """New products, changes of those with an id, and what is wrong with the other lines.

    An empty cell is as good as none: a change leaves that field as it is. Raises InvalidInput when the whole file
    cannot be understood.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _unreadable("is not UTF-8") from None
    rows = _rows(text)
    number, header = next(rows, (1, []))
    names = [cell.strip().lower() for cell in header]
    _check_header(names)
    new: list[NewLine] = []
    changed: dict[str, ChangeLine] = {}
    errors: list[LineError] = []
    for number, row in rows:
        try:
            one = _line(number, names, row)
            if isinstance(one, NewLine):
                new.append(one)
            elif one.id in changed:
                raise _unreadable(f"line {changed[one.id].line} changes this product already")
            else:
                changed[one.id] = one
        except InvalidInput as error:
            errors.append(LineError(number, _sentence(error)))
    return new, list(changed.values()), errors


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Each row with the number of the line it begins on; blank ones are left out."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    begins, count = 1, 0
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                count += 1
                if count > MOST_LINES + 1:
                    raise _unreadable(f"has more than {MOST_LINES:,} lines")
                yield begins, row
            begins = reader.line_num + 1
    except csv.Error as error:
        raise _unreadable(f"is no CSV from line {begins} on: {error}") from None


def _check_header(names: list[str]) -> None:
    unknown = [name for name in names if name not in COLUMNS]
    if not names or unknown or len(set(names)) < len(names):
        what = f"not {unknown[0][:40]!r}" if unknown else "each once"
        raise _unreadable(f"must begin with a line that names its columns: {', '.join(COLUMNS)}; {what}")


def _line(number: int, names: list[str], row: list[str]) -> NewLine | ChangeLine:
    """Raises InvalidInput."""
    if len(row) > len(names):
        raise _unreadable(f"has {len(row)} cells, the header {len(names)}")
    fields = {name: _value(name, cell) for name, cell in zip(names, row, strict=False) if cell.strip()}
    id, version = fields.pop("id", None), fields.pop("version", None)
    if id is None:
        body: Any = schemas.read(schemas.NewProduct, fields)
        return NewLine(number, NewProduct(**{name: v for name, v in body if name != "seller_id"}))
    if version is not None:
        fields["expected_version"] = version
    edit: Any = schemas.read(schemas.ProductEdit, fields)
    return ChangeLine(number, id.strip(), edit.changes(), edit.expected_version)


def _value(name: str, cell: str) -> Any:
    if name == "price" and _AMOUNT.fullmatch(cell.strip()):
        return Decimal(cell.strip())
    if name in _WHOLE and _INTEGER.fullmatch(cell.strip()):
        return int(cell)
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def _guarded(text: str) -> str:
    return f"'{text}" if _FORMULA.match(text) else text


def _unreadable(why: str) -> InvalidInput:
    return InvalidInput([FieldError("file", why)])


def _sentence(error: InvalidInput) -> str:
    return "; ".join(one.message if one.field == "file" else f"{one.field}: {one.message}" for one in error.errors)
