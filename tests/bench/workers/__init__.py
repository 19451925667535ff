"""What runs inside a measured Python process.  See work.py for how it is started."""
