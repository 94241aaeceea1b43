//! Deserializers that accept only objects for structs and only strings for labels. By default, serde also accepts a
//! list for a struct, field by field. Such a question would be accepted today, and would mean something else once a
//! field is added. Serde also accepts `{"banner": null}` as the label `banner`.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::text::Text;

/// Deserializes an object. `null` counts as an omitted field.
pub(crate) fn object<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(maybe_object(deserializer)?.unwrap_or_default())
}

/// Deserializes an object. Returns `None` for `null`.
pub(crate) fn maybe_object<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Ok(Option::<Object<T>>::deserialize(deserializer)?.map(|object| object.0))
}

/// Deserializes a list of objects. `null` counts as an omitted field.
pub(crate) fn objects<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Ok(maybe_objects(deserializer)?.unwrap_or_default())
}

/// Deserializes a list of objects. Returns `None` for `null`.
pub(crate) fn maybe_objects<'de, D, T>(deserializer: D) -> Result<Option<Vec<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let list = Option::<Vec<Object<T>>>::deserialize(deserializer)?;
    Ok(list.map(|list| list.into_iter().map(|object| object.0).collect()))
}

/// Deserializes a label.
pub(crate) fn label<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: for<'label> Deserialize<'label>,
{
    let text = Text::deserialize(deserializer)?;
    T::deserialize((*text).into_deserializer())
}

/// Deserializes a list of labels. `null` counts as an omitted field.
pub(crate) fn labels<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: for<'label> Deserialize<'label>,
{
    let list = Option::<Vec<Label<T>>>::deserialize(deserializer)?.unwrap_or_default();
    Ok(list.into_iter().map(|label| label.0).collect())
}

/// A label that is deserialized only from a string.
struct Label<T>(T);

impl<'de, T: for<'label> Deserialize<'label>> Deserialize<'de> for Label<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        label(deserializer).map(Self)
    }
}

/// A struct that is deserialized only from an object.
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ByName(PhantomData))
    }
}

/// Deserializes a struct from an object's fields, by their names.
struct ByName<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ByName<T> {
    type Value = Object<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<Self::Value, M::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Object)
    }
}
