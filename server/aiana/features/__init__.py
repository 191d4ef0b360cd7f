"""What the service does, a subject in each file; every one is given the container."""
