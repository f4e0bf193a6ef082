//! Writing: jobs wait in the queue of a lane, which commits them in batches.

mod batch;
mod batch_delay;
mod job;
mod job_runner;
mod job_span;
mod lane;
mod lane_context;
mod lane_executor;
mod queue;
mod queued_job;
mod responder;
mod shared_locks;

pub use job::{Job, LaneKey, SetAnswers};
pub(crate) use lane::Lane;
pub(crate) use lane_context::LaneContext;
pub(crate) use lane_executor::LaneExecutor;
pub(crate) use queued_job::QueuedJob;
pub(crate) use responder::{Responder, WriteSender, now};
