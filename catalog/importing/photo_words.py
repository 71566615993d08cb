"""What words in the names of photos say: from which side, in which role. In a few languages, without
accents, as `catalog.importing.matching` reads them.
"""

from __future__ import annotations

from catalog.models.photo import PhotoRole

_SAID = {
    PhotoRole.MAIN: (
        "main front hero primary frontview packshot",
        "vorne vorderseite hauptbild frontansicht",
        "devant principale principal frente frontal fronte davanti voorkant hoofdfoto przod",
        "正面 メイン",
    ),
    PhotoRole.DETAIL: (
        "back rear detail details closeup zoom backview sideview angle",
        "hinten ruckseite rueckseite seitenansicht detailansicht nahaufnahme",
        "arriere detalle detras trasera dettaglio retro achterkant zijkant tyl szczegol",
        "背面 側面",
    ),
    PhotoRole.LIFESTYLE: (
        "lifestyle ambience onmodel worn insitu",
        "getragen milieubild wohnbeispiel ambiance porte ambientata indossato sfeerbeeld",
    ),
    PhotoRole.SWATCH: (
        "swatch swatches",
        "farbmuster stoffmuster echantillon muestra campione staal kleurstaal",
    ),
    PhotoRole.PACKAGING: (
        "packaging packaged boxed",
        "verpackung emballage embalaje confezione verpakking opakowanie",
    ),
    PhotoRole.CHART: (
        "chart sizechart sizeguide sizing dimensions measurements",
        "grossentabelle groessentabelle massangaben guidetailles medidas misure maattabel rozmiary",
    ),
}
# Words that also end the names of products: a music box, a tank top.
_MAY_SAY = {
    PhotoRole.MAIN: ("cover face",),
    PhotoRole.DETAIL: (
        "side left right top bottom inside interior close",
        "seite links rechts oben unten innen cote dos dessus dessous lado costado lato",
    ),
    PhotoRole.LIFESTYLE: ("model room scene mood ambiente modelo",),
    PhotoRole.SWATCH: ("muster",),
    PhotoRole.PACKAGING: ("box package pack carton karton boite caja scatola doos",),
    PhotoRole.CHART: ("size guide table tabelle masse tailles tallas taglie",),
}


def _by_word(said: dict[PhotoRole, tuple[str, ...]]) -> dict[str, str]:
    return {
        word: role.value for role, lines in said.items() for line in lines for word in line.split()
    }


SURE = _by_word(_SAID)
UNSURE = _by_word(_MAY_SAY)
# Said of the file, and nothing of what it shows.
NOISE = frozenset(
    [
        "copy",
        "copie",
        "kopie",
        "copia",
        "kopia",
        "edited",
        "edit",
        "bearbeitet",
        "final",
        "new",
        "neu",
        "web",
        "large",
        "small",
        "medium",
        "thumb",
        "thumbnail",
        "scaled",
        "cropped",
        "resized",
        "hires",
        "lowres",
        "highres",
        "print",
        "img",
        "image",
        "photo",
        "foto",
        "bild",
        "pic",
        "picture",
        "view",
        "ansicht",
    ]
)
# Folders that hold photos of all kinds of products.
GENERAL_FOLDERS = frozenset(
    [
        "photos",
        "photo",
        "images",
        "image",
        "pictures",
        "bilder",
        "bild",
        "fotos",
        "foto",
        "img",
        "imgs",
        "media",
        "assets",
        "products",
        "produkte",
        "produktbilder",
        "produits",
        "productos",
        "prodotti",
        "upload",
        "uploads",
        "export",
        "web",
        "jpg",
        "jpeg",
        "png",
        "dcim",
        "camera",
        "new",
        "neu",
        "all",
        "alle",
    ]
)
