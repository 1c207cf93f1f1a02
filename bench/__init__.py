"""Benchmarks: what Strongroom does on this machine, beside the limits of its parts, measured in the same run."""
