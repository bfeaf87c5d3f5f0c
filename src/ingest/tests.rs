//! Tables of what comes in and what is made of it.
//!
//! Runs no journey.

use std::fmt::Write;

use proptest::prelude::*;

use super::lines::{Line, Lines};
use super::mapping::Mapping;
use super::*;
use crate::ir::*;
use crate::value::{Currency, Span, Zone};

fn field(name: &str, ty: Type) -> FieldDef {
    FieldDef { name: name.into(), ty, pii: false }
}

fn optional(ty: Type) -> Type {
    Type::Optional(Box::new(ty))
}

/// A shop with a cart, a purchase, a page view and a price drop.
fn program() -> Program {
    let jpy = Type::Money(Currency::from_code("JPY").unwrap());
    let usd = Type::Money(Currency::from_code("USD").unwrap());
    let items = Type::List(Box::new(Type::Record(RecordId(0))));
    let at = || field("at", Type::Instant);
    let event = |name: &str, subject, fields| EventDef { name: name.into(), subject, fields };
    Program {
        ir_version: IR_VERSION,
        project: Project {
            name: "shop".into(),
            zone: Zone::from_name("Asia/Tokyo").unwrap(),
            currency: Currency::from_code("JPY").unwrap(),
            max_event_age: Span(86_400_000),
            dedupe_window: Span(86_400_000),
            sender: Default::default(),
        },
        enums: vec![EnumDef { name: "rank".into(), variants: vec!["bronze".into(), "gold".into()] }],
        records: vec![RecordDef {
            name: "item".into(),
            fields: vec![field("item_id", Type::Id), field("price", jpy.clone()), field("name", optional(Type::Text))],
        }],
        profile: vec![
            field("first_name", optional(Type::Text)),
            field("email", optional(Type::Email)),
            field("timezone", optional(Type::Zone)),
            field("rank", optional(Type::Enum(EnumId(0)))),
            field("birthday", optional(Type::Date)),
            field("tags", Type::List(Box::new(Type::Text))),
        ],
        person: PersonFields { zone: Some(FieldId(2)), ..PersonFields::default() },
        events: vec![
            event(
                "cart_updated",
                Subject::Profile,
                vec![field("cart_id", Type::Id), field("total", jpy.clone()), field("items", items.clone()), at()],
            ),
            event("page", Subject::Profile, vec![field("path", optional(Type::Text)), at()]),
            event(
                "paid",
                Subject::Profile,
                vec![
                    field("amount", usd),
                    field("share", optional(Type::Percent)),
                    field("ends", optional(Type::Instant)),
                    field("gift", optional(Type::Bool)),
                    field("count", optional(Type::Int)),
                    at(),
                ],
            ),
            event("price_dropped", Subject::Other("item".into()), vec![field("item_id", Type::Id), at()]),
            event(
                "purchase",
                Subject::Profile,
                vec![field("order_id", Type::Id), field("total", jpy), field("items", items), at()],
            ),
        ],
        messages: vec![],
        actions: vec![],
        policies: vec![],
        segments: vec![],
        splits: vec![],
        journeys: vec![],
        purposes: vec!["marketing".into(), "transactional".into()],
        history: vec![HistoryNeed::default(); 5],
        tracked: vec![],
        deployed: None,
        moves: Vec::new(),
        places: Places::default(),
    }
}

/// One line of the result, short enough for a table.
fn told(program: &Program, result: &Result<Option<Arrival>, Reason>) -> String {
    let arrival = match result {
        Err(reason) => return format!("! {reason}"),
        Ok(None) => return "-".into(),
        Ok(Some(arrival)) => arrival,
    };
    let mut out = arrival.at.map_or("untimed".to_string(), |at| at.to_string());
    let user = arrival.who.user.as_deref().unwrap_or("");
    let anonymous = arrival.who.anonymous.as_deref().map_or(String::new(), |a| format!("~{a}"));
    write!(out, " {user}{anonymous}").unwrap();
    match &arrival.what {
        What::Event { event, payload, .. } => {
            write!(out, " {} {}", program.event(*event).name, plain(payload)).unwrap();
        }
        What::Profile { traits, .. } => {
            for (field, value) in &traits.fields {
                write!(out, " {}={}", program.profile[field.index()].name, plain(value)).unwrap();
            }
            for (purpose, given) in &traits.consent {
                write!(out, " {}{}", if *given { "+" } else { "-" }, program.purposes[purpose.index()]).unwrap();
            }
        }
        What::Alias { previous } => write!(out, " was {previous}").unwrap(),
        What::Signal { channel, signal } => write!(out, " {} {signal:?}", channel.name()).unwrap(),
    }
    if arrival.skewed {
        out.push_str(" (skewed)");
    }
    out
}

