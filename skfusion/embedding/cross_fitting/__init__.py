"""Out-of-fold columns of networks, in common axes."""
