//! The diagram as mermaid flowchart text, for pages and chats that draw it.
//!
//! Quotes every text: mermaid has words of its own (`end`) that must not meet an author's.

use super::{Diagram, Kind, Node};

/// A flowchart with a line end.
pub fn mermaid(diagram: &Diagram) -> String {
    let mut lines = Vec::new();
    if let Some(title) = &diagram.title {
        lines.push(format!("---\ntitle: {}\n---", serde_json::Value::String(title.clone())));
    }
    lines.push("flowchart TD".to_string());
    for (i, node) in diagram.nodes.iter().enumerate() {
        lines.push(format!("  n{i}{}", shaped(node)));
    }
    for edge in &diagram.edges {
        let arrow = if edge.fallback { "-.->" } else { "-->" };
        let label = edge.label.as_ref().map_or_else(String::new, |label| format!("|\"{}\"|", escape(label)));
        lines.push(format!("  n{} {arrow}{label} n{}", edge.from, edge.to));
    }
    for (class, style) in CLASSES {
        let members: Vec<String> = (0..diagram.nodes.len())
            .filter(|i| class_of(diagram.nodes[*i].kind) == *class)
            .map(|i| format!("n{i}"))
            .collect();
        if !members.is_empty() {
            lines.push(format!("  classDef {class} {style}"));
            lines.push(format!("  class {} {class}", members.join(",")));
        }
    }
    lines.join("\n") + "\n"
}

const CLASSES: &[(&str, &str)] = &[
    ("begin", "fill:#1f2937,stroke:#1f2937,color:#ffffff"),
    ("wait", "fill:#fef9e7,stroke:#d9b44a,color:#1f2937"),
    ("send", "fill:#eef6ff,stroke:#3b82c4,color:#1f2937"),
    ("branch", "fill:#f3f0ff,stroke:#8b7bd8,color:#1f2937"),
    ("act", "fill:#e8f7f5,stroke:#3aa79a,color:#1f2937"),
    ("finish", "fill:#f3f4f6,stroke:#9ca3af,color:#374151"),
];

fn class_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Start => "begin",
        Kind::Wait => "wait",
        Kind::Send(_) => "send",
        Kind::Branch | Kind::Split | Kind::Repeat => "branch",
        Kind::Action | Kind::Change => "act",
        Kind::End | Kind::Stop => "finish",
    }
}

fn shaped(node: &Node) -> String {
    let mut text = escape(&node.label);
    if let Kind::Send(channel) = node.kind {
        text = format!("{}: {text}", channel.name());
    }
    for detail in &node.details {
        text.push_str("<br/>");
        text.push_str(&escape(detail));
    }
    match node.kind {
        Kind::Start | Kind::End | Kind::Stop => format!("([\"{text}\"])"),
        Kind::Wait | Kind::Send(_) => format!("(\"{text}\")"),
        Kind::Branch | Kind::Split | Kind::Repeat => format!("{{{{\"{text}\"}}}}"),
        Kind::Action | Kind::Change => format!("[\"{text}\"]"),
    }
}

/// Mermaid's own escapes: `#quot;`, and the code points of what begins an entity or a tag.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' => escaped.push_str("#quot;"),
            '#' => escaped.push_str("#35;"),
            '<' => escaped.push_str("#lt;"),
            '>' => escaped.push_str("#gt;"),
            '&' => escaped.push_str("#amp;"),
            c if c.is_control() => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}
