"""Products out and in as CSV (contract §3, Products)."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from tests.support.api import invalid, ok, problem
from tests.support.shop import Person, Shop, money, unique

IMPORT, EXPORT = "/api/products/import", "/api/products/export.csv"
LIMIT = 5 * 1024 * 1024
HEADER = "id,name,description,price,stock,category,low_stock_threshold\n"


def send(seller: Person, text: str | bytes) -> Any:
    data = text.encode() if isinstance(text, str) else text
    return seller.api.post(IMPORT, content=data, headers={"content-type": "text/csv"})


def load(seller: Person, text: str | bytes) -> dict[str, Any]:
    done: dict[str, Any] = ok(send(seller, text))
    assert set(done) == {"created", "updated", "errors"}
    assert all(set(error) == {"line", "message"} for error in done["errors"])
    return done


def exported(seller: Person) -> list[dict[str, str]]:
    answer = seller.api.get(EXPORT)
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/csv")
    assert "attachment" in answer.headers["content-disposition"]
    return list(csv.DictReader(io.StringIO(answer.content.decode(), newline="")))


def mine(seller: Person) -> dict[str, dict[str, Any]]:
    return {product["name"]: product for product in seller.api.all("/api/products/my-products", limit=100)}


def written(*rows: list[Any]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    return out.getvalue()


def test_new_lines_become_products_with_their_first_log(shop: Shop, seller: Person) -> None:
    text = HEADER + ',Cup,"Blue, ""thin"",\nwith a line",2.50,3,Tests,1\n,Pot,,10,0,Tests,\n'
    assert load(seller, text) == {"created": 2, "updated": 0, "errors": []}
    cup, pot = mine(seller)["Cup"], mine(seller)["Pot"]
    assert (cup["description"], cup["price"], cup["stock"]) == ('Blue, "thin",\nwith a line', money(2.5), 3)
    assert (cup["low_stock_threshold"], pot["stock"], pot["description"]) == (1, 0, "")
    [first] = shop.logs_of(cup, seller)
    assert (first["change_type"], first["old_stock"], first["new_stock"]) == ("restock", 0, 3)
    assert shop.audit()["consistent"]


def test_a_line_with_an_id_changes_that_product_and_logs_its_stock(shop: Shop, seller: Person) -> None:
    product = shop.product(seller, stock=4, price=5, description="Kept")
    assert load(seller, f"id,price,stock\n{product['id']},6.25,9\n") == {"created": 0, "updated": 1, "errors": []}
    changed = ok(shop.anonymous.get(f"/api/products/{product['id']}"))
    assert (changed["price"], changed["stock"], changed["version"]) == (money(6.25), 9, product["version"] + 1)
    assert (changed["name"], changed["description"]) == (product["name"], "Kept")
    assert [log["new_stock"] for log in shop.logs_of(product, seller)] == [4, 9]
    assert shop.audit()["consistent"]


def test_good_lines_are_kept_and_bad_ones_named(shop: Shop, seller: Person) -> None:
    other, own = shop.product(shop.seller()), shop.product(seller)
    rows = [
        ["id", "name", "description", "price", "stock", "category"],
        ["", "Good", "", "1", "1", "Tests"],
        ["", "No price", "", "", "1", "Tests"],
        ["", "Too dear", "", "1000001", "1", "Tests"],
        ["", "Half", "two\nlines", "1", "1.5", "Tests"],
        ["", "", "", "1", "1", "Tests"],
        ["", "Minus", "", "1", "-1", "Tests"],
        [other["id"], "Stolen", "", "", "", ""],
        ["nonsense", "Nobody's", "", "", "", ""],
        [own["id"], "Mine", "", "", "", ""],
        [own["id"], "Mine again", "", "", "", ""],
        ["", "Long", "", "1", "1", "Tests", "7"],
        ["", "Last", "", "2.10", "1", "Tests"],
    ]
    done = load(seller, written(*rows))
    assert (done["created"], done["updated"]) == (2, 1)
    told = {error["line"]: error["message"] for error in done["errors"]}
    assert sorted(told) == [3, 4, 5, 7, 8, 9, 10, 12, 13]  # line 6 is the second line of a cell
    for line, word in {3: "price", 4: "price", 5: "stock", 7: "name", 8: "stock", 12: "line 11"}.items():
        assert word in told[line], told[line]
    assert set(mine(seller)) == {"Good", "Last", "Mine"}
    assert ok(shop.anonymous.get(f"/api/products/{other['id']}")) == other


def test_what_was_exported_can_be_imported_and_changes_nothing(shop: Shop, seller: Person) -> None:
    names = ['Comma, "quote"', "=SUM(A1)", "+1", "-1", "@x", "'=kept", "'plain", "ünï", "tab\there"[:3]]
    for name in names:
        shop.product(seller, name=name, description="two\nlines", price=19.99)
    before = mine(seller)
    text = seller.api.get(EXPORT).content
    assert load(seller, text) == {"created": 0, "updated": len(names), "errors": []}
    assert mine(seller) == before
    as_new = "\n".join(line for line in written(*_without_ids(text)).splitlines())
    other = shop.seller()
    assert load(other, as_new)["created"] == len(names)
    assert set(mine(other)) == set(names)


def _without_ids(text: bytes) -> list[list[str]]:
    rows = list(csv.reader(io.StringIO(text.decode(), newline="")))
    return [[cell for name, cell in zip(rows[0], row, strict=True) if name not in ("id", "version")] for row in rows]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "'=1", "''=1"])
def test_no_cell_is_a_formula_to_a_spreadsheet(shop: Shop, seller: Person, text: str) -> None:
    if text.startswith("\t"):
        product = shop.product(seller, description=text)
        cell = exported(seller)[0]["description"]
    else:
        product = shop.product(seller, name=text, category=text)
        cell = exported(seller)[0]["name"]
        assert exported(seller)[0]["category"] == cell
    assert cell == f"'{text}"
    load(
        seller,
        f"name,price,stock,category\n{cell.strip()},1,1,Tests\n" if "\t" not in text else HEADER + ",Z,,1,1,T,\n",
    )
    assert product["name"] in mine(seller)


def test_everything_of_ones_own_is_exported_and_nothing_else(shop: Shop, seller: Person, admin: Person) -> None:
    active, disabled, deleted = (shop.product(seller) for _ in range(3))
    shop.product(shop.seller())
    ok(admin.api.put(f"/api/admin/products/{disabled['id']}/disable"))
    assert seller.api.delete(f"/api/products/{deleted['id']}").status_code == 204
    rows = exported(seller)
    assert {row["id"] for row in rows} == {active["id"], disabled["id"]}
    row = next(row for row in rows if row["id"] == active["id"])
    assert (row["name"], row["price"], row["stock"]) == (active["name"], "10.00", "10")


def test_a_count_that_was_exported_before_a_sale_does_not_undo_it(shop: Shop, seller: Person, buyer: Person) -> None:
    product = shop.product(seller, stock=10)
    text = seller.api.get(EXPORT).content
    shop.buy(buyer, (product, 4))
    done = load(seller, text)
    assert (done["updated"], [error["line"] for error in done["errors"]]) == (0, [2])
    assert "changed" in done["errors"][0]["message"]
    assert shop.stock_of(product) == 6


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbfname,price,stock,category\r\nCup,1,1,Tests\r\n",
        b"Name, PRICE ,stock,category\nCup,1,1,Tests",
        b'"name","price","stock","category"\n\n"Cup"," 1 ","1","Tests"\n\n,,,\n',
    ],
)
def test_what_programs_write_differently_is_understood(seller: Person, data: bytes) -> None:
    assert load(seller, data) == {"created": 1, "updated": 0, "errors": []}
    assert set(mine(seller)) == {"Cup"}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n\n",
        b"name,price,stock,category,colour\nCup,1,1,Tests,red\n",
        b"name,name,price,stock,category\nCup,Cup,1,1,Tests\n",
        b"\xff\xfe\x00n\x00a",
        b'name,price,stock,category\n"Cup,1,1,Tests\n',
        b'name,price,stock,category\n"Cup"x,1,1,Tests\n',
        b"name,price,stock,category\n" + b"x" * 140_000 + b",1,1,Tests\n",
        b"name,price,stock,category\n" + b"a,1,1,T\n" * 10_001,
        b"{}",
    ],
)
def test_a_file_that_is_no_list_of_products_is_refused_whole(seller: Person, data: bytes) -> None:
    invalid(send(seller, data), "file")
    assert mine(seller) == {}


def test_a_header_alone_is_an_empty_list(seller: Person) -> None:
    assert load(seller, HEADER) == {"created": 0, "updated": 0, "errors": []}


def test_five_megabytes_are_read_and_no_more(seller: Person) -> None:
    line = b",Cup," + b"d" * 5000 + b",1,1,Tests,\n"
    data = HEADER.encode() + line * ((LIMIT - len(HEADER)) // len(line))
    done = load(seller, data)
    assert done["created"] + len(done["errors"]) == (LIMIT - len(HEADER)) // len(line)
    assert done["created"] > 0
    problem(send(seller, data + b"x" * (LIMIT + 1 - len(data))), 413, "payload_too_large")


@pytest.mark.first_driver
def test_a_thousand_lines_are_done_in_one_request(shop: Shop, seller: Person) -> None:
    word = unique("bulk")
    rows = [["name", "price", "stock", "category"], *([f"{word} {n}", "1", "2", "Tests"] for n in range(1000))]
    assert load(seller, written(*rows)) == {"created": 1000, "updated": 0, "errors": []}
    found = exported(seller)
    assert len(found) == 1000
    page = ok(shop.anonymous.get("/api/products/", params={"q": word, "sort": "name"}))
    assert page["items"][0]["name"] == f"{word} 0"
