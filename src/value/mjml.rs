//! MJML 4's tags: which may stand in which, and which attributes each takes. `content` checks files against it, `render`
//! what it compiles.
//!
//! Says nothing of what an attribute's value may be; holds no markup. From MJML 4.18's own components (`allowedAttributes`
//! and the dependencies of its standard set); `docs/messages.md` tells how the two were compared.

/// A tag of MJML.
#[derive(Debug)]
pub struct Tag {
    pub name: &'static str,
    /// The tags that may stand directly in it; `None`: text and HTML, or whatever stands there is a setting.
    pub holds: Option<&'static [&'static str]>,
    attributes: &'static [&'static [&'static str]],
}

const fn tag(
    name: &'static str,
    holds: Option<&'static [&'static str]>,
    attributes: &'static [&'static [&'static str]],
) -> Tag {
    Tag { name, holds, attributes }
}

/// What every tag that is seen takes.
const SEEN: &[&str] = &["css-class", "mj-class"];
const PADDING: &[&str] = &["padding", "padding-bottom", "padding-left", "padding-right", "padding-top"];
const BORDER: &[&str] = &["border", "border-bottom", "border-left", "border-right", "border-top"];
/// Of letters, without the ways to decorate and space them.
const LETTERS: &[&str] = &["color", "font-family", "font-size", "font-style", "font-weight", "line-height"];
/// The picture behind a section.
const BEHIND: &[&str] = &[
    "background-color",
    "background-position",
    "background-position-x",
    "background-position-y",
    "background-repeat",
    "background-size",
    "background-url",
];
const LINK: &[&str] = &["href", "rel", "target"];
/// The signs by which an accordion is opened and closed.
const FOLD: &[&str] = &[
    "border",
    "font-family",
    "icon-align",
    "icon-height",
    "icon-position",
    "icon-unwrapped-alt",
    "icon-unwrapped-url",
    "icon-width",
    "icon-wrapped-alt",
    "icon-wrapped-url",
];
/// The three lines by which a menu is opened on a phone.
const HAMBURGER: &[&str] = &[
    "ico-align",
    "ico-close",
    "ico-color",
    "ico-font-family",
    "ico-font-size",
    "ico-line-height",
    "ico-open",
    "ico-padding",
    "ico-padding-bottom",
    "ico-padding-left",
    "ico-padding-right",
    "ico-padding-top",
    "ico-text-decoration",
    "ico-text-transform",
];

/// What may stand in a column.
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
const HEAD: &[&str] = &["mj-attributes", "mj-breakpoint", "mj-font", "mj-preview", "mj-raw", "mj-style", "mj-title"];

