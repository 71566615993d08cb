from django.urls import path

from prodintel.llm import views

app_name = "llm"

urlpatterns = [
    path("", views.models, name="models"),
    path("key/", views.key_set, name="key_set"),
    path("key/test/", views.key_test, name="key_test"),
    path("key/remove/", views.key_remove, name="key_remove"),
    path("key/<int:pk>/restore/", views.key_restore, name="key_restore"),
]
