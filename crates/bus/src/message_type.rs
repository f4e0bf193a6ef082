//! A type of event or request, as the wiring knows it.

use crate::{Event, Request};
use std::any::{TypeId, type_name};

/// A type of event or request, without the type.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct MessageType {
    pub(crate) id: TypeId,
    /// The constant `NAME` of the type.
    pub(crate) name: &'static str,
    pub(crate) rust_path: &'static str,
}

impl MessageType {
    pub(crate) fn event<E: Event>() -> Self {
        Self::named::<E>(E::NAME)
    }

    pub(crate) fn request<R: Request>() -> Self {
        Self::named::<R>(R::NAME)
    }

    fn named<T: 'static>(name: &'static str) -> Self {
        Self {
            id: TypeId::of::<T>(),
            name,
            rust_path: type_name::<T>(),
        }
    }
}
