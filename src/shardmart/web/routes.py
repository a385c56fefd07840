"""Every route of the API: method, path, handler, who may call it, and what the OpenAPI document says of it.

Access tests and the document are made from this table, so a route that is not here does not exist.
"""

from __future__ import annotations

from shardmart.domain.errors import (
    CheckoutInProgress,
    EmailTaken,
    EmptyCart,
    Forbidden,
    IdempotencyKeyReused,
    InsufficientStock,
    InvalidCredentials,
    InvalidTransition,
    LastAdmin,
    LoadRunning,
    NotManaged,
    OwnAccount,
    PriceChanged,
    ProductUnavailable,
    RateLimited,
    SenselessNodeAction,
    StrategyNotHere,
    Unauthenticated,
    UnknownProduct,
    VersionConflict,
)
from shardmart.web import answers, filters, schemas
from shardmart.web.access import (
    ADMIN,
    ADMIN_IN_LAB,
    ANYONE_SIGNED_IN,
    BUYER,
    BUYER_OR_SELLER,
    PUBLIC,
    SELLER,
    SELLER_OR_ADMIN,
    VISITOR,
)
from shardmart.web.endpoints import Route, Upload
from shardmart.web.handlers import (
    admin,
    auth,
    cart,
    csv_files,
    lab,
    notifications,
    operations,
    orders,
    photos,
    products,
    seller,
)

AUTH, PRODUCTS, CART, ORDERS = "Authentication", "Products", "Cart", "Orders"
SELLERS, NOTIFICATIONS = "Seller", "Notifications"
ADMINS, LAB, OPERATIONS = "Admin", "Lab", "Operations"
TAGS = {
    AUTH: "Accounts and sessions.",
    PRODUCTS: "The catalogue, and what sellers do with it.",
    CART: "A buyer's cart.",
    ORDERS: "Checkouts and orders.",
    SELLERS: "A seller's figures.",
    NOTIFICATIONS: "What a user was told of.",
    ADMINS: "Moderation and the whole shop in figures.",
    LAB: "The database made visible, and the means to hurt it.",
    OPERATIONS: "For whoever runs the shop.",
}
_PHOTO = Upload(2 * 1024 * 1024, ("image/jpeg", "image/png", "image/webp"))
_CSV = Upload(5 * 1024 * 1024, ("text/csv",))
_STALENESS = ("X-Staleness-Bound",)

_AUTHENTICATION = (
    Route("POST", "/api/auth/register", auth.register, PUBLIC, AUTH, "Open an account",
          answers.SignedIn, 201, body=schemas.Registration, errors=(EmailTaken, RateLimited, Forbidden),
          headers=("Origin",), answer_headers=("Set-Cookie",)),
    Route("POST", "/api/auth/login", auth.login, PUBLIC, AUTH, "Sign in",
          answers.SignedIn, body=schemas.Credentials, errors=(InvalidCredentials, RateLimited, Forbidden),
          headers=("Origin",), answer_headers=("Set-Cookie",)),
    Route("POST", "/api/auth/refresh", auth.refresh, PUBLIC, AUTH, "A new access token, by the refresh cookie",
          answers.SignedIn, errors=(Unauthenticated, Forbidden), headers=("Origin", "Cookie"),
          answer_headers=("Set-Cookie",)),
    Route("POST", "/api/auth/logout", auth.logout, PUBLIC, AUTH, "End the session",
          status=204, errors=(Forbidden,), headers=("Origin", "Cookie"), answer_headers=("Set-Cookie",)),
    Route("GET", "/api/auth/profile", auth.profile, ANYONE_SIGNED_IN, AUTH, "Who I am", answers.User),
)  # fmt: skip

