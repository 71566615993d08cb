from tests.catalog.services.conftest import guess, product, says

__all__ = ["guess", "product", "says"]
