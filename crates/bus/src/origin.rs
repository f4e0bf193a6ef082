//! Where an event or a request came from: its cause, its trace, and the credits it rides on.

/// Sixteen random bytes that follow one command from the frame to the last event it causes;
/// `Display` is 32 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct TraceId(pub u128);

impl TraceId {
    /// A new random one.
    #[must_use]
    pub fn random() -> Self {
        Self(rand::random())
    }
}

impl std::fmt::Display for TraceId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// Cloned freely; the credits go home when the last clone of all that rides on them is dropped.
#[derive(Clone)]
pub struct Origin {
    _private: (),
}

impl Origin {
    /// One origin for what is done on behalf of several: all credits, the first one's cause and
    /// trace. `None` of nothing.
    #[must_use]
    pub fn merged<'a>(_origins: impl IntoIterator<Item = &'a Origin>) -> Option<Origin> {
        unimplemented!()
    }
    /// The trace of the first cause.
    #[must_use]
    pub fn trace(&self) -> TraceId {
        unimplemented!()
    }
    /// The event that caused this; 0 when it came from outside.
    #[must_use]
    pub fn cause(&self) -> crate::EventNumber {
        unimplemented!()
    }
}
