"""What routes do: read what the call carries, call one verb of the service, show what came of it."""
