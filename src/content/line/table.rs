//! LINE's message objects, written down from the Messaging API's OpenAPI description (2026-07) and, for the lengths and
//! counts it leaves out, from the API reference.
//!
//! Data only; `check` walks it. Flex components are in `flex`.

use super::flex;
use super::shape::{ANY_LINK, COLOR, Field, Kind, Label, Shape, Union, WEB, may, need, text};

/// Messages in one request.
pub const MESSAGES_MAX: usize = 5;
/// Letters of an address of a picture or a film.
const MEDIA_MAX: usize = 2000;
const LINK_MAX: usize = 1000;
const ALT_MAX: usize = 400;

const ACTION: Kind = Kind::Action(Label::Free(20));
const BUTTON: Kind = Kind::Action(Label::Needed(20));

pub static MESSAGE: Union = Union {
    name: "message",
    shapes: &[
        ("text", &TEXT),
        ("textV2", &TEXT_V2),
        ("sticker", &STICKER),
        ("image", &IMAGE),
        ("video", &VIDEO),
        ("audio", &AUDIO),
        ("location", &LOCATION),
        ("imagemap", &IMAGEMAP),
        ("template", &TEMPLATE_MESSAGE),
        ("flex", &FLEX),
        ("coupon", &COUPON),
    ],
};

const OF_MESSAGES: &[Field] = &[may("quickReply", Kind::Object(&QUICK_REPLY)), may("sender", Kind::Object(&SENDER))];

const fn message(name: &'static str, fields: &'static [Field]) -> Shape {
    Shape { name, fields, shared: OF_MESSAGES }
}

static TEXT: Shape = message(
    "text",
    &[need("text", text(5000)), may("emojis", Kind::List(&Kind::Object(&EMOJI), 0, 20)), may("quoteToken", text(0))],
);
static EMOJI: Shape = Shape {
    name: "emoji",
    fields: &[need("index", Kind::Int(0, 4999)), need("productId", text(0)), need("emojiId", text(0))],
    shared: &[],
};
static TEXT_V2: Shape = message(
    "textV2",
    &[
        need("text", text(5000)),
        may("substitution", Kind::Map(&Kind::OneOf(&SUBSTITUTION), 100)),
        may("quoteToken", text(0)),
    ],
);
static SUBSTITUTION: Union =
    Union { name: "substitution", shapes: &[("mention", &MENTION), ("emoji", &SUBSTITUTED_EMOJI)] };
static MENTION: Shape = Shape { name: "mention", fields: &[need("mentionee", Kind::OneOf(&MENTIONEE))], shared: &[] };
static MENTIONEE: Union = Union { name: "mentionee", shapes: &[("user", &MENTIONED_USER), ("all", &MENTIONED_ALL)] };
static MENTIONED_USER: Shape = Shape { name: "mentioned user", fields: &[need("userId", text(0))], shared: &[] };
static MENTIONED_ALL: Shape = Shape { name: "mention of all", fields: &[], shared: &[] };
static SUBSTITUTED_EMOJI: Shape =
    Shape { name: "emoji", fields: &[need("productId", text(0)), need("emojiId", text(0))], shared: &[] };
static STICKER: Shape =
    message("sticker", &[need("packageId", text(0)), need("stickerId", text(0)), may("quoteToken", text(0))]);
static IMAGE: Shape = message(
    "image",
    &[need("originalContentUrl", Kind::Link(MEDIA_MAX, WEB)), need("previewImageUrl", Kind::Link(MEDIA_MAX, WEB))],
);
static VIDEO: Shape = message(
    "video",
    &[
        need("originalContentUrl", Kind::Link(MEDIA_MAX, WEB)),
        need("previewImageUrl", Kind::Link(MEDIA_MAX, WEB)),
        may("trackingId", text(100)),
    ],
);
static AUDIO: Shape = message(
    "audio",
    &[need("originalContentUrl", Kind::Link(MEDIA_MAX, WEB)), need("duration", Kind::Int(1, i64::MAX))],
);
static LOCATION: Shape = message(
    "location",
    &[
        need("title", text(100)),
        need("address", text(100)),
        need("latitude", Kind::Number(-90.0, 90.0)),
        need("longitude", Kind::Number(-180.0, 180.0)),
    ],
);
static COUPON: Shape = message("coupon", &[need("couponId", text(0)), may("deliveryTag", text(30))]);

