//! Driving one subscriber alone, without spawning or sleeping.
//!
//! `Alone::<S>::new(seed)` loads it; `send(event)` and `ask(request)` call its handler; what it
//! published is returned in order and looked at with `published::<E>()`.
