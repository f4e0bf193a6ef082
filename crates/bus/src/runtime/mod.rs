//! What the process needs besides the bus: supervised tasks, caught panics, back-off, and log
//! lines that callers cannot multiply.

mod backoff;
mod clock;
mod give_way;
pub mod panics;
mod repeated;
mod rfc3339;
mod tasks;

pub use backoff::Backoff;
pub use clock::{Clock, SystemClock, millis};
pub use give_way::give_way;
pub use repeated::{RepeatedLine, RepeatedLines};
pub use rfc3339::rfc3339;
pub use tasks::{HeldThread, Task, TaskInfo, TaskState, Tasks};
