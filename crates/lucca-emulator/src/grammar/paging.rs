//! `paging=offset,limit`. Source: wire-grammar.md §1.2, directory.md §5.4.

use crate::{errors::Refusal, switches::Switches};

/// The requested part of the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) offset: usize,
    /// `None`: everything.
    pub(crate) limit: Option<usize>,
}

impl Page {
    /// `most` is the largest page.
    pub(crate) fn read(text: Option<&str>, most: Option<u64>, switches: &Switches) -> Result<Self, Refusal> {
        // `paging=` counts as absent; production accepts it.
        let mut page = match text.filter(|text| !text.trim().is_empty()) {
            None => Self { offset: 0, limit: switches.page_default.map(size) },
            Some(text) if text.trim() == "1" => Self { offset: 0, limit: Some(size(switches.paging_one)) },
            Some(text) => Self::explicit(text, most, switches)?,
        };
        if let Some(most) = switches.short_pages_of {
            page.limit = Some(page.limit.map_or(size(most), |limit| limit.min(size(most))));
        }
        Ok(page)
    }

    fn explicit(text: &str, most: Option<u64>, switches: &Switches) -> Result<Self, Refusal> {
        let Some((offset, limit)) = text.split_once(',').filter(|(_, limit)| !limit.contains(',')) else {
            return Err(Refusal::bad_request(format!("{text} does not respect limit=start,count format")));
        };
        let Ok(start) = offset.trim().parse::<i64>() else {
            return Err(Refusal::bad_request(format!("Offset value {offset} not in correct format")));
        };
        let Ok(count) = limit.trim().parse::<i64>() else {
            return Err(Refusal::bad_request(format!("Limit value {limit} not in correct format")));
        };
        let Ok(start) = u64::try_from(start) else {
            return Err(Refusal::bad_request("Paging offset should be greater than 0"));
        };
        let most = most.unwrap_or(2_147_483_647);
        let count = match u64::try_from(count) {
            Ok(count) if (1..=most).contains(&count) => count,
            _ => return Err(Refusal::bad_request(format!("Paging limit should be between 1 and {most}"))),
        };
        if let Some(known) = &switches.known_page_sizes
            && !known.contains(&count)
        {
            return Err(Refusal::bad_request(format!("Limit value {count} not in correct format")));
        }
        Ok(Self { offset: size(start), limit: Some(size(count)) })
    }

    /// The positions of this page in a result of `total` rows.
    pub(crate) fn range(self, total: usize) -> std::ops::Range<usize> {
        let start = self.offset.min(total);
        let end = self.limit.map_or(total, |limit| start.saturating_add(limit).min(total));
        start..end
    }
}

fn size(n: u64) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Page, String> {
        Page::read(Some(text), Some(1000), &Switches::default())
            .map_err(|refusal| refusal.message().to_owned())
    }

    #[test]
    fn legal_pages() {
        assert_eq!(read("0,10"), Ok(Page { offset: 0, limit: Some(10) }));
        assert_eq!(read("-0,10"), Ok(Page { offset: 0, limit: Some(10) }));
        assert_eq!(read("1"), Ok(Page { offset: 0, limit: Some(100) }));
        assert_eq!(Page { offset: 5, limit: Some(10) }.range(7), 5..7);
        assert_eq!(Page { offset: 9, limit: Some(10) }.range(7), 7..7);
    }

    #[test]
    fn refused_pages_say_why() {
        let cases = [
            ("0,", "Limit value  not in correct format"),
            (",0", "Offset value  not in correct format"),
            ("-1,10", "Paging offset should be greater than 0"),
            ("0,99999999", "Paging limit should be between 1 and 1000"),
            ("100,0", "Paging limit should be between 1 and 1000"),
            ("aaaa", "aaaa does not respect limit=start,count format"),
            ("1,2,3", "1,2,3 does not respect limit=start,count format"),
        ];
        for (text, message) in cases {
            assert_eq!(read(text), Err(message.to_owned()), "{text}");
        }
    }
}
