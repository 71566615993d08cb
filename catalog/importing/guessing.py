"""A guess at what the columns of an unknown table are: by their names, and by what stands in them.

Each guess has its certainty, of 1, and its reason, for a person to judge it by.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from rapidfuzz import fuzz, process

from catalog.importing.attribute_names import attribute_of, plain
from catalog.importing.facts import KEEP, MONEY
from catalog.importing.values import codes
from catalog.importing.values.misread import Misread
from catalog.importing.values.money import money
from catalog.interchange.html import looks_like_html

# English, German, French, Spanish; some Italian and Dutch. As `plain` writes them.
_WORDS: dict[str, str] = {
    "key": "group gruppe groupe grupo product_id produkt_id artikelgruppe group_id parent_id model_id",
    "product.handle": "handle url_handle slug permalink url_key seo_url url_name",
    "product.title": "title name product_name product_title item_name product produkt produktname "
    "produkttitel artikelname artikelbezeichnung bezeichnung titel titre nom nom_du_produit produit "
    "designation libelle titulo nombre nombre_del_producto producto denominacion titolo naam item "
    "article_name artikel",
    "product.description": "description product_description long_description body beschreibung "
    "produktbeschreibung artikelbeschreibung langtext beschreibungstext langbeschreibung descriptif "
    "description_longue descripcion descripcion_larga descrizione omschrijving details text",
    "product.brand": "brand brand_name manufacturer vendor marke hersteller marque fabricant marca "
    "fabricante merk producent label produttore supplier lieferant",
    "attribute.category": "category categories product_category kategorie kategorien warengruppe "
    "produktkategorie categorie categories_de_produits rayon categoria categorias google_product_category "
    "product_categories category_path category_name",
    "product.type": "type product_type produkttyp produktart typ tipo tipo_de_producto type_de_produit",
    "product.tags": "tags tag keywords labels schlagworte schlagworter stichworte mots_cles etiquettes "
    "etiquetas palabras_clave",
    "product.status": "status state published zustand_des_artikels veroffentlicht publie statut estado "
    "publicado active aktiv",
    "product.product_url": "url link product_url product_link webadresse produktlink produkt_url lien "
    "lien_produit enlace url_del_producto page_url deeplink",
    "variant.sku": "sku variant_sku item_number item_no article_number article_no artikelnummer "
    "artikelnr artikel_nr art_nr artnr bestellnummer bestellnr reference ref reference_produit "
    "code_article referencia codigo codigo_de_articulo product_code item_code stock_keeping_unit "
    "model_number modellnummer part_number codice artikelcode sku_code variant_id",
    "variant.parent": "parent parent_sku parent_id parent_product master_sku vater vaterartikel hauptartikel "
    "elternartikel parent_reference sku_padre article_parent reference_parent",
    "variant.gtin": "gtin ean upc isbn barcode ean_code ean13 ean_13 gtin13 gtin_13 strichcode code_barres "
    "code_ean codigo_de_barras codigo_ean jan gtin_ean ean_gtin ean_upc upc_ean strekkode",
    "variant.mpn": "mpn manufacturer_part_number herstellernummer hersteller_artikelnummer "
    "herstellerartikelnummer teilenummer reference_fabricant referencia_del_fabricante mfr_part_number",
    "variant.price": "price regular_price list_price retail_price selling_price unit_price preis verkaufspreis "
    "vk vk_preis vk_brutto bruttopreis einzelpreis ladenpreis prix prix_de_vente prix_ttc prix_unitaire precio "
    "precio_de_venta pvp prezzo prijs rrp price_gross",
    "variant.sale_price": "sale_price special_price discount_price offer_price promo_price angebotspreis "
    "sonderpreis aktionspreis prix_promo prix_solde prix_remise precio_oferta precio_rebajado precio_de_oferta",
    "variant.compare_at_price": "compare_at_price compare_at msrp uvp streichpreis vorher_preis alter_preis "
    "old_price was_price prix_barre ancien_prix prix_conseille precio_anterior precio_recomendado "
    "original_price statt_preis",
    "variant.cost": "cost cost_price purchase_price unit_cost cost_per_item einkaufspreis ek ek_preis ek_netto "
    "kosten cout prix_d_achat prix_achat coste costo precio_de_compra precio_de_coste",
    "variant.currency": "currency currency_code wahrung waehrung devise monnaie moneda divisa valuta",
    "variant.weight_grams": "weight gewicht poids peso weight_g gewicht_g poids_g peso_g weight_in_g weight_grams "
    "gewicht_in_g weight_in_grams gewicht_in_gramm",
    "variant.weight_kg": "weight_kg gewicht_kg poids_kg peso_kg weight_in_kg gewicht_in_kg poids_en_kg "
    "peso_en_kg",
    "variant.weight_lb": "weight_lb weight_lbs weight_in_lb weight_in_lbs weight_pounds",
    "variant.weight_oz": "weight_oz weight_in_oz weight_ounces",
    "variant.availability": "availability in_stock available verfugbarkeit verfugbar lieferbar disponibilite "
    "disponible disponibilidad stock_status lieferstatus lagerstatus",
    "variant.stock": "stock quantity qty inventory inventory_quantity stock_quantity bestand lagerbestand menge "
    "anzahl quantite quantite_en_stock existencias cantidad inventario stock_level available_quantity",
    "variant.condition": "condition zustand etat condicion item_condition",
    "photo.source": "image images photo photos picture pictures image_url image_link image_src main_image "
    "bild bilder foto fotos bild_url bildlink hauptbild produktbild abbildung image_1 photo_url "
    "lien_image url_image imagen imagenes url_de_imagen immagine afbeelding additional_images "
    "weitere_bilder image_file bilddatei images_url image_urls thumbnail photo_1 bild_1 picture_url "
    "photo_file file_name dateiname filename",
    "photo.alt_text": "alt alt_text image_alt alternative_text alternativtext bildbeschreibung texte_alternatif "
    "texto_alternativo image_alt_text bild_alt",
    "photo.position": "image_position bildposition position_image",
    **{
        f"variant.option{n}_{part}": " ".join(
            f"option{joint}{n}_{word} {word}_{n}_option" for joint in ("", "_") for word in words
        )
        for n in (1, 2, 3)
        for part, words in (
            ("name", ("name", "nom", "nombre")),
            ("value", ("value", "wert", "valeur")),
        )
    },
}
_TARGET_OF = {word: target for target, words in _WORDS.items() for word in words.split()}
_NUMBERED = re.compile(r"(?P<word>[a-z_]+?)_?\d{1,2}")
_LANGUAGE = re.compile(
    r"(?P<name>.+?)\s*(?:@|\[|\()(?P<language>(?:ar|cs|da|de|el|en|es|fi|fr|hu|it|ja|ko|nb|nl|no|pl|pt|ro|ru|"
    r"sk|sv|tr|uk|zh)(?:-[A-Za-z]{2})?)[\])]?"
)
# Words around a header's own one that say nothing of what it is.
_BESIDE = re.compile(
    r"_(?:eur|usd|gbp|chf|euro|in|inkl|incl|mwst|ust|vat|tax|brutto|gross|ttc|iva)\b|_$"
)
_PHOTO_NAME = re.compile(r"\S.*\.(?:jpe?g|png|webp|gif|avif|heic|tiff?)(?:\?\S*)?", re.IGNORECASE)
_ADDRESS = re.compile(r"(?:https?:)?//\S+", re.IGNORECASE)
_CODE = re.compile(r"(?=.*\d)[A-Za-z0-9][\w./-]{2,39}")
_SIGN = re.compile(r"[€$£¥]|\b(?:EUR|USD|GBP|CHF|SEK|DKK|NOK|PLN)\b")
_SIMILAR = 88
_MOST = 0.8
_SOME = 0.3
_LOOKED_AT = 200
# Several columns may be these; of the others each is one column, the most certain one.
_REPEATABLE = frozenset({KEEP, "photo.source", "photo.alt_text"})


class Guess(NamedTuple):
    header: str
    target: str
    certainty: float
    reason: str


def guesses_at(
    headers: Sequence[str],
    rows: Iterable[Sequence[str]],
    attributes: Mapping[str, str] | None = None,
) -> list[Guess]:
    """For each column what it most likely is. `attributes` are keys by labels, as `plain` has them."""
    table = list(rows)[:_LOOKED_AT]
    columns = [
        [row[index].strip() for row in table if index < len(row) and row[index].strip()]
        for index in range(len(headers))
    ]
    found = [
        max(_candidates(header, cells, attributes or {}), key=lambda guess: guess.certainty)
        for header, cells in zip(headers, columns, strict=True)
    ]
    return _each_once(found)


def _candidates(header: str, cells: list[str], attributes: Mapping[str, str]) -> list[Guess]:
    nothing = Guess(header, KEEP, 0.1, "Nothing tells what this is; its cells are kept.")
    return [nothing, *_by_name(header, cells, attributes), *_by_cells(header, cells)]


def _by_name(header: str, cells: list[str], attributes: Mapping[str, str]) -> list[Guess]:
    name, language = header, ""
    if parts := _LANGUAGE.fullmatch(header.strip()):
        name, language = parts["name"], parts["language"]
    word = plain(name)
    key = attributes.get(word) or attribute_of(word)
    if language:
        said = f"The header says “{name}” in the language {language}."
        return [Guess(header, f"attribute.{key}@{language}", 0.9, said)] if key else []
    reason = f"The header says “{header}”."
    word = plain(header)
    shorter = _BESIDE.sub("", word)
    target = _TARGET_OF.get(word) or _TARGET_OF.get(shorter)
    certainty = 1.0
    if target is None and (numbered := _NUMBERED.fullmatch(word)):
        target = _TARGET_OF.get(numbered["word"])
        target = target if target in _REPEATABLE else None
    if target is None and key:
        target, certainty = f"attribute.{key}", 0.95
    if target is None and word:
        near = process.extractOne(
            shorter, list(_TARGET_OF), scorer=fuzz.ratio, score_cutoff=_SIMILAR
        )
        if near:
            target, certainty = _TARGET_OF[near[0]], near[1] / 125
            reason = f"The header is much like “{near[0].replace('_', ' ')}”."
    if target is None or not _fits(target, cells):
        return []
    if target == "product.description" and _share(cells, looks_like_html) > _SOME:
        target, reason = "product.description_html", f"{reason} Its cells have HTML tags."
    return [Guess(header, target, certainty, reason)]


def _by_cells(header: str, cells: list[str]) -> list[Guess]:
    tests: tuple[tuple[str, Callable[[str], object], float, str], ...] = (
        ("variant.gtin", codes.looks_like_gtin, 0.94, "are GTINs with a right check digit"),
        ("photo.source", _PHOTO_NAME.fullmatch, 0.9, "are addresses or names of photos"),
        ("variant.price", _is_price, 0.6, "are amounts with a currency"),
        ("product.product_url", _ADDRESS.fullmatch, 0.5, "are web addresses"),
    )
    found = []
    for target, test, certainty, what in tests:
        share = _share(cells, test)
        if share >= _MOST:
            reason = f"{round(share * len(cells))} of {len(cells)} cells {what}."
            found.append(Guess(header, target, certainty * share, reason))
    if _share(cells, looks_like_html) > _SOME:
        found.append(Guess(header, "product.description_html", 0.5, "Its cells have HTML tags."))
    several = len(cells) > 2  # noqa: PLR2004 -- of one or two everything is different
    if several and len(set(cells)) == len(cells) and _share(cells, _CODE.fullmatch) >= _MOST:
        found.append(
            Guess(header, "variant.sku", 0.45, "Its cells are codes, all of them different.")
        )
    return found


def _fits(target: str, cells: list[str]) -> bool:
    """Whether the cells can be what the header says at all."""
    if target in MONEY:
        return not cells or _share(cells, _is_amount) > _SOME
    if target == "photo.source":
        return not cells or _share(cells, lambda cell: "." in cell) > _SOME
    return True


def _each_once(guesses: list[Guess]) -> list[Guess]:
    """A target for one column alone: the most certain, and of equals the first."""
    best: dict[str, Guess] = {}
    for guess in guesses:
        if guess.target not in best or guess.certainty > best[guess.target].certainty:
            best[guess.target] = guess
    return [
        guess
        if guess.target in _REPEATABLE or best[guess.target] is guess
        else Guess(
            guess.header,
            KEEP,
            0.2,
            f"“{best[guess.target].header}” is this already; its cells are kept.",
        )
        for guess in guesses
    ]


def _share(cells: list[str], test: Callable[[str], object]) -> float:
    return sum(bool(test(cell)) for cell in cells) / max(1, len(cells))


def _is_amount(cell: str) -> bool:
    try:
        money(cell)
    except Misread:
        return False
    return True


def _is_price(cell: str) -> bool:
    return bool(_SIGN.search(cell)) and _is_amount(cell)