fn plain(value: &Value) -> String {
    match value {
        Value::Missing => "?".into(),
        Value::Bool(v) => v.to_string(),
        Value::Int(v) => v.to_string(),
        Value::Decimal(v) => v.to_string(),
        Value::Money(v) => v.to_string(),
        Value::Text(v) => format!("{v:?}"),
        Value::Instant(v) => v.to_string(),
        Value::Date(v) => v.to_string(),
        Value::Zone(v) => v.to_string(),
        Value::Enum(v) => format!("#{v}"),
        Value::Record(items) | Value::List(items) => {
            let all: Vec<String> = items.iter().map(plain).collect();
            if matches!(value, Value::Record(_)) {
                format!("{{{}}}", all.join(" "))
            } else {
                format!("[{}]", all.join(" "))
            }
        }
        other => format!("{other:?}"),
    }
}

fn lines_of(text: &[u8]) -> String {
    let program = program();
    let schema = Schema::new(&program);
    let mut reader = segment::Reader::new(&schema);
    let mut out = String::new();
    for line in text.split(|b| *b == b'\n').filter(|l| !l.is_empty()) {
        writeln!(out, "{}", String::from_utf8_lossy(line)).unwrap();
        writeln!(out, "    {}", told(&program, &reader.line(line))).unwrap();
    }
    let mut tally = Tally::default();
    reader.close(&mut tally);
    writeln!(out, "unknown events {:?}\nunknown fields {:?}", tally.unknown_events, tally.unknown_fields).unwrap();
    out
}

#[test]
fn calls_become_arrivals_or_reasons() {
    insta::assert_snapshot!(lines_of(include_bytes!("tests/calls.ndjson")));
}

#[test]
fn hostile_lines_have_a_reason() {
    let deep = format!(
        r#"{{"type":"track","event":"cart_updated","userId":"u","timestamp":"2026-04-01T00:00:00Z","properties":{{"cart_id":"c","total":1,"items":{}1{}}}}}"#,
        "[".repeat(5_000),
        "]".repeat(5_000)
    );
    let deep_call = "[".repeat(5_000);
    let program = program();
    let schema = Schema::new(&program);
    let mut reader = segment::Reader::new(&schema);
    let mut reason = |line: &[u8]| reader.line(line).map(|_| ()).unwrap_err();
    assert_eq!(reason(b"\xff\xfe"), Reason::NotUtf8);
    assert_eq!(reason(b"{\"type\":\"track\0\"}"), Reason::NulByte);
    assert!(matches!(reason(deep.as_bytes()), Reason::WrongValue { .. } | Reason::TooDeep));
    assert!(matches!(reason(deep_call.as_bytes()), Reason::TooDeep | Reason::NotACall { .. } | Reason::NotJson { .. }));
    assert!(matches!(reason(b"[]"), Reason::NotACall { .. }));
    assert!(matches!(reason(b"{"), Reason::NotJson { .. }));
}

const SALES: &str = "\
Invoice,Code,Name,Quantity,Date,Price,Customer
1,A,MUG,6.0,2026-04-01 08:26:00,2.55,17850.0
1,B,\"PLATE, 12\"\" BLUE
second line\",2.0,2026-04-01 08:26:00,0.1,17850.0
2,A,MUG,1.0,2026-04-01 09:00:00,2.55,
C3,A,MUG,-1.0,2026-04-01 09:10:00,2.55,17850.0
4,A,MUG,x,2026-04-01 09:20:00,2.55,17851.0
5,A,MUG,1.0,not a date,2.55,17851.0
6,A,MUG
7,A,MUG,1.0,2026-04-01 10:00:00,2.55,17852.0
1,A,MUG,1.0,2026-04-01 10:00:00,2.55,17850.0
8,A,,1.0,2026-04-01 11:00:00,1,17852.0
";

