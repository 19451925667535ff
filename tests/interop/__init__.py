"""Tests against other TLS programs: the openssl command, curl and the standard library's `ssl`."""
