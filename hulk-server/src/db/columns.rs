//! Columns that are text or numbers in the database and types in the program.
//!
//! The `Any` driver knows no enums and no booleans, so they are stored as TEXT and BIGINT (0 or 1). A row
//! declares `#[sqlx(try_from = "Text<Permission>")]`; a value that the type does not have is a decoding
//! error, never a default.

use std::str::FromStr;

use hulk_proto::{
    ExpirationPolicy, FileStatus, IfExists, KeyPermission, Permission, Role, trash::EntryKind,
};
use sqlx::{Any, Decode, Type, any::AnyTypeInfo, any::AnyValueRef, error::BoxDynError};

/// A TEXT column that is one of a type's names.
pub(super) struct Text<T>(pub(super) T);

/// Like `Text`, with NULL as `None`.
pub(super) struct OptionalText<T>(Option<T>);

/// A BIGINT column that is 0 or 1.
pub(super) struct Flag(bool);

impl<T> Type<Any> for Text<T> {
    fn type_info() -> AnyTypeInfo {
        <String as Type<Any>>::type_info()
    }

    fn compatible(ty: &AnyTypeInfo) -> bool {
        <String as Type<Any>>::compatible(ty)
    }
}

impl<T> Type<Any> for OptionalText<T> {
    fn type_info() -> AnyTypeInfo {
        <String as Type<Any>>::type_info()
    }

    fn compatible(ty: &AnyTypeInfo) -> bool {
        <String as Type<Any>>::compatible(ty)
    }
}

impl Type<Any> for Flag {
    fn type_info() -> AnyTypeInfo {
        <i64 as Type<Any>>::type_info()
    }

    fn compatible(ty: &AnyTypeInfo) -> bool {
        <i64 as Type<Any>>::compatible(ty)
    }
}

impl<'r, T> Decode<'r, Any> for Text<T>
where
    T: FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    fn decode(value: AnyValueRef<'r>) -> Result<Self, BoxDynError> {
        let text = <String as Decode<Any>>::decode(value)?;
        Ok(Self(text.parse()?))
    }
}

impl<'r, T> Decode<'r, Any> for OptionalText<T>
where
    T: FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    fn decode(value: AnyValueRef<'r>) -> Result<Self, BoxDynError> {
        let text = <Option<String> as Decode<Any>>::decode(value)?;
        Ok(Self(text.map(|text| text.parse()).transpose()?))
    }
}

impl<'r> Decode<'r, Any> for Flag {
    fn decode(value: AnyValueRef<'r>) -> Result<Self, BoxDynError> {
        match <i64 as Decode<Any>>::decode(value)? {
            0 => Ok(Self(false)),
            1 => Ok(Self(true)),
            other => Err(format!("expected 0 or 1, found {other}").into()),
        }
    }
}

impl From<Flag> for bool {
    fn from(flag: Flag) -> Self {
        flag.0
    }
}

/// Conversions to the types themselves, which are the types of the fields.
macro_rules! fields {
    ($($name:ty),+ $(,)?) => {$(
        impl From<Text<$name>> for $name {
            fn from(text: Text<$name>) -> Self {
                text.0
            }
        }

        impl From<OptionalText<$name>> for Option<$name> {
            fn from(text: OptionalText<$name>) -> Self {
                text.0
            }
        }
    )+};
}

fields!(
    EntryKind,
    ExpirationPolicy,
    FileStatus,
    IfExists,
    KeyPermission,
    Permission,
    Role,
);
