"""A digest of all that the features of a transformer depend on beside the images."""

from skfusion._utils.fingerprint import digest_text
from skfusion.extraction._image_decoder import ImageDecoder


def features_fingerprint(transformer):
    """Return the digest, which is the same in each process; None for features without one.

    Parameters
    ----------
    transformer : ImageTransformer
        A fitted transformer.
    """
    # Extractors have a fingerprint where there is a cache. Nothing is written to this one.
    cached = object.__new__(type(transformer))
    vars(cached).update(vars(transformer), cache="unused")
    columns, parts = transformer._columns, []
    for position, value_range in enumerate(columns.value_ranges):
        for extractor in cached._extractors(position):
            conversion = extractor.conversion
            decoder = ImageDecoder(columns.reader, value_range, conversion.decode_size)
            keys = extractor.fingerprint, conversion.fingerprint, decoder.fingerprint
            if None in keys:
                return None
            parts.append(keys)
    means = transformer._means
    means = means if means is None else [None if m is None else m.tolist() for m in means]
    names = list(transformer.get_feature_names_out())
    return digest_text(parts, transformer._rows, transformer.corrupt, means, names)
