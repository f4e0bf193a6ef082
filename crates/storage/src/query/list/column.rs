//! One column of a list, of one of the types that Parlor's tables have.

/// One column of [`super::Rows`]; collect it from its values.
pub enum ListColumn<'a> {
    /// Numbers.
    Numbers(Vec<i64>),
    /// Numbers that may be absent.
    MaybeNumbers(Vec<Option<i64>>),
    /// Small numbers.
    Codes(Vec<i16>),
    /// Ids and hashes.
    Bytes(Vec<&'a [u8]>),
    /// Ids and hashes that may be absent.
    MaybeBytes(Vec<Option<&'a [u8]>>),
    /// Texts.
    Texts(Vec<&'a str>),
    /// Texts that may be absent.
    MaybeTexts(Vec<Option<&'a str>>),
}

/// Does the same with whatever vector a column holds.
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