_PRODUCTS = (
    Route("GET", "/api/products/", products.search, PUBLIC, PRODUCTS, "Active products",
          answers.ProductPage, query=filters.LISTING, answer_headers=_STALENESS),
    Route("POST", "/api/products/", products.create, SELLER_OR_ADMIN, PRODUCTS, "Offer a product",
          answers.Product, 201, body=schemas.NewProduct, answer_headers=("Location",)),
    Route("GET", "/api/products/categories", products.categories, PUBLIC, PRODUCTS, "Categories with counts",
          answers.Categories, query=filters.NONE, answer_headers=_STALENESS),
    Route("GET", "/api/products/my-products", products.my_products, SELLER, PRODUCTS, "My products",
          answers.ProductPage, query=filters.PAGES),
    Route("GET", "/api/products/export.csv", csv_files.export, SELLER, PRODUCTS, "My products as CSV",
          media_type="text/csv", answer_headers=("Content-Disposition",)),
    Route("POST", "/api/products/import", csv_files.import_, SELLER, PRODUCTS,
          "Offer and change many products: lines with an id change that product, others are new",
          answers.Imported, upload=_CSV),
    Route("GET", "/api/products/{id}", products.view, VISITOR, PRODUCTS, "One product", answers.Product),
    Route("PUT", "/api/products/{id}", products.edit, SELLER_OR_ADMIN, PRODUCTS, "Change a product",
          answers.Product, body=schemas.ProductEdit, errors=(VersionConflict,)),
    Route("DELETE", "/api/products/{id}", products.remove, SELLER_OR_ADMIN, PRODUCTS, "Take it out of the shop",
          status=204),
    Route("POST", "/api/products/{id}/stock", products.change_stock, SELLER_OR_ADMIN, PRODUCTS, "Add or take stock",
          answers.Product, body=schemas.StockChange, errors=(InsufficientStock,)),
    Route("GET", "/api/products/{id}/inventory-logs", products.logs, SELLER_OR_ADMIN, PRODUCTS,
          "Every change of the stock", answers.InventoryLogPage, query=filters.PAGES),
    Route("GET", "/api/products/{id}/image", photos.view, VISITOR, PRODUCTS, "Its photo",
          query=filters.PHOTO, media_type="image/webp", answer_headers=("ETag",)),
    Route("PUT", "/api/products/{id}/image", photos.put, SELLER_OR_ADMIN, PRODUCTS, "Give it a photo",
          answers.Product, upload=_PHOTO),
    Route("DELETE", "/api/products/{id}/image", photos.remove, SELLER_OR_ADMIN, PRODUCTS, "Take its photo away",
          answers.Product),
)  # fmt: skip

_CART = (
    Route("GET", "/api/cart/", cart.view, BUYER, CART, "My cart", answers.Cart),
    Route("PUT", "/api/cart/items/{product_id}", cart.put, BUYER, CART, "Set a quantity, 0 removes",
          answers.Cart, body=schemas.CartQuantity),
    Route("DELETE", "/api/cart/", cart.clear, BUYER, CART, "Empty the cart", answers.Cart),
)  # fmt: skip

_ORDERS = (
    Route("POST", "/api/orders/", orders.buy, BUYER, ORDERS, "Check out: these items, or the cart",
          answers.Checkout, 201, body=schemas.Purchase,
          errors=(InsufficientStock, ProductUnavailable, PriceChanged, CheckoutInProgress, UnknownProduct, EmptyCart,
                  IdempotencyKeyReused),
          headers=("Idempotency-Key",), answer_headers=("Idempotent-Replayed",)),
    Route("GET", "/api/orders/my-orders", orders.my_orders, BUYER, ORDERS, "What I bought",
          answers.OrderPage, query=filters.ORDERS),
    Route("GET", "/api/orders/seller-orders", orders.seller_orders, SELLER, ORDERS, "What I sold",
          answers.OrderPage, query=filters.ORDERS),
    Route("GET", "/api/orders/{id}", orders.view, ANYONE_SIGNED_IN, ORDERS, "One order", answers.Order),
    Route("PUT", "/api/orders/{id}/status", orders.set_status, ANYONE_SIGNED_IN, ORDERS, "Complete or cancel",
          answers.Order, body=schemas.OrderStatus, errors=(InvalidTransition,)),
)  # fmt: skip

