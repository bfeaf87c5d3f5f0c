//! LINE's OpenAPI description as something that judges: what a request or an answer breaks of it.
//!
//! Stricter than the description where it helps: a property that it does not name is a mistake.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use boon::{Compiler, Draft, SchemaIndex, Schemas};
use serde_json::{Map, Value as Json, json};

const MESSAGING: &str = include_str!("../schemas/line/messaging-api.yml");
const TEMPLATED: &str = include_str!("../schemas/line/templated-push.yml");
const WEBHOOK: &str = include_str!("../schemas/line/webhook.yml");

/// One request as it came over the wire.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: String,
    pub path: String,
    pub query: Vec<(String, String)>,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, text)| text.as_str())
    }
    pub fn json(&self) -> Json {
        serde_json::from_slice(&self.body).unwrap_or(Json::Null)
    }
}

pub struct Contract {
    /// Of all descriptions, as JSON.
    documents: Vec<Json>,
    schemas: Schemas,
    /// Every schema that may be asked for, by its text: compiling them takes longer than all else.
    known: BTreeMap<String, SchemaIndex>,
}

impl Contract {
    pub fn messaging() -> &'static Contract {
        static ONE: OnceLock<Contract> = OnceLock::new();
        ONE.get_or_init(|| Contract::new(&[MESSAGING, TEMPLATED]))
    }
    pub fn webhook() -> &'static Contract {
        static ONE: OnceLock<Contract> = OnceLock::new();
        ONE.get_or_init(|| Contract::new(&[WEBHOOK]))
    }
    fn new(texts: &[&str]) -> Contract {
        let documents: Vec<Json> = texts.iter().map(|text| serde_yaml::from_str(text).unwrap()).collect();
        let mut compiler = Compiler::new();
        compiler.set_default_draft(Draft::V2020_12);
        compiler.enable_format_assertions();
        let all = documents.iter().flat_map(definitions).collect();
        compiler.add_resource("line.json", json!({ "$defs": Json::Object(all) })).unwrap();
        let mut asked: Vec<Json> = documents.iter().flat_map(schemas_of_operations).collect();
        let names = documents.iter().flat_map(|d| d["components"]["schemas"].as_object().unwrap().keys());
        asked.extend(names.map(|name| named(name)));
        let (mut schemas, mut known) = (Schemas::new(), BTreeMap::new());
        for (nth, schema) in asked.iter().enumerate() {
            let name = format!("asked{nth}.json");
            compiler.add_resource(&name, translated(schema, true)).unwrap();
            known.insert(schema.to_string(), compiler.compile(&name, &mut schemas).unwrap());
        }
        Contract { documents, schemas, known }
    }

    /// What is wrong with it; the operation, if there is one.
    pub fn broken_by(&self, request: &Request) -> (Vec<String>, Option<&Json>) {
        let Some((template, operations)) = self.path(&request.path) else {
            return (vec![format!("no path {}", request.path)], None);
        };
        let Some(operation) = operations.get(request.method.to_lowercase()) else {
            return (vec![format!("{template} has no {}", request.method)], None);
        };
        let mut wrong = Vec::new();
        let none = Vec::new();
        let listed = |of: &Json| of.get("parameters").and_then(Json::as_array).unwrap_or(&none).clone();
        let parameters: Vec<Json> = [listed(operations), listed(operation)].concat();
        let of_kind = |kind: &str| -> Vec<(String, Json)> {
            let named = |p: &Json| (p["name"].as_str().unwrap().to_lowercase(), p.clone());
            parameters.iter().filter(|p| p["in"] == kind).map(named).collect()
        };
        let headers = of_kind("header");
        for (name, text) in request.headers.iter().filter(|(name, _)| name.starts_with("x-")) {
            match headers.iter().find(|(known, _)| known == name) {
                Some((_, parameter)) => wrong.extend(self.against(&parameter["schema"], &json!(text), name)),
                None => wrong.push(format!("{template} takes no header {name}")),
            }
        }
        let queries = of_kind("query");
        for (name, _) in request.query.iter().filter(|(name, _)| !queries.iter().any(|(q, _)| q == name)) {
            wrong.push(format!("{template} takes no query {name}"));
        }
        for (name, _) in headers.iter().filter(|(_, p)| p["required"] == true) {
            wrong.extend(request.header(name).is_none().then(|| format!("{template} needs {name}")));
        }
        match operation.get("requestBody") {
            None if request.body.is_empty() => {}
            None => wrong.push(format!("{template} takes no body")),
            Some(body) => {
                let kind = request.header("content-type").unwrap_or("");
                if kind.split(';').next() != Some("application/json") {
                    wrong.push(format!("a body of type `{kind}`"));
                }
                match serde_json::from_slice::<Json>(&request.body) {
                    Ok(json) => {
                        let schema = &body["content"]["application/json"]["schema"];
                        wrong.extend(self.against(schema, &json, "body"));
                        // What LINE's reference says and its description does not.
                        let units = json["customAggregationUnits"].as_array().cloned().unwrap_or_default();
                        let letters = |name: &str| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
                        let fits = |name: &str| letters(name) && (1..=30).contains(&name.len());
                        if units.len() > 1 || !units.iter().all(|unit| unit.as_str().is_some_and(fits)) {
                            wrong.push(format!("aggregation units {units:?}"));
                        }
                    }
                    Err(error) => wrong.push(format!("no JSON: {error}")),
                }
            }
        }
        (wrong, Some(operation))
    }

    /// What is wrong with an answer of this operation.
    pub fn answer_broken(&self, operation: Option<&Json>, status: u16, body: &Json) -> Vec<String> {
        let described = operation.and_then(|o| o["responses"].get(status.to_string()));
        let schema = described.map(|d| d["content"]["application/json"]["schema"].clone());
        match schema {
            Some(Json::Null) => match body {
                Json::Null => vec![],
                Json::Object(members) if members.is_empty() => vec![],
                _ => vec![format!("an answer to {status} that should be empty: {body}")],
            },
            Some(schema) => self.against(&schema, body, "answer"),
            None if status >= 400 => self.against(&named("ErrorResponse"), body, "error"),
            None => vec![format!("{status} is not described")],
        }
    }

    /// What is wrong with this as the schema of this name.
    pub fn breaks(&self, name: &str, json: &Json) -> Vec<String> {
        self.against(&named(name), json, name)
    }
    pub fn schema(&self, name: &str) -> &Json {
        &self.documents[0]["components"]["schemas"][name]
    }

    fn path(&self, path: &str) -> Option<(&str, &Json)> {
        let fits = |template: &str| {
            let (a, b): (Vec<&str>, Vec<&str>) = (template.split('/').collect(), path.split('/').collect());
            a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| a == b || (a.starts_with('{') && !b.is_empty()))
        };
        self.documents.iter().find_map(|document| {
            let paths = document["paths"].as_object().unwrap();
            paths.iter().find(|(template, _)| fits(template)).map(|(t, operations)| (t.as_str(), operations))
        })
    }

    fn against(&self, schema: &Json, json: &Json, what: &str) -> Vec<String> {
        match self.schemas.validate(json, self.known[&schema.to_string()]) {
            Ok(()) => vec![],
            Err(error) => vec![format!("{what}: {error:#}\n{json:#}")],
        }
    }
}

