//! Reads the fields of a command's `d`; each error names its field.

use super::error::Error;
use super::error_kind::BAD_TEXT;
use rooms::api::{RoomKey, Seq};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use std::collections::HashMap;

/// The largest integer that every JSON parser reads exactly.
pub(crate) const INTEGER_MAX: i64 = (1 << 53) - 1;

const OBJECT: &str = "must be an object";
const STRING: &str = "must be text";
const INTEGER: &str = "must be a whole number from 0 to 9007199254740991";
const FLAG: &str = "must be true or false";
const REQUIRED: &str = "is missing";

/// An object whose values are parsed only when they are read.
#[derive(Debug, Default)]
pub struct Fields<'a> {
    given: HashMap<String, &'a RawValue>,
    /// Fields that came from elsewhere, such as a path or a query; they overrule those given.
    set: Vec<(String, Box<RawValue>)>,
}

impl<'a> Fields<'a> {
    /// Parses `d`; absent and null count as an empty object.
    pub(crate) fn read(d: Option<&'a RawValue>) -> Result<Self, Error> {
        let Some(d) = d else {
            return Ok(Self::default());
        };
        let given = serde_json::from_str(d.get()).map_err(|_| Error::field("d", OBJECT))?;
        Ok(Self {
            given,
            set: Vec::new(),
        })
    }

    /// Checks that `d` is an object, without parsing it; absent and null count as `None`.
    pub(crate) fn object(d: Option<&RawValue>) -> Result<Option<&RawValue>, Error> {
        match d {
            Some(d) if d.get().starts_with('{') => Ok(Some(d)),
            Some(d) if d.get() != "null" => Err(Error::field("d", OBJECT)),
            _ => Ok(None),
        }
    }

    /// Sets a field to a string, whatever it was.
    pub(crate) fn set_string(&mut self, field: &str, text: &str) {
        let raw = serde_json::value::to_raw_value(text).expect("a string is JSON");
        self.set.push((field.to_owned(), raw));
    }

    /// Sets a field to this JSON; text that is none counts as a string.
    pub(crate) fn set_json(&mut self, field: &str, json: &str) {
        match RawValue::from_string(json.to_owned()) {
            Ok(raw) => self.set.push((field.to_owned(), raw)),
            Err(_) => self.set_string(field, json),
        }
    }

    fn raw(&self, field: &str) -> Option<&RawValue> {
        let set = self.set.iter().rev().find(|(name, _)| name == field);
        let raw = match set {
            Some((_, raw)) => raw,
            None => *self.given.get(field)?,
        };
        (raw.get() != "null").then_some(raw)
    }

    fn typed<T: DeserializeOwned>(
        &self,
        field: &'static str,
        expected: &'static str,
    ) -> Result<Option<T>, Error> {
        let Some(raw) = self.raw(field) else {
            return Ok(None);
        };
        serde_json::from_str(raw.get())
            .map(Some)
            .map_err(|_| Error::field(field, expected))
    }

    pub(crate) fn optional_string(&self, field: &'static str) -> Result<Option<String>, Error> {
        self.typed(field, STRING)
            .map_err(|error| match self.raw(field) {
                // A string with half a surrogate pair.
                Some(raw) if raw.get().starts_with('"') => Error {
                    kind: &BAD_TEXT,
                    expected: Some("is not valid Unicode text"),
                    ..error
                },
                _ => error,
            })
            .and_then(|text: Option<String>| match text {
                // NUL is not valid in any name, key or text, and databases do not store it.
                Some(text) if text.contains('\0') => Err(Error {
                    kind: &BAD_TEXT,
                    ..Error::field(field, "must not contain the character NUL")
                }),
                text => Ok(text),
            })
    }

    pub(crate) fn string(&self, field: &'static str) -> Result<String, Error> {
        self.optional_string(field)?
            .ok_or(Error::field(field, REQUIRED))
    }

    /// Reads a list of strings.
    pub(crate) fn strings(&self, field: &'static str) -> Result<Vec<String>, Error> {
        const EXPECTED: &str = "must be a list of texts";
        let found = self.typed(field, EXPECTED)?;
        found.ok_or(Error::field(field, REQUIRED))
    }

    pub(crate) fn room(&self) -> Result<RoomKey, Error> {
        Ok(RoomKey(self.string("room")?.into()))
    }

    pub(crate) fn optional_integer(&self, field: &'static str) -> Result<Option<i64>, Error> {
        match self.typed(field, INTEGER)? {
            Some(value) if !(0..=INTEGER_MAX).contains(&value) => Err(Error::field(field, INTEGER)),
            value => Ok(value),
        }
    }

    pub(crate) fn integer(&self, field: &'static str) -> Result<i64, Error> {
        self.optional_integer(field)?
            .ok_or(Error::field(field, REQUIRED))
    }

    pub(crate) fn optional_flag(&self, field: &'static str) -> Result<Option<bool>, Error> {
        self.typed(field, FLAG)
    }

    pub(crate) fn flag(&self, field: &'static str) -> Result<bool, Error> {
        self.optional_flag(field)?
            .ok_or(Error::field(field, REQUIRED))
    }

    /// Reads one of a few words; `None` if the field is absent.
    pub(crate) fn optional_word<T: Copy>(
        &self,
        field: &'static str,
        words: &[(&str, T)],
        expected: &'static str,
    ) -> Result<Option<T>, Error> {
        let Some(given) = self.optional_string(field)? else {
            return Ok(None);
        };
        let found = words.iter().find(|(word, _)| *word == given);
        found
            .map(|(_, value)| Some(*value))
            .ok_or(Error::field(field, expected))
    }

    pub(crate) fn word<T: Copy>(
        &self,
        field: &'static str,
        words: &[(&str, T)],
        expected: &'static str,
    ) -> Result<T, Error> {
        self.optional_word(field, words, expected)?
            .ok_or(Error::field(field, REQUIRED))
    }

    /// Reads `cursors`; absent counts as empty.
    pub(crate) fn cursors(&self) -> Result<Vec<(RoomKey, Seq)>, Error> {
        const EXPECTED: &str = "must be an object of rooms and their last seq";
        let found: Option<HashMap<String, Seq>> = self.typed("cursors", EXPECTED)?;
        let cursors: Vec<_> = found
            .unwrap_or_default()
            .into_iter()
            .map(|(room, seq)| (RoomKey(room.into()), seq))
            .collect();
        if cursors
            .iter()
            .any(|(_, seq)| !(0..=INTEGER_MAX).contains(seq))
        {
            return Err(Error::field("cursors", EXPECTED));
        }
        Ok(cursors)
    }
}
