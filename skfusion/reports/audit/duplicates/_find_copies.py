"""Find the pairs of images that are altered copies of each other."""

import numpy as np

from skfusion._utils.progress import progress_bar
from skfusion.reports.audit.duplicates._candidates import find_candidates
from skfusion.reports.audit.duplicates._starts import name_of
from skfusion.reports.audit.duplicates._threshold import choose_copies
from skfusion.reports.audit.duplicates._verification import verify


def find_copies(images, verbose=0, more=None):
    """Find altered copies: re-encoded, resized, cropped, mirrored, turned, in gray, brighter.

    Parameters
    ----------
    images : Thumbnails
        Small copies of distinct images.

    verbose : int, default=0
        1 shows progress bars.

    more : ndarray of int of shape (n_pairs, 2), default=None
        More pairs to look at, as those with near embeddings.

    Returns
    -------
    pairs : list of tuple (first, second, kind, similarity)
        Positions of images, the smaller one first; "copy", "crop", "mirror image" or "turned
        copy"; and how far they agree, up to 1.

    Notes
    -----
    Candidates are the nearest neighbors of each image, among 64 gray values of all images and of
    their mirrored, turned and cropped views. Each is aligned by an affine map, and compared patch
    by patch. What counts as a copy depends on how alike other images are.
    """
    n_images = len(images)
    if n_images < 2:
        return []
    with progress_bar(verbose, total=n_images, description="compare", unit="image") as shown:
        pairs = find_candidates(images, shown)
    if more is not None:
        pairs = np.unique(np.concatenate([pairs, more, more[:, ::-1]]), axis=0)
    with progress_bar(verbose, total=len(pairs), description="verify", unit="pair") as shown:
        agreement, maps = verify(images, pairs, shown)
    first, second = pairs.min(axis=1, initial=n_images), pairs.max(axis=1, initial=-1)
    order = np.argsort(-agreement, kind="stable")
    best = order[np.unique(first[order] * n_images + second[order], return_index=True)[1]]
    chosen = best[choose_copies(agreement[best], pairs[best])]
    return [
        (int(first[place]), int(second[place]), name_of(maps[place]), float(agreement[place]))
        for place in chosen
    ]
