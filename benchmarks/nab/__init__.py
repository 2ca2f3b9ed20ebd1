"""The generic detector and its peers on the Numenta Anomaly Benchmark, by its official rules."""
