//! The HTTP service: the JSON API under `/v1` and the linking flow under `/link`.
