"""The shop on MongoDB. The only package that imports the driver."""