fn named(name: &str) -> Json {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// Of headers, bodies and answers.
fn schemas_of_operations(document: &Json) -> Vec<Json> {
    let mut found = Vec::new();
    let mut open = vec![&document["paths"]];
    while let Some(json) = open.pop() {
        match json {
            Json::Object(members) => {
                found.extend(members.get("schema").cloned());
                open.extend(members.iter().filter(|(name, _)| *name != "schema").map(|(_, inner)| inner));
            }
            Json::Array(items) => open.extend(items),
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
        }
    }
    found
}

/// Each schema twice: as it stands, for those built on it, and `NAME.whole`, which takes the kind that the discriminator
/// names and nothing beyond what is described.
fn definitions(document: &Json) -> Map<String, Json> {
    let mut definitions = Map::new();
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        definitions.insert(name.clone(), translated(schema, true));
        let mut whole = Map::new();
        let mut all = vec![json!({ "$ref": format!("#/$defs/{name}") })];
        if let Some(discriminator) = schema.get("discriminator") {
            let kind = discriminator["propertyName"].as_str().unwrap();
            let mapping = discriminator["mapping"].as_object().unwrap();
            let kinds: Vec<&String> = mapping.keys().collect();
            all.push(json!({ "required": [kind], "properties": { (kind): { "enum": kinds } } }));
            for (value, target) in mapping {
                let target = target.as_str().unwrap().rsplit('/').next().unwrap();
                all.push(json!({
                    "if": { "properties": { (kind): { "const": value } } },
                    "then": { "$ref": format!("#/$defs/{target}") },
                }));
            }
        }
        whole.insert("allOf".into(), Json::Array(all));
        whole.insert("unevaluatedProperties".into(), json!(false));
        definitions.insert(format!("{name}.whole"), Json::Object(whole));
    }
    definitions
}

