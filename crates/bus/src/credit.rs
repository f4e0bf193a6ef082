//! The credits at the edge.
