//! What the bus promises, seen from outside.

mod order;
mod world;
