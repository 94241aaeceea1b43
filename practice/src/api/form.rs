//! Reads Stripe's form encoding, whose names have brackets: `line_items[0][price_data][currency]`.

use serde_json::{Map, Value, json};

use crate::Refused;

/// The parameters of a call: each name with its value, as the server received them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Params(Vec<(String, String)>);

impl Params {
    /// Parses a form body or a query.
    pub(crate) fn parse(encoded: &[u8]) -> Self {
        Self(form_urlencoded::parse(encoded).into_owned().collect())
    }

    /// Returns a text that is the same for two calls with the same parameters, in any order.
    pub(crate) fn fingerprint(&self) -> String {
        let mut pairs: Vec<String> = self.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.sort();
        pairs.join("&")
    }

    /// Rejects the first name that matches no pattern. In a pattern, `[*]` matches one bracket with any content.
    /// `expand[…]` is always allowed.
    pub(crate) fn allow_only(&self, patterns: &[&str]) -> Result<(), Refused> {
        for (name, _) in &self.0 {
            let path = path_of(name);
            if path[0] != "expand" && !patterns.iter().any(|pattern| matches_pattern(&path, pattern)) {
                let sentence = format!("Received unknown parameter: {name}");
                return Err(Refused::param("parameter_unknown", name, sentence));
            }
        }
        Ok(())
    }

    /// The value of the parameter with this exact name, if it is present and not empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(own, _)| own == name)
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// Whether a parameter with this exact name is present. An empty value counts too: at Stripe, it unsets the
    /// field.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(own, _)| own == name)
    }

    /// The value of the parameter with this exact name, or an error if it is missing.
    pub(crate) fn require(&self, name: &str) -> Result<&str, Refused> {
        self.get(name).ok_or_else(|| {
            Refused::param("parameter_missing", name, format!("Missing required param: {name}."))
        })
    }

    /// The value of a parameter as a whole number, if it is present.
    pub(crate) fn integer(&self, name: &str) -> Result<Option<i64>, Refused> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        let wrong = || Refused::param("parameter_invalid_integer", name, format!("Invalid integer: {text}"));
        text.parse().map(Some).map_err(|_| wrong())
    }

    /// The value of a parameter, if it is present. It must be one of `labels`.
    pub(crate) fn label(&self, name: &str, labels: &[&str]) -> Result<Option<&str>, Refused> {
        match self.get(name) {
            Some(label) if !labels.contains(&label) => {
                let sentence = format!("Invalid {name}: must be one of {}", labels.join(", "));
                Err(Refused { param: Some(name.to_owned()), ..Refused::invalid(None, sentence) })
            }
            label => Ok(label),
        }
    }

    /// The value of a parameter as a JSON string, or null if it is missing or empty.
    pub(crate) fn or_null(&self, name: &str) -> Value {
        self.get(name).map_or(Value::Null, |text| json!(text))
    }

    /// All parameters of the form `name[…]`, such as `metadata[a]`, `expand[]` or `types[0]`. For each, returns the
    /// content of the brackets and the value.
    pub(crate) fn nested(&self, name: &str) -> Vec<(&str, &str)> {
        let content_start = |own: &'_ str| -> Option<usize> {
            let rest = own.strip_prefix(name)?;
            (rest.starts_with('[') && rest.ends_with(']')).then_some(name.len() + 1)
        };
        self.0
            .iter()
            .filter_map(|(own, value)| {
                content_start(own).map(|start| (&own[start..own.len() - 1], value.as_str()))
            })
            .collect()
    }

    /// Reads a map of strings, such as `metadata`. Rejects a map that exceeds Stripe's limits.
    pub(crate) fn metadata(&self, name: &str) -> Result<Value, Refused> {
        let pairs = self.nested(name);
        if pairs.len() > 50 {
            let sentence = "Metadata can have at most 50 keys.";
            return Err(Refused { param: Some(name.to_owned()), ..Refused::invalid(None, sentence) });
        }
        for (key, value) in &pairs {
            if key.chars().count() > 40 || value.chars().count() > 500 {
                let sentence =
                    format!("Metadata keys have at most 40 characters and values at most 500: {name}[{key}]");
                return Err(Refused {
                    param: Some(format!("{name}[{key}]")),
                    ..Refused::invalid(None, sentence)
                });
            }
        }
        let kept = pairs.into_iter().filter(|(_, value)| !value.is_empty());
        Ok(Value::Object(kept.map(|(key, value)| (key.to_owned(), json!(value))).collect::<Map<_, _>>()))
    }
}

/// Splits a name: `a[b][c]` becomes `a`, `b` and `c`.
fn path_of(name: &str) -> Vec<&str> {
    name.split('[').map(|part| part.strip_suffix(']').unwrap_or(part)).collect()
}

fn matches_pattern(path: &[&str], pattern: &str) -> bool {
    let pattern = path_of(pattern);
    path.len() == pattern.len()
        && path.iter().zip(pattern).all(|(own, wanted)| wanted == "*" || *own == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_may_be_percent_encoded_and_the_order_does_not_matter() {
        let one = Params::parse(b"mode=payment&metadata%5Ba%5D=1&metadata%5Bb%5D=x+y");
        let two = Params::parse(b"metadata[b]=x%20y&mode=payment&metadata[a]=1");
        assert_eq!(one.fingerprint(), two.fingerprint());
        assert_eq!(one.metadata("metadata").unwrap(), json!({ "a": "1", "b": "x y" }));
    }

    #[test]
    fn the_error_contains_the_unknown_parameter() {
        let params = Params::parse(b"metadata[a]=1&line_items[0][price_data][colour]=red&expand[]=customer");
        let refused = params.allow_only(&["metadata[*]", "line_items[*][price_data][currency]"]).unwrap_err();
        assert_eq!(refused.param.as_deref(), Some("line_items[0][price_data][colour]"));
        assert_eq!(refused.code, Some("parameter_unknown"));
    }

    #[test]
    fn metadata_that_exceeds_stripes_limits_is_rejected() {
        let too_long = format!("metadata[a]={}", "x".repeat(501));
        assert!(Params::parse(too_long.as_bytes()).metadata("metadata").is_err());
        let at_limit = format!("metadata[a]={}", "x".repeat(500));
        assert!(Params::parse(at_limit.as_bytes()).metadata("metadata").is_ok());
    }
}
