"""Files on web servers and in object stores: which may be read, and how."""
