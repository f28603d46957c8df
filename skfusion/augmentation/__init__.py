"""Random changes of images: in training, in additional rows, and in folders of copies."""
