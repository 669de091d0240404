from globals import RATES


def test_rates():
    RATES["de"] = 0
