"""SamplerTags: scikit-learn's tags with the entries that imbalanced-learn adds."""

from dataclasses import dataclass, field, fields

from sklearn.utils import InputTags, Tags


@dataclass
class SamplerInputTags(InputTags):
    """Tags of the input X of a sampler.

    Parameters
    ----------
    dataframe : bool, default=True
        Whether X may be a DataFrame.
    """

    dataframe: bool = True


@dataclass
class SamplingTags:
    """Tags of a sampler.

    Parameters
    ----------
    sample_indices : bool, default=True
        Whether `fit_resample` sets `sample_indices_`.
    """

    sample_indices: bool = True


@dataclass
class SamplerTags(Tags):
    """Tags of an estimator with `fit_resample`.

    imbalanced-learn reads them, but skfusion does not depend on it.

    Parameters
    ----------
    sampler_tags : SamplingTags
        Tags of the sampler.
    """

    sampler_tags: SamplingTags = field(default_factory=SamplingTags)


def as_sampler_tags(tags):
    """Return the tags of an estimator as those of a sampler.

    Parameters
    ----------
    tags : Tags
        scikit-learn's tags.

    Returns
    -------
    tags : SamplerTags
        The same, with the entries of samplers.

    Examples
    --------
    >>> from sklearn.base import BaseEstimator
    >>> from skfusion.augmentation._sampler_tags import as_sampler_tags
    >>> as_sampler_tags(BaseEstimator().__sklearn_tags__()).estimator_type
    'sampler'
    """
    entries = {entry.name: getattr(tags, entry.name) for entry in fields(tags)}
    inputs = tags.input_tags
    entries["input_tags"] = SamplerInputTags(
        **{entry.name: getattr(inputs, entry.name) for entry in fields(inputs)}
    )
    return SamplerTags(**{**entries, "estimator_type": "sampler"})
