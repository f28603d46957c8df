"""What the benchmarks of fusion share."""
