//! Declarations but journeys and tests: enums, records, events, messages, actions, policies, segments, moves.
//!
//! Checks no names: a field's type may be unknown, a policy's channel too.

use super::{Part, Walk, child, has};
use crate::diag::{Code, Diagnostic};
use crate::syntax::grammar::Rule;
use crate::syntax::tree::{
    ActionDecl, Allow, EnumDecl, EventDecl, FieldDecl, Item, MessageDecl, Move, MoveTarget, MoveTiming, MovesDecl,
    Name, Overflow, PolicyDecl, PolicyRule, PolicyRuleKind, ProfileDecl, RecordDecl, SegmentDecl, Text, Type, TypeKind,
};
use crate::text::Span;

impl Walk<'_> {
    pub(in crate::syntax) fn item(&mut self, part: Part<'_>) -> Item {
        let span = self.span(&part);
        self.bad_head(&part);
        match part.as_rule() {
            Rule::enum_decl => {
                let variants = child(&part, Rule::names_block).map_or_else(Vec::new, |b| self.name_list(&b));
                Item::Enum(EnumDecl { name: self.name_in(&part), variants, span })
            }
            Rule::record_decl => {
                Item::Record(RecordDecl { name: self.name_in(&part), fields: self.fields_in(&part), span })
            }
            Rule::profile_decl => {
                let keyword = child(&part, Rule::kw_profile).map_or(span, |k| self.span(&k));
                Item::Profile(ProfileDecl { keyword, fields: self.fields_in(&part), span })
            }
            Rule::event_decl => {
                let subject = child(&part, Rule::subject).map(|s| self.name_in(&s));
                Item::Event(EventDecl { name: self.name_in(&part), subject, fields: self.fields_in(&part), span })
            }
            Rule::message_decl => self.message(&part, span),
            Rule::action_decl => self.action(&part, span),
            Rule::allow => Item::Allow(self.allow(&part)),
            Rule::policy_decl => Item::Policy(PolicyDecl { name: self.name_in(&part), rules: self.rules(&part), span }),
            Rule::segment_decl => {
                let title = self.text_in(&part);
                Item::Segment(SegmentDecl { name: self.name_in(&part), title, condition: self.value_in(&part), span })
            }
            Rule::moves_decl => {
                let from = self.text_in(&part).unwrap_or(Text { text: String::new(), span });
                let to = self.names_in(&part).nth(1);
                Item::Moves(MovesDecl { journey: self.name_in(&part), from, to, moves: self.moves(&part), span })
            }
            Rule::journey_decl => Item::Journey(self.journey(&part, span)),
            Rule::test_decl => Item::Test(self.test(&part, span)),
            _ => Item::Error(span),
        }
    }

    // ---- names, fields, types ------------------------------------------------------------------------------------

    /// Names between brackets of any kind.
    fn name_list(&mut self, part: &Part<'_>) -> Vec<Name> {
        let mut names = Vec::new();
        for p in part.clone().into_inner() {
            match p.as_rule() {
                Rule::name => names.push(self.name(&p)),
                Rule::bad_element => self.explain(&p, p.as_span().start(), "", Rule::strict_name),
                Rule::missing_comma | Rule::missing_comma_in_list => self.missing(&p, ","),
                _ => {}
            }
        }
        names
    }

    /// The fields of the block among the children of `part`.
    fn fields_in(&mut self, part: &Part<'_>) -> Vec<FieldDecl> {
        let Some(block) = child(part, Rule::fields_block) else { return Vec::new() };
        let mut fields = Vec::new();
        let mut previous = None;
        let mut said = 0;
        for p in block.into_inner() {
            match p.as_rule() {
                Rule::field_decl => {
                    said = self.found.len();
                    fields.push(self.field(&p));
                    previous = Some(p);
                }
                Rule::field_rest => self.line_rest(previous.take(), &p, said, Rule::strict_field),
                Rule::junk_field => self.explain(&p, p.as_span().start(), "", Rule::strict_field),
                Rule::missing_comma => self.missing(&p, ","),
                _ => {}
            }
        }
        fields
    }

    fn field(&mut self, part: &Part<'_>) -> FieldDecl {
        let span = self.span(part);
        self.missing_colon(part);
        let ty = match child(part, Rule::ty) {
            Some(ty) => self.ty(&ty),
            None => {
                if let Some(bad) = child(part, Rule::bad_type) {
                    self.explain(&bad, bad.as_span().start(), "", Rule::strict_type);
                }
                Type { kind: TypeKind::Error, optional: false, span }
            }
        };
        FieldDecl { name: self.name_in(part), ty, pii: has(part, Rule::pii), span }
    }

    fn ty(&mut self, part: &Part<'_>) -> Type {
        let span = self.span(part);
        let mut lists = Vec::new();
        let mut kind = TypeKind::Error;
        let mut optional = false;
        for p in part.clone().into_inner() {
            match p.as_rule() {
                Rule::list_of => lists.push(self.span(&p)),
                Rule::money_type => kind = self.money_type(&p),
                Rule::one_of => kind = TypeKind::OneOf(self.name_list(&p)),
                Rule::name => kind = self.named_type(&p),
                Rule::optional => optional = true,
                _ => {}
            }
        }
        for list in lists.into_iter().rev() {
            let element = Type { kind, optional: false, span: span.to(list) };
            kind = TypeKind::List(Box::new(element));
        }
        Type { kind, optional, span }
    }

    fn named_type(&mut self, part: &Part<'_>) -> TypeKind {
        let name = self.name(part);
        if name.text != "money" {
            return TypeKind::Named(name);
        }
        self.say(
            Diagnostic::new(Code::E0101, name.span, "money needs its currency", "money には通貨が必要です")
                .help("write it behind: `money JPY`", "`money JPY` のように通貨を続けて書く")
                .fix(name.span, "money JPY"),
        );
        TypeKind::Error
    }

    fn money_type(&mut self, part: &Part<'_>) -> TypeKind {
        let Some(word) = child(part, Rule::currency_word) else { return TypeKind::Error };
        let mut currency = self.name(&word);
        let upper = currency.text.to_ascii_uppercase();
        if upper != currency.text {
            self.slip(currency.span, &currency.text, &upper);
            currency.text = upper;
        }
        TypeKind::Money(currency)
    }

    // ---- messages, policies, moves -------------------------------------------------------------------------------

    fn message(&mut self, part: &Part<'_>, span: Span) -> Item {
        let nameless = || Name { text: String::new(), span };
        let mut names =
            child(part, Rule::message_head).map_or_else(Vec::new, |h| self.names_in(&h).collect()).into_iter();
        let name = names.next().unwrap_or_else(nameless);
        let channel = names.next().unwrap_or_else(nameless);
        let purpose = names.next().unwrap_or_else(nameless);
        let mut decl = MessageDecl {
            name,
            channel,
            purpose,
            file: None,
            takes: Vec::new(),
            at_most_once: None,
            patience: None,
            offers: None,
            class: None,
            span,
        };
        let mut seen = Vec::new();
        for p in part.clone().into_inner() {
            match p.as_rule() {
                Rule::from_file => decl.file = self.text_in(&p),
                Rule::at_most_once => decl.at_most_once = Some(self.span(&p)),
                Rule::patience => decl.patience = self.duration_in(&p),
                Rule::offers => decl.offers = Some(self.name_in(&p)),
                Rule::class => decl.class = Some(self.name_in(&p)),
                Rule::takes => decl.takes = self.fields_in(&p),
                _ => continue,
            }
            self.once(&p, &mut seen);
        }
        Item::Message(decl)
    }

    fn action(&mut self, part: &Part<'_>, span: Span) -> Item {
        let mut decl = ActionDecl {
            name: self.name_in(part),
            takes: Vec::new(),
            gives: Vec::new(),
            idempotent: None,
            patience: None,
            grants: None,
            undo: None,
            writes: None,
            span,
        };
        let mut seen = Vec::new();
        for p in part.clone().into_inner() {
            match p.as_rule() {
                Rule::takes => decl.takes = self.fields_in(&p),
                Rule::gives => decl.gives = self.fields_in(&p),
                Rule::idempotent => decl.idempotent = Some(self.span(&p)),
                Rule::patience => decl.patience = self.duration_in(&p),
                Rule::grants => decl.grants = Some(self.name_in(&p)),
                Rule::undo => decl.undo = Some(self.name_in(&p)),
                Rule::writes => decl.writes = Some(self.name_in(&p)),
                _ => continue,
            }
            self.once(&p, &mut seen);
        }
        Item::Action(decl)
    }

    /// `allow CODE because "…" until DAY`
    pub(super) fn allow(&mut self, part: &Part<'_>) -> Allow {
        let span = self.span(part);
        let because = self.text_in(part).unwrap_or(Text { text: String::new(), span });
        let until = child(part, Rule::date).map(|day| self.date(&day));
        Allow { code: self.name_in(part), because, until, span }
    }

    /// Says when an option of a line is given a second time.
    pub(super) fn once(&mut self, part: &Part<'_>, seen: &mut Vec<(Rule, Span)>) {
        let span = self.span(part);
        match seen.iter().find(|(rule, _)| *rule == part.as_rule()) {
            Some((_, first)) => {
                let first = *first;
                self.say(
                    Diagnostic::new(Code::E0101, span, "given twice", "二重の指定です")
                        .other(first, "given here already", "ここで指定済み")
                        .help("keep one of them", "どちらか一つにする")
                        .fix(span, ""),
                );
            }
            None => seen.push((part.as_rule(), span)),
        }
    }

    fn rules(&mut self, part: &Part<'_>) -> Vec<PolicyRule> {
        let Some(block) = child(part, Rule::policy_block) else { return Vec::new() };
        let mut rules = Vec::new();
        let mut previous = None;
        let mut said = 0;
        for p in block.into_inner() {
            match p.as_rule() {
                Rule::policy_rule => {
                    said = self.found.len();
                    if let Some(inner) = p.clone().into_inner().next() {
                        let kind = self.rule(&inner);
                        rules.push(PolicyRule { kind, span: self.span(&inner) });
                    }
                    previous = Some(p);
                }
                Rule::line_rest => self.line_rest(previous.take(), &p, said, Rule::strict_rule),
                Rule::junk_line => {
                    self.unknown_line(&p, super::super::strange::Here::Policy);
                    rules.push(PolicyRule { kind: PolicyRuleKind::Error, span: self.span(&p) });
                }
                _ => {}
            }
        }
        rules
    }

    fn rule(&mut self, part: &Part<'_>) -> PolicyRuleKind {
        let then = child(part, Rule::overflow).map(|o| {
            let span = self.span(&o);
            if has(&o, Rule::kw_hold) { Overflow::Hold(span) } else { Overflow::Drop(span) }
        });
        match part.as_rule() {
            Rule::timezone_rule => PolicyRuleKind::Timezone(self.name_in(part)),
            Rule::quiet_rule => {
                let times: Vec<_> = part.clone().into_inner().filter(|p| p.as_rule() == Rule::time).collect();
                match times.as_slice() {
                    [from, to] => PolicyRuleKind::Quiet { from: self.time(from), to: self.time(to), then },
                    _ => PolicyRuleKind::Error,
                }
            }
            Rule::cap_rule => match self.duration_in(part) {
                Some(per) => PolicyRuleKind::Cap { count: self.number_in(part), what: self.name_in(part), per, then },
                None => PolicyRuleKind::Error,
            },
            Rule::budget_rule => match self.duration_in(part) {
                Some(per) => PolicyRuleKind::Budget { count: self.number_in(part), what: self.name_in(part), per },
                None => PolicyRuleKind::Error,
            },
            Rule::consent_rule => PolicyRuleKind::Consent(self.names_in(part).collect()),
            Rule::withhold_rule => PolicyRuleKind::Withhold { purpose: self.name_in(part), when: self.value_in(part) },
            Rule::nurture_rule => PolicyRuleKind::Nurture { share: self.share_in(part) },
            _ => PolicyRuleKind::Error,
        }
    }

    fn moves(&mut self, part: &Part<'_>) -> Vec<Move> {
        let Some(block) = child(part, Rule::moves_block) else { return Vec::new() };
        let mut moves = Vec::new();
        let mut previous = None;
        let mut said = 0;
        for p in block.into_inner() {
            match p.as_rule() {
                Rule::one_move => {
                    said = self.found.len();
                    moves.push(self.one_move(&p));
                    previous = Some(p);
                }
                Rule::line_rest => self.line_rest(previous.take(), &p, said, Rule::strict_move),
                Rule::junk_line => self.explain(&p, p.as_span().start(), "", Rule::strict_move),
                _ => {}
            }
        }
        moves
    }

    fn one_move(&mut self, part: &Part<'_>) -> Move {
        let span = self.span(part);
        let mut names = self.names_in(part).collect::<Vec<_>>().into_iter();
        let is_everyone = has(part, Rule::kw_everyone);
        let step = match is_everyone {
            true => Name { text: "everyone".to_owned(), span },
            false => names.next().unwrap_or(Name { text: String::new(), span }),
        };
        let target = match names.next() {
            Some(to) => {
                let timing = match () {
                    () if has(part, Rule::kw_keeping) => Some(MoveTiming::KeepingDeadline),
                    () if has(part, Rule::kw_restarting) => Some(MoveTiming::Restarting),
                    () => None,
                };
                MoveTarget::To { step: to, timing }
            }
            None if has(part, Rule::kw_stay) => MoveTarget::Stay,
            None => MoveTarget::Stop,
        };
        Move { step, is_everyone, target, span }
    }
}