/// From OpenAPI 3.0's dialect to JSON Schema. `whole`: a reference here is to a value, not to what one is built on.
fn translated(schema: &Json, whole: bool) -> Json {
    let Json::Object(members) = schema else { return schema.clone() };
    let mut out = Map::new();
    for (name, value) in members {
        match name.as_str() {
            "$ref" => {
                let target = value.as_str().unwrap().rsplit('/').next().unwrap();
                let end = if whole { ".whole" } else { "" };
                out.insert("$ref".into(), json!(format!("line.json#/$defs/{target}{end}")));
            }
            "allOf" => {
                let parts = value.as_array().unwrap().iter().map(|part| translated(part, false)).collect();
                out.insert("allOf".into(), Json::Array(parts));
            }
            "properties" => {
                let properties = value.as_object().unwrap().iter();
                let properties = properties.map(|(name, inner)| (name.clone(), translated(inner, true))).collect();
                out.insert("properties".into(), Json::Object(properties));
            }
            "items" | "additionalProperties" => {
                out.insert(name.clone(), translated(value, true));
            }
            "discriminator" | "externalDocs" | "example" | "examples" | "description" | "nullable" | "default"
            | "deprecated" | "readOnly" => {}
            _ => {
                out.insert(name.clone(), value.clone());
            }
        }
    }
    if members.get("nullable") == Some(&json!(true)) {
        return json!({ "anyOf": [{ "type": "null" }, out] });
    }
    Json::Object(out)
}

/// Smallest and largest values that a schema of the webhook takes.
pub fn sample(contract: &Contract, schema: &Json, all: bool) -> Json {
    if let Some(target) = schema.get("$ref").and_then(Json::as_str) {
        let target = contract.schema(target.rsplit('/').next().unwrap());
        let Some(mapping) = target.get("discriminator").and_then(|d| d["mapping"].as_object()) else {
            return sample(contract, target, all);
        };
        let (kind, first) = mapping.iter().next().unwrap();
        return of_kind(contract, kind, first, all);
    }
    if let Some(parts) = schema.get("allOf").and_then(Json::as_array) {
        let mut whole = Map::new();
        for part in parts {
            // What it is built on is taken as it stands, without a choice of kind.
            let name = part.get("$ref").and_then(Json::as_str).map(|r| r.rsplit('/').next().unwrap());
            let part = name.map_or(part, |name| contract.schema(name));
            whole.extend(sample(contract, part, all).as_object().cloned().unwrap_or_default());
        }
        return Json::Object(whole);
    }
    if let Some(choices) = schema.get("enum").and_then(Json::as_array) {
        return choices[0].clone();
    }
    match schema.get("type").and_then(Json::as_str) {
        Some("object") | None => {
            let required: Vec<&str> =
                schema["required"].as_array().map_or(vec![], |names| names.iter().filter_map(Json::as_str).collect());
            let properties = schema["properties"].as_object().cloned().unwrap_or_default();
            let wanted = properties.iter().filter(|(name, _)| all || required.contains(&name.as_str()));
            Json::Object(wanted.map(|(name, inner)| (name.clone(), sample(contract, inner, all))).collect())
        }
        Some("array") if all => json!([sample(contract, &schema["items"], all)]),
        Some("array") => json!([]),
        Some("integer" | "number") => json!(1),
        Some("boolean") => json!(true),
        Some("string") => match (schema["pattern"].as_str(), schema["format"].as_str()) {
            (Some(_), _) => json!(format!("U{}", "a".repeat(32))),
            (_, Some("uri")) => json!("https://example.com/"),
            _ => json!("x"),
        },
        Some(other) => panic!("a schema of type {other}"),
    }
}

