"""What users can do with the shop, one verb per function. Talks to the world through `domain.ports` only."""
