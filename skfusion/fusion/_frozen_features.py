"""Features of frozen embedders, which all inner folds share."""

from dataclasses import replace


def embed_frozen(sources, rows, log, verbose):
    """Return rows with the features of embedders that don't learn from rows.

    Parameters
    ----------
    sources : SourceEncoder
        The embedders. Those for which there is no time are dropped.

    rows : FusionRows
        All rows.

    log : CandidateLog
        Says which embedders may start, and notes their time.

    verbose : int
        Whether progress is shown.
    """
    images = {}
    for name in list(sources.embedders) if sources.image_columns else []:
        if not sources.is_frozen(name):
            continue
        if not log.may_start(name, is_needed=not images):
            sources.keep({*sources.embedders} - {name})
            continue
        embedder = sources.embedders[name]
        own = embedder.verbose
        embedder.set_params(verbose=max(own, verbose))
        with log.timing(name):
            images[name] = sources.fit_images(name, rows)
        embedder.set_params(verbose=own)
    return replace(rows, images=images)
