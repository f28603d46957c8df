"""Tables and images fused into one model."""
