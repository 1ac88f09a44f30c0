//! Names of enums: the texts under which their values are stored, displayed and parsed.

/// Defines the names of an enum: `ALL`, `name()`, `Display` and `FromStr`. Every value must be listed:
/// `names! { EmployeeStatus: "employee status" { Active = "active", … } }`.
#[macro_export]
macro_rules! names {
    ($type:ident: $what:literal { $($variant:ident = $name:literal),+ $(,)? }) => {
        impl $type {
            /// Every value, in the order in which lists show them.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$variant),+];

            /// The names of all values, in the same order.
            pub const NAMES: &[&str] = &[$($name),+];

            /// The name: stable, and the same in the database, in JSON, in the API and on the command line.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }

        impl ::std::fmt::Display for $type {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.pad(self.name())
            }
        }

        impl ::std::str::FromStr for $type {
            type Err = $crate::UnknownName;

            fn from_str(text: &str) -> ::std::result::Result<Self, $crate::UnknownName> {
                match text {
                    $($name => Ok(Self::$variant),)+
                    _ => Err($crate::UnknownName { what: $what, text: text.to_owned(), known: &[$($name),+] }),
                }
            }
        }
    };
}

/// Error: a text is not one of an enum's names.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown {what} {text:?}; known are {}", known.join(", "))]
pub struct UnknownName {
    /// The expected kind of name.
    pub what: &'static str,
    /// The text.
    pub text: String,
    /// The known names.
    pub known: &'static [&'static str],
}

#[cfg(test)]
#[expect(unreachable_pub, reason = "names of a private type")]
mod tests {
    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Half {
        Morning,
        Afternoon,
    }

    names! { Half: "half of a day" { Morning = "am", Afternoon = "pm" } }

    #[test]
    fn names_are_read_back() {
        assert_eq!(Half::NAMES, ["am", "pm"]);
        for half in Half::ALL {
            assert_eq!(half.to_string().parse(), Ok(half));
        }
        let unknown = "noon".parse::<Half>().unwrap_err();
        assert_eq!(unknown.to_string(), "unknown half of a day \"noon\"; known are am, pm");
    }
}
