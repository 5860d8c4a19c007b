"""A bucket for tests: a server that speaks S3 on loopback, which can be told to fail, and what lies in it."""
