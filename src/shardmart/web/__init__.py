"""The HTTP face of the shop: routes, schemas, errors. Never imports the driver."""
