//! Singer.
