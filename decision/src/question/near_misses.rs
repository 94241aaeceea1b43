//! Finds unknown field names that look like a typo in a question (a request for a decision): `sensitve`, `signedIn`, or
//! `url` outside of `page`.
//!
//! Unknown fields are ignored, so that pages may send more than this version knows. Without a warning, a typo would go
//! unnoticed: a page marked `sensitve` would show appeals. The caller looks for typos only if the fast parser did not
//! accept the question.

use std::fmt;

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::{ArticleDay, ArticleWeek, Dismissed, History, Page, Question, Reader, View};

/// An object of the question: its path, its fields, and which of them are objects or lists of objects.
struct Shape {
    path: &'static str,
    fields: &'static [&'static str],
    /// Fields that the caller of this crate reads from the same object.
    caller_fields: &'static [&'static str],
    objects: &'static [(&'static str, &'static Shape)],
}

impl Shape {
    const fn of(path: &'static str, fields: &'static [&'static str]) -> Self {
        Self { path, fields, caller_fields: &[], objects: &[] }
    }

    fn has(&self, name: &str) -> bool {
        self.fields.contains(&name) || self.caller_fields.contains(&name)
    }
}

static QUESTION: Shape = Shape {
    caller_fields: &["supporter", "preview"],
    objects: &[("page", &PAGE), ("reader", &READER), ("history", &HISTORY)],
    ..Shape::of("", Question::FIELDS)
};
static PAGE: Shape = Shape::of("page", Page::FIELDS);
static READER: Shape = Shape::of("reader", Reader::FIELDS);
static HISTORY: Shape = Shape {
    objects: &[("views", &VIEW), ("dismissals", &DISMISSAL), ("articles", &WEEK), ("article_days", &DAY)],
    ..Shape::of("history", History::FIELDS)
};
static VIEW: Shape = Shape::of("history.views", View::FIELDS);
static DISMISSAL: Shape = Shape::of("history.dismissals", Dismissed::FIELDS);
static WEEK: Shape = Shape::of("history.articles", ArticleWeek::FIELDS);
static DAY: Shape = Shape::of("history.article_days", ArticleDay::FIELDS);

/// The maximum number of warnings. A few warnings are enough, and the response stays small.
const MAX_WARNINGS: usize = 5;

/// Contains a warning for each unknown field of a question that looks like a typo. Deserialize it from the question's
/// JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NearMisses(pub Vec<String>);

impl<'de> Deserialize<'de> for NearMisses {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut warnings = Vec::new();
        Search { shape: &QUESTION, warnings: &mut warnings }.deserialize(deserializer)?;
        Ok(Self(warnings))
    }
}

/// A search for unknown fields in one object or list of objects.
struct Search<'a> {
    shape: &'static Shape,
    warnings: &'a mut Vec<String>,
}

impl<'de> DeserializeSeed<'de> for Search<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// Searches objects and lists of objects. Other values have no field names and are ignored here. The question's parser
/// accepts or rejects them.
impl<'de> Visitor<'de> for Search<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a question")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            let object = self.shape.objects.iter().find(|(field, _)| *field == name);
            match object {
                Some((_, shape)) => map.next_value_seed(Search { shape, warnings: &mut *self.warnings })?,
                None => {
                    map.next_value::<IgnoredAny>()?;
                    add_warning(&name, self.shape, self.warnings);
                }
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed(Search { shape: self.shape, warnings: &mut *self.warnings })?.is_some() {
        }
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

/// Adds a warning if the name is unknown and looks like a typo of a known name, or is known in another object.
fn add_warning(name: &str, shape: &Shape, warnings: &mut Vec<String>) {
    if shape.has(name) || warnings.len() == MAX_WARNINGS {
        return;
    }
    let in_this_object = near_miss(name, shape.fields)
        .or_else(|| near_miss(name, shape.caller_fields))
        .map(|field| join_path(shape.path, field));
    let in_another_object = || {
        let other = [&QUESTION, &PAGE, &READER].into_iter().find(|other| other.has(name))?;
        Some(join_path(other.path, name))
    };
    if let Some(suggestion) = in_this_object.or_else(in_another_object) {
        let path = join_path(shape.path, name);
        let warning = format!("{path} is not known and was ignored; did you mean {suggestion}?");
        if !warnings.contains(&warning) {
            warnings.push(warning);
        }
    }
}

fn join_path(path: &str, field: &str) -> String {
    if path.is_empty() { field.to_owned() } else { format!("{path}.{field}") }
}

/// Returns the known name that the author of an unknown name probably meant.
pub fn near_miss<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    if name.len() > 2 * MAX_NAME_LEN {
        return None;
    }
    let name = normalized(name);
    let distance = |field: &str| distance(&name, &normalized(field));
    let nearest = known.iter().min_by_key(|field| distance(field))?;
    let max_distance = match nearest.len() {
        0..=2 => 0,
        3..=5 => 1,
        _ => 2,
    };
    (distance(nearest) <= max_distance).then_some(nearest)
}

/// The maximum length that is compared. Longer names are cut off, and names of more than twice this length are not
/// compared.
const MAX_NAME_LEN: usize = 24;

/// Returns the name's letters in lower case and its digits: `signedIn` and `signed-in` equal `signed_in`.
fn normalized(name: &str) -> Vec<u8> {
    let letters = name.bytes().filter(|byte| !matches!(byte, b'_' | b'-' | b'.' | b' '));
    letters.map(|byte| byte.to_ascii_lowercase()).take(MAX_NAME_LEN).collect()
}

/// Returns how many letters are added, omitted, replaced or swapped with a neighbour (optimal string alignment).
fn distance(one: &[u8], other: &[u8]) -> usize {
    let mut rows = vec![vec![0; other.len() + 1]; one.len() + 1];
    for i in 0..=one.len() {
        for j in 0..=other.len() {
            rows[i][j] = if i == 0 || j == 0 {
                i + j
            } else {
                let replaced = rows[i - 1][j - 1] + usize::from(one[i - 1] != other[j - 1]);
                let least = replaced.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
                let is_swap = i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1];
                if is_swap { least.min(rows[i - 2][j - 2] + 1) } else { least }
            };
        }
    }
    rows[one.len()][other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_typos_match_the_known_name() {
        for (name, suggestion) in [
            ("sensitve", Some("sensitive")),
            ("senstiive", Some("sensitive")),
            ("Sensitive", Some("sensitive")),
            ("tag", Some("tags")),
            ("sectoin", Some("section")),
            ("ulr", Some("url")),
            ("author", None),
            ("id", None),
            ("wordcount_and_much_else_that_is_long", None),
            ("", None),
        ] {
            assert_eq!(near_miss(name, PAGE.fields), suggestion, "{name}");
        }
        assert_eq!(near_miss("signedIn", READER.fields), Some("signed_in"));
        assert_eq!(near_miss("AT", VIEW.fields), Some("at"));
        assert_eq!(near_miss("st", VIEW.fields), None);
    }
}
