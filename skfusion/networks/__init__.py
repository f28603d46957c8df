"""Networks as plain data; Keras is imported here, inside functions, and nowhere below."""
