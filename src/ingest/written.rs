//! A mapping as its YAML writes it, before anything in it is judged.
//!
//! Knows keys and shapes only; `mapping.rs` gives them a meaning.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_yaml::Value as Yaml;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileYaml {
    #[serde(default)]
    pub delimiter: Option<String>,
    #[serde(default)]
    pub zone: Option<String>,
    #[serde(default, rename = "whole numbers")]
    pub whole: Vec<String>,
    pub events: Vec<RuleYaml>,
    #[serde(default)]
    pub profile: BTreeMap<String, Yaml>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleYaml {
    pub event: Yaml,
    #[serde(default)]
    pub person: Option<Yaml>,
    #[serde(default)]
    pub id: Option<Yaml>,
    pub time: Yaml,
    #[serde(default, rename = "where")]
    pub conditions: Vec<String>,
    #[serde(default, rename = "group by")]
    pub group_by: Option<String>,
    #[serde(default)]
    pub fields: BTreeMap<String, Yaml>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NameYaml {
    pub column: String,
    pub map: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeYaml {
    pub column: String,
    pub format: String,
    #[serde(default)]
    pub zone: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceYaml {
    #[serde(default)]
    pub is: Option<Yaml>,
    #[serde(default)]
    pub column: Option<String>,
    #[serde(default)]
    pub product: Option<String>,
    #[serde(default)]
    pub sum: Option<String>,
    #[serde(default)]
    pub times: Option<Yaml>,
    #[serde(default)]
    pub round: Option<String>,
    #[serde(default)]
    pub rows: Option<BTreeMap<String, Yaml>>,
}