static QUICK_REPLY: Shape = Shape {
    name: "quick reply",
    fields: &[need("items", Kind::List(&Kind::Object(&QUICK_REPLY_ITEM), 1, 13))],
    shared: &[],
};
static QUICK_REPLY_ITEM: Shape = Shape {
    name: "quick reply item",
    fields: &[
        need("type", Kind::Word(&["action"])),
        may("imageUrl", Kind::Link(MEDIA_MAX, WEB)),
        need("action", BUTTON),
    ],
    shared: &[],
};
static SENDER: Shape =
    Shape { name: "sender", fields: &[may("name", text(20)), may("iconUrl", Kind::Link(MEDIA_MAX, WEB))], shared: &[] };

static IMAGEMAP: Shape = message(
    "imagemap",
    &[
        need("baseUrl", Kind::Link(MEDIA_MAX, WEB)),
        need("altText", text(ALT_MAX)),
        need("baseSize", Kind::Object(&BASE_SIZE)),
        need("actions", Kind::List(&Kind::OneOf(&IMAGEMAP_ACTION), 0, 50)),
        may("video", Kind::Object(&IMAGEMAP_VIDEO)),
    ],
);
static BASE_SIZE: Shape = Shape {
    name: "base size",
    fields: &[need("width", Kind::Int(1040, 1040)), need("height", Kind::Int(1, i64::MAX))],
    shared: &[],
};
static AREA: Shape = Shape {
    name: "area",
    fields: &[
        need("x", Kind::Int(0, i64::MAX)),
        need("y", Kind::Int(0, i64::MAX)),
        need("width", Kind::Int(1, i64::MAX)),
        need("height", Kind::Int(1, i64::MAX)),
    ],
    shared: &[],
};
const ON_AREA: &[Field] = &[need("area", Kind::Object(&AREA)), may("label", text(100))];
static IMAGEMAP_ACTION: Union = Union {
    name: "imagemap action",
    shapes: &[("message", &IMAGEMAP_MESSAGE), ("uri", &IMAGEMAP_URI), ("clipboard", &IMAGEMAP_CLIPBOARD)],
};
static IMAGEMAP_MESSAGE: Shape =
    Shape { name: "imagemap message action", fields: &[need("text", text(400))], shared: ON_AREA };
static IMAGEMAP_URI: Shape =
    Shape { name: "imagemap uri action", fields: &[need("linkUri", Kind::Link(LINK_MAX, ANY_LINK))], shared: ON_AREA };
static IMAGEMAP_CLIPBOARD: Shape =
    Shape { name: "imagemap clipboard action", fields: &[need("clipboardText", text(1000))], shared: ON_AREA };
static IMAGEMAP_VIDEO: Shape = Shape {
    name: "imagemap video",
    fields: &[
        may("originalContentUrl", Kind::Link(MEDIA_MAX, WEB)),
        may("previewImageUrl", Kind::Link(MEDIA_MAX, WEB)),
        may("area", Kind::Object(&AREA)),
        may("externalLink", Kind::Object(&EXTERNAL_LINK)),
    ],
    shared: &[],
};
static EXTERNAL_LINK: Shape = Shape {
    name: "external link",
    fields: &[may("linkUri", Kind::Link(LINK_MAX, ANY_LINK)), may("label", text(30))],
    shared: &[],
};

static TEMPLATE_MESSAGE: Shape =
    message("template", &[need("altText", text(ALT_MAX)), need("template", Kind::OneOf(&TEMPLATE))]);
