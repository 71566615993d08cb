"""Words that stand for one of a few values, in the languages that shops write them in."""

from __future__ import annotations

import re
from collections.abc import Mapping

from catalog.importing.values.misread import Misread
from catalog.models import Availability, Condition, ProductStatus

# Not before a digit: there it is a minus.
_JOINTS = re.compile(r"_|-(?!\d)")


def _spellings(values: Mapping[str, str]) -> dict[str, str]:
    """What a normalised word means, from the words of each value, parted by commas."""
    return {_plain(word): value for value, words in values.items() for word in words.split(",")}


def _plain(text: str) -> str:
    """Without the schema.org address, case, and what parts words."""
    text = text.strip().removeprefix("https://").removeprefix("http://").removeprefix("schema.org/")
    return "".join(_JOINTS.sub("", text.casefold()).split())


_AVAILABILITY = _spellings(
    {
        Availability.IN_STOCK: "in_stock,instock,available,auf lager,lieferbar,vorrätig,sofort lieferbar,"
        "verfügbar,en stock,disponible,en existencia,disponibile,limited availability,onlineonly,"
        "yes,true,1,ja,oui,sí,si",
        Availability.OUT_OF_STOCK: "out_of_stock,outofstock,sold out,soldout,unavailable,not available,"
        "ausverkauft,nicht lieferbar,nicht verfügbar,nicht vorrätig,rupture de stock,épuisé,"
        "en rupture,indisponible,agotado,sin existencias,discontinued,no,false,0,nein,non",
        Availability.PREORDER: "preorder,pre-order,vorbestellbar,vorbestellung,précommande,"
        "en précommande,reserva,preventa,presale",
        Availability.BACKORDER: "backorder,back-order,on backorder,onbackorder,nachlieferbar,"
        "lieferrückstand,nachbestellt,sur commande,en réapprovisionnement,bajo pedido,pendiente,"
        "notify,available for order",
    }
)
_CONDITION = _spellings(
    {
        Condition.NEW: "new,newcondition,neu,neuware,neuf,nuevo,nueva,nuovo,brand new",
        Condition.REFURBISHED: "refurbished,refurbishedcondition,generalüberholt,überholt,"
        "reconditionné,reacondicionado,renewed",
        Condition.USED: "used,usedcondition,gebraucht,occasion,d'occasion,usado,usada,usato,"
        "second hand,vintage,damaged,used_like_new,used_good,used_fair",
    }
)
_STATUS = _spellings(
    {
        ProductStatus.APPROVED: "approved,active,published,publish,live,online,aktiv,freigegeben,"
        "veröffentlicht,actif,publié,approuvé,activo,publicado,aprobado,visible,enabled,true,yes,1",
        ProductStatus.DRAFT: "draft,entwurf,brouillon,borrador,unpublished,inactive,inaktiv,hidden,"
        "offline,unlisted,pending,private,disabled,false,no,0,-1",
        ProductStatus.IN_REVIEW: "in_review,in review,review,in prüfung,en revue,en revisión,"
        "pending review",
        ProductStatus.ARCHIVED: "archived,archive,archiviert,archivé,archivado,discontinued,trash",
    }
)


def availability(text: str) -> str:
    return _meant(text, _AVAILABILITY, "in stock, out of stock, preorder or backorder")


def condition(text: str) -> str:
    return _meant(text, _CONDITION, "new, refurbished or used")


def status(text: str) -> str:
    return _meant(text, _STATUS, "draft, in review, approved or archived")


def _meant(text: str, spellings: Mapping[str, str], known: str) -> str:
    value = spellings.get(_plain(text))
    if value is None:
        raise Misread(f"“{text.strip()[:40]}” is not known here. Write {known}.")
    return str(value)
