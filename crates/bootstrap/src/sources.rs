//! From a file and an environment to one tree of settings.

use std::path::Path;

use config::{Config, Environment, File, FileFormat};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{Environment as SettingsEnvironment, SettingsError};

/// Begins every environment setting: `PAYDESK__SECTION__KEY`.
pub(crate) const PREFIX: &str = "PAYDESK__";
/// Begins every switch of a test build.
pub(crate) const TEST_PREFIX: &str = "PAYDESK_TEST__";
/// A setting so ended names a file that holds the value.
const FILE_SUFFIX: &str = "_file";
/// No secret is longer; a larger file is a mistake.
const LARGEST_FILE: u64 = 64 * 1024;

/// Where settings come from.
pub(crate) enum Source<'a> {
    File(&'a Path),
    Text(&'a str),
    Nothing,
}

/// The merged tree: the environment over the file, and `…_file` replaced by what the file holds.
///
/// A plain tree and not `Config` itself, which would round 9.9 to 10 where a whole number is wanted.
pub(crate) fn read(
    source: &Source<'_>,
    environment: SettingsEnvironment,
) -> Result<Value, SettingsError> {
    let environment = ours(environment)?;
    let mut builder = Config::builder();
    match source {
        Source::File(path) => {
            let text = std::fs::read_to_string(path).map_err(|error| {
                SettingsError::new("--config", format!("{}: {error}", path.display()))
            })?;
            builder = builder.add_source(File::from_str(&text, FileFormat::Toml));
        }
        Source::Text(text) => builder = builder.add_source(File::from_str(text, FileFormat::Toml)),
        Source::Nothing => {}
    }
    let environment = Environment::with_prefix("PAYDESK")
        .prefix_separator("__")
        .separator("__")
        // Everything stays text; the fields that want numbers read them. A key of digits is no number.
        .try_parsing(false)
        .source(Some(environment));
    let unreadable = |error: config::ConfigError| {
        SettingsError::new("(file)", without_source(&error.to_string()))
    };
    let merged = builder
        .add_source(environment)
        .build()
        .map_err(unreadable)?;
    let mut tree: Value = merged.try_deserialize().map_err(unreadable)?;
    if let Value::Object(root) = &mut tree {
        read_files(root, "")?;
    }
    Ok(tree)
}

/// Keeps what is meant for us, and refuses what looks like it but is misspelt.
fn ours(environment: SettingsEnvironment) -> Result<SettingsEnvironment, SettingsError> {
    let mut kept = SettingsEnvironment::new();
    for (key, value) in environment {
        if key.starts_with(PREFIX) {
            kept.insert(key, value);
        } else if key.starts_with("PAYDESK_") && !key.starts_with(TEST_PREFIX) {
            let problem = "unknown setting; environment settings are PAYDESK__SECTION__KEY";
            return Err(SettingsError::new(key, problem));
        }
    }
    Ok(kept)
}

fn read_files(tree: &mut Map<String, Value>, path: &str) -> Result<(), SettingsError> {
    let keys: Vec<String> = tree.keys().cloned().collect();
    for key in keys {
        let name = if path.is_empty() {
            key.clone()
        } else {
            format!("{path}.{key}")
        };
        if let Some(Value::Object(section)) = tree.get_mut(&key) {
            read_files(section, &name)?;
            continue;
        }
        let Some(plain) = key.strip_suffix(FILE_SUFFIX) else {
            continue;
        };
        let Some(Value::String(file)) = tree.remove(&key) else {
            return Err(SettingsError::new(name, "names a file, so it is a text"));
        };
        if tree.contains_key(plain) {
            let problem = format!("contradicts {plain}: give one of the two");
            return Err(SettingsError::new(name, problem));
        }
        let text = read_secret(Path::new(&file))
            .map_err(|problem| SettingsError::new(&name, format!("{file}: {problem}")))?;
        tree.insert(plain.to_owned(), Value::String(text));
    }
    Ok(())
}

fn read_secret(path: &Path) -> Result<String, String> {
    let size = std::fs::metadata(path)
        .map_err(|error| error.to_string())?
        .len();
    if size > LARGEST_FILE {
        return Err(format!("larger than {LARGEST_FILE} bytes"));
    }
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    // Editors and `echo` end a file with a line feed that is not part of the secret.
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

/// What a parser says about a text, without the lines of the text that it quotes: they may hold
/// secrets. It draws those with a bar at the left.
pub(crate) fn without_source(complaint: &str) -> String {
    let words = complaint.lines().filter(|line| !line.contains('|'));
    one_line(&words.collect::<Vec<_>>().join(" "))
}

/// An error of the parser in one line, as the rule for start errors wants it.
pub(crate) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A number or a boolean, as a file writes it or, from the environment, as text.
pub(crate) fn plain<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: serde::de::DeserializeOwned,
{
    let value = match Value::deserialize(deserializer)? {
        Value::String(text) => serde_json::from_str(&text).unwrap_or(Value::String(text)),
        value => value,
    };
    T::deserialize(value).map_err(serde::de::Error::custom)
}

/// A list, as a file writes it or, from the environment, as text with commas.
pub(crate) fn list<'de, D>(deserializer: D) -> Result<Vec<String>, D::Error>
where
    D: serde::Deserializer<'de>,
{
    match Value::deserialize(deserializer)? {
        Value::String(text) => {
            let words = text
                .split(',')
                .map(str::trim)
                .filter(|word| !word.is_empty());
            Ok(words.map(str::to_owned).collect())
        }
        value => Vec::deserialize(value).map_err(serde::de::Error::custom),
    }
}
