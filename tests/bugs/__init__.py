"""Classes of bugs that bindings to TLS libraries had, each with tests that bear its name: README.md lists them."""
