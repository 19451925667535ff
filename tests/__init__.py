"""The tests of the package `OpenSSL`: one file a class or topic; what they share is in `support`."""