const MAPPING: &str = "
zone: Europe/London
whole numbers: [Customer, Quantity]
events:
  - event: purchase
    person: \"shop-{Customer}\"
    id: Invoice
    time: { column: Date, format: '%Y-%m-%d %H:%M:%S' }
    where: [Customer is not empty, Invoice does not start with C]
    group by: Invoice
    fields:
      order_id: Invoice
      total: { sum: Quantity × Price, times: 150, round: half even }
      items: { rows: { item_id: Code, price: { product: Price, times: 150, round: half up }, name: Name } }
profile:
  email: '{Customer}@example.com'
  rank: { is: gold }
  tags: [imported]
  consent: [marketing]
";

fn rows_of(mapping: &str, csv: &[u8]) -> String {
    let program = program();
    let schema = Schema::new(&program);
    let mapping = Mapping::parse(mapping, &schema, program.project.zone).unwrap();
    let mut reader = rows::Reader::start(&schema, &mapping, csv).unwrap();
    let mut tally = Tally::default();
    let mut out = String::new();
    while let Some((line, arrival)) = reader.next_arrival(&mut tally).unwrap() {
        let arrival = arrival.map(Some);
        writeln!(out, "{line}: {}", told(&program, &arrival)).unwrap();
        if let Ok(Some(Arrival { introduction: Some(traits), .. })) = &arrival {
            let fields: Vec<String> = traits.fields.iter().map(|f| plain(&f.1)).collect();
            writeln!(out, "   first seen: {} consent {:?}", fields.join(" "), traits.consent).unwrap();
        }
    }
    writeln!(out, "rows {} left out {}", tally.lines, tally.left_out).unwrap();
    out
}

#[test]
fn rows_become_events_with_lists_and_sums() {
    insta::assert_snapshot!(rows_of(MAPPING, SALES.as_bytes()));
}

/// What comes of a row of another rule must not overtake the rows before it, however long that rule is silent then.
#[test]
fn a_row_of_another_rule_ends_the_group() {
    let rules = MAPPING.split_once("events:\n").unwrap().1.split_once("profile:\n").unwrap().0;
    let cancelled = rules.replace("does not start with C", "starts with C");
    let both = MAPPING.replace("profile:\n", &format!("{cancelled}profile:\n"));
    let csv = "Invoice,Code,Name,Quantity,Date,Price,Customer
1,A,MUG,1,2026-04-01 10:00:00,2.55,17850
C2,A,MUG,1,2026-04-02 10:00:00,2.55,17850
3,A,MUG,1,2026-04-03 10:00:00,2.55,17850
3,B,CUP,1,2026-04-03 10:00:00,2.55,17850
4,A,MUG,1,2026-04-04 10:00:00,2.55,17850
C5,A,MUG,1,2026-04-05 10:00:00,2.55,17850
";
    let told = rows_of(&both, csv.as_bytes());
    let lines: Vec<&str> = told.lines().filter_map(|l| l.split_once(": ")).map(|(line, _)| line).collect();
    let lines: Vec<u32> = lines.iter().filter_map(|l| l.parse().ok()).collect();
    assert_eq!(lines, [2, 3, 4, 6, 7], "{told}");
}