/// A value of one kind of a discriminated schema.
pub fn of_kind(contract: &Contract, kind: &str, target: &Json, all: bool) -> Json {
    let target = contract.schema(target.as_str().unwrap().rsplit('/').next().unwrap());
    let mut json = sample(contract, target, all);
    json["type"] = json!(kind);
    json
}

/// The judge itself: what LINE would refuse, it refuses.
#[test]
fn requests_that_line_would_refuse_are_refused() {
    let contract = Contract::messaging();
    let good = Request {
        method: "POST".into(),
        path: "/v2/bot/message/push".into(),
        query: vec![],
        headers: vec![
            ("content-type".into(), "application/json".into()),
            ("x-line-retry-key".into(), "0cc175b9-c0f1-8aaa-831c-399e26977266".into()),
        ],
        body: vec![],
    };
    let flex = json!({ "type": "flex", "altText": "a", "contents": { "type": "bubble", "body": { "type": "box",
        "layout": "vertical", "contents": [{ "type": "text", "text": "x" }] } } });
    let body = json!({ "to": "U1", "messages": [{ "type": "text", "text": "x" }, flex] });
    let with = |body: &Json| Request { body: serde_json::to_vec(body).unwrap(), ..good.clone() };
    assert_eq!(contract.broken_by(&with(&body)).0, Vec::<String>::new());
    let changed = |pointer: &str, value: Json| {
        let mut body = body.clone();
        *body.pointer_mut(pointer).unwrap() = value;
        with(&body)
    };
    let mut longer = body.clone();
    longer["customAggregationUnits"] = json!(["a", "b"]);
    let mut strange = body.clone();
    strange["customAggregationUnits"] = json!(["cart-nudge"]);
    let mut unknown = body.clone();
    unknown["notify"] = json!(true);
    let headers = |name: &str, text: &str| {
        let headers = vec![("content-type".into(), "application/json".into()), (name.into(), text.into())];
        Request { headers, ..with(&body) }
    };
    for wrong in [
        changed("/to", json!(7)),
        changed("/to", json!(["U1"])),
        changed("/messages", json!([])),
        changed("/messages/0", json!({ "type": "text" })),
        changed("/messages/0/type", json!("words")),
        changed("/messages/0", json!({ "type": "text", "text": "x", "colour": "red" })),
        changed("/messages/1/contents/type", json!("bubbles")),
        changed("/messages/1/contents/body/layout", json!("diagonal")),
        changed("/messages/1/contents/body/contents/0", json!({ "type": "text", "text": "x", "colour": "red" })),
        with(&longer),
        with(&strange),
        with(&unknown),
        headers("x-line-retry-key", "no uuid"),
        headers("x-line-delivery-tag", "0123456789abcdef"),
        Request { headers: vec![], ..with(&body) },
        Request { method: "GET".into(), ..with(&body) },
        Request { path: "/v2/bot/message/shove".into(), ..with(&body) },
        Request { query: vec![("dry".into(), "1".into())], ..with(&body) },
        good.clone(),
    ] {
        assert!(!contract.broken_by(&wrong).0.is_empty(), "{wrong:?}");
    }
    let by_phone = Request { path: "/bot/pnp/push".into(), ..with(&body) };
    assert!(!contract.broken_by(&by_phone).0.is_empty(), "a retry key where none may be");
}
