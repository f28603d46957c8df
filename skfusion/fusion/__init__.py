"""Tables and pictures fused into one model."""
