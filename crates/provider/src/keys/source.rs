use std::fs::File;
use std::io::Read;
use std::path::Path;

use zeroize::Zeroizing;

use super::KeyError;

/// No key is longer; a path that names something else must not be read to its end.
const LONGEST: usize = 64 * 1024;

/// The text of a key file. It is erased when dropped.
///
/// # Errors
/// [`KeyError::Unreadable`] names the path and never what it holds.
pub fn from_file(path: impl AsRef<Path>) -> Result<Zeroizing<String>, KeyError> {
    let path = path.as_ref();
    let unreadable = |cause: String| KeyError::Unreadable {
        place: path.display().to_string(),
        cause,
    };
    // The room is reserved at once, so that growing leaves no copy behind.
    let mut text = Zeroizing::new(String::with_capacity(LONGEST + 1));
    File::open(path)
        .and_then(|file| file.take(LONGEST as u64 + 1).read_to_string(&mut text))
        .map_err(|error| unreadable(error.to_string()))?;
    if text.len() > LONGEST {
        return Err(unreadable(format!("it is longer than {LONGEST} bytes")));
    }
    Ok(text)
}

/// The text of an environment variable. Our copy is erased when dropped; the environment keeps its
/// own for as long as the process lives.
///
/// # Errors
/// [`KeyError::Unreadable`] names the variable and never what it holds.
#[expect(
    clippy::disallowed_methods,
    reason = "the caller names the variable; nothing is read unasked"
)]
pub fn from_env(name: &str) -> Result<Zeroizing<String>, KeyError> {
    use std::env::VarError;

    std::env::var(name)
        .map(Zeroizing::new)
        .map_err(|error| KeyError::Unreadable {
            place: format!("environment variable {name}"),
            cause: match error {
                VarError::NotPresent => "it is not set".to_owned(),
                VarError::NotUnicode(_) => "it is no text".to_owned(),
            },
        })
}
