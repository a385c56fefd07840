"""What every scenario and every check shares."""
