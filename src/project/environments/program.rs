//! Environments held against the campaigns: every webhook and action has an address, and every address somebody who uses it.
//!
//! Knows nothing of what stands in the settings alone; that was judged when they were read.

use std::path::Path;

use crate::diag::{Code, Diagnostic, did_you_mean};
use crate::ir::{Channel, Program};
use crate::ports::environment::{Environment, WebhookSettings};
use crate::project::{CONFIG_FILE, Project, spot};
use crate::text::{Source, SourceId, SourceKind, Span};

impl Project {
    /// What the environments lack or have too much for these campaigns. Needs all sources added.
    pub fn unfit_environments(&self, program: &Program) -> Vec<Diagnostic> {
        let config = |source: &Source| Path::new(&source.path).file_name().is_some_and(|name| name == CONFIG_FILE);
        let mut others = self.sources.iter().filter(|(_, source)| source.kind == SourceKind::Other);
        let Some((id, source)) = others.find(|(_, source)| config(source)) else { return Vec::new() };
        let live = self.settings.environments.iter().filter_map(|env| Some((env, env.webhook.as_ref()?)));
        live.flat_map(|(env, webhook)| Held { env, webhook, id, text: &source.text, program }.judged()).collect()
    }
}

struct Held<'a> {
    env: &'a Environment,
    webhook: &'a WebhookSettings,
    id: SourceId,
    text: &'a str,
    program: &'a Program,
}

impl Held<'_> {
    fn judged(&self) -> Vec<Diagnostic> {
        let messages = self.program.messages.iter().filter(|message| message.channel == Channel::Webhook);
        let messages: Vec<&str> = messages.map(|message| message.name.as_str()).collect();
        let actions: Vec<&str> = self.program.actions.iter().map(|action| action.name.as_str()).collect();
        let mut found =
            self.kind("messages", ("message on webhook", "webhook のメッセージ"), &messages, &self.webhook.messages);
        found.extend(self.kind("actions", ("action", "アクション"), &actions, &self.webhook.actions));
        found
    }

    fn kind(&self, key: &str, kind: (&str, &str), declared: &[&str], named: &[(String, String)]) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        for (name, _) in named.iter().filter(|(name, _)| !declared.contains(&name.as_str())) {
            let headline = (format!("there is no {} `{name}`", kind.0), format!("{} `{name}` はありません", kind.1));
            let help = match did_you_mean(name, declared.iter().copied()) {
                Some(meant) => (format!("did you mean `{meant}`?"), format!("`{meant}` ではありませんか")),
                None => ("take its address out".to_owned(), "この宛先を取り除く".to_owned()),
            };
            found.push(self.at(&["webhook", key, name], headline, help));
        }
        let lacking =
            |name: &&&str| self.webhook.default_url.is_none() && !named.iter().any(|(other, _)| other == **name);
        for name in declared.iter().filter(lacking) {
            let headline = (
                format!("the {} `{name}` has no address in `{}`", kind.0, self.env.name),
                format!("{} `{name}` の宛先が `{}` にありません", kind.1, self.env.name),
            );
            let help = (
                format!("name it under `{key}`, or give a `default_url` for all"),
                format!("`{key}` に書くか、共通の `default_url` を書く"),
            );
            found.push(self.at(&["webhook"], headline, help));
        }
        found
    }

    fn at(&self, path: &[&str], headline: (String, String), help: (String, String)) -> Diagnostic {
        let full: Vec<&str> = ["environments", &self.env.name].into_iter().chain(path.iter().copied()).collect();
        let place = spot::key(self.text, &full);
        let span = Span::new(self.id, place.start, place.end);
        Diagnostic::new(Code::E0108, span, headline.0, headline.1).help(help.0, help.1)
    }
}