/// Every tag that becomes part of a mail, in the order of the alphabet.
pub const TAGS: &[Tag] = &[
    tag(
        "mj-accordion",
        Some(&["mj-accordion-element", "mj-raw"]),
        &[SEEN, PADDING, FOLD, &["container-background-color"]],
    ),
    tag(
        "mj-accordion-element",
        Some(&["mj-accordion-title", "mj-accordion-text", "mj-raw"]),
        &[SEEN, FOLD, &["background-color"]],
    ),
    tag(
        "mj-accordion-text",
        None,
        &[
            SEEN,
            PADDING,
            &["background-color", "color", "font-family", "font-size", "font-weight", "letter-spacing", "line-height"],
        ],
    ),
    tag(
        "mj-accordion-title",
        None,
        &[SEEN, PADDING, &["background-color", "color", "font-family", "font-size", "font-weight"]],
    ),
    // Defaults: of every tag, and of those that name the class. What they take is asked of `is_attribute`.
    tag("mj-all", None, &[]),
    tag("mj-attributes", None, &[]),
    tag("mj-body", Some(&["mj-hero", "mj-raw", "mj-section", "mj-wrapper"]), &[SEEN, &["background-color", "width"]]),
    tag("mj-breakpoint", None, &[&["width"]]),
    tag(
        "mj-button",
        None,
        &[
            SEEN,
            PADDING,
            BORDER,
            LETTERS,
            LINK,
            &[
                "align",
                "background-color",
                "border-radius",
                "container-background-color",
                "height",
                "inner-padding",
                "letter-spacing",
                "name",
                "text-align",
                "text-decoration",
                "text-transform",
                "title",
                "vertical-align",
                "width",
            ],
        ],
    ),
    tag(
        "mj-carousel",
        Some(&["mj-carousel-image"]),
        &[
            SEEN,
            PADDING,
            &[
                "align",
                "border-radius",
                "container-background-color",
                "icon-width",
                "left-icon",
                "right-icon",
                "tb-border",
                "tb-border-radius",
                "tb-hover-border-color",
                "tb-selected-border-color",
                "tb-width",
                "thumbnails",
            ],
        ],
    ),
    tag(
        "mj-carousel-image",
        None,
        &[SEEN, LINK, &["alt", "border-radius", "src", "tb-border", "tb-border-radius", "thumbnails-src", "title"]],
    ),
    tag("mj-class", None, &[]),
    tag(
        "mj-column",
        Some(PARTS),
        &[
            SEEN,
            PADDING,
            BORDER,
            &[
                "background-color",
                "border-radius",
                "direction",
                "inner-background-color",
                "inner-border",
                "inner-border-bottom",
                "inner-border-left",
                "inner-border-radius",
                "inner-border-right",
                "inner-border-top",
                "vertical-align",
                "width",
            ],
        ],
    ),
    tag(
        "mj-divider",
        None,
        &[
            SEEN,
            PADDING,
            &["align", "border-color", "border-style", "border-width", "container-background-color", "width"],
        ],
    ),
    tag("mj-font", None, &[&["href", "name"]]),
    tag(
        "mj-group",
        Some(&["mj-column", "mj-raw"]),
        &[SEEN, &["background-color", "direction", "vertical-align", "width"]],
    ),
    tag("mj-head", Some(HEAD), &[]),
    tag(
        "mj-hero",
        Some(PARTS),
        &[
            SEEN,
            PADDING,
            &[
                "background-color",
                "background-height",
                "background-position",
                "background-url",
                "background-width",
                "border-radius",
                "container-background-color",
                "height",
                "inner-background-color",
                "inner-padding",
                "inner-padding-bottom",
                "inner-padding-left",
                "inner-padding-right",
                "inner-padding-top",
                "mode",
                "vertical-align",
            ],
        ],
    ),
    tag(
        "mj-image",
        None,
        &[
            SEEN,
            PADDING,
            BORDER,
            LINK,
            &[
                "align",
                "alt",
                "border-radius",
                "container-background-color",
                "fluid-on-mobile",
                "font-size",
                "height",
                "max-height",
                "name",
                "sizes",
                "src",
                "srcset",
                "title",
                "usemap",
                "width",
            ],
        ],
    ),
    tag(
        "mj-navbar",
        Some(&["mj-navbar-link", "mj-raw"]),
        &[SEEN, PADDING, HAMBURGER, &["align", "base-url", "hamburger"]],
    ),
    tag(
        "mj-navbar-link",
        None,
        &[SEEN, PADDING, LETTERS, LINK, &["letter-spacing", "name", "text-decoration", "text-transform"]],
    ),
    tag("mj-preview", None, &[]),
    // MJML's takes a class, which stands nowhere in what it becomes, and `position`, which the compiler refuses.
    tag("mj-raw", None, &[]),
    tag(
        "mj-section",
        Some(&["mj-column", "mj-group", "mj-raw"]),
        &[SEEN, PADDING, BORDER, BEHIND, &["border-radius", "direction", "full-width", "text-align", "text-padding"]],
    ),
    tag(
        "mj-social",
        Some(&["mj-social-element", "mj-raw"]),
        &[
            SEEN,
            PADDING,
            LETTERS,
            &[
                "align",
                "border-radius",
                "container-background-color",
                "icon-height",
                "icon-padding",
                "icon-size",
                "inner-padding",
                "mode",
                "table-layout",
                "text-decoration",
                "text-padding",
                "vertical-align",
            ],
        ],
    ),
    tag(
        "mj-social-element",
        None,
        &[
            SEEN,
            PADDING,
            LETTERS,
            LINK,
            &[
                "align",
                "alt",
                "background-color",
                "border-radius",
                "icon-height",
                "icon-padding",
                "icon-position",
                "icon-size",
                "name",
                "sizes",
                "src",
                "srcset",
                "text-decoration",
                "text-padding",
                "title",
                "vertical-align",
            ],
        ],
    ),
    tag("mj-spacer", None, &[SEEN, PADDING, BORDER, &["container-background-color", "height"]]),
    tag("mj-style", None, &[&["inline"]]),
    tag(
        "mj-table",
        None,
        &[
            SEEN,
            PADDING,
            &[
                "align",
                "border",
                "cellpadding",
                "cellspacing",
                "color",
                "container-background-color",
                "font-family",
                "font-size",
                "font-weight",
                "line-height",
                "role",
                "table-layout",
                "vertical-align",
                "width",
            ],
        ],
    ),
    tag(
        "mj-text",
        None,
        &[
            SEEN,
            PADDING,
            LETTERS,
            &[
                "align",
                "background-color",
                "container-background-color",
                "height",
                "letter-spacing",
                "text-decoration",
                "text-transform",
                "vertical-align",
            ],
        ],
    ),
    tag("mj-title", None, &[]),
    tag(
        "mj-wrapper",
        Some(&["mj-hero", "mj-raw", "mj-section"]),
        &[
            SEEN,
            PADDING,
            BORDER,
            BEHIND,
            &["border-radius", "direction", "full-width", "gap", "text-align", "text-padding"],
        ],
    ),
    tag("mjml", Some(&["mj-body", "mj-head", "mj-raw"]), &[&["dir", "lang", "owa"]]),
];

