"""What makes the peers, runs them in turns and reports.  Nothing here runs inside a measured process."""
