//! Answers held against the OpenAPI description that the service gives of itself.
//!
//! The rules of JSON Schema that the description uses, and no others: a word that is not known here
//! fails the check, so that nothing is passed over. Objects with listed fields are closed: the
//! description may grow, but only together with the answers.

use serde_json::{Map, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::Answer;

/// What a service says about itself.
#[derive(Clone, Debug)]
pub struct Description(Value);

/// Words of a schema that say something to people and nothing about a value.
const FOR_PEOPLE: &[&str] = &["description", "title", "example", "examples", "default"];

impl Description {
    /// Reads a description.
    pub const fn new(description: Value) -> Self {
        Self(description)
    }

    /// Whether the answer to this request is one that is described; what is wrong otherwise.
    pub fn check(&self, method: &str, path: &str, answer: &Answer) -> Result<(), String> {
        if answer.header("x-request-id").is_none() {
            return Err("there is no x-request-id".to_owned());
        }
        let bodiless = method == "HEAD";
        let method = if bodiless {
            "get"
        } else {
            &method.to_lowercase()
        };
        let Some(item) = self.item(path) else {
            return self.is_problem(answer, 404, bodiless);
        };
        let Some(operation) = item.get(method) else {
            return self.is_problem(answer, 405, bodiless);
        };
        let described = operation["responses"].get(answer.status.to_string());
        let described = described.ok_or("no such status is described")?;
        self.check_body(described, answer, bodiless)
    }

    /// The entry of a path; one without parameters is meant before one with.
    fn item(&self, path: &str) -> Option<&Map<String, Value>> {
        let fits = |template: &str| {
            let (template, path) = (template.split('/'), path.split('/'));
            template.clone().count() == path.clone().count()
                && template
                    .zip(path)
                    .all(|(part, word)| part == word || part.starts_with('{') && !word.is_empty())
        };
        let paths = self.0["paths"].as_object()?;
        let mut fitting = paths.iter().filter(|(template, _)| fits(template));
        let (_, item) = fitting
            .clone()
            .find(|(t, _)| *t == path)
            .or_else(|| fitting.next())?;
        item.as_object()
    }

    /// Where nothing is described, there is a problem.
    fn is_problem(&self, answer: &Answer, status: u16, bodiless: bool) -> Result<(), String> {
        if answer.status != status {
            return Err(format!("not described, so it should be {status}"));
        }
        if bodiless {
            return Ok(());
        }
        self.fits(
            &self.0["components"]["schemas"]["Problem"],
            &answer.json(),
            false,
        )
    }

    fn check_body(&self, described: &Value, answer: &Answer, bodiless: bool) -> Result<(), String> {
        let Some(content) = described["content"].as_object() else {
            return match answer.text.as_str() {
                "" => Ok(()),
                _ => Err("a body, where none is described".to_owned()),
            };
        };
        let kind = answer.header("content-type").unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default();
        let described = content.get(kind).or_else(|| content.get("*/*"));
        let described = described.ok_or_else(|| format!("no content {kind:?} is described"))?;
        if bodiless || !kind.ends_with("json") {
            return Ok(());
        }
        let body = serde_json::from_str(&answer.text).map_err(|error| error.to_string())?;
        self.fits(&described["schema"], &body, false)
    }

    /// Whether a value is what the schema describes. `part` is a schema of which another one lists
    /// the fields.
    fn fits(&self, schema: &Value, value: &Value, part: bool) -> Result<(), String> {
        let words = schema.as_object().ok_or("no schema")?;
        for (word, rule) in words {
            match word.as_str() {
                "$ref" => self.fits(self.named(rule)?, value, false)?,
                "type" => has_type(rule, value)?,
                "enum" => {
                    let listed = rule.as_array().is_some_and(|list| list.contains(value));
                    listed
                        .then_some(())
                        .ok_or_else(|| format!("{value} is not in {rule}"))?;
                }
                "format" => has_format(rule, value)?,
                "properties" => self.has_fields(words, value, part)?,
                "required" => {
                    let names = rule.as_array().into_iter().flatten();
                    let mut missing =
                        names.filter(|name| value.get(name.as_str().unwrap_or_default()).is_none());
                    missing
                        .next()
                        .map_or(Ok(()), |name| Err(format!("{name} is missing")))?;
                }
                "additionalProperties" if !words.contains_key("properties") => {
                    for (name, value) in value.as_object().into_iter().flatten() {
                        self.fits(rule, value, false)
                            .map_err(|why| format!("{name}: {why}"))?;
                    }
                }
                "additionalProperties" | "propertyNames" => {}
                "items" => {
                    for (at, value) in value.as_array().into_iter().flatten().enumerate() {
                        self.fits(rule, value, false)
                            .map_err(|why| format!("{at}: {why}"))?;
                    }
                }
                "allOf" => {
                    for schema in rule.as_array().into_iter().flatten() {
                        self.fits(schema, value, true)?;
                    }
                }
                "oneOf" => {
                    let all = rule.as_array().into_iter().flatten();
                    let fitting = all.filter(|schema| self.fits(schema, value, false).is_ok());
                    match fitting.count() {
                        1 => {}
                        n => return Err(format!("{n} of several schemas fit {value}")),
                    }
                }
                "minimum" => {
                    let least = rule.as_i64().ok_or("not a whole minimum")?;
                    let enough = value.as_i64().is_none_or(|number| number >= least);
                    enough
                        .then_some(())
                        .ok_or_else(|| format!("{value} is below {least}"))?;
                }
                "maxItems" => {
                    let most = rule.as_u64().and_then(|most| usize::try_from(most).ok());
                    let few = value.as_array().map(Vec::len) <= most;
                    few.then_some(())
                        .ok_or_else(|| format!("more than {rule}"))?;
                }
                word if FOR_PEOPLE.contains(&word) => {}
                word => return Err(format!("the check does not know {word:?}")),
            }
        }
        Ok(())
    }

    fn named(&self, reference: &Value) -> Result<&Value, String> {
        let pointer = reference.as_str().and_then(|text| text.strip_prefix('#'));
        let schema = pointer.and_then(|pointer| self.0.pointer(pointer));
        schema.ok_or_else(|| format!("{reference} leads nowhere"))
    }

    fn has_fields(
        &self,
        schema: &Map<String, Value>,
        value: &Value,
        part: bool,
    ) -> Result<(), String> {
        let fields = schema.get("properties").and_then(Value::as_object);
        for (name, value) in value.as_object().into_iter().flatten() {
            match fields.and_then(|fields| fields.get(name)) {
                Some(schema) => self
                    .fits(schema, value, false)
                    .map_err(|why| format!("{name}: {why}"))?,
                None if part => {}
                None => return Err(format!("{name} is not described")),
            }
        }
        Ok(())
    }
}

fn has_type(rule: &Value, value: &Value) -> Result<(), String> {
    let is = |name: &Value| match name.as_str() {
        Some("string") => value.is_string(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("boolean") => value.is_boolean(),
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("null") => value.is_null(),
        _ => false,
    };
    let fits = rule
        .as_array()
        .map_or_else(|| is(rule), |names| names.iter().any(is));
    fits.then_some(())
        .ok_or_else(|| format!("{value} is no {rule}"))
}

fn has_format(rule: &Value, value: &Value) -> Result<(), String> {
    let fits = match (rule.as_str(), value) {
        (_, Value::Null) => true,
        (Some("date-time"), Value::String(text)) => {
            // In UTC, says the contract.
            text.ends_with('Z') && OffsetDateTime::parse(text, &Rfc3339).is_ok()
        }
        (Some("int32"), value) => value.as_i64().is_some_and(|n| i32::try_from(n).is_ok()),
        (Some("int64"), value) => value.is_i64(),
        _ => return Err(format!("the check does not know the format {rule}")),
    };
    fits.then_some(())
        .ok_or_else(|| format!("{value} is no {rule}"))
}
