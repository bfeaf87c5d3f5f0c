//! Flex: LINE's bubbles and the boxes, texts, pictures and buttons in them, from the same description as `table`.
//!
//! Data only.

use super::shape::{COLOR, Field, Kind, Label, RATIO, SIZE, Shape, Union, WEB, angle, may, need, text};

/// Bubbles side by side.
pub const BUBBLES_MAX: usize = 12;
/// Bytes of JSON.
pub const BUBBLE_BYTES_MAX: usize = 30 * 1024;
pub const CAROUSEL_BYTES_MAX: usize = 50 * 1024;

const MEDIA_MAX: usize = 2000;
const TAP: Kind = Kind::Action(Label::Free(40));
const BUTTON_TAP: Kind = Kind::Action(Label::Needed(40));
const FLEX_SHARE: Kind = Kind::Int(0, i64::MAX);

pub static CONTAINER: Union =
    Union { name: "flex container", shapes: &[("bubble", &BUBBLE), ("carousel", &FLEX_CAROUSEL)] };
static ONLY_BUBBLES: Union = Union { name: "bubble", shapes: &[("bubble", &BUBBLE)] };
static ONLY_BOX: Union = Union { name: "box", shapes: &[("box", &BOX)] };
static ONLY_SPANS: Union = Union { name: "span", shapes: &[("span", &SPAN)] };
static HERO: Union = Union { name: "hero", shapes: &[("box", &BOX), ("image", &IMAGE), ("video", &VIDEO)] };
static ALT_CONTENT: Union = Union { name: "altContent", shapes: &[("box", &BOX), ("image", &IMAGE)] };

pub static COMPONENT: Union = Union {
    name: "flex component",
    shapes: &[
        ("box", &BOX),
        ("button", &BUTTON),
        ("image", &IMAGE),
        ("video", &VIDEO),
        ("icon", &ICON),
        ("text", &TEXT),
        ("span", &SPAN),
        ("separator", &SEPARATOR),
        ("filler", &FILLER),
    ],
};

static FLEX_CAROUSEL: Shape = Shape {
    name: "flex carousel",
    fields: &[need("contents", Kind::List(&Kind::OneOf(&ONLY_BUBBLES), 1, BUBBLES_MAX))],
    shared: &[],
};
static BUBBLE: Shape = Shape {
    name: "bubble",
    fields: &[
        may("size", Kind::Word(&["nano", "micro", "deca", "hecto", "kilo", "mega", "giga"])),
        may("direction", Kind::Word(&["ltr", "rtl"])),
        may("header", Kind::OneOf(&ONLY_BOX)),
        may("hero", Kind::OneOf(&HERO)),
        may("body", Kind::OneOf(&ONLY_BOX)),
        may("footer", Kind::OneOf(&ONLY_BOX)),
        may("styles", Kind::Object(&STYLES)),
        may("action", TAP),
    ],
    shared: &[],
};
static STYLES: Shape = Shape {
    name: "bubble styles",
    fields: &[
        may("header", Kind::Object(&BLOCK_STYLE)),
        may("hero", Kind::Object(&BLOCK_STYLE)),
        may("body", Kind::Object(&BLOCK_STYLE)),
        may("footer", Kind::Object(&BLOCK_STYLE)),
    ],
    shared: &[],
};
static BLOCK_STYLE: Shape = Shape {
    name: "block style",
    fields: &[may("backgroundColor", COLOR), may("separator", Kind::Bool), may("separatorColor", COLOR)],
    shared: &[],
};

/// Where a component stands against its neighbours.
const PLACED: &[Field] = &[
    may("position", Kind::Word(&["relative", "absolute"])),
    may("offsetTop", SIZE),
    may("offsetBottom", SIZE),
    may("offsetStart", SIZE),
    may("offsetEnd", SIZE),
    may("margin", SIZE),
];

