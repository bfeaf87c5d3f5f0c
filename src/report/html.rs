//! Sections as one page of HTML: nothing is fetched, nothing runs, and it prints.
//!
//! Knows no figures.

use super::block::{Block, Section, Table};
use super::chart::{self, escape};
use crate::words::Language;

const STYLE: &str = include_str!("page.css");

/// The whole page.
pub fn html(title: &str, sections: &[Section], language: Language) -> String {
    let lang = language.of("en", "ja");
    let mut body = String::new();
    let mut charts = 0;
    for (number, section) in sections.iter().enumerate() {
        body.push_str(&format!("<section>\n<h2 id=\"s{number}\">{}</h2>\n", escape(&section.title)));
        for block in &section.blocks {
            charts += 1;
            body.push_str(&shown(block, &format!("c{charts}")));
        }
        body.push_str("</section>\n");
    }
    let link = |(number, section): (usize, &Section)| format!("<a href=\"#s{number}\">{}</a>", escape(&section.title));
    let links: Vec<String> = sections.iter().enumerate().map(link).collect();
    format!(
        "<!doctype html>\n<html lang=\"{lang}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n\
         <style>\n{STYLE}</style>\n</head>\n<body>\n<header>\n<h1>{title}</h1>\n<nav>{}</nav>\n</header>\n<main>\n{body}</main>\n\
         </body>\n</html>\n",
        links.join(" "),
        title = escape(title),
    )
}

fn shown(block: &Block, id: &str) -> String {
    match block {
        Block::Note(note) => format!("<p class=\"note\">{}</p>\n", escape(note)),
        Block::Facts(facts) => {
            let fact = |(name, figure): &(String, String)| {
                format!("<div><dt>{}</dt><dd>{}</dd></div>\n", escape(name), escape(figure))
            };
            format!("<dl>\n{}</dl>\n", facts.iter().map(fact).collect::<String>())
        }
        Block::Table(table) => shown_table(table),
        Block::Bars(bars) => figure(&bars.title, &chart::bars(bars, id)),
        Block::Heat(heat) => figure(&heat.title, &chart::heat(heat, id)),
    }
}

fn figure(title: &str, svg: &str) -> String {
    format!("<figure>\n<figcaption>{}</figcaption>\n{svg}</figure>\n", escape(title))
}

fn shown_table(table: &Table) -> String {
    let class = |column: usize| if column < table.words { "" } else { " class=\"n\"" };
    let cells = |tag: &str, row: &[String]| -> String {
        row.iter().enumerate().map(|(i, cell)| format!("<{tag}{}>{}</{tag}>", class(i), escape(cell))).collect()
    };
    let head = cells("th", &table.head);
    let rows: String = table.rows.iter().map(|row| format!("<tr>{}</tr>\n", cells("td", row))).collect();
    format!(
        "<div class=\"wide\"><table>\n<caption>{}</caption>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table></div>\n",
        escape(&table.title)
    )
}
