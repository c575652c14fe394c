//! Reading the YAML files people write: typed, unknown keys refused, the source line shown.

use serde::de::DeserializeOwned;

/// Reads `text` of the file `name`; the error is a rendered excerpt ready for a terminal.
pub fn read<T: DeserializeOwned>(name: &str, text: &str) -> Result<T, String> {
    serde_yaml::from_str(text).map_err(|error| {
        let rendered = error.to_string();
        if name.is_empty() {
            rendered
        } else {
            format!("in {name}: {rendered}")
        }
    })
}