#[test]
fn an_event_log_with_a_name_column() {
    let mapping = "
delimiter: ';'
events:
  - event: { column: event, map: { view: page, addtocart: cart_updated } }
    person: visitorid
    time: { column: timestamp, format: unix ms }
    where: [timestamp > 1400000000000]
    fields: { path: itemid }
";
    let program = program();
    let schema = Schema::new(&program);
    let wrong = Mapping::parse(mapping, &schema, program.project.zone).unwrap_err();
    assert_eq!(wrong.to_string(), "events[0].fields: `cart_updated` has no field `path`; it has cart_id, total, items");
    let mapping = mapping.replace(", addtocart: cart_updated", "");
    let csv = "timestamp;visitorid;event;itemid\n1433221332117;257597;view;355908\n1433221332117;1;buy;1\n5;1;view;2\n";
    insta::assert_snapshot!(rows_of(&mapping, csv.as_bytes()), @r#"
    2: 2015-06-02T05:02:12.117Z 257597 page {"355908" 2015-06-02T05:02:12.117Z}
    rows 3 left out 2
    "#);
}

#[test]
fn a_wrong_mapping_is_explained() {
    let program = program();
    let schema = Schema::new(&program);
    let mut out = String::new();
    for (from, to) in [
        ("Europe/London", "Europe/Londn"),
        ("event: purchase", "event: purchased"),
        ("time: {", "tme: {"),
        ("'%Y-%m-%d %H:%M:%S'", "ISO"),
        ("half even", "nearest"),
        ("order_id: Invoice", "order: Invoice"),
        ("      order_id: Invoice\n", ""),
        ("Customer is not empty", "Customer exists"),
        ("rank: { is: gold }", "rank: { is: silver }"),
        ("    group by: Invoice\n", ""),
        ("consent: [marketing]", "consent: [spam]"),
        ("    person: \"shop-{Customer}\"\n", ""),
        ("times: 150, round: half even", "times: many"),
    ] {
        assert!(MAPPING.contains(from), "{from}");
        match Mapping::parse(&MAPPING.replacen(from, to, 1), &schema, program.project.zone) {
            Ok(_) => writeln!(out, "{from} -> {to}: taken").unwrap(),
            Err(error) => writeln!(out, "{from} -> {to}\n  {error}\n  {}", error.ja).unwrap(),
        }
    }
    insta::assert_snapshot!(out);
}

#[test]
fn a_missing_column_is_named() {
    let program = program();
    let schema = Schema::new(&program);
    let mapping = Mapping::parse(MAPPING, &schema, program.project.zone).unwrap();
    let error = mapping.positions(&["Invoice", "Code"]).unwrap_err();
    assert_eq!(error.to_string(), "the file has no column `Customer`; it has `Invoice`, `Code`");
}

#[test]
fn compressed_streams_are_opened() {
    use std::io::Write as _;
    let text = b"one\ntwo\n";
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(text).unwrap();
    for bytes in [text.to_vec(), gzip.finish().unwrap(), zstd::encode_all(&text[..], 1).unwrap(), b"x".to_vec()] {
        let plain = bytes == b"x" || bytes == text;
        let mut out = Vec::new();
        open(io::Cursor::new(bytes.clone())).unwrap().read_to_end(&mut out).unwrap();
        assert_eq!(out, if plain { bytes } else { text.to_vec() });
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]
    /// Cut, doubled and overwritten lines never panic, in either reader.
    #[test]
    fn mangled_input_never_panics(edits in prop::collection::vec((any::<prop::sample::Index>(), 0u8..4, any::<u8>()), 1..30)) {
        let program = program();
        let schema = Schema::new(&program);
        let mapping = Mapping::parse(MAPPING, &schema, program.project.zone).unwrap();
        for original in [include_bytes!("tests/calls.ndjson").to_vec(), SALES.as_bytes().to_vec()] {
            let mut bytes = original;
            for (at, how, byte) in &edits {
                if bytes.is_empty() { break; }
                let at = at.index(bytes.len());
                match how {
                    0 => bytes[at] = *byte,
                    1 => bytes.truncate(bytes.len() - at / 8),
                    2 => { let piece = bytes[at / 2..at].to_vec(); bytes.splice(at..at, piece); }
                    _ => { bytes.drain(at..(at + 7).min(bytes.len())); }
                }
                if bytes.len() > 1 << 20 { break; }
            }
            let mut reader = segment::Reader::new(&schema);
            let mut lines = Lines::new(&bytes[..]);
            while let Some((_, line)) = lines.next_line().unwrap() {
                if let Line::Text(text) = line { let _ = reader.line(text).map(|_| ()); }
            }
            if let Ok(mut rows) = rows::Reader::start(&schema, &mapping, &bytes[..]) {
                let mut tally = Tally::default();
                while rows.next_arrival(&mut tally).unwrap().is_some() {}
            }
        }
    }
}
