import importlib.util

import numpy as np
import pytest
from scipy import ndimage, stats

from skfusion import ExtraNotFoundError, ImageDescriptors
from tests.features.descriptors_for_tests import measure, noise, smooth


def haar_bands_by_correlation(image):
    """The undecimated Haar bands as correlations with kernels that are written out."""
    low, high = np.array([1, 1]) / 2, np.array([1, -1]) / 2
    values, bands = image.astype(np.float64), {}
    for level, spread in [(1, 1), (2, 2)]:
        kernels = {}
        for name, taps in [("low", low), ("high", high)]:
            kernels[name] = np.zeros(spread + 1)
            kernels[name][[0, -1]] = taps

        def filtered(rows, columns, source=values, kernels=kernels):
            once = ndimage.correlate1d(source, kernels[rows], axis=0, mode="wrap")
            return ndimage.correlate1d(once, kernels[columns], axis=1, mode="wrap")

        bands[f"l{level}_horizontal"] = filtered("high", "low")
        bands[f"l{level}_vertical"] = filtered("low", "high")
        bands[f"l{level}_diagonal"] = filtered("high", "high")
        values = filtered("low", "low")
    bands["l2_approximation"] = values
    return bands


def test_haar_bands_agree_with_written_out_kernels():
    # An image with a wide flat border: mirrored or repeated, what lies beyond is the same.
    image = np.pad(smooth((24, 28)), 6, constant_values=90)
    values = measure("wavelet", image)
    for name, band in haar_bands_by_correlation(image).items():
        assert abs(values[f"{name}_mean"]) == pytest.approx(abs(band.mean()), abs=1e-4)
        assert values[f"{name}_std"] == pytest.approx(band.std(), rel=1e-5)
        assert abs(values[f"{name}_skewness"]) == pytest.approx(
            abs(stats.skew(band.ravel())), rel=1e-4, abs=1e-5
        )
        assert values[f"{name}_kurtosis"] == pytest.approx(stats.kurtosis(band.ravel()), rel=1e-4)
        deviation = np.abs(band - band.mean()).mean()
        assert values[f"{name}_mean_absolute_deviation"] == pytest.approx(deviation, rel=1e-5)


@pytest.mark.parametrize("wavelet", ["haar", "coif1"])
def test_transposing_exchanges_horizontal_and_vertical(wavelet):
    image = noise((20, 31))
    values = measure("wavelet", image, wavelet=wavelet)
    exchange = {"horizontal": "vertical", "vertical": "horizontal"}
    for name, value in measure("wavelet", image.T, wavelet=wavelet).items():
        level, band, statistic = name.split("_", 2)
        other = f"{level}_{exchange.get(band, band)}_{statistic}"
        assert value == pytest.approx(values[other], rel=1e-5, abs=1e-5)


def test_brightness_shifts_the_approximation_alone():
    image = smooth((32, 32)) // 2
    before, after = measure("wavelet", image), measure("wavelet", image + np.uint8(100))
    shift = after.pop("l2_approximation_mean") - before.pop("l2_approximation_mean")
    assert shift == pytest.approx(100, abs=1e-3)
    assert after == pytest.approx(before, rel=1e-4, abs=1e-4)


def test_flat_images_have_no_details():
    values = measure("wavelet", np.full((9, 7), 50, dtype=np.uint8), wavelet="db4")
    assert values.pop("l2_approximation_mean") == pytest.approx(50)
    np.testing.assert_allclose(list(values.values()), 0, atol=1e-5)


def test_the_mask_chooses_the_pixels():
    image = smooth((32, 32))
    image[:, 16:] = 0
    edge, plain = (np.tile(np.arange(32) > start, (32, 1)) for start in (9, 20))
    values = measure("wavelet", image, mask=lambda pixels: edge)
    flat = measure("wavelet", image, mask=lambda pixels: plain)
    assert values["l1_vertical_std"] > 1
    assert flat["l1_vertical_std"] == flat["l2_diagonal_mean"] == 0


@pytest.mark.parametrize("wavelet", ["morl", "nothing"])
def test_unknown_wavelets(wavelet):
    with pytest.raises(ValueError, match=f"wavelet='{wavelet}' is not a discrete wavelet.*'haar'"):
        ImageDescriptors("wavelet", wavelet=wavelet).fit(noise((2, 8, 8)))


def test_biorthogonal_wavelets_are_taken():
    assert np.isfinite(list(measure("wavelet", noise((9, 9)), wavelet="bior2.2").values())).all()


def test_without_pywavelets(monkeypatch):
    real = importlib.util.find_spec
    monkeypatch.setattr(
        "skfusion.features._wavelet.find_spec", lambda name: None if name == "pywt" else real(name)
    )
    with pytest.raises(ExtraNotFoundError, match=r'pip install "skfusion\[wavelet\]"'):
        ImageDescriptors(["lbp", "wavelet"]).fit(noise((2, 8, 8)))
    ImageDescriptors("lbp", wavelet="nothing").fit(noise((2, 8, 8)))  # asked for by nobody