_SELLER = (
    Route("GET", "/api/seller/stats", seller.stats, SELLER, SELLERS, "My figures",
          answers.SellerStats, query=filters.DAYS),
)  # fmt: skip

_NOTIFICATIONS = (
    Route("GET", "/api/notifications/", notifications.mine, BUYER_OR_SELLER, NOTIFICATIONS, "What I was told of",
          answers.NotificationPage, query=filters.PAGES),
    Route("POST", "/api/notifications/read", notifications.mark_read, BUYER_OR_SELLER, NOTIFICATIONS,
          "Mark as read: these, or all", status=204, body=schemas.NotificationsRead),
)  # fmt: skip

_ADMIN = (
    Route("GET", "/api/admin/users", admin.users, ADMIN, ADMINS, "Accounts", answers.UserPage, query=filters.USERS),
    Route("GET", "/api/admin/products", admin.products, ADMIN, ADMINS, "All products, disabled ones too",
          answers.ProductPage, query=filters.PAGES),
    Route("GET", "/api/admin/orders", admin.all_orders, ADMIN, ADMINS, "All orders",
          answers.OrderPage, query=filters.ORDERS),
    Route("DELETE", "/api/admin/users/{id}", admin.delete_user, ADMIN, ADMINS, "Delete an account",
          status=204, errors=(OwnAccount, LastAdmin)),
    Route("PUT", "/api/admin/products/{id}/disable", admin.disable, ADMIN, ADMINS, "Take a product off the shelves",
          answers.Product),
    Route("PUT", "/api/admin/products/{id}/enable", admin.enable, ADMIN, ADMINS, "Put it back", answers.Product),
    Route("GET", "/api/admin/dashboard", admin.dashboard, ADMIN, ADMINS, "Figures of the whole shop",
          answers.Dashboard, query=filters.DAYS),
    Route("GET", "/api/admin/health", admin.health, ADMIN_IN_LAB, ADMINS, "Database and apps", answers.Health),
)  # fmt: skip

_LAB = (
    Route("GET", "/api/lab/topology", lab.topology, ADMIN_IN_LAB, LAB, "Members and shards", answers.Topology),
    Route("GET", "/api/lab/explain", lab.shapes, ADMIN, LAB, "Every query and write the shop issues", answers.Shapes,
          query=filters.NONE),
    Route("GET", "/api/lab/explain/{name}", lab.explain, ADMIN, LAB, "A live explain", answers.Explanation),
    Route("POST", "/api/lab/nodes/{node}/{action}", lab.control_node, ADMIN_IN_LAB, LAB,
          "kill, start, pause, resume or stepdown a database node", answers.Member, 202,
          errors=(NotManaged, SenselessNodeAction)),
    Route("POST", "/api/lab/load", lab.start_load, ADMIN, LAB,
          "Buyers inside the server, for a while; each second's figures come by the `load` event",
          answers.LoadRun, 202, body=schemas.LoadPlan, errors=(LoadRunning, StrategyNotHere)),
    Route("GET", "/api/lab/load", lab.last_load, ADMIN, LAB, "The latest load run, second by second",
          answers.LastLoad),
    Route("DELETE", "/api/lab/load", lab.stop_load, ADMIN, LAB, "Stop the load run", status=204),
    Route("GET", "/api/lab/audit", lab.audit, ADMIN, LAB, "Check every stock invariant", answers.Audit),
)  # fmt: skip

_OPERATIONS = (
    Route("GET", "/healthz", operations.healthz, PUBLIC, OPERATIONS, "The process lives", answers.Alive),
    Route("GET", "/readyz", operations.readyz, PUBLIC, OPERATIONS, "It can serve", answers.Ready),
    Route("GET", "/metrics", operations.figures, PUBLIC, OPERATIONS, "Figures for Prometheus",
          media_type="text/plain"),
)  # fmt: skip

ROUTES: tuple[Route, ...] = (
    *_AUTHENTICATION, *_PRODUCTS, *_CART, *_ORDERS, *_SELLER, *_NOTIFICATIONS, *_ADMIN, *_LAB, *_OPERATIONS
)  # fmt: skip
