"""The digests by which estimators identify images, with the memo of a store."""

from skfusion.images._image_digests import ImageDigests


def image_digests(store=None):
    """Return what computes digests of images; a store remembers those of files."""
    return ImageDigests(None if store is None else store.path_memo)


def call_after_hashing(monkeypatch, function):
    """Call a function each time that estimators have computed the digests of a batch."""
    original = ImageDigests.of_many

    def of_many(digests, cells, *args, **options):
        found = original(digests, cells, *args, **options)
        function()
        return found

    monkeypatch.setattr(ImageDigests, "of_many", of_many)
