"""Run fitted models as a service: batches of requests, other runtimes, smaller weights."""
