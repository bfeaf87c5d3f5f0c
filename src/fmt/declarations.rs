//! Declarations, one after the other.
//!
//! Journeys' lines and tests' lines are laid out by `journeys` and `timelines`.

use super::flat::{flat_names, flat_time};
use super::printer::{Printer, width};
use crate::syntax::tree::{
    ActionDecl, Allow, BinaryOp, Expr, ExprKind, FieldDecl, File, Item, JourneyDecl, MessageDecl, MoveTarget,
    MoveTiming, MovesDecl, Name, Overflow, PolicyRule, PolicyRuleKind, SegmentDecl, TestDecl,
};
use crate::text::Span;

impl Printer<'_> {
    pub(super) fn file(mut self, file: &File) -> String {
        let mut tall = false;
        for item in &file.items {
            let span = item_span(item);
            let was_tall = std::mem::replace(&mut tall, self.is_tall(item));
            if was_tall || tall {
                self.set_apart();
            }
            self.before(span.start);
            self.item(item);
            self.reach(span.end);
            self.end_line();
        }
        self.finish()
    }

    /// Whether a declaration takes several lines, and so stands apart from its neighbours.
    fn is_tall(&self, item: &Item) -> bool {
        match item {
            Item::Record(_)
            | Item::Profile(_)
            | Item::Policy(_)
            | Item::Journey(_)
            | Item::Moves(_)
            | Item::Test(_) => true,
            Item::Segment(segment) => self.segment_breaks(segment),
            Item::Enum(_) | Item::Event(_) | Item::Message(_) | Item::Action(_) | Item::Allow(_) | Item::Error(_) => {
                false
            }
        }
    }

    fn item(&mut self, item: &Item) {
        match item {
            Item::Enum(decl) => {
                self.put(&format!("enum {} ", decl.name.text));
                self.reach(decl.name.span.end);
                self.variants(&decl.variants, decl.span);
            }
            Item::Record(decl) => {
                self.put(&format!("record {} ", decl.name.text));
                self.reach(decl.name.span.end);
                self.tall_fields(&decl.fields, decl.span.end);
            }
            Item::Profile(decl) => {
                self.put("profile ");
                self.reach(decl.keyword.end);
                self.tall_fields(&decl.fields, decl.span.end);
            }
            Item::Event(decl) => {
                let about = decl.subject.as_ref().map_or_else(String::new, |s| format!(" about {}", s.text));
                self.put(&format!("event {}{about}", decl.name.text));
                let head = decl.subject.as_ref().unwrap_or(&decl.name).span;
                self.reach(head.end);
                let body = Span { start: head.end, ..decl.span };
                if !decl.fields.is_empty() || self.has_comment(body) {
                    self.put(" ");
                    self.fields(&decl.fields, body);
                }
            }
            Item::Message(decl) => self.message(decl),
            Item::Action(decl) => {
                self.put(&format!("action {}", decl.name.text));
                self.reach(decl.name.span.end);
                let from = self.action_options(decl);
                self.clauses(&[("takes", &decl.takes), ("gives", &decl.gives)], from, decl.span);
            }
            Item::Policy(decl) => {
                self.put(&format!("policy {} {{", decl.name.text));
                self.reach(decl.name.span.end);
                self.lines_of(&decl.rules, decl.span.end, |rule| rule.span, Self::rule);
            }
            Item::Segment(decl) => self.segment(decl),
            Item::Journey(decl) => self.journey(decl),
            Item::Moves(decl) => self.moves(decl),
            Item::Test(decl) => self.test(decl),
            Item::Allow(allow) => {
                let text = self.flat_allow(allow);
                self.put(&text);
            }
            Item::Error(span) => {
                let text = self.slice(*span);
                self.put(text);
            }
        }
    }

    /// Behind an opening brace: each part on a line of its own, then the closing brace.
    pub(super) fn lines_of<T>(
        &mut self,
        parts: &[T],
        end: u32,
        span: impl Fn(&T) -> Span,
        print: impl Fn(&mut Self, &T),
    ) {
        self.end_line_before(parts.first().map_or(end, |first| span(first).start));
        self.indent();
        for part in parts {
            self.before(span(part).start);
            print(self, part);
            self.reach(span(part).end);
            self.end_line();
        }
        self.close(end, "}");
    }

    // ---- names and fields ----------------------------------------------------------------------------------------

    fn variants(&mut self, names: &[Name], span: Span) {
        let flat = if names.is_empty() { "{}".to_string() } else { format!("{{ {} }}", flat_names(names)) };
        if self.fits(&flat, 0) && !self.has_comment(span) {
            return self.put(&flat);
        }
        self.put("{");
        self.lines_of(names, span.end, |n| n.span, |printer, name| printer.put(&name.text));
    }

    /// Fields on one line if they fit, else one a line. `span` reaches from before the brace to its partner.
    fn fields(&mut self, fields: &[FieldDecl], span: Span) {
        let flat = self.flat_fields(fields);
        if self.fits(&flat, 0) && !self.has_comment(span) {
            self.put(&flat);
            return self.reach(span.end);
        }
        self.tall_fields(fields, span.end);
    }

    /// One field a line, their types under each other.
    fn tall_fields(&mut self, fields: &[FieldDecl], end: u32) {
        self.put("{");
        let column = fields.iter().map(|f| width(&f.name.text)).max().unwrap_or(0);
        self.lines_of(
            fields,
            end,
            |f| f.span,
            |printer, field| {
                let pad = " ".repeat(column - width(&field.name.text));
                let pii = if field.pii { " pii" } else { "" };
                let ty = printer.flat_type(&field.ty);
                printer.put(&format!("{}: {pad}{ty}{pii}", field.name.text));
            },
        );
    }

    // ---- messages and actions ------------------------------------------------------------------------------------

    fn message(&mut self, decl: &MessageDecl) {
        self.put(&format!("message {} on {} for {}", decl.name.text, decl.channel.text, decl.purpose.text));
        self.reach(decl.purpose.span.end);
        let mut options = Vec::new();
        if let Some(file) = &decl.file {
            options.push((format!("from {}", self.slice(file.span)), file.span));
        }
        if let Some(once) = decl.at_most_once {
            options.push(("at most once".to_string(), once));
        }
        if let Some(patience) = &decl.patience {
            options.push((format!("patience {}", self.flat_duration(patience)), patience.span));
        }
        if let Some(offers) = &decl.offers {
            options.push((format!("offers {}", offers.text), offers.span));
        }
        if let Some(class) = &decl.class {
            options.push((format!("class {}", class.text), class.span));
        }
        let takes =
            if decl.takes.is_empty() { String::new() } else { format!(" takes {}", self.flat_fields(&decl.takes)) };
        let flat: String = options.iter().map(|(text, _)| format!(" {text}")).collect::<String>() + &takes;
        let rest = Span { start: decl.purpose.span.end, ..decl.span };
        if self.fits(&flat, 0) && !self.has_comment(rest) {
            return self.put(&flat);
        }
        // Options go along while they fit; the fields, the longest part, stand on lines of their own.
        for (text, span) in options {
            if self.fits(&format!(" {text}"), 0) {
                self.put(" ")
            } else {
                self.next_line(span.start)
            }
            self.put(&text);
        }
        if !decl.takes.is_empty() {
            self.clauses(&[("takes", &decl.takes)], decl.purpose.span.end, decl.span);
        }
    }

    /// What stands between an action's name and its fields. Returns where the fields may begin.
    fn action_options(&mut self, decl: &ActionDecl) -> u32 {
        let name = |word: &str, name: &Option<Name>| name.as_ref().map(|n| (format!("{word} {}", n.text), n.span));
        let options = [
            decl.idempotent.map(|span| ("idempotent".to_string(), span)),
            decl.patience.as_ref().map(|p| (format!("patience {}", self.flat_duration(p)), p.span)),
            name("grants", &decl.grants),
            name("undo", &decl.undo),
            name("writes", &decl.writes),
        ];
        let mut from = decl.name.span.end;
        for (text, span) in options.into_iter().flatten() {
            self.put(&format!(" {text}"));
            from = from.max(span.end);
        }
        from
    }

    /// `allow W0311 because "…" until 2026-12-31`
    pub(super) fn flat_allow(&self, allow: &Allow) -> String {
        let until = allow.until.map_or_else(String::new, |(y, m, d)| format!(" until {y:04}-{m:02}-{d:02}"));
        format!("allow {} because {}{until}", allow.code.text, self.slice(allow.because.span))
    }

    fn clauses(&mut self, clauses: &[(&str, &[FieldDecl])], from: u32, span: Span) {
        let clauses: Vec<_> = clauses.iter().filter(|(_, fields)| !fields.is_empty()).collect();
        let flat: String =
            clauses.iter().map(|(word, fields)| format!(" {word} {}", self.flat_fields(fields))).collect();
        if self.fits(&flat, 0) && !self.has_comment(Span { start: from, ..span }) {
            return self.put(&flat);
        }
        for (index, (word, fields)) in clauses.iter().enumerate() {
            self.put(&format!(" {word} "));
            // The clause ends somewhere before the next one begins; comments between belong to it.
            let last = fields.last().map_or(span.end, |f| f.span.end);
            let end = if index + 1 == clauses.len() { span.end } else { self.brace_after(last) };
            self.tall_fields(fields, end);
        }
    }

    // ---- policies, segments, moves -------------------------------------------------------------------------------

    fn rule(&mut self, rule: &PolicyRule) {
        let then = |then: &Option<Overflow>| match then {
            Some(Overflow::Hold(_)) => " then hold",
            Some(Overflow::Drop(_)) => " then drop",
            None => "",
        };
        let text = match &rule.kind {
            PolicyRuleKind::Timezone(zone) => format!("timezone {}", zone.text),
            PolicyRuleKind::Quiet { from, to, then: t } => {
                format!("quiet {}..{}{}", flat_time(*from), flat_time(*to), then(t))
            }
            PolicyRuleKind::Cap { count, what, per, then: t } => {
                format!("cap {} {} per {}{}", self.slice(count.span), what.text, self.flat_duration(per), then(t))
            }
            PolicyRuleKind::Consent(names) => format!("consent {}", flat_names(names)),
            PolicyRuleKind::Budget { count, what, per } => {
                format!("budget {} {} per {}", self.slice(count.span), what.text, self.flat_duration(per))
            }
            PolicyRuleKind::Withhold { purpose, when } => {
                self.put(&format!("withhold {} when ", purpose.text));
                self.reach(purpose.span.end);
                return self.expr(when, 0);
            }
            PolicyRuleKind::Nurture { share } => format!("nurture at least {}%", self.percent(share.span)),
            PolicyRuleKind::Error => self.slice(rule.span).to_string(),
        };
        self.put(&text);
    }

    /// A segment of three conditions or more reads better, and changes better, one condition a line.
    fn segment_breaks(&self, decl: &SegmentDecl) -> bool {
        let title = decl.title.as_ref().map_or(0, |t| width(self.slice(t.span)) + 1);
        let head = "segment ".len() + width(&decl.name.text) + title + " = ".len();
        chain_length(&decl.condition) > 2
            || self.has_comment(Span { start: decl.name.span.end, end: decl.condition.span.end, ..decl.span })
            || head + width(&self.flat(&decl.condition)) > super::WIDTH
    }

    fn segment(&mut self, decl: &SegmentDecl) {
        self.put(&format!("segment {}", decl.name.text));
        self.reach(decl.name.span.end);
        if let Some(title) = &decl.title {
            let text = self.slice(title.span);
            self.put(&format!(" {text}"));
        }
        self.put(" =");
        if !self.segment_breaks(decl) {
            self.put(" ");
            return self.expr(&decl.condition, 0);
        }
        self.end_line_before(decl.condition.span.start);
        self.indent();
        self.before(decl.condition.span.start);
        match &*decl.condition.kind {
            ExprKind::Binary { op: op @ (BinaryOp::And | BinaryOp::Or | BinaryOp::OrElse), .. } => {
                self.chain(*op, &decl.condition, false);
            }
            _ => self.expr(&decl.condition, 0),
        }
        self.reach(decl.span.end);
        self.end_line();
        self.outdent();
    }

    fn moves(&mut self, decl: &MovesDecl) {
        let from = self.slice(decl.from.span);
        let to = decl.to.as_ref().map_or_else(String::new, |to| format!(" to {}", to.text));
        self.put(&format!("moves {} from {from}{to} {{", decl.journey.text));
        self.reach(decl.to.as_ref().map_or(decl.from.span.end, |to| to.span.end));
        self.lines_of(
            &decl.moves,
            decl.span.end,
            |m| m.span,
            |printer, step| {
                let target = match &step.target {
                    MoveTarget::Stay => "stay".to_string(),
                    MoveTarget::Stop => "to stop".to_string(),
                    MoveTarget::To { step, timing } => {
                        let timing = match timing {
                            Some(MoveTiming::KeepingDeadline) => " keeping deadline",
                            Some(MoveTiming::Restarting) => " restarting",
                            None => "",
                        };
                        format!("to {}{timing}", step.text)
                    }
                };
                printer.put(&format!("{} {target}", step.step.text));
            },
        );
    }

    fn journey(&mut self, decl: &JourneyDecl) {
        let title = decl.title.as_ref().map_or_else(String::new, |t| format!(" {}", self.slice(t.span)));
        self.put(&format!("journey {}{title} {{", decl.name.text));
        self.reach(decl.title.as_ref().map_or(decl.name.span.end, |t| t.span.end));
        self.lines_of(&decl.lines, decl.span.end, super::journeys::line_span, Self::journey_line);
    }

    fn test(&mut self, decl: &TestDecl) {
        let title = self.slice(decl.title.span);
        self.put(&format!("test {} {title} {{", decl.journey.text));
        self.reach(decl.title.span.end);
        self.lines_of(&decl.lines, decl.span.end, |l| l.span, Self::test_line);
    }
}

/// How many conditions a chain of one operator joins.
fn chain_length(expr: &Expr) -> usize {
    match &*expr.kind {
        ExprKind::Binary { op: op @ (BinaryOp::And | BinaryOp::Or), left, .. } => {
            let same = matches!(&*left.kind, ExprKind::Binary { op: inner, .. } if inner == op);
            if same { chain_length(left) + 1 } else { 2 }
        }
        _ => 1,
    }
}

pub(super) fn item_span(item: &Item) -> Span {
    match item {
        Item::Enum(d) => d.span,
        Item::Record(d) => d.span,
        Item::Profile(d) => d.span,
        Item::Event(d) => d.span,
        Item::Message(d) => d.span,
        Item::Action(d) => d.span,
        Item::Policy(d) => d.span,
        Item::Segment(d) => d.span,
        Item::Journey(d) => d.span,
        Item::Moves(d) => d.span,
        Item::Test(d) => d.span,
        Item::Allow(d) => d.span,
        Item::Error(span) => *span,
    }
}
