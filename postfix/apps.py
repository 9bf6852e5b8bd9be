"""Makes the renderer of Postfix's configuration known to Django (`manage.py render_postfix`)."""

from django.apps import AppConfig


class PostfixConfig(AppConfig):
    """The package that holds Postfix's templates; it has no tables."""

    name = "postfix"
    label = "postfix_config"
    verbose_name = "Postfix configuration"
