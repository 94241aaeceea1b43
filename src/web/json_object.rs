//! Writes a JSON object field by field. `serde_json` checks each byte of every name and string for characters to
//! escape. That check would be three quarters of the cost of writing a verdict (the response to a banner request).
//! Nearly all of these bytes are known to need no escape.

/// A JSON object that is being written. Callers pass each name with its quotes and colon, so that it is copied in one
/// piece. A comma is written after every field, and the end of the object replaces the last comma.
pub struct JsonObject {
    json: Vec<u8>,
}

impl JsonObject {
    /// Begins an object, and reserves memory for this many bytes.
    pub fn with_room(bytes: usize) -> Self {
        let mut json = Vec::with_capacity(bytes);
        json.push(b'{');
        Self { json }
    }

    /// Adds a field whose value is already JSON.
    #[inline(always)]
    pub fn json(&mut self, name: &'static str, value: &str) {
        self.json.extend_from_slice(name.as_bytes());
        self.json.extend_from_slice(value.as_bytes());
        self.json.push(b',');
    }

    /// Adds a string, with escapes where it needs them.
    #[inline]
    pub fn text(&mut self, name: &'static str, text: &str) {
        let needs_escape = |byte| matches!(byte, b'"' | b'\\' | 0..=0x1f);
        // Checking the whole string is faster than stopping at the first match.
        if text.bytes().fold(false, |found, byte| found | needs_escape(byte)) {
            return self.json(name, &serde_json::Value::from(text).to_string());
        }
        self.label(name, text);
    }

    /// Adds a string that is known to need no escape.
    #[inline(always)]
    pub fn label(&mut self, name: &'static str, label: &str) {
        self.json.extend_from_slice(name.as_bytes());
        self.json.push(b'"');
        self.json.extend_from_slice(label.as_bytes());
        self.json.extend_from_slice(b"\",");
    }

    /// Adds `true` or `false`.
    pub fn bool(&mut self, name: &'static str, value: bool) {
        self.json(name, if value { "true" } else { "false" });
    }

    /// Adds an object, whose fields `fill` adds.
    pub fn object(&mut self, name: &'static str, fill: impl FnOnce(&mut Self)) {
        self.json.extend_from_slice(name.as_bytes());
        self.json.push(b'{');
        fill(self);
        self.close();
        self.json.push(b',');
    }

    /// Ends the object, and returns its JSON.
    pub fn end(mut self) -> Vec<u8> {
        self.close();
        self.json
    }

    fn close(&mut self) {
        match self.json.last_mut() {
            Some(last) if *last == b',' => *last = b'}',
            _ => self.json.push(b'}'),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::JsonObject;

    #[test]
    fn written_json_parses_to_the_same_values() {
        let texts = ["", "plain", "\"", "\\", "a\nb", "\u{1f}", " ", "\u{7f}", "é€😀", "a\"b\\c"];
        for text in texts {
            let mut object = JsonObject::with_room(0);
            object.object(r#""none":"#, |_| ());
            object.text(r#""text":"#, text);
            object.object(r#""inner":"#, |inner| {
                inner.bool(r#""yes":"#, true);
                inner.object(r#""deeper":"#, |deeper| deeper.text(r#""text":"#, text));
                inner.bool(r#""no":"#, false);
            });
            object.json(r#""list":"#, "[1,{}]");
            let read: Value = serde_json::from_slice(&object.end()).unwrap();
            let inner = json!({"yes": true, "deeper": {"text": text}, "no": false});
            assert_eq!(read, json!({"none": {}, "text": text, "inner": inner, "list": [1, {}]}));
        }
        assert_eq!(JsonObject::with_room(0).end(), b"{}");
    }
}
