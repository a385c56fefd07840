"""What the black-box tests share: a running demo, an HTTP client, factories. Nothing here imports the shop."""
