"""What clients see of the shop's objects: the JSON of the contract."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from shardmart.domain.accounts import User
from shardmart.domain.cart import CartView
from shardmart.domain.listings import CategoryCount, Product
from shardmart.domain.load import LoadFigures, LoadRun
from shardmart.domain.notices import Notice
from shardmart.domain.orders import Order
from shardmart.domain.paging import Page
from shardmart.domain.purchase import Placed
from shardmart.domain.reports import AuditReport, Dashboard, Day, Explanation, SellerStatistics, TopProduct
from shardmart.domain.stock import StockLog
from shardmart.service.accounts import SignedIn
from shardmart.service.importing import Imported
from shardmart.web.calls import Call

T = TypeVar("T")
View = dict[str, Any]


def page(call: Call, found: Page[T], view: Callable[[T], View]) -> View:
    return {"items": [view(item) for item in found.items], "next_cursor": call.next_cursor(found)}


def product(p: Product) -> View:
    """Written out: it runs hundreds of times a second, and every generic way took longer."""
    return {
        "id": p.id,
        "seller_id": p.seller_id,
        "seller_name": p.seller_name,
        "name": p.name,
        "description": p.description,
        "price": float(p.price),
        "stock": p.stock,
        "category": p.category,
        "low_stock_threshold": p.low_stock_threshold,
        "is_active": p.is_active,
        "image_url": p.image_url,
        "version": p.version,
        "created_at": p.created_at,
        "updated_at": p.updated_at,
    }


def user(u: User) -> View:
    return {"id": u.id, "name": u.name, "email": u.email, "role": u.role.value, "created_at": u.created_at}


def signed_in(s: SignedIn) -> View:
    return {
        "access_token": s.access_token,
        "token_type": "Bearer",
        "expires_in": s.expires_in,
        "user": user(s.user),
    }


def category(c: CategoryCount) -> View:
    return {"name": c.name, "count": c.count}


def stock_log(entry: StockLog) -> View:
    return {
        "id": entry.id,
        "product_id": entry.product_id,
        "change_type": entry.change_type.value,
        "old_stock": entry.old_stock,
        "new_stock": entry.new_stock,
        "version": entry.version,
        "order_id": entry.order_id,
        "checkout_id": entry.checkout_id,
        "reason": entry.reason,
        "timestamp": entry.timestamp,
    }


def imported(done: Imported) -> View:
    errors = [{"line": error.line, "message": error.message} for error in done.errors]
    return {"created": done.created, "updated": done.updated, "errors": errors}


def cart(c: CartView) -> View:
    items = [
        {
            "product_id": item.product_id,
            "name": item.name,
            "price": item.price,
            "quantity": item.quantity,
            "available": item.available,
        }
        for item in c.items
    ]
    return {"items": items, "total_amount": c.total_amount}


def order(o: Order) -> View:
    lines = [
        {"product_id": line.product_id, "name": line.name, "quantity": line.quantity, "price": line.price}
        for line in o.product_list
    ]
    return {
        "id": o.id,
        "checkout_id": o.checkout_id,
        "buyer_id": o.buyer_id,
        "seller_id": o.seller_id,
        "product_list": lines,
        "total_amount": o.total_amount,
        "status": o.status.value,
        "timestamp": o.timestamp,
    }


def notice(n: Notice) -> View:
    return {
        "id": n.id,
        "kind": n.kind.value,
        "text": n.text,
        "subject_id": n.subject_id,
        "read": n.read,
        "created_at": n.created_at,
    }


def placed(checkout: Placed) -> View:
    return {
        "checkout_id": checkout.checkout_id,
        "status": "placed",
        "total_amount": checkout.total_amount,
        "orders": [order(one) for one in checkout.orders],
    }


def seller_statistics(s: SellerStatistics) -> View:
    return {
        "revenue": s.revenue,
        "orders": s.orders,
        "units": s.units,
        "average_order": s.average_order,
        "by_day": [_day(day) for day in s.by_day],
        "top_products": [_top_product(one) for one in s.top_products],
        "low_stock": [product(one) for one in s.low_stock],
    }


def dashboard(d: Dashboard) -> View:
    top_sellers = [
        {"seller_id": one.seller_id, "name": one.name, "orders": one.orders, "revenue": one.revenue}
        for one in d.top_sellers
    ]
    return {
        "users": d.users,
        "products": d.products,
        "orders": d.orders,
        "revenue": d.revenue,
        "by_day": [_day(day) for day in d.by_day],
        "top_products": [_top_product(one) for one in d.top_products],
        "top_sellers": top_sellers,
    }


def explanation(e: Explanation) -> View:
    return {
        "name": e.name,
        "expected": e.expected,
        "targeted": e.targeted,
        "shards_touched": e.shards_touched,
        "index": e.index,
        "keys_examined": e.keys_examined,
        "documents_examined": e.documents_examined,
        "returned": e.returned,
        "raw": e.raw,
    }


def audit(report: AuditReport) -> View:
    return {
        "consistent": report.consistent,
        "violations": [{"invariant": one.invariant, "detail": one.detail} for one in report.violations],
        "checked": report.checked,
        "took_seconds": report.took_seconds,
    }


def load_run(run: LoadRun) -> View:
    return {"run_id": run.id, "buyers": run.buyers, "seconds": run.seconds, "strategy": run.strategy}


def load_figures(figures: LoadFigures) -> View:
    return {
        **load_run(figures.run),
        "second": figures.second,
        "checkouts_per_second": figures.checkouts_per_second,
        "latency_ms": {"p50": figures.p50_ms, "p99": figures.p99_ms},
        "outcomes": figures.outcomes,
        "running": figures.running,
    }


def _day(day: Day) -> View:
    return {"date": day.date, "revenue": day.revenue, "orders": day.orders}


def _top_product(one: TopProduct) -> View:
    return {"product_id": one.product_id, "name": one.name, "units": one.units, "revenue": one.revenue}
