//! Which events are purchases and returns, and which of their fields is the money.
//!
//! What is named counts; without a name, events called what shops call them.

use crate::cli::exit::Stop;
use crate::diag::{Phrase, did_you_mean};
use crate::ir::{EventDef, EventId, FieldId, Program, Subject, Type};
use crate::project::ReportSettings;

/// Names that shops and Segment's specification use.
const PURCHASES: &[&str] = &["purchase", "purchased", "order_completed", "order_placed", "購入", "注文"];
const RETURNS: &[&str] = &["returned", "return", "order_refunded", "refunded", "refund", "返品"];

/// An event that counts, and where its money is.
#[derive(Debug, Clone, PartialEq)]
pub struct Kind {
    pub event: EventId,
    pub money: Option<FieldId>,
    /// `purchase.total`
    pub name: String,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Counted {
    pub purchases: Vec<Kind>,
    pub returns: Vec<Kind>,
}

impl Counted {
    pub fn of(
        program: &Program,
        settings: &ReportSettings,
        purchases: &[String],
        returns: &[String],
    ) -> Result<Counted, Stop> {
        let named = |asked: &[String], set: &[String], usual: &[&str]| -> Result<Vec<Kind>, Stop> {
            let names = if asked.is_empty() { set } else { asked };
            if !names.is_empty() {
                return names.iter().map(|name| kind(program, name)).collect();
            }
            let own = program.events.iter().filter(|event| event.subject == Subject::Profile);
            let found = own.filter(|event| usual.contains(&event.name.as_str()));
            found.map(|event| kind(program, &event.name)).collect()
        };
        let purchases = named(purchases, &settings.purchases, PURCHASES)?;
        let returns = named(returns, &settings.returns, RETURNS)?;
        if purchases.is_empty() {
            return Err(no_purchases());
        }
        Ok(Counted { purchases, returns })
    }
}

fn kind(program: &Program, name: &str) -> Result<Kind, Stop> {
    let (event_name, field_name) = match name.split_once('.') {
        Some((event, field)) => (event, Some(field)),
        None => (name, None),
    };
    let Some(event) = program.event_named(event_name) else {
        return Err(unknown(event_name, program.events.iter().map(|event| event.name.as_str())));
    };
    let def = program.event(event);
    if def.subject != Subject::Profile {
        return Err(Stop::Usage {
            what: Phrase::new(
                format!("`{event_name}` is not about a person"),
                format!("`{event_name}` は人についてのイベントではありません"),
            ),
            help: Phrase::new("name an event that is `about profile`", "`about profile` のイベントを指定する"),
        });
    }
    let money = match field_name {
        None => def.worth_field(),
        Some(field) => Some(named_money(def, field)?),
    };
    let name = match money {
        Some(field) => format!("{event_name}.{}", def.fields[field.index()].name),
        None => event_name.to_owned(),
    };
    Ok(Kind { event, money, name })
}

fn is_money(ty: &Type) -> bool {
    match ty {
        Type::Optional(inner) => is_money(inner),
        other => matches!(other, Type::Money(_)),
    }
}

fn named_money(def: &EventDef, name: &str) -> Result<FieldId, Stop> {
    let fields = || def.fields.iter().filter(|field| is_money(&field.ty)).map(|field| field.name.as_str());
    match def.fields.iter().position(|field| field.name == name && is_money(&field.ty)) {
        Some(index) => Ok(FieldId(index as u16)),
        None => Err(unknown(&format!("{}.{name}", def.name), fields())),
    }
}

fn unknown<'n>(name: &str, known: impl Iterator<Item = &'n str> + Clone) -> Stop {
    let asked = name.rsplit('.').next().unwrap_or(name);
    let list = known.clone().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let help = match did_you_mean(asked, known) {
        Some(meant) => Phrase::new(format!("did you mean `{meant}`?"), format!("`{meant}` ではありませんか")),
        None if list.is_empty() => Phrase::new("none of its fields is money", "金額 (money) の項目がありません"),
        None => Phrase::new(format!("there is {list}"), format!("使えるもの: {list}")),
    };
    let what = if name.contains('.') {
        Phrase::new(format!("`{name}` is no field of money"), format!("`{name}` という金額の項目はありません"))
    } else {
        Phrase::new(format!("there is no event `{name}`"), format!("`{name}` というイベントはありません"))
    };
    Stop::Usage { what, help }
}

fn no_purchases() -> Stop {
    Stop::Usage {
        what: Phrase::new("nothing says which event is a purchase", "どのイベントが購入なのか分かりません"),
        help: Phrase::new(
            "name it with `--purchase EVENT.FIELD`, or under `report: { purchases: … }` in `tabi.yaml`",
            "`--purchase イベント.項目` で指定するか、`tabi.yaml` に `report: { purchases: … }` と書く",
        ),
    }
}
