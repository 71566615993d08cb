"""Search by words: the texts of products, the words of catalogues, and the database's indexes."""

from contextlib import closing

import django.db.models.deletion
from django.db import NotSupportedError, migrations, models

SQLITE = [
    # `words` comes as lexemes with spaces between them: the ascii tokenizer leaves them alone.
    """CREATE VIRTUAL TABLE catalog_producttext_fts USING fts5(
           words, content='catalog_producttext', content_rowid='product_id',
           tokenize='ascii', prefix='1 2 3', detail=none, columnsize=0)""",
    """CREATE TRIGGER catalog_producttext_insert AFTER INSERT ON catalog_producttext BEGIN
           INSERT INTO catalog_producttext_fts(rowid, words) VALUES (new.product_id, new.words);
       END""",
    """CREATE TRIGGER catalog_producttext_delete AFTER DELETE ON catalog_producttext BEGIN
           INSERT INTO catalog_producttext_fts(catalog_producttext_fts, rowid, words)
           VALUES ('delete', old.product_id, old.words);
       END""",
    """CREATE TRIGGER catalog_producttext_update AFTER UPDATE ON catalog_producttext BEGIN
           INSERT INTO catalog_producttext_fts(catalog_producttext_fts, rowid, words)
           VALUES ('delete', old.product_id, old.words);
           INSERT INTO catalog_producttext_fts(rowid, words) VALUES (new.product_id, new.words);
       END""",
    # ^ and $ mark a word's ends, so that these count as trigrams too.
    """CREATE VIRTUAL TABLE catalog_catalogword_fts USING fts5(
           word, content='', tokenize='trigram', detail=none, columnsize=0)""",
    """CREATE TRIGGER catalog_catalogword_insert AFTER INSERT ON catalog_catalogword BEGIN
           INSERT INTO catalog_catalogword_fts(rowid, word)
           VALUES (new.id, '^' || new.word || '$');
       END""",
    """CREATE TRIGGER catalog_catalogword_delete AFTER DELETE ON catalog_catalogword BEGIN
           INSERT INTO catalog_catalogword_fts(catalog_catalogword_fts, rowid, word)
           VALUES ('delete', old.id, '^' || old.word || '$');
       END""",
]
SQLITE_BACK = [
    "DROP TRIGGER catalog_catalogword_delete",
    "DROP TRIGGER catalog_catalogword_insert",
    "DROP TABLE catalog_catalogword_fts",
    "DROP TRIGGER catalog_producttext_update",
    "DROP TRIGGER catalog_producttext_delete",
    "DROP TRIGGER catalog_producttext_insert",
    "DROP TABLE catalog_producttext_fts",
]

POSTGRESQL = [
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    # A function of our own carries its true cost, and keeps out parallel workers, whose start takes
    # longer than the search. With the bare expression the planner takes reading and cutting every
    # text for cheaper than the index: 375 ms against 5 ms at 100,000 products.
    """CREATE FUNCTION catalog_lexemes(words text) RETURNS tsvector
           LANGUAGE plpgsql IMMUTABLE STRICT COST 100
           AS $$ BEGIN RETURN array_to_tsvector(string_to_array(words, ' ')); END $$""",
    # Without fastupdate there is no list of pending entries that each search reads from end to end.
    """CREATE INDEX catalog_producttext_words ON catalog_producttext
           USING gin (catalog_lexemes(words)) WITH (fastupdate = off)""",
    """CREATE INDEX catalog_catalogword_trigrams ON catalog_catalogword
           USING gin (word gin_trgm_ops) WITH (fastupdate = off)""",
]
POSTGRESQL_BACK = [
    "DROP INDEX catalog_catalogword_trigrams",
    "DROP INDEX catalog_producttext_words",
    "DROP FUNCTION catalog_lexemes(text)",
]

UNSUPPORTED = (
    "Search by words needs SQLite 3.34 or newer, built with FTS5 (this is {version}). Use a Python "
    "with a newer SQLite, or PostgreSQL through DATABASE_URL."
)


def check_sqlite(connection):
    sqlite3 = connection.Database
    try:
        with closing(sqlite3.connect(":memory:")) as probe:
            probe.execute("CREATE VIRTUAL TABLE probe USING fts5(word, tokenize='trigram')")
    except sqlite3.OperationalError as error:
        raise NotSupportedError(UNSUPPORTED.format(version=sqlite3.sqlite_version)) from error


def create_indexes(apps, editor):
    if editor.connection.vendor == "sqlite":
        check_sqlite(editor.connection)
    for statement in SQLITE if editor.connection.vendor == "sqlite" else POSTGRESQL:
        editor.execute(statement)


def drop_indexes(apps, editor):
    for statement in SQLITE_BACK if editor.connection.vendor == "sqlite" else POSTGRESQL_BACK:
        editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("catalog", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="ProductText",
            fields=[
                (
                    "product",
                    models.OneToOneField(
                        editable=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="text",
                        serialize=False,
                        to="catalog.product",
                    ),
                ),
                ("document", models.TextField(editable=False)),
                ("words", models.TextField(editable=False)),
                (
                    "catalog",
                    models.ForeignKey(
                        db_index=False,
                        editable=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="catalog.catalog",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="CatalogWord",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("word", models.CharField(editable=False, max_length=64)),
                (
                    "catalog",
                    models.ForeignKey(
                        db_index=False,
                        editable=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="catalog.catalog",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["catalog", "word"], name="word_of_catalog")],
            },
        ),
        migrations.RunPython(create_indexes, drop_indexes),
    ]