static BOX: Shape = Shape {
    name: "box",
    fields: &[
        need("layout", Kind::Word(&["horizontal", "vertical", "baseline"])),
        need("contents", Kind::List(&Kind::OneOf(&COMPONENT), 0, 0)),
        may("flex", FLEX_SHARE),
        may("spacing", SIZE),
        may("backgroundColor", COLOR),
        may("borderColor", COLOR),
        may("borderWidth", Kind::Form(border, "`1px`, `light`, `semi-bold`")),
        may("cornerRadius", SIZE),
        may("width", SIZE),
        may("maxWidth", SIZE),
        may("height", SIZE),
        may("maxHeight", SIZE),
        may("paddingAll", SIZE),
        may("paddingTop", SIZE),
        may("paddingBottom", SIZE),
        may("paddingStart", SIZE),
        may("paddingEnd", SIZE),
        may("action", TAP),
        may(
            "justifyContent",
            Kind::Word(&["center", "flex-start", "flex-end", "space-between", "space-around", "space-evenly"]),
        ),
        may("alignItems", Kind::Word(&["center", "flex-start", "flex-end"])),
        may("background", Kind::OneOf(&BACKGROUND)),
    ],
    shared: PLACED,
};
static BACKGROUND: Union = Union { name: "background", shapes: &[("linearGradient", &GRADIENT)] };
static GRADIENT: Shape = Shape {
    name: "linear gradient",
    fields: &[
        need("angle", Kind::Form(angle, "`90deg`")),
        need("startColor", COLOR),
        need("endColor", COLOR),
        may("centerColor", COLOR),
        may("centerPosition", SIZE),
    ],
    shared: &[],
};
const GRAVITY: Kind = Kind::Word(&["top", "bottom", "center"]);
const ALIGN: Kind = Kind::Word(&["start", "end", "center"]);
static BUTTON: Shape = Shape {
    name: "button",
    fields: &[
        need("action", BUTTON_TAP),
        may("flex", FLEX_SHARE),
        may("color", COLOR),
        may("style", Kind::Word(&["primary", "secondary", "link"])),
        may("gravity", GRAVITY),
        may("height", Kind::Word(&["md", "sm"])),
        may("adjustMode", Kind::Word(&["shrink-to-fit"])),
        may("scaling", Kind::Bool),
    ],
    shared: PLACED,
};
static IMAGE: Shape = Shape {
    name: "image component",
    fields: &[
        need("url", Kind::Link(MEDIA_MAX, WEB)),
        may("flex", FLEX_SHARE),
        may("align", ALIGN),
        may("gravity", GRAVITY),
        may("size", SIZE),
        may("aspectRatio", RATIO),
        may("aspectMode", Kind::Word(&["fit", "cover"])),
        may("backgroundColor", COLOR),
        may("action", TAP),
        may("animated", Kind::Bool),
    ],
    shared: PLACED,
};
static VIDEO: Shape = Shape {
    name: "video component",
    fields: &[
        need("url", Kind::Link(MEDIA_MAX, WEB)),
        need("previewUrl", Kind::Link(MEDIA_MAX, WEB)),
        need("altContent", Kind::OneOf(&ALT_CONTENT)),
        may("aspectRatio", RATIO),
        may("action", TAP),
    ],
    shared: &[],
};
static ICON: Shape = Shape {
    name: "icon",
    fields: &[
        need("url", Kind::Link(MEDIA_MAX, WEB)),
        may("size", SIZE),
        may("aspectRatio", RATIO),
        may("scaling", Kind::Bool),
    ],
    shared: PLACED,
};
const WEIGHT: Kind = Kind::Word(&["regular", "bold"]);
const STYLE: Kind = Kind::Word(&["normal", "italic"]);
const DECORATION: Kind = Kind::Word(&["none", "underline", "line-through"]);
static TEXT: Shape = Shape {
    name: "text component",
    fields: &[
        may("text", text(0)),
        may("contents", Kind::List(&Kind::OneOf(&ONLY_SPANS), 0, 0)),
        may("flex", FLEX_SHARE),
        may("size", SIZE),
        may("align", ALIGN),
        may("gravity", GRAVITY),
        may("color", COLOR),
        may("weight", WEIGHT),
        may("style", STYLE),
        may("decoration", DECORATION),
        may("wrap", Kind::Bool),
        may("lineSpacing", SIZE),
        may("action", TAP),
        may("maxLines", Kind::Int(0, i64::MAX)),
        may("adjustMode", Kind::Word(&["shrink-to-fit"])),
        may("scaling", Kind::Bool),
    ],
    shared: PLACED,
};
static SPAN: Shape = Shape {
    name: "span",
    fields: &[
        may("text", text(0)),
        may("size", SIZE),
        may("color", COLOR),
        may("weight", WEIGHT),
        may("style", STYLE),
        may("decoration", DECORATION),
    ],
    shared: &[],
};
static SEPARATOR: Shape = Shape { name: "separator", fields: &[may("margin", SIZE), may("color", COLOR)], shared: &[] };
static FILLER: Shape = Shape { name: "filler", fields: &[may("flex", FLEX_SHARE)], shared: &[] };

/// A size, or a border's own words.
fn border(text: &str) -> bool {
    matches!(text, "none" | "light" | "normal" | "medium" | "semi-bold" | "bold") || super::shape::size(text)
}
