//! Absence requests against an emulated tenant over loopback, kept in real databases.

mod bulk;
mod change;
mod request;
mod rights;
mod support;
