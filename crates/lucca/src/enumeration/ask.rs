//! Fetching the next page with the fallbacks of the request plan, and continuing without a page that the
//! server refuses.

use super::{Enumeration, TypedPage};
use crate::error::{Error, Kind};
use crate::form::{PageRequest, is_elsewhere, is_refusal};
use crate::proof::Note;
use crate::resources::Resource;
use crate::retry::Effort;

impl<T: Resource> Enumeration<T> {
    /// The next page, and the request it answers.
    pub(super) async fn ask(&mut self) -> Result<(TypedPage<T>, PageRequest), Error> {
        let first = self.walk.is_fresh();
        if first {
            self.find_where_to_begin();
        } else if let Some((request, answer)) = self.ahead.take(self.walk.offset()).await {
            match answer {
                Ok(page) => return Ok((page, request)),
                // It was requested under a plan that was replaced meanwhile.
                Err(_) if request.limit > self.form.page_size() => self.ahead.clear(),
                Err(error) => {
                    self.ahead.clear();
                    return self.ask_now(false, Some((error, request))).await;
                }
            }
        }
        self.ask_now(first, None).await
    }

    /// Requests the next page until it arrives. `failed`: a first attempt that failed.
    async fn ask_now(
        &mut self,
        first: bool,
        mut failed: Option<(Error, PageRequest)>,
    ) -> Result<(TypedPage<T>, PageRequest), Error> {
        let before = self.form.clone();
        let mut refusal: Option<Error> = None;
        // The best answer so far, while a better one is requested.
        let mut held: Option<(TypedPage<T>, PageRequest)> = None;
        let mut shape = self.form.shape();
        let mut patience = Patience::default();
        loop {
            let (answer, request) = match failed.take() {
                Some((error, request)) => (Err(error), request),
                None => {
                    let request = self.form.request(self.walk.offset(), self.walk.after());
                    let is_probe = refusal.is_some() || held.is_some();
                    let effort = if is_probe { Effort::Probe } else { Effort::Usual };
                    let stream = self.form.stream();
                    (self.client.page(stream, &request, effort, self.keep_raw).await, request)
                }
            };
            let mut may_ask_for_more = first;
            match answer {
                Ok(page) if held.is_none() || !page.items.is_empty() => {
                    held = Some((page, request));
                    shape = self.form.shape();
                }
                Ok(_) => {}
                Err(error) if held.is_some() => may_ask_for_more &= is_refusal(&error),
                Err(error) if first && is_refusal(&error) && self.go_on_by_offset() => {}
                Err(error) => {
                    let gives_way = patience.allows(&error, first, self.walk.after().is_some())
                        && self.form.give_way(&error, first);
                    let telling = most_telling(refusal, error);
                    if !gives_way {
                        // No fallback helped: the next call starts where this one did.
                        self.form = before;
                        return Err(telling);
                    }
                    refusal = Some(telling);
                    continue;
                }
            }
            self.form.go_back_to(shape);
            if let Some((page, request)) = held.take() {
                if !may_ask_for_more || !self.form.ask_for_more(page.items.len(), page.count) {
                    return Ok((page, request));
                }
                held = Some((page, request));
            }
        }
    }

    /// Turns a checkpoint into a start: after an id, or else at an offset.
    fn find_where_to_begin(&mut self) {
        let Some(checkpoint) = &self.resume else { return };
        if let Some(id) = checkpoint.after.filter(|_| self.form.can_read_by_id()) {
            self.form.begin_behind(Some(id));
            self.walk.resume_at(0);
            self.begun_at = checkpoint.offset;
        } else {
            self.form.begin_behind(None);
            self.walk.resume_at(checkpoint.offset_to_resume());
            self.begun_at = 0;
        }
    }

    /// Starts at an offset after all, because the server can't select records after an id; returns whether
    /// that is another request.
    pub(super) fn go_on_by_offset(&mut self) -> bool {
        let Some(checkpoint) = self.resume.as_mut().filter(|_| self.form.behind().is_some()) else {
            return false;
        };
        checkpoint.after = None;
        self.form.begin_behind(None);
        self.begun_at = 0;
        self.walk.resume_at(checkpoint.offset_to_resume());
        true
    }

    /// Whether the server sent records that are not after the id it was told to start at.
    pub(super) fn has_ignored_where_to_begin(&self, page: &TypedPage<T>) -> bool {
        let Some(behind) = self.form.behind().filter(|_| self.resume.is_some()) else { return false };
        let first = page.items.first().and_then(|item| item.id.as_ref());
        first.is_some_and(|id| id.as_str().parse::<u64>().is_ok_and(|id| id <= behind))
    }

    /// Continues without the page that ended in `error`, or ends with the records read so far, if servers
    /// refuse a page because of its offset: some know no offset past the end, or beyond a thousand.
    pub(super) fn goes_on_without(&mut self, error: &Error) -> bool {
        let is_refused = matches!(error.status(), Some(400 | 404 | 410 | 416 | 422));
        let is_failed = matches!(error.status(), Some(500 | 501));
        if !self.walk.has_rows_in_pass() || !(is_refused || is_failed) {
            return false;
        }
        let offset = self.walk.offset();
        if self.form.can_read_by_id() && self.walk.go_on_by_id() {
            self.forget_reading_by_id(offset);
            self.course.push(Note::ReadById { offset });
        } else if is_refused || self.walk.was_short() {
            self.walk.end_refused();
            self.note_refused_page(offset);
        } else {
            // The failure may be temporary: the next call requests the same page again.
            self.walk.go_on_by_offset();
            self.forget_reading_by_id(offset);
            self.note();
            return false;
        }
        self.note();
        true
    }

    pub(super) fn note_refused_page(&mut self, offset: u64) {
        self.forget_reading_by_id(offset);
        self.course.push(Note::PageRefused { offset });
    }

    /// Removes the note that the rest is read by id, if that did not help or is noted again.
    fn forget_reading_by_id(&mut self, offset: u64) {
        self.course.retain(|note| *note != Note::ReadById { offset });
    }
}

/// Number of smaller pages to try after an error that may be unrelated to the page size: otherwise a server
/// that is down would be tried in every size.
#[derive(Debug)]
struct Patience(u8);

impl Default for Patience {
    fn default() -> Self {
        Self(3)
    }
}

impl Patience {
    fn allows(&mut self, error: &Error, first: bool, by_id: bool) -> bool {
        let may_pass = match error.status() {
            None => error.kind() != Kind::BodyTooLarge,
            // For the first page, the older framework answers so to unknown parameters.
            Some(500 | 501) if first => false,
            // It was tried before the rest was requested by id.
            Some(500 | 501) if by_id => return false,
            Some(status) => status >= 500,
        };
        if may_pass {
            let Some(left) = self.0.checked_sub(1) else { return false };
            self.0 = left;
        }
        true
    }
}

/// The error to report of two. The first refusal is of the preferred request and so the more specific, except
/// that "nothing at this address" is less specific than the answer of another address.
fn most_telling(first: Option<Error>, last: Error) -> Error {
    let is_of_the_form = is_refusal(&last) || is_elsewhere(&last);
    match first {
        Some(first) if is_of_the_form && (is_elsewhere(&last) || !is_elsewhere(&first)) => first,
        _ => last,
    }
}