static TEMPLATE: Union = Union {
    name: "template",
    shapes: &[
        ("buttons", &BUTTONS),
        ("confirm", &CONFIRM),
        ("carousel", &CAROUSEL),
        ("image_carousel", &IMAGE_CAROUSEL),
    ],
};
const IMAGE_RATIO: Kind = Kind::Word(&["rectangle", "square"]);
const IMAGE_SIZE: Kind = Kind::Word(&["cover", "contain"]);
static BUTTONS: Shape = Shape {
    name: "buttons template",
    fields: &[
        may("thumbnailImageUrl", Kind::Link(MEDIA_MAX, WEB)),
        may("imageAspectRatio", IMAGE_RATIO),
        may("imageSize", IMAGE_SIZE),
        may("imageBackgroundColor", COLOR),
        may("title", text(40)),
        need("text", text(160)),
        may("defaultAction", ACTION),
        need("actions", Kind::List(&BUTTON, 1, 4)),
    ],
    shared: &[],
};
static CONFIRM: Shape = Shape {
    name: "confirm template",
    fields: &[need("text", text(240)), need("actions", Kind::List(&BUTTON, 2, 2))],
    shared: &[],
};
static CAROUSEL: Shape = Shape {
    name: "carousel template",
    fields: &[
        need("columns", Kind::List(&Kind::Object(&COLUMN), 1, 10)),
        may("imageAspectRatio", IMAGE_RATIO),
        may("imageSize", IMAGE_SIZE),
    ],
    shared: &[],
};
static COLUMN: Shape = Shape {
    name: "column",
    fields: &[
        may("thumbnailImageUrl", Kind::Link(MEDIA_MAX, WEB)),
        may("imageBackgroundColor", COLOR),
        may("title", text(40)),
        need("text", text(120)),
        may("defaultAction", ACTION),
        need("actions", Kind::List(&BUTTON, 1, 3)),
    ],
    shared: &[],
};
static IMAGE_CAROUSEL: Shape = Shape {
    name: "image carousel template",
    fields: &[need("columns", Kind::List(&Kind::Object(&IMAGE_COLUMN), 1, 10))],
    shared: &[],
};
static IMAGE_COLUMN: Shape = Shape {
    name: "image column",
    fields: &[need("imageUrl", Kind::Link(MEDIA_MAX, WEB)), need("action", Kind::Action(Label::Free(12)))],
    shared: &[],
};

static FLEX: Shape =
    message("flex", &[need("altText", text(ALT_MAX)), need("contents", Kind::OneOf(&flex::CONTAINER))]);

/// What a tap does. Which fields an action must have, the reference says and the description does not.
pub static ACTIONS: Union = Union {
    name: "action",
    shapes: &[
        ("postback", &POSTBACK),
        ("message", &MESSAGE_ACTION),
        ("uri", &URI_ACTION),
        ("datetimepicker", &DATE_ACTION),
        ("camera", &CAMERA),
        ("cameraRoll", &CAMERA_ROLL),
        ("location", &LOCATION_ACTION),
        ("clipboard", &CLIPBOARD),
        ("richmenuswitch", &RICH_MENU_SWITCH),
    ],
};
const LABEL: &[Field] = &[may("label", Kind::Label)];
static POSTBACK: Shape = Shape {
    name: "postback action",
    fields: &[
        need("data", text(300)),
        may("displayText", text(300)),
        may("text", text(300)),
        may("inputOption", Kind::Word(&["closeRichMenu", "openRichMenu", "openKeyboard", "openVoice"])),
        may("fillInText", text(300)),
    ],
    shared: LABEL,
};
static MESSAGE_ACTION: Shape = Shape { name: "message action", fields: &[need("text", text(300))], shared: LABEL };
static URI_ACTION: Shape = Shape {
    name: "uri action",
    fields: &[need("uri", Kind::Link(LINK_MAX, ANY_LINK)), may("altUri", Kind::Object(&ALT_URI))],
    shared: LABEL,
};
static ALT_URI: Shape =
    Shape { name: "altUri", fields: &[may("desktop", Kind::Link(LINK_MAX, ANY_LINK))], shared: &[] };
static DATE_ACTION: Shape = Shape {
    name: "datetimepicker action",
    fields: &[
        need("data", text(300)),
        need("mode", Kind::Word(&["date", "time", "datetime"])),
        may("initial", text(0)),
        may("max", text(0)),
        may("min", text(0)),
    ],
    shared: LABEL,
};
static CAMERA: Shape = Shape { name: "camera action", fields: &[], shared: LABEL };
static CAMERA_ROLL: Shape = Shape { name: "cameraRoll action", fields: &[], shared: LABEL };
static LOCATION_ACTION: Shape = Shape { name: "location action", fields: &[], shared: LABEL };
static CLIPBOARD: Shape =
    Shape { name: "clipboard action", fields: &[need("clipboardText", text(1000))], shared: LABEL };
static RICH_MENU_SWITCH: Shape = Shape {
    name: "richmenuswitch action",
    fields: &[need("richMenuAliasId", text(32)), need("data", text(300))],
    shared: LABEL,
};
