"""Strategy `reservation`: a saga of single-document writes. docs/reservation.md explains it."""
