"""What attributes are called in the columns of files, by the keys of the shipped vocabulary."""

from __future__ import annotations

import re
import unicodedata

_NAMES = {
    "color": "color colour colors colours colour_name color_pattern farbe farben couleur couleurs colore cor kleur",
    "material": "material materials fabric stoff matiere matieres materiale materiaal",
    "pattern": "pattern muster motif estampado print",
    "style": "style stil estilo",
    "fit": "fit passform coupe corte",
    "sleeve_length": "sleeve_length sleeve_length_type armellange longueur_des_manches largo_de_manga",
    "neckline": "neckline ausschnitt encolure escote",
    "closure": "closure closure_type verschluss fermeture cierre",
    "finish": "finish oberflache finition acabado",
    "power_source": "power_source stromversorgung alimentation alimentacion",
    "shape": "shape form forme forma",
    "room": "room raum piece estancia",
    "occasion": "occasion anlass ocasion",
    "season": "season saison temporada",
    "age_group": "age_group agegroup altersgruppe groupe_d_age grupo_de_edad target_age_group",
    "gender": "gender target_gender geschlecht genre genero",
    "size": "size sizes grosse groesse taille talla tamano maat",
    "composition": "composition zusammensetzung composicion material_composition",
    "country_of_origin": "country_of_origin origin herkunftsland ursprungsland pays_d_origine pais_de_origen made_in",
    "dimensions": "dimensions dimension masse abmessungen dimensiones medidas",
    "care": "care care_instructions care_guide pflegehinweise pflege conseils_d_entretien entretien cuidados",
    "safety": "safety safety_information sicherheitshinweise consignes_de_securite",
    "capacity": "capacity volume fassungsvermogen contenance capacidad",
    "power": "power wattage leistung puissance potencia",
    "waterproof": "waterproof wasserdicht etanche impermeable",
    "features": "features merkmale caracteristiques caracteristicas",
}
_KEYS = {name: key for key, names in _NAMES.items() for name in names.split()}
_JOINT = re.compile(r"[^a-z0-9]+")


def attribute_of(name: str) -> str:
    """The key of the attribute that a column or an option of this name holds, or nothing."""
    return _KEYS.get(plain(name), "")


def plain(name: str) -> str:
    """Small letters a to z and digits, parted by underscores: "Größe" is "grosse"."""
    folded = unicodedata.normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode()
    return _JOINT.sub("_", folded).strip("_")
