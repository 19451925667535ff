"""Large numbers: whether what one connection or certificate costs is what each of ten thousand costs."""
