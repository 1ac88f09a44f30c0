//! The address of the database: a SQLite file or a PostgreSQL URL. The password is never shown.

use std::fmt;
use std::path::{Path, PathBuf};

use store::Store;
use url::Url;

use crate::failure::Failure;

/// The address of a database.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum DatabaseAddress {
    /// A SQLite file.
    File(PathBuf),
    /// A PostgreSQL database.
    Server(Url),
}

impl DatabaseAddress {
    /// Parses `--database` or `DATABASE_URL`; without one, the file in the data directory.
    pub(crate) fn parse(text: Option<&str>, data_dir: &Path) -> Result<Self, Failure> {
        let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else {
            return Ok(Self::File(data_dir.join("connector.db")));
        };
        // Errors do not repeat the text: it may hold a password.
        let refused = |why: &str| {
            Failure::usage(
                "cli.database",
                format!("--database or DATABASE_URL {why}"),
                "Set it to postgres://USER:PASSWORD@HOST/DATABASE or sqlite:PATH, or leave it out to use connector.db in \
                 the data directory.",
            )
        };
        if let Some(path) = text.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            return match path {
                "" | ":memory:" => Err(refused("contains no file path")),
                _ if path.contains('?') => Err(refused("has options, which sqlite: does not support")),
                _ => Ok(Self::File(PathBuf::from(path))),
            };
        }
        match Url::parse(text) {
            Ok(url) if matches!(url.scheme(), "postgres" | "postgresql") => Ok(Self::Server(url)),
            _ => Err(refused("is not a PostgreSQL or SQLite URL")),
        }
    }

    /// Opens the database, and migrates its tables.
    pub(crate) async fn open(&self) -> Result<Store, Failure> {
        Ok(match self {
            Self::File(path) => Store::open(path).await?,
            Self::Server(url) => Store::connect(url.as_str()).await?,
        })
    }

    /// `SQLite` or `PostgreSQL`.
    pub(crate) fn engine(&self) -> &'static str {
        match self {
            Self::File(_) => "SQLite",
            Self::Server(_) => "PostgreSQL",
        }
    }
}

impl fmt::Display for DatabaseAddress {
    /// A path, or the host, port and name of a database, without user, password and options.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Server(url) => {
                write!(f, "postgres://{}", url.host_str().unwrap_or_default())?;
                if let Some(port) = url.port() {
                    write!(f, ":{port}")?;
                }
                f.write_str(url.path())
            }
        }
    }
}

impl fmt::Debug for DatabaseAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<DatabaseAddress, String> {
        DatabaseAddress::parse(Some(text), Path::new("data")).map_err(|failure| format!("{failure:?}"))
    }

    #[test]
    fn files_and_servers_are_distinguished() {
        let file = |path: &str| Ok(DatabaseAddress::File(PathBuf::from(path)));
        assert_eq!(parse(""), file("data/connector.db"));
        assert_eq!(parse("sqlite:a/b.db"), file("a/b.db"));
        assert_eq!(parse("sqlite:///a/b.db"), file("/a/b.db"));
        let server =
            parse("postgres://me:hunter2@db.example:5433/hr?password=hunter2&sslmode=require").unwrap();
        assert_eq!(
            format!("{server} {server:?}"),
            "postgres://db.example:5433/hr postgres://db.example:5433/hr"
        );
    }

    #[test]
    fn refused_addresses_are_not_repeated() {
        for text in
            ["mysql://me:hunter2@x/y", "me:hunter2", "sqlite:", "sqlite::memory:", "postgres//hunter2"]
        {
            let refused = parse(text).unwrap_err();
            assert!(refused.contains("cli.database") && !refused.contains("hunter2"), "{refused}");
        }
    }
}
