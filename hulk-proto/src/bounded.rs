//! Deserialises lists and values up to a limit and no further: in memory, a short JSON text can take
//! many times its length.

use std::{cell::Cell, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Number, Value};

use crate::limits::MAX_METADATA_VALUES;

/// Deserialises a list of at most `MOST` items.
pub(crate) fn list<'de, D, T, const MOST: usize>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    deserializer.deserialize_seq(ListVisitor::<T, MOST>(PhantomData))
}

/// Like `list`, but accepts `null`.
pub(crate) fn optional_list<'de, D, T, const MOST: usize>(
    deserializer: D,
) -> Result<Option<Vec<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    struct List<T, const MOST: usize>(Vec<T>);
    impl<'de, T: Deserialize<'de>, const MOST: usize> Deserialize<'de> for List<T, MOST> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            list::<D, T, MOST>(deserializer).map(Self)
        }
    }
    let list: Option<List<T, MOST>> = Option::deserialize(deserializer)?;
    Ok(list.map(|list| list.0))
}

/// Deserialises `null`, or an object with at most `MAX_METADATA_VALUES` values at all depths together.
pub(crate) fn metadata<'de, D>(deserializer: D) -> Result<Option<Map<String, Value>>, D::Error>
where
    D: Deserializer<'de>,
{
    struct Metadata(Map<String, Value>);
    impl<'de> Deserialize<'de> for Metadata {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let left = Cell::new(MAX_METADATA_VALUES);
            match (ValueSeed { left: &left }).deserialize(deserializer)? {
                Value::Object(map) => Ok(Self(map)),
                _ => Err(D::Error::custom("expected an object")),
            }
        }
    }
    let found: Option<Metadata> = Option::deserialize(deserializer)?;
    Ok(found.map(|found| found.0))
}

struct ListVisitor<T, const MOST: usize>(PhantomData<T>);

impl<'de, T: Deserialize<'de>, const MOST: usize> Visitor<'de> for ListVisitor<T, MOST> {
    type Value = Vec<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "a list of at most {MOST} items")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vec<T>, A::Error> {
        let mut list = Vec::new();
        while list.len() < MOST {
            match items.next_element()? {
                Some(item) => list.push(item),
                None => return Ok(list),
            }
        }
        match items.next_element::<IgnoredAny>()? {
            Some(_) => Err(A::Error::custom(format!("expected at most {MOST} items"))),
            None => Ok(list),
        }
    }
}

#[derive(Clone, Copy)]
struct ValueSeed<'a> {
    left: &'a Cell<usize>,
}

impl ValueSeed<'_> {
    fn count<E: Error>(self) -> Result<(), E> {
        let left = self.left.get().checked_sub(1).ok_or_else(|| {
            E::custom(format!(
                "metadata holds at most {MAX_METADATA_VALUES} values"
            ))
        })?;
        self.left.set(left);
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for ValueSeed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ValueSeed<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            self.count()?;
            list.push(item);
        }
        Ok(list.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(name) = entries.next_key()? {
            self.count()?;
            map.insert(name, entries.next_value_seed(self)?);
        }
        Ok(map.into())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use serde_json::json;

    use crate::{CreateFile, limits::MAX_TAGS};

    fn read(field: &str, value: impl serde::Serialize) -> Result<CreateFile, String> {
        let mut request = json!({ "path": "a", "size_bytes": 1 });
        request[field] = serde_json::to_value(value).unwrap();
        serde_json::from_str(&request.to_string()).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_within_its_bounds_is_read_as_it_is() {
        let metadata = json!({ "a": [1, -2, 0.5, "text", true, null], "b": { "c": {} } });
        let found = read("metadata", &metadata).unwrap().metadata.unwrap();
        assert_eq!(serde_json::Value::from(found), metadata);
        assert_eq!(read("metadata", json!(null)).unwrap().metadata, None);
        let tags = vec!["t"; MAX_TAGS];
        assert_eq!(read("tags", &tags).unwrap().tags.unwrap().len(), MAX_TAGS);
        assert_eq!(read("tags", json!(null)).unwrap().tags, None);
    }

    #[test]
    fn what_is_not_is_refused() {
        for (field, value) in [
            ("tags", json!(vec![""; MAX_TAGS + 1])),
            ("metadata", json!({ "a": vec![0; 1000] })),
            ("metadata", json!({ "a": vec![vec![0]; 200] })),
            ("metadata", json!([])),
            ("metadata", json!("text")),
        ] {
            let refused = read(field, &value);
            assert!(refused.is_err(), "{field} {refused:?}");
        }
    }
}
