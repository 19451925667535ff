"""Tests of what users install: the wheel, the source distribution, and the rules that keep the source in order."""