/// Tags that MJML has and a message has not: `mj-include` reads another file, the others give HTML attributes from
/// afar, which the compiler does not do.
pub const REFUSED: &[&str] = &["mj-html-attribute", "mj-html-attributes", "mj-include", "mj-selector"];

impl Tag {
    /// The attributes it takes, without those of defaults.
    pub fn attributes(&self) -> impl Iterator<Item = &'static str> {
        self.attributes.iter().flat_map(|group| group.iter().copied())
    }

    /// Every name that may stand in it as an attribute: of defaults, what any tag takes.
    pub fn takes(&self) -> Vec<&'static str> {
        let mut all: Vec<&str> = match self.name {
            "mj-all" => TAGS.iter().flat_map(Tag::attributes).collect(),
            "mj-class" => TAGS.iter().flat_map(Tag::attributes).chain(["name"]).collect(),
            _ => self.attributes().collect(),
        };
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Whether a known tag may stand directly in it.
    pub fn may_hold(&self, tag: &str) -> bool {
        self.holds.is_none_or(|tags| tags.contains(&tag))
    }
}

/// The tag of that name, if messages have it.
pub fn find(name: &str) -> Option<&'static Tag> {
    TAGS.iter().find(|tag| tag.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order_and_names_nothing_it_does_not_have() {
        assert!(TAGS.is_sorted_by_key(|tag| tag.name));
        for tag in TAGS {
            for child in tag.holds.unwrap_or_default() {
                assert!(find(child).is_some(), "{child} in {}", tag.name);
            }
            let mut names: Vec<&str> = tag.attributes().collect();
            names.sort_unstable();
            let count = names.len();
            names.dedup();
            assert_eq!(names.len(), count, "{} names an attribute twice", tag.name);
            assert!(!REFUSED.contains(&tag.name));
        }
    }

    #[test]
    fn defaults_take_what_any_tag_takes() {
        let takes = |tag: &str, name: &str| find(tag).is_some_and(|tag| tag.takes().contains(&name));
        assert!(takes("mj-all", "font-family") && takes("mj-class", "name") && takes("mj-class", "padding-top"));
        assert!(
            !takes("mj-all", "backgroud-color")
                && !takes("mj-text", "background-url")
                && !takes("mj-head", "css-class")
        );
    }
}
