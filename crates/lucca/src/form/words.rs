//! Parses a server's refusal for the part of the request that it refuses.

/// The part of a request that a message names as wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RefusedPart {
    /// The filter style: one of the two ways to request the set.
    FilterStyle,
    Order,
    Count,
    /// Pages of more records than this.
    PageSize(u32),
}

impl RefusedPart {
    /// `size`: requested page size, in records.
    pub(super) fn of(message: &str, size: u32) -> Option<Self> {
        let lower = message.to_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
        if says(&["formeremployees", "greaterthan"]) {
            Some(Self::FilterStyle)
        // The framework's own messages: "Order by query parameter is invalid", "Orders must contains order
        // direction" (wire-grammar.md §1.5).
        } else if says(&["orderby", "order by", "order_by", "order direction", "ordering"])
            || names(message, "sort")
            // "The value 'X' is not valid for sort." unverified: the messages of v4.
            || says(&["for sort", "sort is ", "sort parameter", "sort field"])
        {
            Some(Self::Order)
        } else if says(&["collection.count", "fields.root"]) || names(message, "collection") {
            Some(Self::Count)
        } else {
            page_limit(&lower, size).map(Self::PageSize)
        }
    }
}

fn names(message: &str, property: &str) -> bool {
    named_properties(message).iter().any(|name| name.eq_ignore_ascii_case(property))
}

/// The largest page in the message, if it is about pages and has a number below `size`. ("Paging limit should
/// be between 1 and 1000", wire-grammar.md §1.2.)
fn page_limit(lower: &str, size: u32) -> Option<u32> {
    let speaks_of_pages =
        ["paging", "page size", "pagesize", "limit"].iter().any(|word| lower.contains(word));
    // "Paging offset should be …" is about the page's beginning.
    if !speaks_of_pages || lower.contains("offset") {
        return None;
    }
    let numbers = lower.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| digits.parse::<u32>().ok());
    numbers.filter(|number| (1..size).contains(number)).max()
}

/// The names that a message may mean as unknown properties: quoted words, and the word after "property" or
/// "field". ("Selected property X does not exist on objet of type T", wire-grammar.md §1.1.)
pub(super) fn named_properties(message: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut follows = false;
    for word in message.split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '\'' | '"' | '`' | '.'))) {
        let bare = word.trim_matches(['\'', '"', '`', '.']);
        if bare.is_empty() {
            continue;
        }
        let quoted = word.starts_with(['\'', '"', '`']);
        if quoted || follows {
            names.push(bare.rsplit('.').next().unwrap_or(bare));
        }
        let lower = bare.to_lowercase();
        follows =
            matches!(lower.as_str(), "property" | "properties" | "field" | "fields" | "propriété" | "champ");
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_name_the_refused_part() {
        for (message, refused_part) in [
            ("Unknown property formerEmployees on User", Some(RefusedPart::FilterStyle)),
            ("Order by query parameter is invalid", Some(RefusedPart::Order)),
            ("Unknown parameter: orderBy", Some(RefusedPart::Order)),
            ("The value 'legalunit.name' is not valid for sort.", Some(RefusedPart::Order)),
            ("Unknown property sort", Some(RefusedPart::Order)),
            ("Selected property sortOrder does not exist on objet of type Department", None),
            ("Selected property collection does not exist on objet of type User", Some(RefusedPart::Count)),
            ("fields.root: The field is not supported.", Some(RefusedPart::Count)),
            ("Paging limit should be between 1 and 250", Some(RefusedPart::PageSize(250))),
            ("page size must be one of 25, 50 or 100", Some(RefusedPart::PageSize(100))),
            ("Paging offset should be between 0 and 999", None),
            ("Selected property iban does not exist on objet of type User", None),
            ("Bad request", None),
        ] {
            assert_eq!(RefusedPart::of(message, 1000), refused_part, "{message}");
        }
    }
}
