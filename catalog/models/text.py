from __future__ import annotations

from django.db import models

from catalog.models.catalog import Catalog
from catalog.models.product import Product

MAX_WORD = 64


class ProductText(models.Model):
    """A product's text for search by words: a projection, written by `catalog.textsearch`.

    `document` is what people wrote, a line a field. `words` is what it is found by: lexemes with
    spaces between them. The text index is made of `words` by the database itself: on SQLite by
    triggers of the second migration, which a migration that rebuilds this table must create again.
    """

    product = models.OneToOneField(
        Product, on_delete=models.CASCADE, primary_key=True, related_name="text", editable=False
    )
    # No index of its own: a planner that starts from the catalogue reads all of its products.
    catalog = models.ForeignKey(
        Catalog, on_delete=models.CASCADE, related_name="+", db_index=False, editable=False
    )
    document = models.TextField(editable=False)
    words = models.TextField(editable=False)

    def __str__(self) -> str:
        return self.document.partition("\n")[0]


class CatalogWord(models.Model):
    """A word that some product of a catalogue uses or used: what misspelt words are compared with.

    Deliberately not unique: two transactions that bring the same new word would wait for each
    other. A word that comes twice, or that no product uses any more, changes no result.
    """

    catalog = models.ForeignKey(
        Catalog, on_delete=models.CASCADE, related_name="+", db_index=False, editable=False
    )
    word = models.CharField(max_length=MAX_WORD, editable=False)

    class Meta:
        indexes = [models.Index(fields=["catalog", "word"], name="word_of_catalog")]

    def __str__(self) -> str:
        return self.word
