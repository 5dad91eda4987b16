"""What the library holds: artists, videos and files."""
