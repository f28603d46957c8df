"""Compare the images of rows with those that a model was fitted on."""

from skfusion.reports.drift._drift_line import DriftLine, share_rises
from skfusion.reports.drift._image_facts import ImageFacts

# An image is unlike those of fit if it is less than half or more than twice as large, as for the
# guards of transformers. Up to a fifth of such images is chance.
_SIZE_FACTOR = 2
_MARGIN = 0.2


def image_drift(source, rows, background=None):
    """Compare a column of images with that of `fit`.

    Parameters
    ----------
    source : ImageSource
        The column, and the transformers that read it.

    rows : DataFrame
        The rows.

    background : DataFrame, default=None
        Rows of the training data; None compares with what the model recorded in `fit`.

    Returns
    -------
    lines : list of DriftLine
        Sizes, channels, missing and unreadable images. Empty where nothing is known of `fit`.
    """
    transformer, place = source.readers[0]
    reader = transformer.reader_
    if background is None:
        guards = transformer._columns.guards
        training = ImageFacts.of_guard(guards[place]) if place < len(guards) else None
    else:
        training = ImageFacts.of_cells(background[source.name], reader)
    if training is None or not training.n_images:
        return []
    here = ImageFacts.of_cells(rows[source.name], reader)
    lines = [_compare_missing(source.name, training, here)]
    if here.n_images:
        lines.append(_compare_sizes(source.name, training, here))
    if here.n_images and training.channels:
        lines.append(_compare_channels(source.name, training, here))
    if here.n_broken:
        count = here.n_broken
        share = count / max(here.n_images + count, 1)
        lines.append(DriftLine(source.name, "unreadable", "", f"{count} images", share, True))
    return lines


def _compare_sizes(name, training, here):
    """Return the line of the sizes; its shift is the share of unusual ones."""
    low, high = training.smallest, training.largest
    unusual = ((here.sizes * _SIZE_FACTOR < low) | (here.sizes > high * _SIZE_FACTOR)).any(axis=1)
    share = float(unusual.mean())
    texts = _describe_sizes(training), _describe_sizes(here)
    return DriftLine(name, "size", *texts, share, share > _MARGIN)


def _compare_channels(name, training, here):
    new = here.channels - training.channels
    texts = [", ".join(map(str, sorted(facts.channels))) for facts in (training, here)]
    return DriftLine(name, "channels", *texts, None, bool(new))


def _compare_missing(name, training, here):
    shift = here.missing_share - training.missing_share
    differs = share_rises(training.missing_share, training.n_rows, here.missing_share, here.n_rows)
    texts = [f"{facts.missing_share:.1%} of rows" for facts in (training, here)]
    return DriftLine(name, "missing", *texts, shift, differs)


def _describe_sizes(facts):
    smallest, largest = facts.smallest, facts.largest
    if (smallest == largest).all():
        return f"{smallest[0]} × {smallest[1]} pixels"
    return f"{smallest[0]} × {smallest[1]} to {largest[0]} × {largest[1]} pixels"
