//! Builds a small JSON value from its events.

use serde_json::{Map, Value};
use usage_core::decode::{JsonEvent, JsonNumber};

/// Builds a value from events.
#[derive(Debug, Default)]
pub(super) struct ValueBuilder {
    /// The enclosing containers, each with the name of its current member.
    levels: Vec<(Value, String)>,
}

impl ValueBuilder {
    /// Handles the next event. Returns the value when it is complete.
    pub(super) fn take(&mut self, event: JsonEvent<'_>) -> Option<Value> {
        let value = match event {
            JsonEvent::BeginObject => return self.begin(Value::Object(Map::new())),
            JsonEvent::BeginList => return self.begin(Value::Array(Vec::new())),
            JsonEvent::EndObject | JsonEvent::EndList => self.levels.pop()?.0,
            JsonEvent::Name(name) => {
                name.clone_into(&mut self.levels.last_mut()?.1);
                return None;
            }
            JsonEvent::Text(text) => text.into(),
            JsonEvent::Number(JsonNumber::Integer(integer)) => integer.into(),
            JsonEvent::Bool(value) => value.into(),
            JsonEvent::Null | JsonEvent::Number(_) => Value::Null,
        };
        match self.levels.last_mut() {
            None => return Some(value),
            Some((Value::Object(members), name)) => {
                members.insert(std::mem::take(name), value);
            }
            Some((Value::Array(items), _)) => items.push(value),
            Some(_) => {}
        }
        None
    }

    fn begin(&mut self, container: Value) -> Option<Value> {
        self.levels.push((container, String::new()));
        None
    }
}
