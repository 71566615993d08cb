"""Countries that things are sold in: their names, their currencies, and a guess for a catalogue."""

from __future__ import annotations

from collections.abc import Mapping

# Those that Google's help names most often, by ISO 3166 code: name and currency.
_COUNTRIES: Mapping[str, tuple[str, str]] = {
    "AE": ("United Arab Emirates", "AED"),
    "AR": ("Argentina", "ARS"),
    "AT": ("Austria", "EUR"),
    "AU": ("Australia", "AUD"),
    "BE": ("Belgium", "EUR"),
    "BG": ("Bulgaria", "EUR"),
    "BR": ("Brazil", "BRL"),
    "CA": ("Canada", "CAD"),
    "CH": ("Switzerland", "CHF"),
    "CL": ("Chile", "CLP"),
    "CO": ("Colombia", "COP"),
    "CY": ("Cyprus", "EUR"),
    "CZ": ("Czechia", "CZK"),
    "DE": ("Germany", "EUR"),
    "DK": ("Denmark", "DKK"),
    "EE": ("Estonia", "EUR"),
    "ES": ("Spain", "EUR"),
    "FI": ("Finland", "EUR"),
    "FR": ("France", "EUR"),
    "GB": ("United Kingdom", "GBP"),
    "GR": ("Greece", "EUR"),
    "HK": ("Hong Kong", "HKD"),
    "HR": ("Croatia", "EUR"),
    "HU": ("Hungary", "HUF"),
    "ID": ("Indonesia", "IDR"),
    "IE": ("Ireland", "EUR"),
    "IL": ("Israel", "ILS"),
    "IN": ("India", "INR"),
    "IS": ("Iceland", "ISK"),
    "IT": ("Italy", "EUR"),
    "JP": ("Japan", "JPY"),
    "KR": ("South Korea", "KRW"),
    "LI": ("Liechtenstein", "CHF"),
    "LT": ("Lithuania", "EUR"),
    "LU": ("Luxembourg", "EUR"),
    "LV": ("Latvia", "EUR"),
    "MT": ("Malta", "EUR"),
    "MX": ("Mexico", "MXN"),
    "MY": ("Malaysia", "MYR"),
    "NL": ("Netherlands", "EUR"),
    "NO": ("Norway", "NOK"),
    "NZ": ("New Zealand", "NZD"),
    "PE": ("Peru", "PEN"),
    "PH": ("Philippines", "PHP"),
    "PL": ("Poland", "PLN"),
    "PT": ("Portugal", "EUR"),
    "RO": ("Romania", "RON"),
    "SA": ("Saudi Arabia", "SAR"),
    "SE": ("Sweden", "SEK"),
    "SG": ("Singapore", "SGD"),
    "SI": ("Slovenia", "EUR"),
    "SK": ("Slovakia", "EUR"),
    "TH": ("Thailand", "THB"),
    "TR": ("Türkiye", "TRY"),
    "TW": ("Taiwan", "TWD"),
    "UA": ("Ukraine", "UAH"),
    "US": ("United States", "USD"),
    "VN": ("Vietnam", "VND"),
    "ZA": ("South Africa", "ZAR"),
}
NAMES: Mapping[str, str] = {code: name for code, (name, _) in _COUNTRIES.items()}
CURRENCIES: Mapping[str, str] = {code: currency for code, (_, currency) in _COUNTRIES.items()}
# Where several countries have a currency, the largest of them that speaks the language.
_BY_LANGUAGE = {
    ("EUR", "fr"): "FR",
    ("EUR", "it"): "IT",
    ("EUR", "es"): "ES",
    ("EUR", "nl"): "NL",
    ("EUR", "pt"): "PT",
    ("EUR", "fi"): "FI",
    ("EUR", "el"): "GR",
    ("CHF", "de"): "CH",
}
_LARGEST = {"EUR": "DE", "CHF": "CH"}


def guess_country(currency: str, language: str) -> str:
    """Where a catalogue with this currency and language is sold, most likely."""
    spoken, _, region = language.partition("-")
    if region.upper() in NAMES:
        return region.upper()
    if found := _BY_LANGUAGE.get((currency, spoken)) or _LARGEST.get(currency):
        return found
    return next((code for code, each in CURRENCIES.items() if each == currency), "US")
