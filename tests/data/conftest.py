"""A site and a bucket on this machine, which data may come from."""
