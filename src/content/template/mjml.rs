//! The tags of MJML, and which may stand in which.
//!
//! From MJML 4's documentation of its components; attributes are the renderer's to know.

/// A tag, and the tags that may stand directly in it; `None`: text and HTML.
const TAGS: &[(&str, Option<&[&str]>)] = &[
    ("mjml", Some(&["mj-head", "mj-body", "mj-raw"])),
    (
        "mj-head",
        Some(&[
            "mj-attributes",
            "mj-breakpoint",
            "mj-font",
            "mj-html-attributes",
            "mj-include",
            "mj-preview",
            "mj-raw",
            "mj-style",
            "mj-title",
        ]),
    ),
    ("mj-body", Some(&["mj-hero", "mj-include", "mj-raw", "mj-section", "mj-wrapper"])),
    ("mj-wrapper", Some(&["mj-hero", "mj-raw", "mj-section"])),
    ("mj-section", Some(&["mj-column", "mj-group", "mj-raw"])),
    ("mj-group", Some(&["mj-column", "mj-raw"])),
    ("mj-column", Some(PARTS)),
    ("mj-hero", Some(PARTS)),
    ("mj-accordion", Some(&["mj-accordion-element", "mj-raw"])),
    ("mj-accordion-element", Some(&["mj-accordion-title", "mj-accordion-text", "mj-raw"])),
    ("mj-carousel", Some(&["mj-carousel-image"])),
    ("mj-navbar", Some(&["mj-navbar-link", "mj-raw"])),
    ("mj-social", Some(&["mj-social-element", "mj-raw"])),
    ("mj-accordion-text", None),
    ("mj-accordion-title", None),
    ("mj-all", None),
    ("mj-attributes", None),
    ("mj-breakpoint", None),
    ("mj-button", None),
    ("mj-carousel-image", None),
    ("mj-class", None),
    ("mj-divider", None),
    ("mj-font", None),
    ("mj-html-attribute", None),
    ("mj-html-attributes", None),
    ("mj-image", None),
    ("mj-include", None),
    ("mj-navbar-link", None),
    ("mj-preview", None),
    ("mj-raw", None),
    ("mj-selector", None),
    ("mj-social-element", None),
    ("mj-spacer", None),
    ("mj-style", None),
    ("mj-table", None),
    ("mj-text", None),
    ("mj-title", None),
];

const PARTS: &[&str] = &[
    "mj-accordion",
    "mj-button",
    "mj-carousel",
    "mj-divider",
    "mj-image",
    "mj-navbar",
    "mj-raw",
    "mj-social",
    "mj-spacer",
    "mj-table",
    "mj-text",
];

pub fn names() -> impl Iterator<Item = &'static str> {
    TAGS.iter().map(|(name, _)| *name)
}

pub fn is_known(tag: &str) -> bool {
    names().any(|name| name == tag)
}

/// Tags in which only some others may stand, and which; nothing for the others.
pub fn children(parent: &str) -> Option<&'static [&'static str]> {
    TAGS.iter().find(|(name, _)| *name == parent).and_then(|(_, children)| *children)
}

/// Whether a known tag may stand directly in another.
pub fn may_hold(parent: &str, tag: &str) -> bool {
    children(parent).is_none_or(|children| children.contains(&tag))
}
