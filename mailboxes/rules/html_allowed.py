"""Tables of what may stay in the HTML of mail: tags, attributes, and what is known to fetch."""

_TAG_NAMES = """
    a abbr acronym address article aside b bdi bdo big blockquote br caption center cite code col
    colgroup dd del dfn dir div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr
    i img ins kbd li main mark nav ol p pre q rp rt ruby s samp section small span strike strong
    sub sup table tbody td tfoot th thead time tr tt u ul var wbr
"""
_TAGS_WITH_CONTENT = """
    script style title svg math iframe object embed applet noscript noembed noframes template
    select textarea audio video canvas xmp plaintext
"""
_EVERYWHERE = "align bgcolor class color dir height id lang style title valign width"
_BY_TAG = {
    "a": "href name",
    "img": "alt border hspace src vspace",
    "table": "background border cellpadding cellspacing frame rules",
    "tr": "background",
    "td": "background colspan nowrap rowspan",
    "th": "background colspan nowrap rowspan",
    "font": "face size",
    "ol": "reversed start type",
    "ul": "type",
    "li": "type value",
    "col": "span",
    "colgroup": "span",
    "br": "clear",
    "hr": "noshade size",
}

TAGS = set(_TAG_NAMES.split())
REMOVED_WITH_CONTENT = set(_TAGS_WITH_CONTENT.split())
ATTRIBUTES = {"*": set(_EVERYWHERE.split())}
ATTRIBUTES |= {tag: set(names.split()) for tag, names in _BY_TAG.items()}
KNOWN_ATTRIBUTES = frozenset().union(*ATTRIBUTES.values())
FETCHING = {
    "link": ("href",),
    "iframe": ("src",),
    "frame": ("src",),
    "script": ("src",),
    "embed": ("src",),
    "object": ("data",),
    "video": ("src", "poster"),
    "audio": ("src",),
    "source": ("src", "srcset"),
    "input": ("src",),
    "body": ("background",),
}
"""Removed tags that would have fetched something, with the attributes that say what."""
