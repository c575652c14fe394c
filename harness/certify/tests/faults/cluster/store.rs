//! What an API server keeps: objects with resource versions, and every change for the watches.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::answer;

/// One change of one object.
#[derive(Debug, Clone)]
pub(super) struct Change {
    pub(super) version: u64,
    pub(super) kind: &'static str,
    pub(super) namespace: String,
    /// `ADDED`, `MODIFIED`, `DELETED`.
    pub(super) how: &'static str,
    pub(super) object: Value,
}

type Key = (&'static str, String, String);

pub(super) struct Store {
    version: u64,
    objects: BTreeMap<Key, Value>,
    pub(super) changes: Vec<Change>,
    /// Changes up to this version are forgotten.
    pub(super) compacted: u64,
}

impl Store {
    pub(super) fn new() -> Self {
        Self {
            // Versions are not counted from 1 anywhere.
            version: 1000,
            objects: BTreeMap::new(),
            changes: Vec::new(),
            compacted: 0,
        }
    }

    pub(super) const fn version(&self) -> u64 {
        self.version
    }

    /// Writes an object; what the server fills in is filled in.
    pub(super) fn put(&mut self, kind: &'static str, namespace: &str, mut object: Value) -> Value {
        let name = name(&object);
        let key = (kind, namespace.to_owned(), name);
        let how = if self.objects.contains_key(&key) {
            "MODIFIED"
        } else {
            "ADDED"
        };
        self.version += 1;
        let metadata = &mut object["metadata"];
        metadata["resourceVersion"] = json!(self.version.to_string());
        if metadata["uid"].is_null() {
            metadata["uid"] = json!(format!("00000000-0000-4000-8000-{:012}", self.version));
            metadata["creationTimestamp"] = json!(answer::now());
        }
        self.note(kind, namespace, how, &object);
        self.objects.insert(key, object.clone());
        object
    }

    /// Changes an object that is there.
    pub(super) fn update(
        &mut self,
        kind: &'static str,
        namespace: &str,
        name: &str,
        change: impl FnOnce(&mut Value),
    ) -> Option<Value> {
        let mut object = self.get(kind, namespace, name)?.clone();
        change(&mut object);
        Some(self.put(kind, namespace, object))
    }

    pub(super) fn remove(&mut self, kind: &'static str, namespace: &str, name: &str) {
        let key = (kind, namespace.to_owned(), name.to_owned());
        if let Some(mut object) = self.objects.remove(&key) {
            self.version += 1;
            object["metadata"]["resourceVersion"] = json!(self.version.to_string());
            self.note(kind, namespace, "DELETED", &object);
        }
    }

    pub(super) fn get(&self, kind: &'static str, namespace: &str, name: &str) -> Option<&Value> {
        let key = (kind, namespace.to_owned(), name.to_owned());
        self.objects.get(&key)
    }

    /// The objects of a kind in a namespace.
    pub(super) fn list(&self, kind: &'static str, namespace: &str) -> Vec<Value> {
        let of = |key: &Key| key.0 == kind && key.1 == namespace;
        let found = self.objects.iter().filter(|(key, _)| of(key));
        found.map(|(_, object)| object.clone()).collect()
    }

    /// `KIND/NAME` of everything of these kinds.
    pub(super) fn names(&self, kinds: &[&str]) -> Vec<String> {
        let of = self.objects.keys().filter(|key| kinds.contains(&key.0));
        of.map(|(kind, _, name)| format!("{kind}/{name}")).collect()
    }

    fn note(&mut self, kind: &'static str, namespace: &str, how: &'static str, object: &Value) {
        self.changes.push(Change {
            version: self.version,
            kind,
            namespace: namespace.to_owned(),
            how,
            object: object.clone(),
        });
    }
}

/// An object's name.
pub(super) fn name(object: &Value) -> String {
    object["metadata"]["name"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

/// Whether an object is selected: `a=b,c=d` over labels or fields, and a label's name alone.
pub(super) fn is_selected(object: &Value, labels: Option<&str>, fields: Option<&str>) -> bool {
    let parts = |text: Option<&str>| -> Vec<String> {
        let text = text.unwrap_or_default();
        let parts = text.split(',').filter(|part| !part.is_empty());
        parts.map(str::to_owned).collect()
    };
    let by_label = parts(labels).into_iter().all(|part| {
        let labels = &object["metadata"]["labels"];
        match part.split_once('=') {
            Some((key, value)) => labels[key] == value.trim_start_matches('='),
            None => !labels[part.as_str()].is_null(),
        }
    });
    by_label
        && parts(fields).into_iter().all(|part| {
            let (path, value) = part.split_once('=').unwrap_or((&part, ""));
            let pointer = format!("/{}", path.replace('.', "/"));
            object.pointer(&pointer).and_then(Value::as_str) == Some(value)
        })
}
