"""What several test files need: a throwaway CA, connection pairs, real peers, background threads, manual rows."""
