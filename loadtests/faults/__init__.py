"""What is broken during a run, when, and how long nobody could write afterwards."""
