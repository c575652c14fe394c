//! What `k8s status --output-format json` says. What is false or empty is left out of it.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::calling::Said;
use crate::snap::Missing;

/// Sentences of failures, and what to try.
const SENTENCES: [(&str, &str); 3] = [
    ("do not have enough permissions", "run as root"),
    (
        "not part of a Kubernetes cluster",
        "k8s bootstrap, or k8s join-cluster",
    ),
    (
        "k8sd",
        "look at the services of the snap: snap services k8s",
    ),
];
/// Health words of a cluster that can be used. One that is degraded says so in the facts.
const USABLE: [&str; 2] = ["ready", "degraded"];

/// Facts of a cluster that is ready.
pub(super) fn read(said: &Said) -> Result<BTreeMap<String, String>, Missing> {
    let status: Option<Value> = serde_json::from_str(&said.stdout).ok();
    let Some(status) = status.filter(|status| said.is_success() && status.is_object()) else {
        return Err(refused(said));
    };
    let health = status["status"].as_str();
    let is_usable = health.is_none_or(|word| USABLE.contains(&word));
    if status["ready"] != Value::Bool(true) || !is_usable {
        let word = health.unwrap_or("not told");
        let features = features(&status);
        return Err(Missing::new(
            format!(
                "Canonical Kubernetes is installed and its cluster is not ready: its status is \
                 {word}; {features}"
            ),
            "k8s status --wait-ready; k8s inspect",
        ));
    }
    Ok(facts(&status, health))
}

fn refused(said: &Said) -> Missing {
    let words = said.words();
    let known = SENTENCES
        .iter()
        .find(|(sentence, _)| words.contains(sentence));
    let (what, remedy) = match known {
        Some((_, remedy)) => ("not to be used", *remedy),
        None => ("its status is not understood", "k8s inspect"),
    };
    Missing::new(
        format!("Canonical Kubernetes is installed, {what}: {words}"),
        remedy,
    )
}

/// What its features say of themselves.
fn features(status: &Value) -> String {
    let all = status.as_object().into_iter().flatten();
    let words: Vec<String> = all
        .filter_map(|(name, feature)| {
            let message = feature["message"]
                .as_str()
                .filter(|words| !words.is_empty())?;
            Some(format!("{name}: {message}"))
        })
        .collect();
    if words.is_empty() {
        return "no feature says anything".to_owned();
    }
    words.join(", ")
}

fn facts(status: &Value, health: Option<&str>) -> BTreeMap<String, String> {
    let mut facts = BTreeMap::new();
    let mut tell = |key: &str, value: Option<&str>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            facts.insert(key.to_owned(), value.to_owned());
        }
    };
    tell("canonical-k8s.status", health);
    tell(
        "canonical-k8s.datastore",
        status["datastore"]["type"].as_str(),
    );
    let network = &status["network"];
    if network["enabled"] == Value::Bool(true) {
        let words = ["component", "version", "message"].map(|key| network[key].as_str());
        let words: Vec<&str> = words
            .into_iter()
            .flatten()
            .filter(|word| !word.is_empty())
            .collect();
        tell("cni", Some(&words.join(" ")));
    }
    facts
}
