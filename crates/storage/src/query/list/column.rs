//! One column of a list, of one of the types that Parlor's tables have.

/// One column of [`super::Rows`]; collected from an iterator of its values.
pub enum ListColumn<'a> {
    /// `BigInt`, never NULL.
    Numbers(Vec<i64>),
    /// `BigInt`, may be NULL.
    MaybeNumbers(Vec<Option<i64>>),
    /// `SmallInt`, never NULL.
    Codes(Vec<i16>),
    /// Binary, never NULL: ids and hashes.
    Bytes(Vec<&'a [u8]>),
    /// Binary, may be NULL: ids and hashes.
    MaybeBytes(Vec<Option<&'a [u8]>>),
    /// `Text`, never NULL.
    Texts(Vec<&'a str>),
    /// `Text`, may be NULL.
    MaybeTexts(Vec<Option<&'a str>>),
}

/// Runs the same code for whatever vector a column holds.
macro_rules! each_kind {
    ($column:expr, |$v:ident, $sql_type:ident| $body:expr) => {
        match $column {
            ListColumn::Numbers($v) => {
                type $sql_type = diesel::sql_types::BigInt;
                $body
            }
            ListColumn::MaybeNumbers($v) => {
                type $sql_type = diesel::sql_types::Nullable<diesel::sql_types::BigInt>;
                $body
            }
            ListColumn::Codes($v) => {
                type $sql_type = diesel::sql_types::SmallInt;
                $body
            }
            ListColumn::Bytes($v) => {
                type $sql_type = diesel::sql_types::Binary;
                $body
            }
            ListColumn::MaybeBytes($v) => {
                type $sql_type = diesel::sql_types::Nullable<diesel::sql_types::Binary>;
                $body
            }
            ListColumn::Texts($v) => {
                type $sql_type = diesel::sql_types::Text;
                $body
            }
            ListColumn::MaybeTexts($v) => {
                type $sql_type = diesel::sql_types::Nullable<diesel::sql_types::Text>;
                $body
            }
        }
    };
}

pub(super) use each_kind;

impl ListColumn<'_> {
    pub(super) fn len(&self) -> usize {
        each_kind!(self, |v, _T| v.len())
    }
}

macro_rules! collected {
    ($($value:ty => $kind:ident),* $(,)?) => {$(
        impl<'a> FromIterator<$value> for ListColumn<'a> {
            fn from_iter<I: IntoIterator<Item = $value>>(values: I) -> Self {
                Self::$kind(values.into_iter().collect())
            }
        }
    )*};
}

collected!(
    i64 => Numbers,
    Option<i64> => MaybeNumbers,
    i16 => Codes,
    &'a [u8] => Bytes,
    Option<&'a [u8]> => MaybeBytes,
    &'a str => Texts,
    Option<&'a str> => MaybeTexts,
);
