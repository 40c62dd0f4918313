//! The words users see, in Danish and English, from Fluent files.
//!
//! Labels are plain texts: no placeables, so a label can never show a fact. Deliberately absent: which labels are needed
//! ([`crate::contract`] asks and reports what is missing).

use fluent_syntax::ast::{Entry, InlineExpression, Pattern, PatternElement};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One text in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Label {
    /// Danish.
    pub da: String,
    /// English.
    pub en: String,
}

/// A language of the pages and the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, strum::EnumString)]
#[strum(serialize_all = "snake_case")]
pub enum Language {
    /// Danish.
    #[default]
    Da,
    /// English.
    En,
}

impl Label {
    /// The text in a language.
    #[must_use]
    pub fn text(&self, language: Language) -> &str {
        match language {
            Language::Da => &self.da,
            Language::En => &self.en,
        }
    }
}

/// A Fluent file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LabelError {
    /// Not Fluent.
    #[error("a label file is not valid Fluent near byte {0}")]
    Syntax(usize),
    /// Placeables are not for labels.
    #[error("label {0} has a placeable or an attribute other than text")]
    NotPlain(String),
    /// Only in one language.
    #[error("label {0} stands in one language only")]
    OneLanguage(String),
}

/// All labels of a service, the kit's own among them.
#[derive(Debug, Clone, Default)]
pub struct Labels(BTreeMap<String, Label>);

impl Labels {
    /// Reads both languages of a service and adds the kit's own.
    pub fn parse(da: &str, en: &str) -> Result<Self, LabelError> {
        let mut labels = pair(include_str!("../labels/da.ftl"), include_str!("../labels/en.ftl"))?;
        labels.extend(pair(da, en)?);
        Ok(Self(labels))
    }

    /// The label of an id; for an attribute `id.attribute`.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Label> {
        self.0.get(id)
    }
}

fn pair(da: &str, en: &str) -> Result<BTreeMap<String, Label>, LabelError> {
    let (danish, mut english) = (texts(da)?, texts(en)?);
    let mut labels = BTreeMap::new();
    for (id, da) in danish {
        let en = english.remove(&id).ok_or_else(|| LabelError::OneLanguage(id.clone()))?;
        labels.insert(id, Label { da, en });
    }
    match english.into_keys().next() {
        Some(id) => Err(LabelError::OneLanguage(id)),
        None => Ok(labels),
    }
}

fn texts(source: &str) -> Result<BTreeMap<String, String>, LabelError> {
    let resource = fluent_syntax::parser::parse(source)
        .map_err(|(_, errors)| LabelError::Syntax(errors.first().map_or(0, |error| error.pos.start)))?;
    let mut texts = BTreeMap::new();
    for entry in resource.body {
        let Entry::Message(message) = entry else { continue };
        let id = message.id.name.to_owned();
        for attribute in &message.attributes {
            let id = format!("{id}.{}", attribute.id.name);
            texts.insert(id.clone(), plain(&attribute.value).ok_or(LabelError::NotPlain(id))?);
        }
        if let Some(value) = &message.value {
            texts.insert(id.clone(), plain(value).ok_or(LabelError::NotPlain(id))?);
        }
    }
    Ok(texts)
}

fn plain(pattern: &Pattern<&str>) -> Option<String> {
    pattern
        .elements
        .iter()
        .map(|element| match element {
            PatternElement::TextElement { value }
            | PatternElement::Placeable {
                expression: fluent_syntax::ast::Expression::Inline(InlineExpression::StringLiteral { value }),
            } => Some(*value),
            PatternElement::Placeable { .. } => None,
        })
        .collect()
}
